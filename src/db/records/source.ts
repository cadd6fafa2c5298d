/** Where the rows of a query come from: tables, joins, conditions, computed members. */
import { fatal } from '../../errors.js'
import type { Expr } from '../../lang/tree.js'
import { join, raw, sql } from '../../lib/sql.js'
import { compileExternalFilter } from '../external-filter.js'
import { type BoundSql, type BuildCondition, type Shape, tableSql } from '../inputs.js'
import { readableRows } from '../rules.js'
import type { Scope, ScopeTable } from '../scope.js'
import { compileTerm, decoderOf } from '../term.js'
import { textFace } from '../text-face.js'
import { allOf, compileCondition, whereClause } from '../where.js'
import { type CompileContext, constantValue, headTable, isAbsent, literalMembers, scopeOf } from './arguments.js'
import { type External, isDynamicFilter } from './external.js'
import { checkMemberName, type Selected } from './row.js'

export interface Source {
  scope: Scope
  from: (shape: Shape) => BoundSql
  where: BuildCondition
  extra: Selected[]
}

export function buildSource(context: CompileContext, external: External): Source {
  const { request } = context
  const info = headTable(context)
  const joins = [...literalMembers(request.args.get('join'), 'join')].map(([alias, expr]) => readJoin(alias, expr, context))
  const names = new Set([info.model.name])
  for (const { table } of joins) {
    if (names.has(table.alias)) throw fatal(`The alias "${table.alias}" is used twice in this query.`)
    names.add(table.alias)
  }
  const scope: Scope = { ...scopeOf(context, info), joined: joins.map((joined) => joined.table) }
  const joinClauses = joins.map((joined) => ({ ...joined, on: compileCondition(joined.where, scope) }))
  const conditions = ['where', 'search', 'additional_where'].flatMap((name) => {
    const expr = request.args.get(name)
    return expr === undefined || isAbsent(expr) || isDynamicFilter(expr, name, context) ? [] : [compileCondition(expr, scope)]
  })
  for (const { value, param: name } of external.filters) {
    if (value === false) conditions.push(() => raw('false'))
    else conditions.push(compileExternalFilter(value, scope, name) ?? (() => null))
  }
  const from = (shape: Shape): BoundSql =>
    sql` from ${readableRows(info.model, tableSql(info.model.name), scope.main.alias)}${join(
      joinClauses.map(
        ({ kind, table, on }) =>
          sql` ${raw(kind)} join ${readableRows(table.info.model, tableSql(table.info.model.name), table.alias)} on ${on(shape) ?? raw('true')}`,
      ),
      '',
    )}`
  return { scope, from, where: allOf(conditions), extra: readEvaluations(request.args.get('eval'), scope) }
}

const joinKinds = new Map([
  ['inner', 'inner'],
  ['left', 'left'],
  ['right', 'right'],
])

function readJoin(alias: string, expr: Expr, context: CompileContext): { table: ScopeTable; kind: string; where: Expr } {
  const members = literalMembers(expr, `join.${alias}`)
  const tableExpr = members.get('table')
  const table = tableExpr === undefined ? alias : constantValue(tableExpr, `join.${alias}.table`)
  const typeExpr = members.get('type')
  const type = typeExpr === undefined ? 'inner' : String(constantValue(typeExpr, `join.${alias}.type`)).toLowerCase()
  const kind = joinKinds.get(type)
  if (kind === undefined) throw fatal(`Unknown join type: ${type}`, { hint: 'Use inner, left or right.' })
  const where = members.get('where') ?? members.get('search')
  if (where === undefined) throw fatal(`The join "${alias}" needs a where.`)
  return { table: { alias: checkMemberName(alias), info: context.table(String(table)) }, kind, where }
}

/** `eval = {name: expression}`: computed members of each row. */
function readEvaluations(expr: Expr | undefined, scope: Scope): Selected[] {
  return [...literalMembers(expr, 'eval')].map(([name, member]) => {
    const term = compileTerm(member, scope)
    if (term.kind === 'given') throw fatal(`The eval "${name}" names no column.`, { hint: 'Compute values in the stack; eval is for columns.' })
    return { name: checkMemberName(name), sql: term.sql, decode: decoderOf(term), ...textFace(term) }
  })
}

/** `select <list> from … where …`, without order and limit. */
export const selectSql = (source: Source, list: BoundSql, at: Shape, distinct = false): BoundSql =>
  sql`select ${raw(distinct ? 'distinct ' : '')}${list}${source.from(at)}${whereClause(source.where(at))}`

export const countSql = (source: Source, at: Shape): BoundSql => selectSql(source, raw('count(*) as count'), at)
