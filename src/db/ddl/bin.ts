/** Bringing back what was dropped, and forgetting it for good. */
import { AppError } from '../../errors.js'
import { fromPlain, type Json, toPlain } from '../../lib/value.js'
import type { Transaction } from '../queryable.js'
import { quote } from './names.js'

interface BinRow {
  id: number
  kind: 'table' | 'column'
  schema_name: string
  table_name: string
  column_name: string | null
  bin_schema: string
  bin_table: string
  bin_column: string | null
  definition: unknown
}

async function takeEntry(transaction: Transaction, id: number, workspaceId: number): Promise<BinRow> {
  const [row] = await transaction.query<BinRow>('delete from stackhold.table_bin where id = $1 and workspace_id = $2 returning *', [id, workspaceId])
  if (row === undefined) throw new AppError('notFound', 'Nothing in the bin has this id.')
  return row
}

/** Moves the data back under its old name and returns the definition as it was. Constraints, defaults and indexes come back with the definition: plan it again. */
export async function restoreFromBin(
  transaction: Transaction,
  id: number,
  workspaceId: number,
): Promise<{ kind: 'table' | 'column'; table: string; column: string | null; definition: Json }> {
  const row = await takeEntry(transaction, id, workspaceId)
  if (row.kind === 'column') {
    await transaction.query(
      `alter table ${quote(row.bin_schema, row.bin_table)} rename column ${quote(row.bin_column ?? '')} to ${quote(row.column_name ?? '')}`,
    )
  } else {
    await transaction.query(`alter table ${quote(row.bin_schema, row.bin_table)} set schema ${quote(row.schema_name)}`)
    await transaction.query(`alter table ${quote(row.schema_name, row.bin_table)} rename to ${quote(row.table_name)}`)
  }
  return { kind: row.kind, table: row.table_name, column: row.column_name, definition: toPlain(fromPlain(row.definition)) }
}

/** Drops what the bin has kept long enough; the number of entries forgotten. */
export async function emptyBin(transaction: Transaction): Promise<number> {
  const rows = await transaction.query<BinRow>('delete from stackhold.table_bin where restore_until < now() returning *')
  for (const row of rows) {
    const table = quote(row.bin_schema, row.bin_table)
    await transaction.query(
      row.kind === 'table' ? `drop table if exists ${table}` : `alter table if exists ${table} drop column if exists ${quote(row.bin_column ?? '')}`,
    )
  }
  return rows.length
}
