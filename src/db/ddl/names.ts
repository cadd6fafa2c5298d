/** Names of schemas, indexes and constraints in Postgres. */
import { createHash } from 'node:crypto'
import type { IndexModel } from '../../definitions/table.js'

const bytesMax = 63

/** Where the rows of a data source are: itself, or `live@7` for a branch that has tables of its own. No label of a data source contains an `@`. */
export const placeOf = (datasource: string, tablesOf: number | null | undefined): string =>
  tablesOf === null || tablesOf === undefined ? datasource : `${datasource}@${tablesOf}`

/** What {@link placeOf} made a place of. */
export function datasourceOf(place: string): { label: string; tablesOf: number | null } {
  const [label = '', branch] = place.split('@')
  return { label, tablesOf: branch === undefined ? null : Number(branch) }
}

/** Schema of one data source of a workspace: `ws_1_live`; of the own tables of branch 7: `ws_1b7_live`. */
export function schemaName(workspaceId: number, place: string): string {
  const { label, tablesOf } = datasourceOf(place)
  return fitName(tablesOf === null ? `ws_${workspaceId}_${label}` : `ws_${workspaceId}b${tablesOf}_${label}`)
}
/** Schema for dropped tables of a workspace. */
export const binSchemaName = (workspaceId: number): string => `ws_${workspaceId}_bin`

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8)

/** At most 63 bytes: the end of a longer name becomes its hash. */
export function fitName(name: string, reserve = 0): string {
  if (Buffer.byteLength(name) + reserve <= bytesMax) return name
  const room = bytesMax - reserve - 9
  let kept = ''
  for (const char of name) {
    if (Buffer.byteLength(kept + char) > room) break
    kept += char
  }
  return `${kept}_${digest(name)}`
}

/** Name of an index: readable, and unique within its schema. */
export const indexName = (table: string, index: IndexModel): string =>
  `${fitName(`${table}_${index.fields.map((field) => field.name).join('_')}`, 9)}_${digest(JSON.stringify([table, index.type, index.fields, index.lang ?? '']))}`

/** The check that keeps an enum to its values. Names of constraints are per table. */
export const enumCheckName = (column: string): string => `${fitName(column, 5)}_enum`

/** A quoted identifier, with its schema. */
export const quote = (...names: string[]): string => names.map((name) => `"${name.replaceAll('"', '""')}"`).join('.')
