import { defineFieldType, isNot } from './field-type.js'
import { plainStorage } from './storage.js'

const shape = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** A UUID in its 36-character form. */
export const uuid = defineFieldType({
  name: 'uuid',
  summary: 'A UUID of 36 characters.',
  empty: null,
  coerce(value, context) {
    const text = typeof value === 'string' ? value.trim().toLowerCase() : ''
    return shape.test(text) ? text : isNot(context, 'a uuid')
  },
  column: plainStorage('uuid'),
  jsonSchema: () => ({ type: 'string', format: 'uuid' }),
})
