/**
 * The values a function stack works with. Objects are `Map`s: insertion order holds for every key (numeric text too)
 * and no key can reach a prototype. Values are immutable unless their owner is known; see `runtime/ownership.ts`.
 */

/** An ordered object of the language. */
export type Obj = Map<string, Value>
/** Bytes that are not valid UTF-8 text; valid UTF-8 is always a `string` (see {@link fromBytes}). */
export type Binary = Uint8Array
/** An opaque handle (file, stream): passed around by stacks, never serialised. */
export abstract class Resource {
  abstract readonly kind: string
}
/** JSON text that Postgres wrote and nobody but the writer of the response may look into; see `runtime/pass-through.ts`. */
export class RawJson extends Resource {
  readonly kind = 'json'
  readonly text: string

  constructor(text: string) {
    super()
    this.text = text
  }
}
/**
 * A decimal without a fraction, such as 5.0. Every other number is a `number`: with a fraction it is a decimal, without one an int. Only
 * `===` and the type checks tell 5.0 from 5; everything else takes the number by {@link unmarked} or by one of the conversions.
 */
export class WholeDecimal {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }

  valueOf(): number {
    return this.value
  }

  toString(): string {
    return String(this.value)
  }

  toJSON(): number {
    return this.value
  }
}
/** An int or a decimal. */
export type Numeric = number | WholeDecimal
/** Every value of the language. `undefined` is never one. */
export type Value = null | boolean | Numeric | string | Value[] | Obj | Binary | Resource
/** What JSON.parse gives. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

export const isObj = (v: unknown): v is Obj => v instanceof Map
export const isList = (v: unknown): v is Value[] => Array.isArray(v)
export const isBinary = (v: unknown): v is Binary => v instanceof Uint8Array
export const isInt = (v: unknown): v is number => typeof v === 'number' && Number.isInteger(v)
export const isDecimal = (v: unknown): v is Numeric => (typeof v === 'number' ? !Number.isInteger(v) : v instanceof WholeDecimal)
export const isNumber = (v: unknown): v is Numeric => typeof v === 'number' || v instanceof WholeDecimal
/** A number as a decimal. */
export const decimalOf = (number: number): Numeric => (Number.isInteger(number) ? new WholeDecimal(number + 0) : number)
/** The value itself; a decimal without a fraction becomes its number. Members are left as they are. */
export function unmarked<T>(value: T): Exclude<T, WholeDecimal> | number {
  return value instanceof WholeDecimal ? value.value : (value as Exclude<T, WholeDecimal>)
}
/** True for `""`, `null`, `0`, `"0"`, `false`, `[]`, `{}`: the documented empty set. */
export function isEmpty(v: Value): boolean {
  if (v === null || v === false || v === 0 || v === '' || v === '0') return true
  if (Array.isArray(v)) return v.length === 0
  return v instanceof Map ? v.size === 0 : v instanceof WholeDecimal && v.value === 0
}
export const isTruthy = (v: Value): boolean => (typeof v === 'boolean' ? v : !isEmpty(v))

/** An object from entries, in order. */
export const obj = (entries: Iterable<readonly [string, Value]> = []): Obj => new Map(entries)

/** Turns plain JSON (or a row of the driver) into a value. Dates become epoch ms. `undefined` members are dropped. */
export function fromPlain(input: unknown): Value {
  if (input === null || input === undefined) return null
  switch (typeof input) {
    case 'string':
    case 'boolean':
    case 'number':
      return input
    case 'bigint':
      return Number(input)
    case 'object':
      break
    default:
      return null
  }
  if (Array.isArray(input)) return input.map(fromPlain)
  if (input instanceof Map || input instanceof Uint8Array || input instanceof Resource || input instanceof WholeDecimal) return input as Value
  if (input instanceof Date) return input.getTime()
  const out: Obj = new Map()
  for (const key of Object.keys(input)) {
    const member = (input as Record<string, unknown>)[key]
    if (member !== undefined) out.set(key, fromPlain(member))
  }
  return out
}

/** Turns a value into plain JSON with null-prototype objects. Binary becomes base64 text, resources become null. */
export function toPlain(value: Value): Json {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(toPlain)
  if (value instanceof Map) {
    const out = Object.create(null) as { [key: string]: Json }
    for (const [key, member] of value) out[key] = toPlain(member)
    return out
  }
  if (value instanceof WholeDecimal) return value.value
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : null
}

/** Bytes as a value: text when they are valid UTF-8, else Binary. */
export function fromBytes(bytes: Uint8Array): string | Binary {
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return bytes
  }
}
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** The bytes of text (UTF-8) or of a Binary. */
export const toBytes = (value: string | Binary): Uint8Array => (typeof value === 'string' ? Buffer.from(value, 'utf8') : value)
