/** Operands of a query expression as SQL with a type of the reference, or as a value to be bound. */
import type { ColumnModel, TableModel } from '../definitions/table.js'
import { fatal, inputError } from '../errors.js'
import { type ColumnCodec, columnCodec } from '../fields/column-codec.js'
import { Invalid } from '../fields/field-type.js'
import { findFieldType } from '../fields/index.js'
import type { Expr } from '../lang/tree.js'
import { join, param, raw, sql } from '../lib/sql.js'
import { fromPlain, isList, toPlain, type Value } from '../lib/value.js'
import type { Clock } from '../runtime/capabilities.js'
import type { IndexTerm, SqlFace, SqlTerm } from '../runtime/define.js'
import { indexedDistance, nearby } from './ddl/extension-sql.js'
import { searchLanguage, searchVector } from './ddl/index-sql.js'
import type { Bound, BoundSql, Inputs } from './inputs.js'
import { type ColumnRef, columnSql, dbPath, needsQuery, resolveColumn, type Scope } from './scope.js'
import type { ColumnInfo, TableInfo } from './table-info.js'

/** SQL whose type is known. */
export interface Typed {
  kind: 'typed'
  sql: BoundSql
  /** Type of the reference. `json` for paths into JSON columns. */
  type: string
  list: boolean
  /** The column itself, when it is one without path. */
  column?: ColumnInfo
  /** Its table, and what the query calls it. */
  table?: TableInfo
  alias?: string
  /** Holds in every row where the number is above 0, and can be found by an index. */
  positive?: BoundSql
  /** How messages call it. */
  label: string
}
/** A value of the program, bound when the statement runs. */
export interface Given {
  kind: 'given'
  operand: number
}
export type Term = Typed | Given

/** Compiles an operand. Throws AppError for unknown columns and filters. */
export function compileTerm(expr: Expr, scope: Scope): Term {
  if (!needsQuery(expr, scope.isQueryOnly)) return { kind: 'given', operand: scope.inputs.operand(scope.compileValue(expr)) }
  const names = dbPath(expr)
  if (names !== null) return columnTerm(resolveColumn(names, scope))
  if (expr.type === 'filter') return compileFilter(expr, scope)
  if (expr.type === 'binary' && arithmetic.has(expr.op)) return compileArithmetic(expr.op, expr.left, expr.right, scope)
  throw fatal('This expression cannot be part of a query.', {
    hint: 'Compute the value before the query and use its variable, or compare columns with ==, in, between, includes …',
  })
}

/** The term of a column, or of a place inside a JSON column. With `inputs` the path is bound: it came from a caller. */
export function columnTerm({ table, column, path }: ColumnRef, inputs?: Inputs): Typed {
  const base = columnSql(table, column)
  const label = `${table.alias}.${column.name}`
  if (path.length === 0)
    return { kind: 'typed', sql: base, type: column.type.name, list: column.model.list, column, table: table.info, alias: table.alias, label }
  const at =
    inputs === undefined
      ? raw(pathLiteral(path))
      : bindRaw(
          inputs.operand(() => [...path]),
          'text[]',
          (value) => value,
        )
  return { kind: 'typed', sql: sql`(${base} #> ${at})`, type: 'json', list: false, label: `${label}.${path.join('.')}` }
}

const pathLiteral = (path: readonly string[]): string => `array[${path.map((name) => quoteText(name)).join(', ')}]::text[]`
/** A text of the program as an SQL literal. */
export const quoteText = (text: string): string => `${text.includes('\\') ? ' E' : ''}'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`

/** The SQL of a term as text: what patterns and `includes` look at. */
export const textOf = (term: Typed): BoundSql => {
  if (isJson(term)) return sql`(${term.sql} #>> '{}')`
  return isText(term) ? term.sql : sql`(${term.sql})::text`
}

const textTypes = new Set(['text', 'email', 'password', 'enum'])
export const isText = (term: { type: string; list: boolean }): boolean => textTypes.has(term.type) && !term.list
/** Held as jsonb: JSON, objects, files, places and lists of them. */
export const isJson = (term: { type: string; list: boolean }): boolean => sqlTypeOf(term) === 'jsonb'
export const isNumber = (term: { type: string; list: boolean }): boolean =>
  !term.list && (term.type === 'int' || term.type === 'decimal' || term.type === 'number')

/** The codec for a type of the reference; `undefined` for one without columns (`any`, `unknown`). */
export function codecOf({ type, list }: { type: string; list: boolean }): ColumnCodec | undefined {
  const found = findFieldType(type === 'number' ? 'decimal' : type)
  return found?.column === undefined ? undefined : columnCodec(found, list)
}

export const sqlTypeOf = (term: { type: string; list: boolean }): string => codecOf(term)?.sqlType ?? 'unknown'

/** Reads a result column of a term's type. */
export const decoderOf = (term: { type: string; list: boolean }): ((raw: unknown) => Value) => codecOf(term)?.decode ?? fromPlain

/** For conditions outside programs. */
const wallClock: Clock = { now: () => Date.now() }

/** Judges a value against the type of a term; `clock` says what "now" is. */
export function coerceFor(term: Typed, value: Value, clock: Clock = wallClock): Value | Invalid {
  const context = { name: term.label, now: clock.now(), program: true }
  if (term.column !== undefined) return coerceShape(term, value, (item) => (term.column as ColumnInfo).coerce(item, context))
  const type = findFieldType(term.type === 'number' ? 'decimal' : term.type)
  return type === undefined ? value : coerceShape(term, value, (item) => type.coerce(item, context, {}))
}

