import { isList, unmarked, type Value } from '../lib/value.js'
import { defineFieldType, Invalid, isNot } from './field-type.js'
import { decodeJson } from './json.js'

/** A list of numbers of one length; a `real[]` column. */
export const vector = defineFieldType({
  name: 'vector',
  summary: 'A list of numbers, exactly `size` of them.',
  empty: null,
  coerce(value, context, { size }) {
    const given = typeof value === 'string' ? decodeJson(value) : value
    const decoded = isList(given) ? given.map(unmarked) : null
    if (decoded === null || !decoded.every((item) => typeof item === 'number' && Number.isFinite(item))) return isNot(context, 'a list of numbers')
    return size === undefined || decoded.length === size ? decoded : new Invalid(`Input "${context.name}" must have exactly ${size} numbers.`)
  },
  column: {
    sqlType: 'real[]',
    array: false,
    encode: (value) => value,
    encodeJson: (value) => value as number[],
    decode: (raw) => raw as Value,
  },
  jsonSchema: ({ size }) => ({ type: 'array', items: { type: 'number' }, ...(size === undefined ? {} : { minItems: size, maxItems: size }) }),
})
