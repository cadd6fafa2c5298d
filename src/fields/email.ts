import { defineFieldType, isNot } from './field-type.js'
import { plainStorage } from './storage.js'
import { coerceText } from './text.js'

/** Nothing that cannot be seen: an address with a zero-width space or a soft hyphen looks like another one. */
const shape = /^[^\s\p{C}@<>()[\],;:"\\]+@[^\s\p{C}@<>()[\],;:"\\.]+(\.[^\s\p{C}@<>()[\],;:"\\.]+)+$/u

/** Text with an @ and a domain; its case is kept unless a filter says otherwise. */
export const email = defineFieldType({
  name: 'email',
  summary: 'An email address. Lower-cased or trimmed only when its filters say so.',
  empty: '',
  textual: true,
  coerce(value, context) {
    const given = coerceText(value, context)
    if (typeof given !== 'string' || given === '') return given
    // Letters of full width and ligatures are spellings of one mailbox; a unique index would take them for others.
    const text = given.normalize('NFKC')
    return text.length <= 320 && shape.test(text.trim()) ? text : isNot(context, 'a valid email')
  },
  column: plainStorage('text'),
  jsonSchema: () => ({ type: 'string', format: 'email' }),
})
