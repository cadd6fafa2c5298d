/** Which tables and columns a query expression can name. */
import { AppError, fatal } from '../errors.js'
import { didYouMean } from '../lang/suggest.js'
import type { Expr } from '../lang/tree.js'
import { childExprs } from '../lang/visit.js'
import { ident } from '../lib/sql.js'
import type { SqlFace } from '../runtime/define.js'
import type { Evaluate } from '../runtime/frame.js'
import type { BoundSql, Inputs } from './inputs.js'
import { masked } from './rules.js'
import { refuseSealed } from './sealed.js'
import type { ColumnInfo, TableInfo } from './table-info.js'

/** A table under the name the query calls it. */
export interface ScopeTable {
  alias: string
  info: TableInfo
}

export interface Scope {
  main: ScopeTable
  joined: readonly ScopeTable[]
  inputs: Inputs
  /** Compiles an expression that names no column. */
  compileValue(expr: Expr): Evaluate
  /** Columns that callers may filter and sort by; absent = every one that is neither internal nor a password. */
  reveals?(column: ColumnInfo): boolean
  /** The query face of a filter. */
  lookupSqlFilter(name: string): SqlFace | undefined
  /** Whether a filter has no other face. */
  isQueryOnly(name: string): boolean
}

/** A column, possibly with a path into its JSON. */
export interface ColumnRef {
  table: ScopeTable
  column: ColumnInfo
  path: readonly string[]
}

export const tablesOf = (scope: Scope): readonly ScopeTable[] => [scope.main, ...scope.joined]

/** `"alias"."column"`; null where a rule hides it from the caller. */
export const columnSql = (table: ScopeTable, column: ColumnInfo): BoundSql =>
  masked(table.info.model, column.name, table.alias, ident(table.alias, column.name))

/** The error for a column that does not exist, as clients of the original know it. */
export function unknownColumn(name: string, candidates: Iterable<string>): AppError {
  const hint = didYouMean(name.split('.').at(-1) ?? name, candidates)
  return new AppError('badRequest', `Unsupported parameter reference - ${name}`, hint === undefined ? {} : { hint })
}

export const columnNames = (scope: Scope): string[] => tablesOf(scope).flatMap((table) => [...table.info.byName.keys()])

/** `$db.a.b` as its names after `$db`; null for anything else. */
export function dbPath(expr: Expr): string[] | null {
  const names: string[] = []
  let at = expr
  for (;;) {
    if (at.type === 'variable') return at.name === 'db' ? names.reverse() : null
    if (at.type === 'member') {
      names.push(at.name)
      at = at.object
    } else if (at.type === 'index' && (at.index.type === 'number' || at.index.type === 'text')) {
      names.push(at.index.type === 'number' ? at.index.text : at.index.value)
      at = at.object
    } else return null
  }
}

/** Whether any part of an expression, itself included, is such. */
function someNode(expr: Expr, isSuch: (node: Expr) => boolean): boolean {
  return isSuch(expr) || childExprs(expr).some((part) => someNode(part, isSuch))
}

/** Whether a column is named anywhere in the expression. */
export const namesColumn = (expr: Expr): boolean => someNode(expr, (node) => node.type === 'variable' && node.name === 'db')

/** Whether only Postgres can compute it: it names a column, or uses a filter that exists in queries only. */
export const needsQuery = (expr: Expr, isQueryOnly: (filter: string) => boolean): boolean =>
  someNode(expr, (node) => (node.type === 'variable' && node.name === 'db') || (node.type === 'filter' && node.disabled !== true && isQueryOnly(node.name)))

/**
 * Finds the column of `$db.table.col`, `$db.alias.col` or `$db.col`; the rest of the names is a path into its JSON. Queries keep the old name of
 * a table that was renamed: an unknown one stands for the only table that has the column.
 */
export function resolveColumn(names: readonly string[], scope: Scope): ColumnRef {
  const [first = '', second] = names
  const table = findTable(first, scope)
  const column = second === undefined ? undefined : table?.info.byName.get(second)
  if (table !== undefined && column !== undefined) return withPath(table, column, names.slice(2))
  const own = scope.main.info.byName.get(first)
  if (own !== undefined) return withPath(scope.main, own, names.slice(1))
  const renamed = table === undefined && second !== undefined ? withColumn(second, scope) : undefined
  if (renamed !== undefined) return withPath(...renamed, names.slice(2))
  const written = names.join('.')
  if (table !== undefined) throw unknownColumn(written, table.info.byName.keys())
  throw unknownColumn(written, [...tablesOf(scope).map((candidate) => candidate.alias), ...scope.main.info.byName.keys()])
}

function withColumn(name: string, scope: Scope): [ScopeTable, ColumnInfo] | undefined {
  const found = tablesOf(scope).flatMap((table): [ScopeTable, ColumnInfo][] => {
    const column = table.info.byName.get(name)
    return column === undefined ? [] : [[table, column]]
  })
  return found.length === 1 ? found[0] : undefined
}

/** By alias; else the only table of that name, however it is aliased; else the only one spelled so but for case. */
function findTable(name: string, scope: Scope): ScopeTable | undefined {
  const tables = tablesOf(scope)
  const only = (isMeant: (table: ScopeTable) => boolean): ScopeTable | undefined => {
    const found = tables.filter(isMeant)
    return found.length === 1 ? found[0] : undefined
  }
  const isLike = (text: string): boolean => text.toLowerCase() === name.toLowerCase()
  return (
    tables.find(({ alias }) => alias === name) ??
    only(({ info }) => info.model.name === name) ??
    (scope.main.info.byName.has(name) ? undefined : only(({ alias, info }) => isLike(alias) || isLike(info.model.name)))
  )
}

function withPath(table: ScopeTable, column: ColumnInfo, path: readonly string[]): ColumnRef {
  if (column.seal !== undefined) throw refuseSealed(column, table.info.model.name)
  if (path.length > 0 && column.codec.sqlType !== 'jsonb')
    throw fatal(`"${column.name}" of table "${table.info.model.name}" is ${column.type.name}: it has no members.`)
  return { table, column, path }
}

const isRevealed = (column: ColumnInfo): boolean => column.model.access !== 'internal' && column.type.name !== 'password'

/** A column by the text callers send, `col` or `alias.col`. Internal columns and passwords do not exist for callers. */
export function findPublicColumn(name: string, scope: Scope): ColumnRef | undefined {
  const [first = '', ...rest] = name.split('.')
  const table = rest.length > 0 ? tablesOf(scope).find((candidate) => candidate.alias === first) : undefined
  const found = table?.info.byName.get(rest[0] ?? '')
  const column = found ?? scope.main.info.byName.get(first)
  if (column === undefined || column.seal !== undefined || column.model.secrets !== undefined || !(scope.reveals ?? isRevealed)(column)) return undefined
  const path = found === undefined ? rest : rest.slice(1)
  return path.length > 0 && column.codec.sqlType !== 'jsonb' ? undefined : { table: found === undefined ? scope.main : (table as ScopeTable), column, path }
}
