/** `db.query`: the plan of a query, and its statements. */
import { fatal } from '../../errors.js'
import { literalValue } from '../../fields/literal.js'
import { didYouMean } from '../../lang/suggest.js'
import type { Expr } from '../../lang/tree.js'
import { ident, join, raw, sql } from '../../lib/sql.js'
import { isTruthy, type Value } from '../../lib/value.js'
import type { RecordsAction } from '../../runtime/capabilities.js'
import type { Frame } from '../../runtime/frame.js'
import { compileExternalFilter, type ExternalSort, readExternalSort } from '../external-filter.js'
import { type BoundSql, type BuildCondition, CachedSql, Inputs, type Shape, tableSql } from '../inputs.js'
import { dbPath, namesColumn, type Scope, type ScopeTable } from '../scope.js'
import { compileTerm, decoderOf } from '../term.js'
import { allOf, compileCondition, whereClause } from '../where.js'
import { compileAggregate } from './aggregate.js'
import { boolArgument, type CompileContext, constantValue, headTable, isAbsent, literalMembers, refuseUnsupported, valueArgument } from './arguments.js'
import { compilePage } from './page-statement.js'
import { compilePaging } from './paging.js'
import { checkMemberName, compileRowReader, type RowShape, readOutput, rowShape, type Selected, selectList } from './row.js'
import { asDatabaseSession, type DatabaseSession } from './session.js'
import { checkOrder, externalSort, orderBy, programSort, type SortKey } from './sort.js'

const returnTypes = ['list', 'single', 'count', 'exists', 'stream', 'aggregate'] as const
type ReturnType = (typeof returnTypes)[number]

/** What callers may change about one run of a query. */
interface External {
  filters: readonly { value: Value; param: string }[]
  sort: readonly ExternalSort[] | null
  /** Which argument the sorting came from. */
  sortParam: string
}
const nothingExternal: External = { filters: [], sort: null, sortParam: '' }

type Run = (session: DatabaseSession, frame: Frame) => Promise<Value>

/** Compiles a query. Filters and sorting that arrive as data make a text of their own at run time; all other texts are made here. */
export function compileQuery(context: CompileContext): RecordsAction {
  refuseUnsupported(context, 'addon')
  const external = compileExternals(context)
  const plain = buildQuery(context, nothingExternal)
  return (session, frame) => {
    const given = external(frame)
    const run = given === null ? plain : buildQuery(context, given)
    return run(asDatabaseSession(session), frame)
  }
}

/** Reads the external arguments of one run; null when none is given. */
function compileExternals(context: CompileContext): (frame: Frame) => External | null {
  const { args } = context.request
  const filterNames = ['where', 'search', 'additional_where'].filter((name) => isDynamicFilter(args.get(name), name))
  const filters = filterNames.map((name) => [name, valueArgument(context, name)] as const)
  const sortName = args.has('override_sort') ? 'override_sort' : isDynamicSort(args.get('sort')) ? 'sort' : null
  const sort = sortName === null ? null : valueArgument(context, sortName)
  const dynamicOwn = isDynamicSort(args.get('sort')) && sortName !== 'sort' ? valueArgument(context, 'sort') : null
  if (filters.length === 0 && sort === null) return () => null
  return (frame) => {
    const given = filters.map(([param, evaluate]) => ({ param, value: evaluate(frame) })).filter(({ value }) => value !== null && value !== true)
    let keys = sort === null || sortName === null ? [] : readExternalSort(sort(frame), sortName)
    if (keys.length === 0 && dynamicOwn !== null) keys = readExternalSort(dynamicOwn(frame), 'sort')
    if (given.length === 0 && keys.length === 0) return null
    return { filters: given, sort: keys.length === 0 ? null : keys, sortParam: sortName ?? 'sort' }
  }
}

/** A filter that arrives as data; `where` itself may be one when it is a bare value. */
function isDynamicFilter(expr: Expr | undefined, name: string): boolean {
  if (expr === undefined || isAbsent(expr)) return false
  if (name === 'additional_where') return true
  return !namesColumn(expr) && ['variable', 'member', 'index', 'filter', 'object', 'list', 'ternary'].includes(expr.type)
}

const isDynamicSort = (expr: Expr | undefined): boolean => expr !== undefined && !isAbsent(expr) && literalValue(expr) === undefined

interface Source {
  scope: Scope
  from: (shape: Shape) => BoundSql
  where: BuildCondition
  extra: Selected[]
}

