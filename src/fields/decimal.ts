import { decimalOf } from '../lib/value.js'
import { defineFieldType, isNot } from './field-type.js'
import { parseNumber } from './numeric-text.js'
import { decimalStorage } from './storage.js'

/** Numbers with a fraction; a `numeric` column. */
export const decimal = defineFieldType({
  name: 'decimal',
  summary: 'A number with a fraction. Numeric text is accepted.',
  empty: decimalOf(0),
  coerce(value, context) {
    const number = typeof value === 'string' ? parseNumber(value) : value
    return typeof number === 'number' && Number.isFinite(number) ? decimalOf(number + 0) : isNot(context, 'a number')
  },
  column: decimalStorage,
  jsonSchema: () => ({ type: 'number' }),
})
