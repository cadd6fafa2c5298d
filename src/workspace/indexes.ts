/** The indexes and rules that the tables of a workspace ask for, and how they stand. */
import type { Database, Queryable } from '../db/client.js'
import { createIndexSql, indexLabel, planIndex } from '../db/ddl/index-sql.js'
import { type IndexStatus, readIndexStates, repairIndexes, type WantedIndex } from '../db/ddl/index-upkeep.js'
import { quote } from '../db/ddl/names.js'
import { repairRules } from '../db/ddl/rule-upkeep.js'
import { readExtensions } from '../db/extensions.js'
import { indexId } from '../definitions/table-json.js'
import { listAllTables } from './store.js'
import { comparableModel } from './tables.js'

/** `indexId`: null for the primary key. */
interface TableIndex {
  tableId: number
  indexId: string
  /** Why it is not built. */
  note?: string
  wanted: WantedIndex[]
}

/** Every index of every table, with its counterpart in each data source. */
async function listIndexes(db: Queryable, workspaceId: number): Promise<TableIndex[]> {
  const places = await db.query<{ definition_id: number; schema_name: string; table_name: string }>(
    'select definition_id, schema_name, table_name from stackhold.physical_table where workspace_id = $1 order by schema_name',
    [workspaceId],
  )
  const extensions = await readExtensions(db)
  return (await listAllTables(db, workspaceId)).map(comparableModel).flatMap((table) =>
    table.indexes.map((index): TableIndex => {
      const plan = planIndex(table, index, extensions)
      const base = { tableId: table.id, indexId: indexId(index), ...(plan?.note === undefined ? {} : { note: plan.note }) }
      if (plan === null || plan.body === null) return { ...base, wanted: [] }
      const label = indexLabel(index)
      const wanted = places
        .filter((place) => place.definition_id === table.id)
        .map(({ schema_name: schema, table_name: name }) => ({
          schema,
          table: name,
          name: plan.name,
          label,
          sql: createIndexSql(plan, quote(schema, name), true),
          prelude: plan.prelude ?? [],
        }))
      return { ...base, wanted }
    }),
  )
}

/** Builds the indexes that do not stand. What failed, for people. */
export const repairWorkspaceIndexes = (db: Database, workspaceId: number): Promise<string[]> =>
  repairIndexes(db, workspaceId, async () => (await listIndexes(db, workspaceId)).flatMap(({ wanted }) => wanted))

/** Brings the rules of tables up to what this version puts on them. */
export const repairWorkspaceRules = async (db: Database, workspaceId: number): Promise<number> =>
  repairRules(db, workspaceId, (await listAllTables(db, workspaceId)).map(comparableModel))

/** `unsupported`: this database cannot build it; queries do without. */
export type TableIndexStatus = IndexStatus | { state: 'unsupported'; problem: string }

const gravity = ['ready', 'building', 'missing', 'failed']

/** How the indexes of a workspace stand, by table id and index id; the worst of all data sources. */
export async function indexStates(db: Queryable, workspaceId: number): Promise<Map<string, TableIndexStatus>> {
  const indexes = await listIndexes(db, workspaceId)
  const states = await readIndexStates(
    db,
    indexes.flatMap(({ wanted }) => wanted),
  )
  return new Map(
    indexes.map(({ tableId, indexId: id, note, wanted }): [string, TableIndexStatus] => {
      if (note !== undefined) return [`${tableId} ${id}`, { state: 'unsupported', problem: note }]
      const each = wanted.map(({ schema, name }) => states.get(`${schema}.${name}`) ?? { state: 'missing' as const })
      const [worst = { state: 'ready' as const }] = each.sort((a, b) => gravity.indexOf(b.state) - gravity.indexOf(a.state))
      return [`${tableId} ${id}`, worst]
    }),
  )
}
