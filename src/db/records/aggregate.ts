/** `return = {type: "aggregate", group: {…}, eval: {…}}`: grouped rows. */
import { fatal } from '../../errors.js'
import { didYouMean } from '../../lang/suggest.js'
import type { Expr } from '../../lang/tree.js'
import { ident, join, raw, sql } from '../../lib/sql.js'
import type { ExternalSort } from '../external-filter.js'
import type { BoundSql, BuildCondition, Shape } from '../inputs.js'
import { dbPath, type Scope, unknownColumn } from '../scope.js'
import { applyFace, compileTerm, decoderOf, faceTerm, isNumber, type Typed } from '../term.js'
import { textFace } from '../text-face.js'
import { type CompileContext, isAbsent, literalMembers, valueArgument } from './arguments.js'
import { planPage } from './page-statement.js'
import { compilePaging } from './paging.js'
import { jsonItems, type ReadPlan } from './plan.js'
import { checkMemberName, compileRowReader, type RowShape, type Selected, selectList } from './row.js'
import { selectSql } from './source.js'

export interface AggregateParts {
  context: CompileContext
  scope: Scope
  from: (shape: Shape) => BoundSql
  where: BuildCondition
  extra: Selected[]
  group: Expr | undefined
  evaluations: Expr | undefined
  sort: readonly ExternalSort[]
  paging: Expr | undefined
  once: boolean
}

interface Result {
  sql: BoundSql
  type: string
  list: boolean
}

const numeric = (name: string, term: Typed): Result => {
  if (!isNumber(term)) throw fatal(`${name} needs a number; "${term.label}" is ${term.type}.`)
  return { sql: sql`${raw(name)}(${term.sql})`, type: 'decimal', list: false }
}
const extreme = (name: string, term: Typed): Result => ({
  sql: sql`${raw(name)}(${term.sql}${raw(term.type === 'bool' ? '::int' : '')})`,
  type: term.type === 'bool' ? 'int' : term.type,
  list: term.list,
})

/** Functions over the rows of a group. */
const aggregates: ReadonlyMap<string, (term: Typed) => Result> = new Map([
  ['count', (term) => ({ sql: sql`count(${term.sql})`, type: 'int', list: false })],
  ['count_distinct', (term) => ({ sql: sql`count(distinct ${term.sql})`, type: 'int', list: false })],
  ['sum', (term) => ({ ...numeric('sum', term), sql: sql`coalesce(sum(${term.sql}), 0)` })],
  ['avg', (term) => numeric('avg', term)],
  ['min', (term) => extreme('min', term)],
  ['max', (term) => extreme('max', term)],
])

/** Plans a grouped query: a list of rows of group keys and results, or a page of them. */
export function planAggregate(parts: AggregateParts): ReadPlan {
  const { scope, once } = parts
  const groups = readGroups(parts.group, scope)
  const results = [...literalMembers(parts.evaluations, 'return.eval')].map(([name, expr]) => readResult(name, expr, scope))
  const shape: RowShape = { selected: [...groups, ...results], prune: new Map() }
  if (shape.selected.length === 0) throw fatal('An aggregate needs group or eval.')
  const grouping = groups.length === 0 ? raw('') : raw(` group by ${groups.map((_, i) => i + 1).join(', ')}`)
  const keys = parts.sort.map((key) => sortKey(key, shape))
  const order = join(keys.length > 0 ? keys : groups.map((_, i) => raw(String(i + 1))))
  const list = selectList(shape)
  const rows = (at: Shape): BoundSql => sql`${selectSql(parts, list, at)}${grouping}`
  const ordered = (at: Shape): BoundSql => (keys.length === 0 && groups.length === 0 ? rows(at) : sql`${rows(at)} order by ${order}`)
  const read = compileRowReader(shape)
  if (parts.paging !== undefined && !isAbsent(parts.paging)) {
    const readPage = compilePaging(parts.paging, valueArgument(parts.context, 'override_paging'), parts.context.request.compileValue)
    const total = (at: Shape): BoundSql => sql`select count(*) as count from (${rows(at)}) as counted`
    return planPage({ inputs: scope.inputs, readPage, rows: ordered, shape, total, read, once })
  }
  return { inputs: scope.inputs, sql: ordered, once, finish: (found) => found.map(read), json: { shape, finish: jsonItems } }
}

/** Grouped rows are sorted by the names of what they hold. */
function sortKey({ column, order }: ExternalSort, shape: RowShape): BoundSql {
  if (order === 'rand') return raw('random()')
  const names = shape.selected.map((member) => member.name)
  const name = names.find((candidate) => candidate === column) ?? names.find((candidate) => candidate === column.split('.').at(-1))
  if (name === undefined) throw unknownColumn(column, names)
  return sql`${ident(name)} ${raw(order)}`
}

/** `{name: $db.t.col}`, or a list of columns under their own names. */
function readGroups(expr: Expr | undefined, scope: Scope): Selected[] {
  const members =
    expr?.type === 'list'
      ? expr.items.flatMap((item): [string, Expr][] => (item.type === 'spread' ? [] : [[dbPath(item)?.at(-1) ?? '', item]]))
      : [...literalMembers(expr, 'return.group')]
  return members.map(([name, member]) => {
    const term = compileTerm(member, scope)
    if (term.kind === 'given') throw fatal(`The group "${name}" names no column.`)
    return { name: checkMemberName(name), sql: term.sql, decode: decoderOf(term), ...textFace(term) }
  })
}

function readResult(name: string, expr: Expr, scope: Scope): Selected {
  const result = compileAggregated(name, expr, scope)
  return { name: checkMemberName(name), sql: result.sql, decode: decoderOf(result), ...textFace(result) }
}

/** `$db.t.c|filters|aggregate|filters`: what stands after the aggregate works on its result. */
function compileAggregated(name: string, expr: Expr, scope: Scope): Typed {
  if (expr.type !== 'filter' || expr.input === null)
    throw fatal(`The eval "${name}" needs an aggregate.`, { hint: `Write $db.table.column|sum, with one of ${[...aggregates.keys()].join(', ')}.` })
  const aggregate = aggregates.get(expr.name)
  if (aggregate !== undefined) {
    const term = compileTerm(expr.input, scope)
    if (term.kind === 'given') throw fatal(`The eval "${name}" names no column.`)
    return { kind: 'typed', label: expr.name, ...aggregate(term) }
  }
  const face = scope.lookupSqlFilter(expr.name)
  if (face === undefined || !isAggregated(expr.input))
    throw fatal(`Unknown aggregate: ${expr.name}`, { hint: didYouMean(expr.name, aggregates.keys()) ?? `Use one of ${[...aggregates.keys()].join(', ')}.` })
  const input = faceTerm(compileAggregated(name, expr.input, scope))
  return applyFace(
    expr.name,
    face,
    input,
    expr.args.map((arg) => faceTerm(compileTerm(arg, scope))),
  )
}

const isAggregated = (expr: Expr): boolean => expr.type === 'filter' && (aggregates.has(expr.name) || (expr.input !== null && isAggregated(expr.input)))
