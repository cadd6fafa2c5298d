/** The plan of a query: arguments → SQL and what its rows mean. */
import { fatal } from '../../errors.js'
import { constantOf } from '../../lang/constant.js'
import { didYouMean } from '../../lang/suggest.js'
import type { Expr } from '../../lang/tree.js'
import { ident, raw, sql } from '../../lib/sql.js'
import { isTruthy } from '../../lib/value.js'
import { type ExternalSort, readExternalSort } from '../external-filter.js'
import type { BoundSql, Shape } from '../inputs.js'
import { dbPath, needsQuery, type Scope } from '../scope.js'
import { planAggregate } from './aggregate.js'
import { boolArgument, type CompileContext, constantValue, isAbsent, literalMembers, valueArgument } from './arguments.js'
import { type External, isDynamicSort, nothingExternal } from './external.js'
import { planPage } from './page-statement.js'
import { compilePaging } from './paging.js'
import { jsonFirst, jsonItems, type ReadPlan } from './plan.js'
import { compileRowReader, type RowShape, readOutput, rowShape, selectList } from './row.js'
import { checkOrder, externalSort, orderBy, programSort, type SortKey } from './sort.js'
import { buildSource, countSql, type Source, selectSql } from './source.js'

const returnTypes = ['list', 'single', 'count', 'exists', 'stream', 'aggregate'] as const
type Returned = (typeof returnTypes)[number]

/** The plan of a query. Throws AppError for anything that does not exist. */
export function planQuery(context: CompileContext, external: External): ReadPlan {
  const source = buildSource(context, external)
  const members = literalMembers(context.request.args.get('return'), 'return')
  const once = external !== nothingExternal
  switch (returnTypeOf(members)) {
    case 'count':
      return countedPlan(context, source, members, once)
    case 'exists':
      return existsPlan(source, once)
    case 'aggregate':
      return planAggregate({
        ...source,
        group: members.get('group'),
        evaluations: members.get('eval'),
        sort: aggregateSort(context, external),
        paging: members.get('paging'),
        context,
        once,
      })
    case 'single':
      return singlePlan(context, source, external, members, once)
    default:
      return listPlan(context, source, external, members, once)
  }
}

/** The plan of `db.count`. */
export const planCount = (context: CompileContext, external: External): ReadPlan => countPlan(buildSource(context, external), external !== nothingExternal)

function returnTypeOf(members: ReadonlyMap<string, Expr>): Returned {
  const expr = members.get('type')
  const name = expr === undefined ? 'list' : constantValue(expr, 'return.type')
  const type = returnTypes.find((candidate) => candidate === name)
  if (type === undefined)
    throw fatal(`Unknown return type: ${String(name)}`, { hint: didYouMean(String(name), returnTypes) ?? `Use one of ${returnTypes.join(', ')}.` })
  return type
}

const given = (expr: Expr | undefined): boolean => expr !== undefined && !isAbsent(expr)

/** Whether rows arrive in pages. */
export function isPaged({ request }: CompileContext): boolean {
  const members = literalMembers(request.args.get('return'), 'return')
  const type = returnTypeOf(members)
  if (type === 'aggregate') return given(members.get('paging'))
  return (type === 'list' || type === 'stream') && (given(members.get('paging')) || given(request.args.get('override_paging')))
}

/** Whether rows are asked for one by one. Pages are short, and locks shall not outlive the statement. */
export function isStream(context: CompileContext): boolean {
  const { args } = context.request
  return returnTypeOf(literalMembers(args.get('return'), 'return')) === 'stream' && !isPaged(context) && !given(args.get('lock'))
}

// Order

/** Names that `eval` computes: by their name where the row holds them, else by their expression. */
const computedNames = (source: Source, shape: RowShape): Map<string, BoundSql> =>
  new Map(source.extra.map((member) => [member.name, shape.selected.includes(member) ? ident(member.name) : member.sql]))

function sortKeys(context: CompileContext, source: Source, shape: RowShape, external: External): SortKey[] {
  const computed = computedNames(source, shape)
  if (external.sort !== null) return externalSort(external.sort, source.scope, computed, external.sortParam)
  return programSort(writtenSort(context), source.scope, computed)
}

function writtenSort({ request }: CompileContext): ExternalSort[] {
  const expr = request.args.get('sort')
  if (expr === undefined || isAbsent(expr) || isDynamicSort(expr)) return []
  return readExternalSort(constantValue(expr, 'sort'), 'sort').map(({ column, order }) => ({ column, order: checkOrder(order) }))
}

/** Grouped rows are sorted by the names of their groups and results. */
const aggregateSort = (context: CompileContext, external: External): readonly ExternalSort[] => external.sort ?? writtenSort(context)

// Rows

/** `yes`, `no`, or `auto`: yes where a join could repeat a row and every sort key is part of the row. */
function isDistinct(members: ReadonlyMap<string, Expr>, source: Source, shape: RowShape, keys: readonly SortKey[]): boolean {
  const expr = members.get('distinct')
  const value = expr === undefined ? 'no' : constantValue(expr, 'return.distinct')
  const sortable = keys.every(
    (key) => key.order !== 'rand' && shape.selected.some((member) => sameSql(member.sql, key.sql) || sameSql(ident(member.name), key.sql)),
  )
  if (value === 'auto') return source.scope.joined.length > 0 && sortable
  if (value !== 'yes' && value !== true) return false
  if (!sortable) throw fatal('Distinct rows can be sorted only by what they hold.', { hint: 'Add the sort column to output, or leave distinct out.' })
  return true
}

