/** Generated values of the language, the awkward ones often. */
import fc from 'fast-check'
import { decimalOf, isList, isObj, type Value, WholeDecimal } from '../../src/lib/value.js'

// biome-ignore format: a table
const awkwardTexts = [
  '', '0', ' ', '1', '-1', '1e3', '12abc', '__proto__', 'constructor', 'prototype', 'toString', 'a.b', 'a[0].b', 'a[', '[]', '[$$.a > 1].b', '[$$', '..', '.', '-1.0',
  '/a+/i', '/(a)|(b)/', '/(?<n>a*)/', '/[/', '/(?=a)/', '#a#', '(', '\\', '$1', '\\0', '%s %d', '%5.2f%%', '%', "%'", '%9$s', '%99999999d', '<b>x</b>', '<!--', '<', '&amp;', '&#0;',
  'return $this', 'asc', 'desc', 'int', 'natural', 'UTF-8', 'ISO-8859-1', 'SJIS', 'é', 'e\u0301', '😀', '\ud83d', '\ude00', '👨‍👩‍👧', 'ß', 'İ', 'ς', '\0', 'a,b,c', '550e8400-e29b-41d4-a716-446655440000',
]

const key = fc.oneof(fc.constantFrom('a', 'b', 'key', 'value', '0', '1', '__proto__', 'constructor', ''), fc.string({ maxLength: 4 }))
const number = fc.oneof(
  fc.integer({ min: -5, max: 20 }),
  fc.integer({ min: -3, max: 5 }).map((n) => decimalOf(n)),
  fc.constantFrom(0, 1, -1, 0.5, -2.5, 1e21, 1e-7, 2 ** 53, -(2 ** 53), 1e308, 5e8),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
)
const text = fc.oneof(fc.constantFrom(...awkwardTexts), fc.string({ unit: 'grapheme', maxLength: 12 }), fc.string({ unit: 'binary', maxLength: 12 }))
const binary = fc.uint8Array({ minLength: 1, maxLength: 5 }).map((bytes) => Uint8Array.from([0xff, ...bytes]))

const { tree } = fc.letrec<{ tree: Value; list: Value[]; object: Map<string, Value> }>((tie) => ({
  tree: fc.oneof({ maxDepth: 3, depthIdentifier: 'value' }, fc.oneof(fc.constant(null), fc.boolean(), number, text, binary), tie('list'), tie('object')),
  list: fc.array(tie('tree'), { maxLength: 6, depthIdentifier: 'value' }),
  object: fc.array(fc.tuple(key, tie('tree')), { maxLength: 5, depthIdentifier: 'value' }).map((entries) => new Map(entries)),
}))

const row = (a: Value, b: string): Value =>
  new Map<string, Value>([
    ['a', a],
    ['b', b],
  ])
/** Lists of objects of one shape, as programs have them. */
const rows: fc.Arbitrary<Value> = fc.array(
  fc.tuple(number, text).map(([a, b]) => row(a, b)),
  { maxLength: 6 },
)

export const anyValue: fc.Arbitrary<Value> = fc.oneof(
  { weight: 4, arbitrary: tree },
  { weight: 2, arbitrary: text },
  { weight: 1, arbitrary: rows },
  { weight: 1, arbitrary: number },
)

/** A deep copy. */
export function copyOf(value: Value): Value {
  if (isList(value)) return value.map(copyOf)
  if (isObj(value)) return new Map(Array.from(value, ([name, member]) => [name, copyOf(member)]))
  return value instanceof Uint8Array ? Uint8Array.from(value) : value
}

/** Whether something is a value of the language through and through. */
export function isValue(value: unknown): value is Value {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isFinite(value)
  if (Array.isArray(value)) return value.every(isValue)
  if (value instanceof Map) return Array.from(value).every(([name, member]) => typeof name === 'string' && isValue(member))
  if (value instanceof WholeDecimal) return Number.isInteger(value.value)
  return value instanceof Uint8Array
}
