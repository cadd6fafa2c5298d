import { decodeJson as decode } from '../lib/json-value.js'
import type { Value } from '../lib/value.js'
import { defineFieldType } from './field-type.js'
import { jsonStorage } from './storage.js'

/** The value a JSON text spells; `undefined` when it is not JSON. */
export function decodeJson(text: string): Value | undefined {
  try {
    return decode(text)
  } catch {
    return undefined
  }
}

/** Any JSON. */
export const json = defineFieldType({
  name: 'json',
  summary: 'Any JSON value. JSON text received from a caller is decoded; other text stays text.',
  empty: null,
  textual: true,
  keepsValues: true,
  coerce(value, context) {
    if (typeof value !== 'string' || context.program) return value
    return decodeJson(value) ?? value
  },
  column: jsonStorage,
  jsonSchema: () => ({}),
})
