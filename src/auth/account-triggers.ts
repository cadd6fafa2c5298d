/** Triggers on tables with auth: the tokens of a row are void when its password changes or the row goes, whoever writes. */
import type { Queryable } from '../db/client.js'
import type { TableModel } from '../definitions/table.js'
import { ident } from '../lib/sql.js'

interface Place {
  definition_id: number
  schema_name: string
  table_name: string
  /** What the triggers stand for; null when there are none. */
  mark: string | null
}

const names = { update: 'stackhold_void_update', delete: 'stackhold_void_delete', truncate: 'stackhold_void_truncate' }

const readPlaces = `select p.definition_id, p.schema_name, p.table_name, obj_description(t.oid, 'pg_trigger') as mark
  from stackhold.physical_table p
  join pg_namespace n on n.nspname = p.schema_name
  join pg_class c on c.relnamespace = n.oid and c.relname = p.table_name
  left join pg_trigger t on t.tgrelid = c.oid and t.tgname = '${names.delete}'
  where p.workspace_id = $1 order by p.definition_id, p.schema_name`

/** Makes the triggers of a workspace what its tables ask for. A table whose auth was switched off loses all its tokens. */
export async function guardAccounts(transaction: Queryable, workspaceId: number, tables: readonly TableModel[]): Promise<void> {
  const byId = new Map(tables.map((table) => [table.id, table]))
  const places = await transaction.query<Place>(readPlaces, [workspaceId])
  const closed = new Set<number>()
  for (const place of places) {
    const wanted = markOf(byId.get(place.definition_id))
    if (wanted === place.mark) continue
    await dropTriggers(transaction, place)
    const table = byId.get(place.definition_id)
    if (wanted !== null && table !== undefined) await createTriggers(transaction, workspaceId, place, table, wanted)
    else closed.add(place.definition_id)
  }
  for (const id of closed) await transaction.query(`select stackhold.raise_epoch($1, $2, '', clock_timestamp())`, [workspaceId, id])
}

const passwordsOf = (table: TableModel): string[] => table.columns.filter((column) => column.type === 'password').map((column) => column.name)
const keyOf = (table: TableModel): string => table.columns[0]?.name ?? 'id'

/** Null for a table without auth. */
const markOf = (table: TableModel | undefined): string | null => (table?.auth === true ? JSON.stringify([table.id, keyOf(table), ...passwordsOf(table)]) : null)

async function dropTriggers(transaction: Queryable, { schema_name, table_name }: Place): Promise<void> {
  const on = ident(schema_name, table_name).chunks.join('')
  for (const name of Object.values(names)) await transaction.query(`drop trigger if exists ${name} on ${on}`)
}

async function createTriggers(transaction: Queryable, workspaceId: number, place: Place, table: TableModel, mark: string): Promise<void> {
  const on = ident(place.schema_name, place.table_name).chunks.join('')
  const columns = [keyOf(table), ...passwordsOf(table)].map(literal).join(', ')
  const call = `execute function stackhold.void_tokens(${workspaceId}, ${table.id}, ${columns})`
  await transaction.query(`create trigger ${names.delete} after delete on ${on} for each row ${call}`)
  await transaction.query(`create trigger ${names.truncate} after truncate on ${on} for each statement ${call}`)
  await transaction.query(`create trigger ${names.update} after update on ${on} for each row ${call}`)
  await transaction.query(`comment on trigger ${names.delete} on ${on} is ${literal(mark)}`)
}

const literal = (text: string): string =>
  text.includes('\\') ? `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'` : `'${text.replaceAll("'", "''")}'`
