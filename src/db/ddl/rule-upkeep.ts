/** Rules of tables as an older version put them on: brought up to what they are now. */
import type { TableModel } from '../../definitions/table.js'
import type { Database } from '../client.js'
import type { Queryable } from '../queryable.js'
import { quote } from './names.js'
import { createPoliciesSql, dropPoliciesSql } from './policies.js'

interface Place {
  definition_id: number
  schema_name: string
  table_name: string
}

/** Tables whose restricted columns no trigger keeps. */
const readLacking = (db: Queryable, workspaceId: number, ids: readonly number[]): Promise<Place[]> =>
  db.query<Place>(
    `select p.definition_id, p.schema_name, p.table_name from stackhold.physical_table p
     join pg_namespace n on n.nspname = p.schema_name join pg_class c on c.relnamespace = n.oid and c.relname = p.table_name
     where p.workspace_id = $1 and p.definition_id = any($2)
       and not exists (select from pg_trigger t where t.tgrelid = c.oid and t.tgname like 'stackhold\\_column\\_%') order by 1, 2`,
    [workspaceId, ids],
  )

/** Puts the rules on again where a part of them is missing, each table at once; the number of tables. */
export async function repairRules(db: Queryable & Pick<Database, 'withTransaction'>, workspaceId: number, tables: readonly TableModel[]): Promise<number> {
  const ruled = new Map(tables.filter(({ rules }) => rules !== undefined && rules.columns.length > 0).map((table) => [table.id, table]))
  if (ruled.size === 0 || (await readLacking(db, workspaceId, [...ruled.keys()])).length === 0) return 0
  return db.withTransaction(async (transaction) => {
    // Changes of the workspace wait, and we for them.
    await transaction.query('select from stackhold.workspace where id = $1 for update', [workspaceId])
    await transaction.query(`set local lock_timeout = '4s'`)
    const places = await readLacking(transaction, workspaceId, [...ruled.keys()])
    for (const { definition_id, schema_name, table_name } of places) {
      const table = ruled.get(definition_id)
      if (table?.rules === undefined) continue
      const statements = [...dropPoliciesSql(quote(schema_name, table_name), table.rules), ...createPoliciesSql(workspaceId, schema_name, table)]
      for (const statement of statements) await transaction.query(statement)
    }
    return places.length
  })
}
