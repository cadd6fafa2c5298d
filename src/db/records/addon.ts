/** Addons: rows get members that another query finds. One statement per addon and level, whatever the number of rows. */
import { AppError, fatal } from '../../errors.js'
import type { Expr } from '../../lang/tree.js'
import { childExprs } from '../../lang/visit.js'
import { ident, raw, sql } from '../../lib/sql.js'
import { isList, isObj, type Obj, toPlain, type Value } from '../../lib/value.js'
import type { AddonRequest } from '../../runtime/capabilities.js'
import type { Frame } from '../../runtime/frame.js'
import { compileComparison } from '../compare.js'
import { tableSql } from '../inputs.js'
import { readableRows } from '../rules.js'
import { columnTerm } from '../term.js'
import { type CompileContext, constantValue, headTable, isAbsent, literalMembers, scopeOf, valueArgument } from './arguments.js'
import { Batch } from './batch.js'
import { compileExternals, type External, nothingExternal } from './external.js'
import { keyColumn } from './key-column.js'
import { type ReadPlan, rowsIn } from './plan.js'
import { isPaged, planQuery } from './query-plan.js'
import { compileRowReader, readOutput, rowShape, selectList } from './row.js'
import type { DatabaseSession } from './session.js'

/** Puts the members of all addons into the rows, which nobody else holds yet. */
export type Enrich = (session: DatabaseSession, frame: Frame, rows: readonly Obj[]) => Promise<void>

const levelsMax = 10

/** The `addon` argument of a statement: what enriches its rows, null when it has none, and the statement with the columns that this needs. */
export function compileAddons(given: CompileContext): { context: CompileContext; enrich: Enrich | null } {
  const expr = given.request.args.get('addon')
  const { context, helpers } = withNeeded(given, readSpecs(expr))
  return { context, enrich: withoutHelpers(compileList(context, expr, []), helpers) }
}

/** Columns that the inputs of addons read though `output` leaves them out: fetched, and taken out of the rows afterwards. */
function withNeeded(context: CompileContext, specs: readonly Spec[]): { context: CompileContext; helpers: readonly string[] } {
  const { request } = context
  const output = request.args.get('output')
  if (specs.length === 0 || output === undefined || isAbsent(output)) return { context, helpers: [] }
  const written = constantValue(output, 'output')
  const paths = isList(written) ? written.map(String) : []
  const prefix = paths.some((path) => path.startsWith('items.')) ? 'items.' : ''
  const chosen = new Set(paths.map((path) => path.slice(prefix.length).split('.')[0]))
  const places = new Set(specs.map((spec) => placeOf(spec)[0]))
  const needed = [...new Set(specs.flatMap((spec) => [...spec.input.values()].flatMap(outputNames)))].filter((name) => !chosen.has(name))
  if (needed.length === 0 || paths.length === 0) return { context, helpers: [] }
  const items: Expr[] = [...paths, ...needed.map((name) => `${prefix}${name}`)].map((value) => ({ type: 'text', value }))
  const args = new Map(request.args).set('output', { type: 'list', items })
  return { context: { ...context, request: { ...request, args } }, helpers: needed.filter((name) => !places.has(name)) }
}

/** `$output.name` anywhere in an expression. */
const outputNames = (expr: Expr): string[] =>
  expr.type === 'member' && expr.object.type === 'variable' && expr.object.name === 'output' ? [expr.name] : childExprs(expr).flatMap(outputNames)

function withoutHelpers(enrich: Enrich | null, helpers: readonly string[]): Enrich | null {
  if (enrich === null || helpers.length === 0) return enrich
  return async (session, frame, rows) => {
    await enrich(session, frame, rows)
    for (const row of rows) for (const name of helpers) row.delete(name)
  }
}

function compileList(context: CompileContext, expr: Expr | undefined, path: readonly string[]): Enrich | null {
  const specs = readSpecs(expr)
  if (specs.length === 0) return null
  const addons = specs.map((spec) => compileOne(context, spec, path))
  return async (session, frame, rows) => {
    if (rows.length > 0) await Promise.all(addons.map((enrich) => enrich(session, frame, rows)))
  }
}

