import type { Value } from '../lib/value.js'
import { type CoerceContext, type Coerced, defineFieldType, Invalid, isNot } from './field-type.js'
import { plainStorage } from './storage.js'

/** Text of a value that has an obvious one. */
export function coerceText(value: Value, context: CoerceContext): Coerced {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value !== 'string') return isNot(context, 'text')
  return value.includes('\0') ? new Invalid(`Input "${context.name}" contains a NUL character.`) : value
}

/** Any text. */
export const text = defineFieldType({
  name: 'text',
  summary: 'Text of any length. Numbers and bools are converted.',
  empty: '',
  textual: true,
  coerce: coerceText,
  column: plainStorage('text'),
  jsonSchema: () => ({ type: 'string' }),
})
