/** Rows that point to nothing, looked for when a column becomes a foreign key. */
import type { ColumnModel, TableModel } from '../../definitions/table.js'
import { quote, schemaName } from './names.js'
import type { Check } from './plan.js'

export interface ReferenceOptions {
  workspaceId: number
  datasources: readonly string[]
  /** New names of tables by their old ones. */
  renamed: ReadonlyMap<string, string>
}

/** The checks of one change of a table; run them when every table of the change stands and has its rows. 0 and the empty text point nowhere on purpose. */
export function referenceChecks(before: TableModel, after: TableModel, options: ReferenceOptions): Check[] {
  const old = new Map(before.columns.map((column) => [column.name, column]))
  const changed = after.columns.filter((column) => {
    const previous = old.get(column.name)
    const pointed = previous?.references
    return column.references !== undefined && previous !== undefined && (options.renamed.get(pointed ?? '') ?? pointed) !== column.references
  })
  return changed.flatMap((column) =>
    options.datasources.map((datasource) => referenceCheck(schemaName(options.workspaceId, datasource), after.name, column, column.references ?? '')),
  )
}

function referenceCheck(schema: string, table: string, column: ColumnModel, references: string): Check {
  const name = quote(column.name)
  const isDangling = (value: string): string =>
    `${value} is not null and ${value}::text not in ('', '0') and not exists (select from ${quote(schema, references)} as r where r."id"::text = ${value}::text)`
  const bad = column.list ? `exists (select from unnest(t.${name}) as u (v) where ${isDangling('u.v')})` : isDangling(`t.${name}`)
  const shown = column.sensitive ? `'(hidden)'` : `left(t.${name}::text, 80)`
  const from = `from ${quote(schema, table)} as t where ${bad}`
  return {
    column: column.name,
    message: (count) => `${count === 1 ? '1 row has' : `${count} rows have`} a value in "${column.name}" that no row of "${references}" has as its id`,
    sql: `select count(*)::int as count, (select coalesce(jsonb_agg(s), '[]') from (select t."id", ${shown} as value ${from} order by t."id" limit 5) s) as sample ${from}`,
  }
}