const sameSql = (a: BoundSql, b: BoundSql): boolean => a === b || (a.holes.length === 0 && b.holes.length === 0 && a.chunks[0] === b.chunks[0])

/** `for update`, decided when the query runs. */
function compileLock(context: CompileContext, source: Source): (shape: Shape) => BoundSql {
  const { request } = context
  const expr = request.args.get('lock')
  if (expr === undefined || isAbsent(expr)) return () => raw('')
  const clause = sql` for update of ${ident(source.scope.main.alias)}`
  const known = constantOf(expr)
  if (known !== undefined) return () => (isTruthy(known) ? clause : raw(''))
  const lock = boolArgument(context, 'lock')
  const operand = source.scope.inputs.operand((frame) => lock(frame))
  const state = source.scope.inputs.choice((values) => String(values[operand]))
  return (shape) => (shape[state] === 'true' ? clause : raw(''))
}

interface Rows {
  shape: RowShape
  distinct: boolean
  /** Ordered, without limit. */
  sql(at: Shape): BoundSql
}

function buildRows(context: CompileContext, source: Source, external: External, members: ReadonlyMap<string, Expr>, ordered = true): Rows {
  const { scope } = source
  const shape = rowShape(
    scope.main.alias,
    scope.main.info,
    readOutput(context, scope.main.info, { paged: isPaged(context), extra: source.extra }),
    source.extra,
  )
  const keys = sortKeys(context, source, shape, external)
  const distinct = isDistinct(members, source, shape, keys)
  const tieBreak = !distinct || shape.selected.some((member) => member.name === scope.main.info.primary.name)
  const order = ordered ? orderBy(keys, scope, { tieBreak }) : raw('')
  const list = selectList(shape)
  return {
    shape,
    distinct,
    sql: (at) => sql`${selectSql(source, list, at, distinct)}${order}`,
  }
}

/** A list, or a page of one. `stream` is a list too: loops read it as they go. */
function listPlan(context: CompileContext, source: Source, external: External, members: ReadonlyMap<string, Expr>, once: boolean): ReadPlan {
  const { inputs } = source.scope
  const rows = buildRows(context, source, external, members)
  const tail = compileLock(context, source)
  const read = compileRowReader(rows.shape)
  if (isPaged(context)) {
    const paging = members.get('paging')
    const readPage = compilePaging(
      paging === undefined || isAbsent(paging) ? { type: 'object', entries: [] } : paging,
      valueArgument(context, 'override_paging'),
      context.request.compileValue,
    )
    const total = (at: Shape): BoundSql => (rows.distinct ? sql`select count(*) as count from (${rows.sql(at)}) as counted` : countSql(source, at))
    return planPage({ inputs, readPage, rows: rows.sql, shape: rows.shape, tail, total, read, once })
  }
  return {
    inputs,
    sql: rows.sql,
    tail,
    once,
    finish: (found) => found.map(read),
    json: { shape: rows.shape, finish: jsonItems },
  }
}

function singlePlan(context: CompileContext, source: Source, external: External, members: ReadonlyMap<string, Expr>, once: boolean): ReadPlan {
  const { scope } = source
  const isFast = isByKey(context.request.args.get('where') ?? context.request.args.get('search'), scope)
  const rows = buildRows(context, source, external, members, !isFast)
  const read = compileRowReader(rows.shape)
  return {
    inputs: scope.inputs,
    sql: (at) => sql`${rows.sql(at)} limit 1`,
    tail: compileLock(context, source),
    once,
    fast: () => isFast,
    finish: (found) => (found[0] === undefined ? null : read(found[0])),
    json: { shape: rows.shape, finish: jsonFirst },
  }
}

/** `where = $db.user.email == $input.email` over a unique column. */
function isByKey(expr: Expr | undefined, scope: Scope): boolean {
  if (expr?.type !== 'binary' || expr.op !== '==' || expr.ignoreNull === true || scope.joined.length > 0 || needsQuery(expr.right, scope.isQueryOnly))
    return false
  const path = dbPath(expr.left)
  return path !== null && path.length <= 2 && scope.main.info.unique.has(path.at(-1) ?? '')
}

/** Rows, or with `distinct` how many differ in what `output` shows of them. */
function countedPlan(context: CompileContext, source: Source, members: ReadonlyMap<string, Expr>, once: boolean): ReadPlan {
  const plan = countPlan(source, once)
  if (!members.has('distinct')) return plan
  const { main } = source.scope
  const shape = rowShape(main.alias, main.info, readOutput(context, main.info, { paged: false, extra: source.extra }), source.extra)
  if (!isDistinct(members, source, shape, [])) return plan
  const list = selectList(shape)
  return { ...plan, sql: (at) => sql`select count(*) as count from (${selectSql(source, list, at, true)}) as counted` }
}

const countPlan = (source: Source, once: boolean): ReadPlan => ({
  inputs: source.scope.inputs,
  sql: (at) => countSql(source, at),
  once,
  shared: true,
  finish: (rows) => Number(rows[0]?.['count'] ?? 0),
})

const existsPlan = (source: Source, once: boolean): ReadPlan => ({
  inputs: source.scope.inputs,
  sql: (at) => sql`select exists (${selectSql(source, raw(''), at)}) as "exists"`,
  once,
  finish: (rows) => rows[0]?.['exists'] === true,
})
