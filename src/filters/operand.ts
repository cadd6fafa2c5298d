/** Reads the input and the arguments of a filter, or fails naming the filter and the type it got. */
import { type AppError, fatal } from '../errors.js'
import { isList, isNumber, isObj, type Obj, type Value } from '../lib/value.js'
import { numericOf, shown, toText, typeName } from '../runtime/convert.js'

/** The error for an input, or for the argument `arg`, of the wrong type. */
export function wrongType(filter: string, expected: string, value: Value, arg?: string): AppError {
  const subject = arg === undefined ? `Filter "${filter}"` : `Argument "${arg}" of filter "${filter}"`
  const hint =
    value === null ? 'Give it a value first, for example ($value ?? …), or |safe_array for a list.' : 'Filters are type specific: convert the value first.'
  return fatal(`${subject} expects ${expected}, not ${nameWithArticle(value)}.`, { hint, value: shown(value) })
}

const nameWithArticle = (value: Value): string => {
  const name = typeName(value)
  return /^(null|text|binary)$/.test(name) ? name : `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`
}

/** Text, or a number or bool as text; null is `""`. */
export function textOf(filter: string, value: Value, arg?: string): string {
  if (typeof value === 'string') return value
  if (value === null) return ''
  if (isNumber(value) || typeof value === 'boolean') return toText(value)
  throw wrongType(filter, 'text', value, arg)
}

export function listOf(filter: string, value: Value, arg?: string): Value[] {
  if (isList(value)) return value
  throw wrongType(filter, 'a list', value, arg)
}

/** A list argument; null, an omitted optional input, is the empty list. */
export const listArgument = (filter: string, value: Value | undefined, arg: string): Value[] =>
  value === null || value === undefined ? [] : listOf(filter, value, arg)

export function objectOf(filter: string, value: Value, arg?: string): Obj {
  if (isObj(value)) return value
  throw wrongType(filter, 'an object', value, arg)
}

/** A list or an object. */
export function collectionOf(filter: string, value: Value, arg?: string): Value[] | Obj {
  if (isList(value) || isObj(value)) return value
  throw wrongType(filter, 'a list or an object', value, arg)
}

/** A finite number or numeric text. */
export function numberOf(filter: string, value: Value, arg?: string): number {
  const number = numericOf(value)
  if (number !== null && Number.isFinite(number)) return number
  throw wrongType(filter, 'a number', value, arg)
}

/** A number or numeric text, its fraction cut off. */
export function intOf(filter: string, value: Value, arg?: string): number {
  return Math.trunc(numberOf(filter, value, arg)) + 0
}

/** An int, or null when omitted or null. */
export const optionalInt = (filter: string, value: Value | undefined, arg: string): number | null =>
  value === null || value === undefined ? null : intOf(filter, value, arg)

/** A list of keys as text; a single key stands for a list of one. */
export function keysOf(filter: string, value: Value, arg?: string): string[] {
  if (isList(value)) return value.map((key) => textOf(filter, key, arg))
  if (value === null) return []
  return [textOf(filter, value, arg)]
}
