/** Bringing back what was dropped, and forgetting it for good. */
import type { Selectable } from 'kysely'
import { AppError } from '../../errors.js'
import { fromPlain, type Json, toPlain } from '../../lib/value.js'
import type { TableBinTable } from '../catalog.js'
import type { Database } from '../client.js'
import type { Queryable, Transaction } from '../queryable.js'
import { forgetEmptyBins } from './forget.js'
import { datasourceOf, placeOf, quote, schemaName } from './names.js'

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
  let forgotten = 0
  for (let found = true; found; ) {
    try {
      found = await db.withTransaction((transaction) => forgetOne(transaction, tried))
      if (found) forgotten++
    } catch (error) {
      onError(error)
    }
  }
  await db.withTransaction(forgetEmptyBins).catch(onError)
  return forgotten
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
  /** The branch of whose own tables it was; null for those that branches share. */
  branch_id: number | null
  /** Its label; null when that branch is gone, too. */
  branch: string | null
  definition_id: number
  /** Epoch ms. */
  dropped_at: number
  restore_until: number
}

const itemColumns = 't.id, t.kind, t.table_name as "table", t.column_name as "column", t.datasource, t.definition_id, t.dropped_at, t.restore_until'

/** What can still be restored in a workspace, newest first. */
export async function listBin(db: Queryable, workspaceId: number): Promise<BinItem[]> {
  const rows = await db.query<Omit<BinItem, 'branch_id'>>(
    `select ${itemColumns}, b.label as branch from stackhold.table_bin t
     left join stackhold.branch b on b.workspace_id = t.workspace_id and t.datasource like '%@' || b.id
     where t.workspace_id = $1 and t.restore_until > now() order by t.dropped_at desc, t.id`,
    [workspaceId],
  )
  return rows.map(({ id, kind, table, column, datasource, branch, ...rest }) => {
    const { label, tablesOf } = datasourceOf(datasource)
    return { id, kind, table, column, datasource: label, branch_id: tablesOf, branch, ...rest }
  })
}

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

interface ColumnEntries {
  workspaceId: number
  /** Id of the definition when its columns were dropped. */
  from: number
  to: number
  /** The branch whose own table it is now. */
  tablesOf: number | null
}

/** Dropped columns follow their table, which came back under another id or to another branch. */
export async function moveColumnEntries(db: Queryable, { workspaceId, from, to, tablesOf }: ColumnEntries): Promise<void> {
  const places = await db.query<{ datasource: string }>(
    `select distinct datasource from stackhold.table_bin where workspace_id = $1 and definition_id = $2 and kind = 'column'`,
    [workspaceId, from],
  )
  for (const { datasource } of places) {
    const place = placeOf(datasourceOf(datasource).label, tablesOf)
    await db.query(
      `update stackhold.table_bin set definition_id = $1, datasource = $2, schema_name = $3, bin_schema = $3
       where workspace_id = $4 and definition_id = $5 and datasource = $6 and kind = 'column'`,
      [to, place, schemaName(workspaceId, place), workspaceId, from, datasource],
    )
  }
}
