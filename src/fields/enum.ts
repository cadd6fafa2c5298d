import { defineFieldType, Invalid } from './field-type.js'
import { plainStorage } from './storage.js'

/** One of a list of texts. */
export const enumeration = defineFieldType({
  name: 'enum',
  summary: 'One of the texts in `values`.',
  empty: null,
  coerce(value, context, { values = [] }) {
    const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value
    return typeof text === 'string' && values.includes(text) ? text : new Invalid(`Input "${context.name}" is not one of the allowable values.`)
  },
  column: plainStorage('text'),
  jsonSchema: ({ values = [] }) => ({ type: 'string', enum: [...values] }),
})
