/** Compiles the declaration of one field to a function that reads a received value: coercion, list bounds, filters, nested schemas. */
import { fatal, inputError } from '../errors.js'
import { constantOf } from '../lang/constant.js'
import type { Field } from '../lang/tree.js'
import { isList, type Obj, type Value } from '../lib/value.js'
import { isRequired, typeOptions } from './field-options.js'
import { type Coerced, type FieldType, Invalid } from './field-type.js'
import { findFieldType, getFieldType, suggestFieldType } from './index.js'
import { compileInputFilters } from './input-filters.js'
import { decodeJson } from './json.js'

/** Where a value stands and how it came. */
export interface Reading {
  /** Epoch ms. */
  now: number
  /** Name of the input the error is reported for. */
  param: string
  /** Path of this value for messages: `items[2].name`. */
  path: string
  /** The value comes from a program: see CoerceContext. */
  program?: boolean
  /** A stack calls: null for what takes none counts as left out, since it passes on what it has. */
  called?: boolean
}

/** Reads a present value that is not null. */
export type ValueReader = (value: Value, reading: Reading) => Value

const refuse = (reading: Reading, message: string): never => {
  throw inputError(reading.param, message)
}

/** Compiles the reader of present values. Throws AppError `fatal` for an unknown type or filter. */
export function compileValueReader(field: Field): ValueReader {
  const readOne = compileSingle(field)
  const readShape = field.list === undefined ? readOne : compileList(field, field.list, readOne)
  const filter = compileInputFilters(field.filters, field.list !== undefined)
  if (field.filters.length === 0) return readShape
  return (value, reading) => {
    const filtered = filter(readShape(value, reading))
    return filtered instanceof Invalid ? refuse(reading, filtered.message) : filtered
  }
}

/** The type of a field; an object without schema is any JSON. */
export function typeOf(field: Field): FieldType {
  const type = findFieldType(field.type)
  if (type === undefined) throw fatal(`Unknown type: ${field.type}`, { hint: suggestFieldType(field.type) ?? 'See the list of column and input types.' })
  return type.name === 'object' && field.fields === undefined ? getFieldType('json') : type
}

function compileSingle(field: Field): ValueReader {
  const type = typeOf(field)
  const options = typeOptions(field)
  const members = field.fields === undefined || type.name !== 'object' ? null : compileMembers(field.fields)
  return (value, reading) => {
    const context = reading.program === true ? { name: reading.path, now: reading.now, program: true } : { name: reading.path, now: reading.now }
    const coerced: Coerced = type.coerce(value, context, options)
    if (coerced instanceof Invalid) return refuse(reading, coerced.message)
    return members === null ? coerced : members(coerced as Obj, reading)
  }
}

function compileList(field: Field, bounds: { min?: number; max?: number }, readOne: ValueReader): ValueReader {
  const { textual, name } = typeOf(field)
  // null is JSON like any other.
  const acceptsNull = name === 'json'
  const { min = 0, max = Number.POSITIVE_INFINITY } = bounds
  return (value, reading) => {
    const items = toItems(value, textual === true)
    if (items.length < min) refuse(reading, `Input "${reading.path}" must have at least ${min} ${min === 1 ? 'item' : 'items'}.`)
    if (items.length > max) refuse(reading, `Input "${reading.path}" must have at most ${max} ${max === 1 ? 'item' : 'items'}.`)
    const readAt = (item: Value, at: Reading): Value => {
      if (item !== null) return readOne(item, at)
      return acceptsNull ? null : refuse(at, `Input "${at.path}" does not accept null.`)
    }
    return items.map((item, i) => {
      // The path of an element is only needed to refuse it.
      try {
        return readAt(item, reading)
      } catch {
        return readAt(item, { ...reading, path: `${reading.path}[${i}]` })
      }
    })
  }
}

/** JSON text of a list is decoded, a single value is wrapped. */
function toItems(value: Value, textual: boolean): readonly Value[] {
  if (isList(value)) return value
  if (typeof value !== 'string') return [value]
  if (value === '' && !textual) return []
  const decoded = value.trimStart().startsWith('[') ? decodeJson(value) : undefined
  return isList(decoded) ? decoded : [value]
}

/** Reads the members of an object one by one; undeclared ones are dropped. */
export function compileMembers(fields: readonly Field[]): (value: ReadonlyMap<string, Value>, reading: Reading) => Obj {
  const members = fields.map((field) => [field.name, compileField(field)] as const)
  return (value, reading) => {
    const out: Obj = new Map()
    for (const [name, read] of members) out.set(name, read(value.get(name), { ...reading, path: `${reading.path}.${name}` }))
    return out
  }
}

/** Reads a value that may be missing (`undefined`) or null: the four states of nullable and optional. */
export function compileField(field: Field): (value: Value | undefined, reading: Reading) => Value {
  const type = typeOf(field)
  const read = compileValueReader(field)
  const required = isRequired(field)
  const nullable = field.nullable === true
  const fallback = compileFallback(field)
  const emptyIsMissing = field.list === undefined && (type.textual !== true || (required && !nullable))
  return (value, reading) => {
    const given = value === '' && emptyIsMissing ? undefined : value
    if (given !== undefined && given !== null) return read(given, reading)
    if (given === null && nullable) return null
    if (required) return refuse(reading, `Missing param: ${reading.path}`)
    return given === undefined || reading.called === true ? fallback(reading) : refuse(reading, `Input "${reading.path}" does not accept null.`)
  }
}

/** The value of an absent field: its default, else null when nullable, else the empty value of the type. */
export function compileFallback(field: Field): (reading: { now: number }) => Value {
  const type = typeOf(field)
  const empty: Value = field.nullable === true ? null : field.list !== undefined ? [] : type.empty
  const literal = field.default === undefined ? undefined : constantOf(field.default)
  if (field.default !== undefined && literal === undefined) throw fatal(`The default of "${field.name}" must be a literal.`)
  if (literal === undefined || literal === null || (literal === '' && type.textual !== true)) return () => empty
  const read = (now: number): Value => compileValueReader({ ...field, filters: [] })(literal, { now, param: field.name, path: field.name })
  // Relative times ("now", "+7 days") count from the moment of use.
  if (typeof literal === 'string' && (type.name === 'timestamp' || type.name === 'date')) {
    const program: Reading = { now: 0, param: field.name, path: field.name, program: true }
    const readTime = compileValueReader({ ...field, filters: [] })
    return ({ now }) => readTime(literal, { ...program, now })
  }
  const constant = read(0)
  return () => constant
}
