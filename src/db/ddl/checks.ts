/** What stands in the way of a change of a column, and pieces that several changes share. */
import type { ColumnModel, IndexModel, TableModel } from '../../definitions/table.js'
import { defaultSql } from './column.js'
import { quote } from './names.js'
import type { Check } from './plan.js'
import type { Place } from './plan-builder.js'

export const rowsHave = (count: number): string => (count === 1 ? '1 row has' : `${count} rows have`)

export const setDefault = (target: string, column: ColumnModel): string => {
  const initial = defaultSql(column)
  return `alter table ${target} alter column ${quote(column.name)} ${initial === null ? 'drop default' : `set default ${initial}`}`
}

/** Counts and samples rows; the sample names ids, and values unless they are secrets. */
export function countCheck(place: Place, column: ColumnModel, bad: string, message: (count: number) => string): Check {
  const shown = column.type === 'password' || column.sensitive ? `'(hidden)'` : `left(${quote(column.name)}::text, 80)`
  const sample = `select coalesce(jsonb_agg(s), '[]') from (select "id", ${shown} as value from ${place.target} where ${bad} order by "id" limit 5) s`
  return { column: column.name, message, sql: `select count(*)::int as count, (${sample}) as sample from ${place.target} where ${bad}` }
}

/** Groups of rows that share a key which shall become unique. */
export function duplicateCheck({ target }: Place, table: TableModel, index: IndexModel): Check {
  const columns = index.fields.map((field) => quote(field.name))
  const secrets = new Set(table.columns.filter((column) => column.sensitive || column.type === 'password').map((column) => column.name))
  const shown = index.fields.map((field) => (secrets.has(field.name) ? `'(hidden)' as ${quote(field.name)}` : quote(field.name)))
  const groups = `select ${shown.join(', ')}, count(*) as rows from ${target} where ${columns.map((column) => `${column} is not null`).join(' and ')} group by ${columns.join(', ')} having count(*) > 1`
  const names = index.fields.map((field) => field.name).join(', ')
  return {
    column: names,
    sql: `select count(*)::int as count, (select coalesce(jsonb_agg(s), '[]') from (${groups} order by count(*) desc limit 5) s) as sample from (${groups}) g`,
    message: (count) => `${count === 1 ? '1 value of' : `${count} values of`} "${names}" ${count === 1 ? 'occurs' : 'occur'} more than once`,
  }
}
