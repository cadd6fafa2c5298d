import { isObj } from '../lib/value.js'
import { defineFieldType, isNot } from './field-type.js'
import { decodeJson } from './json.js'
import { jsonStorage } from './storage.js'

/** An object; its members are read by the schema of the field. */
export const object = defineFieldType({
  name: 'object',
  aliases: ['obj'],
  summary: 'An object whose members are described by its schema. JSON text is decoded.',
  empty: new Map(),
  coerce(value, context) {
    const decoded = typeof value === 'string' && !context.program ? decodeJson(value) : value
    return isObj(decoded) ? decoded : isNot(context, 'an object')
  },
  column: jsonStorage,
  jsonSchema: () => ({ type: 'object' }),
})
