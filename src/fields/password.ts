import { defineFieldType } from './field-type.js'
import { plainStorage } from './storage.js'
import { coerceText } from './text.js'

/** Text that a column keeps only as a hash. */
export const password = defineFieldType({
  name: 'password',
  summary: 'A password. Hashed when it is written to a column; left out of rows unless named in output.',
  empty: '',
  textual: true,
  coerce: coerceText,
  column: plainStorage('text'),
  jsonSchema: () => ({ type: 'string', format: 'password' }),
})
