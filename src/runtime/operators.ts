/** The operators of the language over values. Shared by expressions, statements and filters. */
import { fatal } from '../errors.js'
import * as decimal from '../lib/decimal.js'
import { fromBytes, isBinary, isDecimal, isInt, isList, isObj, type Numeric, toBytes, type Value, WholeDecimal } from '../lib/value.js'
import { numericOf, toNumber, toText } from './convert.js'
import { stringify } from './serialize.js'

/** Arithmetic of the language: exact in decimal, as lib/decimal.ts tells; decimal when an operand is. Throws `Not numeric.` */
export function add(a: Value, b: Value): Numeric {
  if (isInt(a) && isInt(b)) return number(a + b)
  return typedAs(number(decimal.add(toNumber(a), toNumber(b))), a, b)
}
export function subtract(a: Value, b: Value): Numeric {
  if (isInt(a) && isInt(b)) return number(a - b)
  return typedAs(number(decimal.subtract(toNumber(a), toNumber(b))), a, b)
}
export function multiply(a: Value, b: Value): Numeric {
  if (isInt(a) && isInt(b)) return number(a * b)
  return typedAs(number(decimal.multiply(toNumber(a), toNumber(b))), a, b)
}

/** Real division; an exact quotient of ints is an int. Throws on zero. */
export function divide(a: Value, b: Value): Numeric {
  const [dividend, divisor] = [toNumber(a), toNumber(b)]
  if (divisor === 0) throw fatal('Division by zero.')
  const quotient = number(decimal.divide(dividend, divisor))
  return isInt(a) && isInt(b) ? quotient : typedAs(quotient, a, b)
}

/** The remainder has the sign of the dividend; without a fraction it is an int. Throws on zero. */
export function modulo(a: Value, b: Value): number {
  const [dividend, divisor] = [toNumber(a), toNumber(b)]
  if (divisor === 0) throw fatal('Division by zero.')
  return number(decimal.remainder(dividend, divisor))
}

export const negate = (a: Value): Numeric => typedAs(number(0 - toNumber(a)), a)

/** Whether an operand counts as a decimal: text does when it is written as one. */
export const isDecimalOperand = (value: Value): boolean => (typeof value === 'string' ? /[.eE]/.test(value) : isDecimal(value))

/** A result computed of one or two operands, as a decimal when one of them is. */
export const typedAs = (result: number, a: Value, b: Value = null): Numeric =>
  Number.isInteger(result) && (isDecimalOperand(a) || isDecimalOperand(b)) ? new WholeDecimal(result) : result

/** Beyond 1.8 × 10^308 a result is infinite, as in PHP: loops that scale until nothing is left rely on it. Infinity minus itself is an error. */
function number(result: number): number {
  if (Number.isNaN(result)) throw fatal('The result is not a number.', { hint: 'A number before grew out of range.' })
  return result + 0
}

/** `~`: text of both joined, lists and objects as JSON; bytes stay bytes. */
export function concat(a: Value, b: Value): string | Uint8Array {
  if (typeof a === 'string' && typeof b === 'string') return a + b
  if (isBinary(a) || isBinary(b)) return fromBytes(Buffer.concat([bytesOf(a), bytesOf(b)]))
  return toText(a) + toText(b)
}
const bytesOf = (value: Value): Uint8Array => toBytes(isBinary(value) ? value : toText(value))

/** `==`: numbers and numeric text by number, bools by their words and 1/0, lists and objects deeply; null equals only null. */
export function looseEquals(a: Value, b: Value): boolean {
  if (a === b) return true
  if (a === null || b === null || (typeof a === 'number' && typeof b === 'number')) return false
  if (a instanceof WholeDecimal) return looseEquals(a.value, b)
  if (b instanceof WholeDecimal) return looseEquals(a, b.value)
  if (typeof a === 'object' || typeof b === 'object') return typeof a === 'object' && typeof b === 'object' && deepEquals(a, b, looseEquals)
  if (typeof a === 'boolean') return equalsBool(b, a)
  if (typeof b === 'boolean') return equalsBool(a, b)
  if (typeof a === 'number' && typeof b === 'string') return numericOf(b) === a
  if (typeof a === 'string' && typeof b === 'number') return numericOf(a) === b
  return false
}

function equalsBool(value: Value, bool: boolean): boolean {
  if (typeof value === 'number') return value === (bool ? 1 : 0)
  return bool ? value === 'true' || value === '1' : value === 'false' || value === '0' || value === ''
}

/** `===`: same type and value; lists and objects deeply. */
export function strictEquals(a: Value, b: Value): boolean {
  if (a === b) return true
  return typeof a === 'object' && typeof b === 'object' && a !== null && b !== null && deepEquals(a, b, strictEquals)
}

function deepEquals(a: object, b: object, equal: (a: Value, b: Value) => boolean): boolean {
  if (isList(a)) return isList(b) && a.length === b.length && a.every((item, i) => equal(item, b[i] ?? null))
  if (isObj(a)) {
    if (!isObj(b) || a.size !== b.size) return false
    for (const [key, member] of a) {
      const other = b.get(key)
      if (other === undefined || !equal(member, other)) return false
    }
    return true
  }
  if (a instanceof WholeDecimal) return b instanceof WholeDecimal && a.value === b.value
  return isBinary(a) && isBinary(b) && Buffer.from(a).equals(b)
}

/** Order of two values: numbers when both are numeric, else text by code point; null counts as 0 beside a number and as "" beside text. */
export function compare(a: Value, b: Value): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [x, y] = [orderNumber(a, b), orderNumber(b, a)]
  return x !== null && y !== null ? x - y : compareText(orderText(a), orderText(b))
}

function orderNumber(value: Value, other: Value): number | null {
  if (value === null) return typeof other === 'string' && numericOf(other) === null ? null : 0
  return typeof value === 'boolean' ? Number(value) : numericOf(value)
}
const orderText = (value: Value): string => (typeof value === 'object' && value !== null ? stringify(value) : toText(value))

/** Order of two texts by code point. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  if (!hasSurrogate.test(a) && !hasSurrogate.test(b)) return a < b ? -1 : 1
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.codePointAt(i) ?? 0, b.codePointAt(i) ?? 0]
    if (x !== y) return x - y
  }
  return a.length - b.length
}
const hasSurrogate = /[\ud800-\udfff]/

/** The bounds of `a..b` as ints. */
export function rangeBounds(a: Value, b: Value): [number, number] {
  return [Math.trunc(toNumber(a)), Math.trunc(toNumber(b))]
}

/** `a..b`: both bounds included, downwards when a > b. `spend` is told the length first. */
export function range(a: Value, b: Value, spend: (steps: number) => void): Value[] {
  const [from, to] = rangeBounds(a, b)
  const length = Math.abs(to - from) + 1
  spend(length)
  if (length > maxRange) throw fatal(`A range of ${length} elements is too long.`)
  const step = to < from ? -1 : 1
  return Array.from({ length }, (_, i) => from + i * step)
}
const maxRange = 10_000_000

/** Bitwise operation on ints of up to 2^53. */
export function bitwise(op: '&' | '|' | '^', a: Value, b: Value): number {
  const [x, y] = [Math.trunc(toNumber(a)), Math.trunc(toNumber(b))]
  if (x === (x | 0) && y === (y | 0)) return op === '&' ? x & y : op === '|' ? x | y : x ^ y
  const [big, other] = [BigInt(x), BigInt(y)]
  return Number(op === '&' ? big & other : op === '|' ? big | other : big ^ other)
}
