/** Order of rows. */
import { AppError, fatal } from '../../errors.js'
import { join, raw, sql } from '../../lib/sql.js'
import type { ExternalSort } from '../external-filter.js'
import type { BoundSql } from '../inputs.js'
import { columnNames, columnSql, findPublicColumn, resolveColumn, type Scope, unknownColumn } from '../scope.js'
import { columnTerm } from '../term.js'

export interface SortKey {
  sql: BoundSql
  order: 'asc' | 'desc' | 'rand'
}

/** Order a builder wrote: columns, `alias.col`, or names of `eval`. */
export const programSort = (sort: readonly ExternalSort[], scope: Scope, computed: ReadonlyMap<string, BoundSql>): SortKey[] =>
  sort.map(({ column, order }) => ({ order, sql: order === 'rand' ? raw('random()') : programColumn(column, scope, computed) }))

function programColumn(name: string, scope: Scope, computed: ReadonlyMap<string, BoundSql>): BoundSql {
  return computed.get(name) ?? columnTerm(resolveColumn(name.split('.'), scope)).sql
}

/** Order a caller sent: only what a caller may see. Throws `inputError`. */
export function externalSort(sort: readonly ExternalSort[], scope: Scope, computed: ReadonlyMap<string, BoundSql>, param: string): SortKey[] {
  return sort.map(({ column, order }) => {
    if (order === 'rand') return { order, sql: raw('random()') }
    const own = computed.get(column)
    if (own !== undefined) return { order, sql: own }
    const ref = findPublicColumn(column, scope)
    if (ref !== undefined) return { order, sql: columnTerm(ref, scope.inputs).sql }
    const { message, hint } = unknownColumn(
      column,
      columnNames(scope).filter((name) => findPublicColumn(name, scope) !== undefined),
    )
    throw new AppError('input', message, { payload: { param }, hint })
  })
}

/** `order by …`; the primary key settles what the keys leave open, so that pages never overlap. */
export function orderBy(keys: readonly SortKey[], scope: Scope, options: { tieBreak: boolean }): BoundSql {
  const parts = keys.map(({ sql: key, order }) => (order === 'rand' ? key : sql`${key} ${raw(order)}`))
  const primary = columnSql(scope.main, scope.main.info.primary)
  const isSettled = keys.some(({ sql: key, order }) => order === 'rand' || key.chunks[0] === primary.chunks[0])
  if (options.tieBreak && !isSettled) parts.push(primary)
  return parts.length === 0 ? raw('') : sql` order by ${join(parts)}`
}

/** Directions of a written-out `sort`. */
export function checkOrder(order: string): ExternalSort['order'] {
  const known = order.toLowerCase()
  if (known === 'asc' || known === 'desc' || known === 'rand') return known
  throw fatal(`Unknown sort order: ${order}`, { hint: 'Use asc, desc or rand.' })
}