interface Spec {
  name: string
  input: ReadonlyMap<string, Expr>
  /** Where the answer goes in the row. */
  as: string[]
  output: Expr | undefined
  addon: Expr | undefined
}

const specKeys = new Set(['name', 'input', 'as', 'output', 'addon', 'offset', 'active'])

/** `[{name, input, as, output, addon}]`, or the object form `{alias: {…}}`. */
function readSpecs(expr: Expr | undefined): Spec[] {
  if (expr === undefined || isAbsent(expr)) return []
  if (expr.type === 'list') return expr.items.map((item) => (item.type === 'spread' ? refuseSpread() : readSpec(literalMembers(item, 'addon'), undefined)))
  const members = literalMembers(expr, 'addon')
  return members.has('name') ? [readSpec(members, undefined)] : [...members].map(([alias, item]) => readSpec(literalMembers(item, 'addon'), alias))
}

const refuseSpread = (): never => {
  throw fatal('The addons must be written out.')
}

function readSpec(members: ReadonlyMap<string, Expr>, alias: string | undefined): Spec {
  for (const key of members.keys()) if (!specKeys.has(key)) throw fatal(`An addon has no member "${key}".`, { hint: 'Use name, input, as, output and addon.' })
  const nameExpr = members.get('name')
  const name = nameExpr === undefined ? alias : String(constantValue(nameExpr, 'addon.name'))
  if (name === undefined || name === '') throw fatal('An addon needs a name.')
  const asExpr = members.get('as')
  const as = asExpr === undefined ? (alias ?? name) : String(constantValue(asExpr, 'addon.as'))
  return { name, input: literalMembers(members.get('input'), 'addon.input'), as: as.split('.'), output: members.get('output'), addon: members.get('addon') }
}

/** `items.` reaches the rows of a list or page. */
const placeOf = ({ as }: Spec): string[] => (as[0] === 'items' && as.length > 1 ? as.slice(1) : as)

function compileOne(context: CompileContext, spec: Spec, path: readonly string[]): Enrich {
  if (path.length >= levelsMax || context.addons.includes(spec.name))
    throw fatal(`The addon "${spec.name}" contains itself: ${[...context.addons, spec.name].join(' → ')}.`, {
      hint: 'An addon cannot enrich its own rows with itself.',
    })
  const source = context.request.addon(spec.name)
  const { batch, paged, enrich: own, helpers } = compileSource(context, source, spec)
  const nested = withoutHelpers(compileList(context, spec.addon, [...path, spec.name]), helpers)
  const inputs = [...spec.input].map(([name, expr]) => [name, context.request.compileBound(expr, 'output')] as const)
  const place = placeOf(spec)
  return async (session, frame, rows) => {
    const calls = new Map<string, { frame: Frame; rows: Obj[] }>()
    for (const row of rows) {
      const input = new Map(inputs.map(([name, read]) => [name, read(frame, row)]))
      const key = JSON.stringify([...input.values()].map(toPlain))
      const known = calls.get(key)
      if (known !== undefined) known.rows.push(row)
      else {
        const entered = enter(source, frame, input)
        if (entered !== null) calls.set(key, { frame: entered, rows: [row] })
      }
    }
    const answers = await batch(
      session,
      [...calls.values()].map((call) => call.frame),
    )
    const found = answers.flatMap((answer) => rowsIn(answer, paged))
    if (own !== null) await own(session, [...calls.values()][0]?.frame ?? frame, found)
    if (nested !== null) await nested(session, frame, found)
    for (const [i, call] of [...calls.values()].entries()) {
      const answer = answers[i] ?? null
      if (answer === null || (isList(answer) && answer.length === 0)) continue
      for (const row of call.rows) attach(row, place, answer)
    }
  }
}

/** A row without a value for an input that must have one has no answer. */
function enter(source: AddonRequest, frame: Frame, input: ReadonlyMap<string, Value>): Frame | null {
  try {
    return source.enter(frame, input)
  } catch (error) {
    if (error instanceof AppError && error.kind === 'input' && [...input.values()].includes(null)) return null
    throw error
  }
}