function buildQuery(context: CompileContext, external: External): Run {
  const source = buildSource(context, external)
  const members = literalMembers(context.request.args.get('return'), 'return')
  const once = external !== nothingExternal
  switch (returnTypeOf(members)) {
    case 'count':
      return buildCount(source, once)
    case 'exists':
      return buildExists(source, once)
    case 'aggregate':
      return compileAggregate({
        ...source,
        group: members.get('group'),
        evaluations: members.get('eval'),
        sort: sortKeys(context, source, external),
        paging: members.get('paging'),
        context,
        once,
      })
    case 'single':
      return buildSingle(context, source, external, members, once)
    default:
      return buildList(context, source, external, members, once)
  }
}

function returnTypeOf(members: ReadonlyMap<string, Expr>): ReturnType {
  const expr = members.get('type')
  const name = expr === undefined ? 'list' : constantValue(expr, 'return.type')
  const type = returnTypes.find((candidate) => candidate === name)
  if (type === undefined)
    throw fatal(`Unknown return type: ${String(name)}`, { hint: didYouMean(String(name), returnTypes) ?? `Use one of ${returnTypes.join(', ')}.` })
  return type
}

function buildSource(context: CompileContext, external: External): Source {
  const { request } = context
  const info = headTable(context)
  const joins = [...literalMembers(request.args.get('join'), 'join')].map(([alias, expr]) => readJoin(alias, expr, context))
  const main: ScopeTable = { alias: info.model.name, info }
  const names = new Set([main.alias])
  for (const { table } of joins) {
    if (names.has(table.alias)) throw fatal(`The alias "${table.alias}" is used twice in this query.`)
    names.add(table.alias)
  }
  const scope: Scope = {
    main,
    joined: joins.map((joined) => joined.table),
    inputs: new Inputs(),
    compileValue: request.compileValue,
    lookupSqlFilter: context.lookupSqlFilter,
  }
  const joinClauses = joins.map((joined) => ({ ...joined, on: compileCondition(joined.where, scope) }))
  const conditions = ['where', 'search', 'additional_where'].flatMap((name) => {
    const expr = request.args.get(name)
    return expr === undefined || isAbsent(expr) || isDynamicFilter(expr, name) ? [] : [compileCondition(expr, scope)]
  })
  for (const { value, param: name } of external.filters) {
    if (value === false) conditions.push(() => raw('false'))
    else conditions.push(compileExternalFilter(value, scope, name) ?? (() => null))
  }
  const from = (shape: Shape): BoundSql =>
    sql` from ${tableSql(info.model.name)} as ${ident(main.alias)}${join(
      joinClauses.map(
        ({ kind, table, on }) => sql` ${raw(kind)} join ${tableSql(table.info.model.name)} as ${ident(table.alias)} on ${on(shape) ?? raw('true')}`,
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
    return { name: checkMemberName(name), sql: term.sql, decode: decoderOf(term) }
  })
}

const computedNames = (source: Source): Set<string> => new Set(source.extra.map((member) => member.name))

function sortKeys(context: CompileContext, source: Source, external: External): SortKey[] {
  if (external.sort !== null) return externalSort(external.sort, source.scope, computedNames(source), external.sortParam)
  const expr = context.request.args.get('sort')
  if (expr === undefined || isAbsent(expr) || isDynamicSort(expr)) return []
  const written = readExternalSort(constantValue(expr, 'sort'), 'sort').map(({ column, order }) => ({ column, order: checkOrder(order) }))
  return context.request.args.has('return') && isAggregate(context) ? aggregateSort(written) : programSort(written, source.scope, computedNames(source))
}

const isAggregate = ({ request }: CompileContext): boolean => returnTypeOf(literalMembers(request.args.get('return'), 'return')) === 'aggregate'
/** Grouped rows are sorted by the names of their groups and results. */
const aggregateSort = (sort: readonly ExternalSort[]): SortKey[] =>
  sort.map(({ column, order }) => ({ order, sql: order === 'rand' ? raw('random()') : ident(column) }))

/** `select … from … where …` of the rows, without order and limit. */
const selectRows =
  (source: Source, shape: RowShape, distinct: boolean) =>
  (at: Shape): BoundSql =>
    sql`select ${raw(distinct ? 'distinct ' : '')}${selectList(shape)}${source.from(at)}${whereClause(source.where(at))}`

function isDistinct(members: ReadonlyMap<string, Expr>): boolean {
  const expr = members.get('distinct')
  const value = expr === undefined ? 'no' : constantValue(expr, 'return.distinct')
  return value === 'yes' || value === true
}

/** `for update`, decided when the query runs. */
function compileLock(context: CompileContext, source: Source): (shape: Shape) => BoundSql {
  const { request } = context
  const expr = request.args.get('lock')
  if (expr === undefined || isAbsent(expr)) return () => raw('')
  const clause = sql` for update of ${ident(source.scope.main.alias)}`
  const known = literalValue(expr)
  if (known !== undefined) return () => (isTruthy(known) ? clause : raw(''))
  const lock = boolArgument(context, 'lock')
  const operand = source.scope.inputs.operand((frame) => lock(frame))
  const state = source.scope.inputs.choice((values) => String(values[operand]))
  return (shape) => (shape[state] === 'true' ? clause : raw(''))
}

function buildList(context: CompileContext, source: Source, external: External, members: ReadonlyMap<string, Expr>, once: boolean): Run {
  const { scope } = source
  const pagingExpr = members.get('paging')
  const overrides = context.request.args.get('override_paging')
  const paged = (pagingExpr !== undefined && !isAbsent(pagingExpr)) || (overrides !== undefined && !isAbsent(overrides))
  const distinct = isDistinct(members)
  const shape = rowShape(scope.main.alias, scope.main.info, readOutput(context.request.args.get('output'), paged), source.extra)
  const tieBreak = !distinct || shape.selected.some((member) => member.name === scope.main.info.primary.name)
  const order = orderBy(sortKeys(context, source, external), scope, { tieBreak })
  const lock = compileLock(context, source)
  const rows = selectRows(source, shape, distinct)
  const read = compileRowReader(shape)
  if (!paged) {
    const statement = new CachedSql((at) => sql`${rows(at)}${order}${lock(at)}`, { once })
    return async (session, frame) => (await session.run(statement.command(scope.inputs.read(frame), session.schema))).rows.map(read)
  }
  const readPage = compilePaging(pagingExpr ?? { type: 'object', entries: [] }, valueArgument(context, 'override_paging'), context.request.compileValue)
  const total = (at: Shape): BoundSql => (distinct ? sql`select count(*) as count from (${rows(at)}) as counted` : countSql(source, at))
  return compilePage({ inputs: scope.inputs, readPage, rows: (at) => sql`${rows(at)}${order}`, lock, total, read, once })
}

const countSql = (source: Source, at: Shape): BoundSql => sql`select count(*) as count${source.from(at)}${whereClause(source.where(at))}`

function buildSingle(context: CompileContext, source: Source, external: External, members: ReadonlyMap<string, Expr>, once: boolean): Run {
  const { scope } = source
  const shape = rowShape(scope.main.alias, scope.main.info, readOutput(context.request.args.get('output'), false), source.extra)
  const distinct = isDistinct(members)
  const fast = isByKey(context.request.args.get('where') ?? context.request.args.get('search'), scope)
  const order = fast ? raw('') : orderBy(sortKeys(context, source, external), scope, { tieBreak: !distinct })
  const lock = compileLock(context, source)
  const rows = selectRows(source, shape, distinct)
  const read = compileRowReader(shape)
  const statement = new CachedSql((at) => sql`${rows(at)}${order} limit 1${lock(at)}`, { once })
  return async (session, frame) => {
    const { rows: found } = await session.run(statement.command(scope.inputs.read(frame), session.schema), { fast })
    return found[0] === undefined ? null : read(found[0])
  }
}

/** `where = $db.user.email == $input.email` over a unique column. */
function isByKey(expr: Expr | undefined, scope: Scope): boolean {
  if (expr?.type !== 'binary' || expr.op !== '==' || expr.ignoreNull === true || scope.joined.length > 0 || namesColumn(expr.right)) return false
  const path = dbPath(expr.left)
  return path !== null && path.length <= 2 && scope.main.info.unique.has(path.at(-1) ?? '')
}

function buildCount(source: Source, once: boolean): Run {
  const statement = new CachedSql((at) => countSql(source, at), { once })
  return async (session, frame) => {
    const { rows } = await session.runShared(statement.command(source.scope.inputs.read(frame), session.schema))
    return Number(rows[0]?.['count'] ?? 0)
  }
}

function buildExists(source: Source, once: boolean): Run {
  const statement = new CachedSql((at) => sql`select exists (select${source.from(at)}${whereClause(source.where(at))}) as "exists"`, { once })
  return async (session, frame) => {
    const { rows } = await session.run(statement.command(source.scope.inputs.read(frame), session.schema))
    return rows[0]?.['exists'] === true
  }
}

/** `db.count`: the rows that satisfy a condition. */
export function compileCount(context: CompileContext): RecordsAction {
  const external = compileExternals(context)
  const build = (given: External): Run => buildCount(buildSource(context, given), given !== nothingExternal)
  const plain = build(nothingExternal)
  return (session, frame) => {
    const given = external(frame)
    return (given === null ? plain : build(given))(asDatabaseSession(session), frame)
  }
}
