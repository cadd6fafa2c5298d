/**
 * Rules of tables as SQL. The caller stands in settings of the transaction (see `guardSql`); without them no rule holds, as a comparison with
 * nothing is never true.
 */
import type { Rule, RuleOperation, TableRules } from '../definitions/rules.js'
import type { ColumnModel, TableModel } from '../definitions/table.js'
import { AppError } from '../errors.js'
import { Invalid } from '../fields/field-type.js'
import { getFieldType } from '../fields/index.js'
import { ident, param, raw, type Sql, sql } from '../lib/sql.js'
import type { Caller } from '../runtime/capabilities.js'
import { columnSqlType, textLiteral, valueLiteral } from './ddl/column.js'
import { quote } from './ddl/names.js'

const setting = (name: string): string => `nullif(current_setting('stackhold.${name}', true), '')`

/** A rule over the columns of `alias`. */
export function ruleSql(rule: Rule, table: TableModel, alias: string): string {
  switch (rule.kind) {
    case 'all':
    case 'any':
      return rule.parts.length === 0
        ? String(rule.kind === 'all')
        : `(${rule.parts.map((part) => ruleSql(part, table, alias)).join(rule.kind === 'all' ? ' and ' : ' or ')})`
    case 'not':
      return `(not ${ruleSql(rule.part, table, alias)})`
    case 'constant':
      return String(rule.value)
    case 'owner': {
      const id = `${setting('auth_id')}::${columnSqlType(columnOf(table, rule.column))}`
      return `(${quote(alias, rule.column)} = case when ${setting('auth_table')} = ${textLiteral(rule.table)} then ${id} end)`
    }
    case 'role':
      return `(coalesce(${setting('auth_role')}, '') = any(array[${rule.roles.map(textLiteral).join(', ')}]))`
    case 'caller':
      return rule.table === null ? `(${setting('auth_table')} is not null)` : `(coalesce(${setting('auth_table')}, '') = ${textLiteral(rule.table)})`
    case 'compare': {
      const column = columnOf(table, rule.column)
      return `(${quote(alias, rule.column)} ${rule.op} ${valueLiteral(column, constantFor(column, rule.value))})`
    }
    case 'null':
      return `(${quote(alias, rule.column)} is null)`
  }
}

function columnOf(table: TableModel, name: string): ColumnModel {
  const column = table.columns.find((candidate) => candidate.name === name)
  if (column === undefined) throw new TypeError(`A rule of table ${table.name} names the column ${name}`)
  return column
}

function constantFor(column: ColumnModel, value: Extract<Rule, { kind: 'compare' }>['value']) {
  const coerced = getFieldType(column.type).coerce(value, { name: column.name, now: 0, program: true }, {})
  if (coerced instanceof Invalid) throw new AppError('fatal', `A rule compares "${column.name}" with a value that does not fit: ${coerced.message}`)
  return coerced
}

/** What rows must satisfy for an operation; null when the table has no rules. Writing needs reading, too: what one cannot see one cannot change. */
export function rowRule(table: TableModel, operation: RuleOperation, alias: string, columns: readonly string[] = []): Sql<never> | null {
  const { rules } = table
  if (rules === undefined) return null
  const wanted = operation === 'read' ? [rules.read] : [rules.read, rules[operation]]
  const restricted = rules.columns.filter(({ name }) => columns.includes(name)).map(({ rule }) => rule)
  return raw(ruleSql({ kind: 'all', parts: [...wanted, ...restricted] }, table, alias))
}

/** ` and <rule>`, or nothing. */
export function andRule(table: TableModel, operation: RuleOperation, alias: string, columns: readonly string[] = []): Sql<never> {
  const rule = rowRule(table, operation, alias, columns)
  return rule === null ? raw('') : sql` and ${rule}`
}

/** Members of the rows of a table under an alias, as far as the caller may read them. */
export function readableRows(table: TableModel, target: Sql<never>, alias: string): Sql<never> {
  const rule = rowRule(table, 'read', alias)
  return rule === null ? sql`${target} as ${ident(alias)}` : sql`(select * from ${target} as ${ident(alias)} where ${rule}) as ${ident(alias)}`
}

/** The rule that restricts a column. */
export const columnRule = (rules: TableRules | undefined, column: string): Rule | undefined => rules?.columns.find(({ name }) => name === column)?.rule

/** Nothing in place of what the caller may not see. */
export function masked(table: TableModel, column: string, alias: string, piece: Sql<never>): Sql<never> {
  const rule = columnRule(table.rules, column)
  return rule === undefined ? piece : sql`(case when ${raw(ruleSql(rule, table, alias))} then ${piece} end)`
}

/** The role that rows are read and written under. It owns nothing and bypasses nothing. */
export const rulesRole = (workspaceId: number): string =>
  `'stackhold_' || left(encode(sha256(convert_to(current_database(), 'UTF8')), 'hex'), 12) || '_ws_${Math.trunc(workspaceId)}_rules'`

export interface GuardOptions {
  workspaceId: number
  /** Schema of the data source. */
  schema: string
  /** Table of the caller's account; undefined when anonymous. */
  account: TableModel | undefined
  /** Whether the role is taken: a copy of the tables for tests has no policies. */
  role: boolean
}

/** Tells Postgres who calls, for the rest of the transaction. The role of the caller is read from the row as it is now. */
export function guardSql(caller: Caller, { workspaceId, schema, account, role }: GuardOptions): Sql<unknown> {
  const [primary] = account?.columns ?? []
  // The caller comes first: one that is undefined throws, and is never taken for a stranger.
  const known = caller.table === account?.name && account !== undefined && primary !== undefined
  const hasRole = known && account.columns.some((column) => column.name === 'role' && !column.list && (column.type === 'text' || column.type === 'enum'))
  const id = param(known ? String(caller.id) : '')
  const found = hasRole
    ? sql`coalesce((select "role"::text from ${ident(schema, account.name)} where ${ident(primary.name)} = ${id}${raw(`::text::${columnSqlType(primary)}`)}), '')`
    : raw(`''`)
  const take = role ? sql`, set_config('role', ${raw(rulesRole(workspaceId))}, true)` : raw('')
  return sql`select set_config('stackhold.auth_table', ${param(known ? account.name : '')}, true), set_config('stackhold.auth_id', ${id}, true), set_config('stackhold.auth_role', ${found}, true)${take}`
}

/** Ends what {@link guardSql} began, within a transaction that goes on. */
export const unguardSql = `select set_config('role', 'none', true), set_config('stackhold.auth_table', '', true), set_config('stackhold.auth_id', '', true), set_config('stackhold.auth_role', '', true)`