function coerceShape(term: Typed, value: Value, coerce: (item: Value) => Value | Invalid): Value | Invalid {
  if (!term.list) return coerce(value)
  const out: Value[] = []
  for (const item of isList(value) ? value : [value]) {
    const coerced = item === null ? null : coerce(item)
    if (coerced instanceof Invalid) return coerced
    out.push(coerced)
  }
  return out
}

/** An operand bound with the type of a term: `$1::bigint`. Null stays null; a value that does not fit is an input error. */
export function bindAs(term: Typed, operand: number, adjust?: (value: Value) => Value): BoundSql {
  const codec = codecOf(term)
  if (codec === undefined) return param({ operand, encode: encodeAny })
  const encode = (value: Value, clock?: Clock): unknown => {
    if (value === null) return null
    const coerced = coerceFor(term, adjust === undefined ? value : adjust(value), clock)
    if (coerced instanceof Invalid) throw inputError(term.label, coerced.message)
    return codec.encode(coerced)
  }
  return sql`${param({ operand, encode })}${raw(`::${codec.sqlType}`)}`
}

/** An operand bound with a cast and an encoder of its own. */
export const bindRaw = (operand: number, sqlType: string, encode: Bound['encode']): BoundSql =>
  sql`${param({ operand, encode: (value: Value, clock?: Clock) => (value === null ? null : encode(value, clock)) })}${raw(`::${sqlType}`)}`

/** Text form for parameters whose type a filter decides by its own cast. */
const encodeAny = (value: Value): unknown => {
  if (value === null || typeof value === 'string') return value
  return typeof value === 'object' ? JSON.stringify(toPlain(value)) : String(value)
}

/** Text of a value for patterns; lists and objects are JSON. */
export const encodeText = (value: Value): string => String(encodeAny(value))

function compileFilter(expr: Expr & { type: 'filter' }, scope: Scope): Typed {
  if (expr.disabled === true && expr.input !== null) {
    const inner = compileTerm(expr.input, scope)
    if (inner.kind === 'typed') return inner
  }
  const face = scope.lookupSqlFilter(expr.name)
  if (face === undefined)
    throw fatal(`The filter "${expr.name}" cannot be used on a column.`, { hint: 'Query filters work on columns; other filters need the rows first.' })
  const input: SqlTerm = expr.input === null ? { sql: raw('null'), type: 'unknown' } : faceTerm(compileTerm(expr.input, scope))
  return applyFace(
    expr.name,
    face,
    input,
    expr.args.map((arg) => faceTerm(compileTerm(arg, scope))),
  )
}

/** The result of a filter's query face. */
export function applyFace(name: string, face: SqlFace, input: SqlTerm, args: readonly SqlTerm[]): Typed {
  const result = face(input, args)
  return {
    kind: 'typed',
    sql: result.sql as BoundSql,
    type: result.type,
    list: result.list === true,
    label: name,
    ...(result.positive === undefined ? {} : { positive: result.positive as BoundSql }),
  }
}

/** A term as filters see it. */
export function faceTerm(term: Term): SqlTerm {
  if (term.kind === 'typed') {
    const { table, column } = term
    const index =
      column === undefined ? undefined : table?.model.indexes.find((one) => one.type === 'search' && one.fields.some((field) => field.name === column.name))
    return {
      sql: term.sql,
      type: term.type,
      list: term.list,
      label: term.label,
      ...(index === undefined ? {} : { language: searchLanguage(index) }),
      ...(index?.fields.length === 1 && term.alias !== undefined ? { document: raw(`(${searchVector(index, searchLanguage(index), term.alias)})`) } : {}),
      ...(table?.model.extensions === undefined || column === undefined ? {} : { index: extensionIndex(table.model, column.model, term.sql) }),
    }
  }
  const { operand } = term
  const bind = (type: string, list = false): BoundSql => bindAs({ kind: 'typed', sql: raw(''), type, list, label: 'value' }, operand)
  return { sql: param({ operand, encode: encodeAny }), type: 'unknown', bind }
}

const extensionIndex = (table: TableModel, column: ColumnModel, own: BoundSql): IndexTerm => ({
  distance: (metric, vector) => indexedDistance(table, column, metric, own, vector),
  nearby: (place, metres) => nearby(table, column, own, place, metres),
})

const arithmetic = new Set(['+', '-', '*', '/', '%'])

function compileArithmetic(op: string, left: Expr, right: Expr, scope: Scope): Typed {
  const terms = [compileTerm(left, scope), compileTerm(right, scope)]
  const decimal: Typed = { kind: 'typed', sql: raw(''), type: 'decimal', list: false, label: op }
  const sides = terms.map((term) => {
    if (term.kind === 'given') return bindAs(decimal, term.operand)
    if (!isNumber(term)) throw fatal(`"${term.label}" is ${term.type}: a query computes with numbers only.`)
    return sql`${term.sql}::numeric`
  })
  const divides = op === '/' || op === '%'
  const [a, b] = sides as [BoundSql, BoundSql]
  return { ...decimal, sql: sql`(${join([a, divides ? sql`nullif(${b}, 0)` : b], ` ${op} `)})` }
}
