import { defineFieldType, isNot } from './field-type.js'
import { parseNumber } from './numeric-text.js'
import { numberStorage } from './storage.js'

/** Numbers with a fraction; a `numeric` column. */
export const decimal = defineFieldType({
  name: 'decimal',
  summary: 'A number with a fraction. Numeric text is accepted.',
  empty: 0,
  coerce(value, context) {
    const number = typeof value === 'string' ? parseNumber(value) : value
    return typeof number === 'number' && Number.isFinite(number) ? number + 0 : isNot(context, 'a number')
  },
  column: numberStorage('numeric'),
  jsonSchema: () => ({ type: 'number' }),
})
