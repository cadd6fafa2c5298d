/** Conversions between the types of the language, as operators, filters and inputs use them. */
import { fatal } from '../errors.js'
import { isBinary, isTruthy, Resource, type Value, WholeDecimal } from '../lib/value.js'
import { stringify } from './serialize.js'

// No two parts of these can take the same characters: their time is linear whatever the text.
const numericText = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*$/
const leadingNumber = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/

/** The number a value is: numbers and numeric text; else null. */
export function numericOf(value: Value): number | null {
  if (typeof value === 'number') return value
  if (typeof value === 'string') return numericText.test(value) ? Number(value) : null
  return value instanceof WholeDecimal ? value.value : null
}

/** The number a value is. Throws `Not numeric.` for anything else, null and bools included. */
export function toNumber(value: Value): number {
  const number = numericOf(value)
  if (number === null) throw fatal('Not numeric.', { detail: `It is ${typeName(value)}.`, value: shown(value) })
  return number
}

/** Decimal by the leading numeric part of text; bools are 1 and 0; 0 when there is none. */
export function toDecimal(value: Value): number {
  switch (typeof value) {
    case 'number':
      return value
    case 'boolean':
      return value ? 1 : 0
    case 'string':
      return Number(leadingNumber.exec(value)?.[0] ?? 0)
    default:
      return value instanceof WholeDecimal ? value.value : 0
  }
}

/** Like {@link toDecimal}, truncated toward zero. */
export function toInt(value: Value): number {
  const number = Math.trunc(toDecimal(value))
  return Number.isFinite(number) ? number + 0 : 0
}

/** Text "false", "0", "no", "off" and everything empty is false. */
export function toBool(value: Value): boolean {
  if (typeof value === 'string') return !/^(?:|0|false|no|off|null)$/i.test(value.trim())
  return isTruthy(value)
}

/** Text of any value: bools are `true`/`false`, null is "", lists and objects are JSON, bytes read as UTF-8 where they can. */
export function toText(value: Value): string {
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
      return Number.isFinite(value) ? String(value) : ''
    case 'boolean':
      return value ? 'true' : 'false'
    default:
      if (value === null || value instanceof Resource) return ''
      if (value instanceof WholeDecimal) return String(value.value)
      return isBinary(value) ? Buffer.from(value).toString('utf8') : stringify(value)
  }
}

/** Name of a value's type, for messages. */
export function typeName(value: Value): string {
  if (value === null) return 'null'
  switch (typeof value) {
    case 'number':
      return Number.isInteger(value) ? 'int' : 'decimal'
    case 'boolean':
      return 'bool'
    case 'string':
      return 'text'
    default:
      if (value instanceof WholeDecimal) return 'decimal'
      return Array.isArray(value) ? 'list' : value instanceof Map ? 'object' : isBinary(value) ? 'binary' : value instanceof Resource ? value.kind : 'value'
  }
}

/** Characters of a value that an error shows. */
const longestShown = 200

/** A value for errors: short, and nothing but plain data. */
export function shown(value: Value): unknown {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return value
  if (value instanceof WholeDecimal) return value.value
  const text = toText(value)
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text
}

/** A value with its type, short, for error details. */
export function describe(value: Value): string {
  const text = toText(value)
  return `${typeName(value)} ${text.length > 80 ? `${text.slice(0, 80)}…` : text}`
}
