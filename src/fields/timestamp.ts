import { parseRelativeTime } from '../lib/relative-time.js'
import type { Value } from '../lib/value.js'
import { type CoerceContext, type Coerced, defineFieldType, Invalid, isNot } from './field-type.js'
import { parseNumber } from './numeric-text.js'
import { plainStorage } from './storage.js'

/** Years 1 to 9999: what both sides can write. */
const earliest = -62_135_596_800_000
const latest = 253_402_300_799_999

const iso = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|z|[+-]\d\d(?::?\d\d)?)?)?$/

/** Epoch ms of ISO 8601 text, UTC when it names no offset; `undefined` for anything else. */
export function parseIsoTime(text: string): number | undefined {
  const match = iso.exec(text)
  if (match === null) return undefined
  const [, year = '', month = '', day = '', hour = '00', minute = '00', second = '00', fraction = '', offset = 'Z'] = match
  const zone = /^z$/i.test(offset) ? 'Z' : offset.length === 3 ? `${offset}:00` : offset.includes(':') ? offset : `${offset.slice(0, 3)}:${offset.slice(3)}`
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}${zone}`)
  // Date.parse turns 30 February into 2 March.
  const isRealDay = Number(day) <= new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate() || Number(year) < 100
  return Number.isNaN(at) || !isRealDay ? undefined : at
}

/** Epoch ms of a number, numeric text, ISO text or relative text. */
export function coerceInstant(value: Value, context: CoerceContext): Coerced {
  const at = toInstant(value, context.now)
  if (at === undefined) return isNot(context, 'a timestamp')
  return at >= earliest && at <= latest ? at : new Invalid(`Input "${context.name}" is beyond the range of a timestamp.`)
}

function toInstant(value: Value, now: number): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? Math.floor(value) : undefined
  if (typeof value !== 'string' || value.length > 100) return undefined
  const text = value.trim()
  if (text === 'now') return now
  const number = /^-?\d+(\.\d+)?$/.test(text) ? parseNumber(text) : undefined
  if (number !== undefined) return Math.floor(number)
  // A day that does not exist is refused, not moved to the next month.
  return iso.test(text) ? parseIsoTime(text) : (parseRelativeTime(text, now, 'UTC') ?? undefined)
}

/** An instant; epoch milliseconds in programs, `timestamptz` in columns. */
export const timestamp = defineFieldType({
  name: 'timestamp',
  aliases: ['epochms'],
  summary: 'An instant as epoch milliseconds. ISO 8601, `YYYY-MM-DD HH:MM:SS+0000` and relative texts (`now`, `+7 days`) are accepted.',
  empty: null,
  coerce: coerceInstant,
  column: {
    ...plainStorage('timestamptz'),
    encode: (value) => new Date(value as number).toISOString(),
    encodeJson: (value) => new Date(value as number).toISOString(),
  },
  jsonSchema: () => ({ type: 'integer', format: 'timestamptz', description: 'Epoch milliseconds.' }),
})
