import { defineFieldType, Invalid, isNot } from './field-type.js'
import { parseNumber } from './numeric-text.js'
import { numberStorage } from './storage.js'

/** Whole numbers, exact up to 2^53; a `bigint` column. */
export const int = defineFieldType({
  name: 'int',
  summary: 'A whole number between -2^53 and 2^53. Numeric text and decimals without a fraction are accepted.',
  empty: 0,
  coerce(value, context) {
    const number = typeof value === 'string' ? parseNumber(value) : value
    if (typeof number !== 'number' || !Number.isInteger(number)) return isNot(context, 'an int')
    return Number.isSafeInteger(number) ? number + 0 : new Invalid(`Input "${context.name}" is beyond the range of an int.`)
  },
  column: numberStorage('bigint'),
  jsonSchema: () => ({ type: 'integer', format: 'int64' }),
})
