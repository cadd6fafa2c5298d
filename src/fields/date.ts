import { defineFieldType, isNot } from './field-type.js'
import { plainStorage } from './storage.js'
import { coerceInstant } from './timestamp.js'

const shape = /^(\d{4})-(\d\d)-(\d\d)$/

/** Whether the text is a day of the calendar. */
export function isDate(text: string): boolean {
  const match = shape.exec(text)
  if (match === null || match[1] === '0000') return false
  const date = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

/** A day without a time; text `YYYY-MM-DD`. */
export const date = defineFieldType({
  name: 'date',
  summary: 'A day as YYYY-MM-DD.',
  empty: null,
  coerce(value, context) {
    if (typeof value === 'string' && isDate(value.trim())) return value.trim()
    if (!context.program) return isNot(context, 'a date (YYYY-MM-DD)')
    // A program may write a timestamp or "now": the day in UTC.
    const instant = coerceInstant(value, context)
    return typeof instant === 'number' ? new Date(instant).toISOString().slice(0, 10) : isNot(context, 'a date (YYYY-MM-DD)')
  },
  column: plainStorage('date'),
  jsonSchema: () => ({ type: 'string', format: 'date' }),
})
