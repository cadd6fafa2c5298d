/** Seals the values of encrypted columns with the key in force, after the master secret was changed. */
import { type TableModel, withoutRules } from '../definitions/table.js'
import { ident, join, param, raw, sql } from '../lib/sql.js'
import type { Vault } from '../runtime/capabilities.js'
import type { Database } from './client.js'
import { constantCommand, tableSql } from './inputs.js'
import { selectColumns, selectList } from './records/row.js'
import { DatabaseSession } from './records/session.js'
import { type ColumnInfo, type TableInfo, tableInfo } from './table-info.js'

export interface ReencryptReport {
  /** Values that were sealed anew. */
  values: number
  /** Values that no key opens: they stay as they are. */
  unreadable: number
}

export interface ReencryptOptions {
  workspaceId: number
  datasources: readonly string[]
  /** The branch whose own tables these are; null: those that branches share. */
  tablesOf: number | null
  tables: readonly TableModel[]
  vault: Vault
}

const batchRows = 500

/** Goes through every data source, batch by batch in transactions of their own: it can be stopped and begun again at any time. */
export async function reencrypt(database: Database, { workspaceId, datasources, tablesOf, tables, vault }: ReencryptOptions): Promise<ReencryptReport> {
  const report: ReencryptReport = { values: 0, unreadable: 0 }
  for (const datasource of datasources) {
    const session = new DatabaseSession(database, { workspaceId, datasource, datasources, tablesOf })
    for (const info of tables.map((table) => tableInfo(withoutRules(table), vault)))
      for (const column of info.sealed) {
        let last: unknown = null
        do last = await session.atomically((inner) => resealBatch(inner, info, column, last, report))
        while (last !== null)
      }
  }
  return report
}

/** The id of the last row looked at; null after the last batch. */
async function resealBatch(session: DatabaseSession, info: TableInfo, column: ColumnInfo, after: unknown, report: ReencryptReport): Promise<unknown> {
  const { name: table } = info.model
  const { primary } = info
  const id = ident(table, primary.name)
  const type = raw(`::${primary.codec.sqlType}`)
  const list = join([
    sql`${id} as "id", ${ident(table, column.name)} as "stored"`,
    selectList({ selected: selectColumns(table, info, [column]), prune: new Map() }),
  ])
  const begin = after === null ? raw('') : sql` and ${id} > ${param(after)}${type}`
  const { rows } = await session.run(
    constantCommand(
      sql`select ${list} from ${tableSql(table)} as ${ident(table)} where ${ident(table, column.name)} is not null${begin} order by ${id} limit ${raw(String(batchRows))} for update`,
      session.schema,
    ),
  )
  const old = rows.filter((row) => column.seal?.isCurrent(String(row['stored'])) === false)
  const fresh = old.flatMap((row) => {
    try {
      return [{ id: row['id'], text: column.seal?.seal(column.codec.decode(row[column.name]), primary.codec.decode(row['id']))?.text }]
    } catch {
      report.unreadable++
      return []
    }
  })
  if (fresh.length > 0) {
    const pairs = sql`unnest(${param(fresh.map((one) => one.id))}${raw(`::${primary.codec.sqlType}[]`)}, ${param(fresh.map((one) => one.text))}::text[]) as r("id", "text")`
    await session.run(
      constantCommand(
        sql`update ${tableSql(table)} as ${ident(table)} set ${ident(column.name)} = r."text" from ${pairs} where ${id} = r."id"`,
        session.schema,
      ),
    )
    report.values += fresh.length
  }
  return rows.length < batchRows ? null : rows.at(-1)?.['id']
}
