/** `return = {type: "aggregate", group: {…}, eval: {…}}`: grouped rows. */
import { fatal } from '../../errors.js'
import { didYouMean } from '../../lang/suggest.js'
import type { Expr } from '../../lang/tree.js'
import { join, raw, sql } from '../../lib/sql.js'
import type { Value } from '../../lib/value.js'
import type { Frame } from '../../runtime/frame.js'
import { type BoundSql, type BuildCondition, CachedSql, type Shape } from '../inputs.js'
import { dbPath, type Scope } from '../scope.js'
import { compileTerm, decoderOf, isNumber, type Typed } from '../term.js'
import { whereClause } from '../where.js'
import { type CompileContext, isAbsent, literalMembers, valueArgument } from './arguments.js'
import { compilePage } from './page-statement.js'
import { compilePaging } from './paging.js'
import { checkMemberName, compileRowReader, type RowShape, type Selected, selectList } from './row.js'
import type { DatabaseSession } from './session.js'
import type { SortKey } from './sort.js'

export interface AggregateParts {
  context: CompileContext
  scope: Scope
  from: (shape: Shape) => BoundSql
  where: BuildCondition
  group: Expr | undefined
  evaluations: Expr | undefined
  sort: readonly SortKey[]
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

/** Compiles a grouped query: a list of rows of group keys and results, or a page of them. */
export function compileAggregate(parts: AggregateParts): (session: DatabaseSession, frame: Frame) => Promise<Value> {
  const { scope } = parts
  const groups = readGroups(parts.group, scope)
  const results = [...literalMembers(parts.evaluations, 'return.eval')].map(([name, expr]) => readResult(name, expr, scope))
  const shape: RowShape = { selected: [...groups, ...results], prune: new Map() }
  if (shape.selected.length === 0) throw fatal('An aggregate needs group or eval.')
  const grouping = groups.length === 0 ? raw('') : raw(` group by ${groups.map((_, i) => i + 1).join(', ')}`)
  const keys = parts.sort.map(({ sql: key, order }) => (order === 'rand' ? key : sql`${key} ${raw(order)}`))
  const order = join(keys.length > 0 ? keys : groups.map((_, i) => raw(String(i + 1))))
  const rows = (at: Shape): BoundSql => sql`select ${selectList(shape)}${parts.from(at)}${whereClause(parts.where(at))}${grouping}`
  const ordered = (at: Shape): BoundSql => (order.chunks[0] === '' ? rows(at) : sql`${rows(at)} order by ${order}`)
  const read = compileRowReader(shape)
  if (parts.paging !== undefined && !isAbsent(parts.paging)) {
    const { context, once } = parts
    const readPage = compilePaging(parts.paging, valueArgument(context, 'override_paging'), context.request.compileValue)
    const total = (at: Shape): BoundSql => sql`select count(*) as count from (${rows(at)}) as counted`
    return compilePage({ inputs: scope.inputs, readPage, rows: ordered, lock: () => raw(''), total, read, once })
  }
  const statement = new CachedSql(ordered, { once: parts.once })
  return async (session, frame) => (await session.run(statement.command(scope.inputs.read(frame), session.schema))).rows.map(read)
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
    return { name: checkMemberName(name), sql: term.sql, decode: decoderOf(term) }
  })
}

function readResult(name: string, expr: Expr, scope: Scope): Selected {
  if (expr.type !== 'filter' || expr.input === null)
    throw fatal(`The eval "${name}" needs an aggregate.`, { hint: `Write $db.table.column|sum, with one of ${[...aggregates.keys()].join(', ')}.` })
  const aggregate = aggregates.get(expr.name)
  if (aggregate === undefined)
    throw fatal(`Unknown aggregate: ${expr.name}`, { hint: didYouMean(expr.name, aggregates.keys()) ?? `Use one of ${[...aggregates.keys()].join(', ')}.` })
  const term = compileTerm(expr.input, scope)
  if (term.kind === 'given') throw fatal(`The eval "${name}" names no column.`)
  const result = aggregate(term)
  return { name: checkMemberName(name), sql: result.sql, decode: decoderOf(result) }
}
