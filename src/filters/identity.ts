/** A text that is equal for equal values, so that sets of values are compared in linear time. */
import { isBinary, isList, isNumber, isObj, type Value } from '../lib/value.js'
import { assertDepth } from './bounds.js'

/** Numbers and their text are the same (`1`, `"1"`); the order of keys does not matter. */
export function identityOf(filter: string, value: Value, depth = 0): string {
  assertDepth(filter, depth)
  if (typeof value === 'string') return `t${JSON.stringify(value)}`
  if (isNumber(value)) return `t${JSON.stringify(String(value))}`
  if (value === null || typeof value === 'boolean') return String(value)
  if (isList(value)) return `[${value.map((item) => identityOf(filter, item, depth + 1)).join(',')}]`
  if (isBinary(value)) return `b${Buffer.from(value).toString('base64')}`
  if (!isObj(value)) return `r${resourceNumber(value)}`
  const members = Array.from(value, ([key, member]) => `${JSON.stringify(key)}:${identityOf(filter, member, depth + 1)}`)
  return `{${members.sort().join(',')}}`
}

const numbers = new WeakMap<object, number>()
let last = 0
/** Resources are equal only to themselves. */
function resourceNumber(resource: object): number {
  const known = numbers.get(resource)
  if (known !== undefined) return known
  last += 1
  numbers.set(resource, last)
  return last
}