interface AddonSource {
  batch(session: DatabaseSession, frames: readonly Frame[]): Promise<Value[]>
  paged: boolean
  /** Addons that its own query has. */
  enrich: Enrich | null
  /** Columns that only the nested addons want. */
  helpers: readonly string[]
}

/** The query of the addon. `output` of the place that uses it chooses among its columns. */
function compileSource(outer: CompileContext, { request }: AddonRequest, spec: Spec): AddonSource {
  const args = new Map([...request.args].filter(([name]) => name !== 'lock'))
  if (spec.output !== undefined && !isAbsent(spec.output)) args.set('output', spec.output)
  const own = compileAddons({ ...outer, request: { ...request, args }, addons: [...outer.addons, spec.name] })
  const { context, helpers } = withNeeded(own.context, readSpecs(spec.addon))
  const plan = request.operation === 'get' ? planGet(context) : planQuery(context, nothingExternal)
  const plain = batchOf(plan)
  const external = request.operation === 'query' ? compileExternals(context) : null
  return {
    batch(session, frames) {
      const given = external === null ? null : sameForAll(spec.name, frames.map(external))
      return (given === null ? plain : batchOf(planQuery(context, given)))(session, frames)
    },
    paged: request.operation === 'query' && isPaged(context),
    enrich: own.enrich,
    helpers,
  }
}

function batchOf(plan: ReadPlan): AddonSource['batch'] {
  const batch = new Batch(plan)
  return (session, frames) =>
    batch.run(
      session,
      frames.map((frame) => plan.inputs.read(frame)),
    )
}

/** Filters and sorting that come as data are part of the text of the one statement for all rows: they cannot differ between them. */
function sameForAll(name: string, given: readonly (External | null)[]): External | null {
  const [first = null] = given
  const text = textOf(first)
  if (given.some((other) => other !== first && textOf(other) !== text))
    throw fatal(`The filters and sorting given to the addon "${name}" must be the same for every row.`, {
      hint: 'Pass what differs between rows as an input that its where compares with a column.',
    })
  return first
}

const textOf = (given: External | null): string =>
  given === null ? '' : JSON.stringify([given.sort, given.sortParam, given.filters.map(({ param, value }) => [param, toPlain(value)])])

/** `db.get` as a plan: no value, no row. */
function planGet(context: CompileContext): ReadPlan {
  const info = headTable(context)
  const scope = scopeOf(context, info)
  const column = keyColumn(context, info)(undefined as never)
  const operand = scope.inputs.operand(valueArgument(context, 'field_value'))
  const condition = compileComparison(
    { op: '==', left: columnTerm({ table: scope.main, column, path: [] }), right: { kind: 'given', operand }, ignoreNull: false },
    scope.inputs,
  )
  const isNull = scope.inputs.choice((values) => (values[operand] === null ? 'null' : ''))
  const { name } = info.model
  const shape = rowShape(name, info, readOutput(context, info))
  const read = compileRowReader(shape)
  return {
    inputs: scope.inputs,
    sql: (at) =>
      sql`select ${selectList(shape)} from ${readableRows(info.model, tableSql(name), name)} where ${at[isNull] === 'null' ? raw('false') : (condition(at) ?? raw('false'))} order by ${ident(name, info.primary.name)} limit 1`,
    once: false,
    finish: (rows) => (rows[0] === undefined ? null : read(rows[0])),
  }
}

/** Stores at a path of the row; objects on the way are made. A list on the way gets it in each of its objects. */
function attach(row: Obj, path: readonly string[], answer: Value): void {
  const [name = '', ...rest] = path
  if (rest.length === 0) {
    row.set(name, answer)
    return
  }
  const member = row.get(name)
  if (isList(member)) {
    row.set(
      name,
      member.map((item) => (isObj(item) ? attached(item, rest, answer) : item)),
    )
    return
  }
  row.set(name, attached(isObj(member) ? member : new Map<string, Value>(), rest, answer))
}

/** A copy: rows that share an answer must not share what is put into it. */
function attached(object: Obj, path: readonly string[], answer: Value): Obj {
  const copy = new Map(object)
  attach(copy, path, answer)
  return copy
}
