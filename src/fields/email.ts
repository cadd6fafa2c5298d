import { defineFieldType, isNot } from './field-type.js'
import { plainStorage } from './storage.js'
import { coerceText } from './text.js'

const shape = /^[^\s@<>()[\],;:"\\]+@[^\s@<>()[\],;:"\\.]+(\.[^\s@<>()[\],;:"\\.]+)+$/u

/** Text with an @ and a domain; its case is kept unless a filter says otherwise. */
export const email = defineFieldType({
  name: 'email',
  summary: 'An email address. Lower-cased or trimmed only when its filters say so.',
  empty: '',
  textual: true,
  coerce(value, context) {
    const text = coerceText(value, context)
    if (typeof text !== 'string' || text === '') return text
    return text.length <= 320 && shape.test(text.trim()) ? text : isNot(context, 'a valid email')
  },
  column: plainStorage('text'),
  jsonSchema: () => ({ type: 'string', format: 'email' }),
})
