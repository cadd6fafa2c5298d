import type { Value } from '../lib/value.js'
import { defineFieldType, isNot } from './field-type.js'
import { plainStorage } from './storage.js'

const spellings = new Map<Value, boolean>([
  [true, true],
  [1, true],
  ['1', true],
  ['true', true],
  [false, false],
  [0, false],
  ['0', false],
  ['false', false],
])

/** True or false. */
export const bool = defineFieldType({
  name: 'bool',
  summary: 'True or false; also 1, 0 and the texts "true", "false", "1", "0".',
  empty: false,
  coerce: (value, context) => spellings.get(typeof value === 'string' ? value.trim().toLowerCase() : value) ?? isNot(context, 'a bool'),
  column: plainStorage('boolean'),
  jsonSchema: () => ({ type: 'boolean' }),
})
