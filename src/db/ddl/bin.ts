/** Bringing back what was dropped, and forgetting it for good. */
import type { Selectable } from 'kysely'
import { AppError } from '../../errors.js'
import { fromPlain, type Json, toPlain } from '../../lib/value.js'
import type { TableBinTable } from '../catalog.js'
import type { Database } from '../client.js'
import type { Queryable, Transaction } from '../queryable.js'
import { quote } from './names.js'

type BinRow = Selectable<TableBinTable>

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

/** Drops what the bin has kept long enough, each in a transaction of its own: a table in use waits for the next time. The number of entries forgotten. */
export async function emptyBin(db: Pick<Database, 'withTransaction'>, onError: (error: unknown) => void): Promise<number> {
  const tried: number[] = []
  for (let forgotten = 0; ; ) {
    try {
      const found = await db.withTransaction((transaction) => forgetOne(transaction, tried))
      if (!found) return forgotten
      forgotten++
    } catch (error) {
      onError(error)
    }
  }
}

/** Whether there was one. Entries in `tried` are passed over; the one at hand joins them. */
async function forgetOne(transaction: Transaction, tried: number[]): Promise<boolean> {
  const [row] = await transaction.query<BinRow>(
    'select * from stackhold.table_bin where restore_until < now() and id <> all($1) order by id limit 1 for update skip locked',
    [tried],
  )
  if (row === undefined) return false
  tried.push(row.id)
  const table = quote(row.bin_schema, row.bin_table)
  await transaction.query(
    row.kind === 'table' ? `drop table if exists ${table}` : `alter table if exists ${table} drop column if exists ${quote(row.bin_column ?? '')}`,
  )
  await transaction.query('delete from stackhold.table_bin where id = $1', [row.id])
  return true
}

/** Drops every schema of a workspace, what the bin keeps of it, and its request history. It does not come back. */
export async function forgetWorkspaceData(transaction: Transaction, workspaceId: number): Promise<void> {
  const schemas = await transaction.query<{ name: string }>('select nspname as name from pg_namespace where nspname ~ $1', [
    `^ws_${Math.trunc(workspaceId)}(b[0-9]+)?_`,
  ])
  for (const { name } of schemas) await transaction.query(`drop schema ${quote(name)} cascade`)
  await transaction.query('delete from stackhold.table_bin where workspace_id = $1', [workspaceId])
  await transaction.query('delete from stackhold.request_history where workspace_id = $1', [workspaceId])
}

/** Sets how many days everything dropped from now on can be restored. */
export async function keepInBin(db: Queryable, days: number): Promise<void> {
  await db.query(
    `insert into stackhold.setting as known (key, value) values ('bin_days', to_jsonb($1::int))
     on conflict (key) do update set value = excluded.value, updated_at = now() where known.value <> excluded.value`,
    [days],
  )
}

/** Something in the bin, for people. */
export interface BinItem {
  id: number
  kind: 'table' | 'column'
  table: string
  column: string | null
  datasource: string
  definition_id: number
  /** Epoch ms. */
  dropped_at: number
  restore_until: number
}

const itemColumns = 'id, kind, table_name as "table", column_name as "column", datasource, definition_id, dropped_at, restore_until'

/** What can still be restored in a workspace, newest first. */
export const listBin = (db: Queryable, workspaceId: number): Promise<BinItem[]> =>
  db.query<BinItem>(`select ${itemColumns} from stackhold.table_bin where workspace_id = $1 and restore_until > now() order by dropped_at desc, id`, [
    workspaceId,
  ])

/** A dropped thing in every data source it was dropped from at once. */
export interface DroppedThing {
  kind: 'table' | 'column'
  definitionId: number
  table: string
  column: string | null
  /** The model before the drop. */
  definition: unknown
  places: { datasource: string; binSchema: string; binTable: string; binColumn: string | null }[]
}

/** Takes an entry and those that were dropped with it out of the bin's list; their data stays where it is. Throws `notFound`. */
export async function takeFromBin(transaction: Transaction, id: number, workspaceId: number): Promise<DroppedThing> {
  const rows = await transaction.query<BinRow & { datasource: string; definition_id: number }>(
    `delete from stackhold.table_bin b using stackhold.table_bin o
     where o.id = $1 and o.workspace_id = $2 and o.restore_until > now() and b.workspace_id = o.workspace_id and b.definition_id = o.definition_id
       and b.kind = o.kind and b.column_name is not distinct from o.column_name and b.dropped_at = o.dropped_at
     returning b.*`,
    [id, workspaceId],
  )
  const [first] = rows
  if (first === undefined) throw new AppError('notFound', 'Nothing in the bin has this id.')
  return {
    kind: first.kind,
    definitionId: first.definition_id,
    table: first.table_name,
    column: first.column_name,
    definition: first.definition,
    places: rows.map((row) => ({ datasource: row.datasource, binSchema: row.bin_schema, binTable: row.bin_table, binColumn: row.bin_column })),
  }
}
