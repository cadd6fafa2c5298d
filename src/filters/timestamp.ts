/** Instants (epoch ms): reading, writing and moving them. PHP's format letters and phrases, zones by IANA name. */
import { fatal } from '../errors.js'
import { formatDate, isoWeek, parseDate } from '../lib/php-date.js'
import { parseRelativeTime } from '../lib/relative-time.js'
import { raw, type Sql, sql } from '../lib/sql.js'
import { type Civil, findZone, toCivil, weekdayOf, type Zone } from '../lib/time-zone.js'
import { unmarked, type Value } from '../lib/value.js'
import { defineFilter, type FilterArgumentSpec, type FilterCase, type FilterContext, type SqlTerm, type ValueFilter } from '../runtime/define.js'
import { intOf, textOf, wrongType } from './operand.js'
import { instantSql, intSql, term, textSql } from './sql-face.js'

const group = 'timestamp'
const zoneArgument: FilterArgumentSpec = {
  name: 'timezone',
  type: 'text',
  summary: 'IANA name such as Europe/Berlin; abbreviations and offsets are accepted.',
  default: 'UTC',
}

/** A known zone's name; null and `""` are UTC. */
export function zoneOf(filter: string, value: Value | undefined): string {
  const name = value === undefined || value === null || value === '' ? 'UTC' : textOf(filter, value, 'timezone')
  if (findZone(name)) return name
  throw fatal(`Filter "${filter}": unknown time zone "${name.slice(0, 80)}".`, { hint: 'Use an IANA name such as America/New_York.' })
}

/** Epoch ms from a number, numeric text or any text {@link parseRelativeTime} reads. */
export function instantOf(filter: string, given: Value, zone: string, context: FilterContext): number {
  const value = unmarked(given)
  if (typeof value === 'number') return inRange(filter, Math.floor(value))
  if (typeof value !== 'string') throw wrongType(filter, 'a timestamp or text', value)
  const instant = parseRelativeTime(value, context.clock.now(), zone)
  if (instant === null)
    throw fatal(`Filter "${filter}" cannot read a timestamp from "${value.slice(0, 80)}".`, {
      hint: 'Use epoch ms, ISO 8601 or a phrase such as "next monday".',
    })
  return instant
}

function inRange(filter: string, ms: number): number {
  if (Number.isFinite(ms) && Math.abs(ms) <= 8.64e15) return ms + 0
  throw fatal(`Filter "${filter}" gives a timestamp that is out of range.`)
}

const conversion = (name: string, aliases: string[], summary: string, unit: number, cases: FilterCase[], returns = 'int'): ValueFilter =>
  defineFilter({
    name,
    aliases,
    group: 'conversion',
    summary,
    input: 'text or timestamp',
    returns,
    args: [zoneArgument],
    scalar: true,
    cases,
    apply(input, args, context) {
      const zone = zoneOf(name, args[0])
      return input === null ? null : Math.floor(instantOf(name, input, zone, context) / unit)
    },
  })

const conversions = [
  conversion(
    'to_timestamp',
    ['to_epochms'],
    'Reads an instant from text or epoch ms. Null stays null.',
    1,
    [
      ['"2023-08-15T20:45:30.000Z"|to_timestamp', '1692132330000'],
      ['"2023-08-15"|to_timestamp:"America/Los_Angeles"', '1692082800000'],
      ['"1698710400000"|to_timestamp', '1698710400000'],
    ],
    'timestamp',
  ),
  conversion('to_ms', ['to_epoch_ms'], 'Reads an instant as ms since 1970. Null stays null.', 1, [
    ['"2025-09-19"|to_ms:"America/Los_Angeles"', '1758265200000'],
  ]),
  conversion('to_seconds', ['to_epoch_sec'], 'Reads an instant as whole seconds since 1970. Null stays null.', 1000, [
    ['"2025-09-19"|to_seconds:"America/Los_Angeles"', '1758265200'],
  ]),
  conversion('to_minutes', ['to_epoch_minute'], 'Reads an instant as whole minutes since 1970. Null stays null.', 60_000, [
    ['"2025-09-19"|to_minutes:"America/Los_Angeles"', '29304420'],
  ]),
  conversion('to_hours', ['to_epoch_hour'], 'Reads an instant as whole hours since 1970. Null stays null.', 3_600_000, [
    ['"2025-09-19"|to_hours:"America/Los_Angeles"', '488407'],
  ]),
  conversion('to_days', ['to_epoch_day'], 'Reads an instant as whole days since 1970. Null stays null.', 86_400_000, [
    ['"2025-09-19"|to_days:"America/Los_Angeles"', '20350'],
  ]),
]

const formatArgument: FilterArgumentSpec = { name: 'format', type: 'text', summary: 'PHP date format letters.', required: true }

const texts = [
  defineFilter({
    name: 'format_timestamp',
    aliases: ['epochms_date'],
    group,
    summary: 'Writes an instant in PHP format letters, in a time zone.',
    input: 'timestamp or text',
    returns: 'text',
    args: [formatArgument, zoneArgument],
    scalar: true,
    cases: [
      ['1698710400000|format_timestamp:"Y-m-d":"UTC"', '"2023-10-31"'],
      ['1698710400000|format_timestamp:"M j, Y h:i A":"UTC"', '"Oct 31, 2023 12:00 AM"'],
      ['1698710400000|format_timestamp:"l, F j, Y":"UTC"', '"Tuesday, October 31, 2023"'],
      ['1692132330000|format_timestamp:"c":"America/Los_Angeles"', '"2023-08-15T13:45:30-07:00"'],
      ['1692132330000|format_timestamp:"jS W o T"', '"15th 33 2023 UTC"'],
    ],
    apply(input, args, context) {
      const name = 'format_timestamp'
      const zone = zoneOf(name, args[1])
      const format = textOf(name, args[0] ?? null, 'format')
      context.spend(Math.ceil(format.length / 16))
      return formatDate(instantOf(name, input, zone, context), format, zone)
    },
  }),
  defineFilter({
    name: 'parse_timestamp',
    aliases: ['epochms_from_format'],
    group,
    summary: 'Reads text by PHP format letters; parts of the time that the format leaves out are 0.',
    input: 'text',
    returns: 'timestamp',
    args: [formatArgument, zoneArgument],
    scalar: true,
    cases: [
      ['"2023-08-15 13:45:30"|parse_timestamp:"Y-m-d H:i:s":"America/Los_Angeles"', '1692132330000'],
      ['"October 31, 2023 2:30 PM"|parse_timestamp:"F j, Y g:i A":"UTC"', '1698762600000'],
      ['"2023-10-31"|parse_timestamp:"Y-m-d":"UTC"', '1698710400000'],
    ],
    apply(input, args, context) {
      const name = 'parse_timestamp'
      const text = textOf(name, input)
      const format = textOf(name, args[0] ?? null, 'format')
      const zone = zoneOf(name, args[1])
      context.spend(Math.ceil(format.length / 16))
      const instant = parseDate(text, format, context.clock.now(), zone)
      if (instant === null) throw fatal(`Filter "${name}": "${text.slice(0, 80)}" does not fit the format "${format.slice(0, 80)}".`)
      return inRange(name, instant)
    },
  }),
  defineFilter({
    name: 'transform_timestamp',
    aliases: ['epochms_transform'],
    group,
    summary: 'Moves an instant by a phrase such as "-7 days" or "first day of next month", in a time zone.',
    input: 'timestamp or text',
    returns: 'timestamp',
    args: [{ name: 'expression', type: 'text', summary: 'The phrase, in the grammar of PHP.', required: true }, zoneArgument],
    scalar: true,
    cases: [
      ['"2023-08-15T20:45:30.000Z"|transform_timestamp:"-7 days":"America/Los_Angeles"', '1691527530000'],
      ['1698710400000|transform_timestamp:"-7 days":"UTC"', '1698105600000'],
      ['"2023-01-31"|transform_timestamp:"+1 month"|format_timestamp:"Y-m-d"', '"2023-03-03"'],
      ['"2024-01-31"|transform_timestamp:"last day of next month"|format_timestamp:"Y-m-d"', '"2024-02-29"'],
      ['"2025-06-18"|transform_timestamp:"monday next week"|format_timestamp:"Y-m-d"', '"2025-06-23"'],
    ],
    apply(input, args, context) {
      const name = 'transform_timestamp'
      const zone = zoneOf(name, args[1])
      const phrase = textOf(name, args[0] ?? null, 'expression')
      const moved = parseRelativeTime(phrase, instantOf(name, input, zone, context), zone)
      if (moved === null)
        throw fatal(`Filter "${name}" does not understand "${phrase.slice(0, 80)}".`, {
          hint: 'Use a phrase such as "+7 days", "last monday" or "first day of next month".',
        })
      return moved
    },
  }),
]

const shift = (name: string, aliases: string[], summary: string, unit: number, argument: string, cases: FilterCase[]): ValueFilter =>
  defineFilter({
    name,
    aliases,
    group,
    summary,
    input: 'timestamp or text',
    returns: 'timestamp',
    args: [{ name: argument, type: 'int', summary: 'May be negative.', required: true }],
    scalar: true,
    cases,
    apply: (input, args, context) => inRange(name, instantOf(name, input, 'UTC', context) + intOf(name, args[0] ?? null, argument) * unit),
  })

const shifts = [
  shift('add_secs_to_timestamp', ['epochms_add_secs'], 'Moves an instant by seconds.', 1000, 'seconds', [
    ['1691527530000|add_secs_to_timestamp:60', '1691527590000'],
    ['1698710400000|add_secs_to_timestamp:-1', '1698710399000'],
  ]),
  shift('add_ms_to_timestamp', ['epochms_add_ms'], 'Moves an instant by milliseconds.', 1, 'ms', [['1698710400000|add_ms_to_timestamp:500', '1698710400500']]),
]

/** The wall clock of a zone; null and `""` are UTC. */
function wallSql(filter: string, input: SqlTerm, zone: SqlTerm | undefined): Sql {
  const name = zone === undefined ? sql`'UTC'` : sql`coalesce(nullif(${textSql(filter, zone)}, ''), 'UTC')`
  return sql`(${instantSql(filter, input)} at time zone ${name})`
}

const part = (name: string, summary: string, field: string, read: (civil: Civil) => number, cases: FilterCase[]): ValueFilter =>
  defineFilter({
    name: `timestamp_${name}`,
    group,
    summary,
    input: 'timestamp or text',
    returns: 'int',
    args: [zoneArgument],
    scalar: true,
    cases,
    sql: (input, args) => term('int', sql`extract(${raw(field)} from ${wallSql(`timestamp_${name}`, input, args[0])})::bigint`),
    apply(input, args, context) {
      const zone = zoneOf(`timestamp_${name}`, args[0])
      return read(toCivil(instantOf(`timestamp_${name}`, input, zone, context), findZone(zone) as Zone))
    },
  })
const dayOfYear = (civil: Civil): number => (wallDay(civil) - wallDay({ ...civil, month: 1, day: 1 })) / 86_400_000 + 1
const wallDay = (civil: Civil): number => new Date(0).setUTCFullYear(civil.year, civil.month - 1, civil.day)

const parts = [
  part('year', 'The year.', 'year', (c) => c.year, [['1698710400000|timestamp_year', '2023']]),
  part('month', 'The month, 1 to 12.', 'month', (c) => c.month, [['1698710400000|timestamp_month', '10']]),
  part('week', 'The ISO 8601 week, 1 to 53.', 'week', (c) => isoWeek(c).week, [
    ['1698710400000|timestamp_week', '44'],
    ['"2021-01-03"|timestamp_week', '53'],
  ]),
  part('day_of_month', 'The day, 1 to 31.', 'day', (c) => c.day, [['1698710400000|timestamp_day_of_month:"America/New_York"', '30']]),
  part('day_of_week', 'The day of the week, 0 = Sunday.', 'dow', weekdayOf, [['1698710400000|timestamp_day_of_week', '2']]),
  part('day_of_year', 'The day of the year, from 1.', 'doy', dayOfYear, [['"2024-12-31"|timestamp_day_of_year', '366']]),
  part('hour', 'The hour, 0 to 23.', 'hour', (c) => c.hour, [
    ['1692132330000|timestamp_hour', '20'],
    ['1692132330000|timestamp_hour:"America/Los_Angeles"', '13'],
  ]),
  part('minute', 'The minute, 0 to 59.', 'minute', (c) => c.minute, [['1692132330000|timestamp_minute', '45']]),
]

const epoch = (name: string, aliases: string[], summary: string, unit: number, cases: FilterCase[]): ValueFilter =>
  defineFilter({
    name,
    aliases,
    group,
    summary,
    input: 'timestamp or text',
    returns: 'int',
    scalar: true,
    cases,
    sql: (input) => term('int', sql`floor(extract(epoch from ${instantSql(name, input)}) * 1000 / ${raw(String(unit))})::bigint`),
    apply: (input, _args, context) => Math.floor(instantOf(name, input, 'UTC', context) / unit),
  })

const epochs = [
  epoch('timestamp_epoch_day', [], 'Whole days since 1970-01-01 UTC.', 86_400_000, [['1698710400000|timestamp_epoch_day', '19661']]),
  epoch('timestamp_epoch_hour', [], 'Whole hours since 1970-01-01 UTC.', 3_600_000, [['1698710400000|timestamp_epoch_hour', '471864']]),
  epoch('timestamp_epoch_minute', [], 'Whole minutes since 1970-01-01 UTC.', 60_000, [['1698710400000|timestamp_epoch_minute', '28311840']]),
  epoch('timestamp_epoch_sec', ['timestamp_epoch_seconds'], 'Whole seconds since 1970-01-01 UTC.', 1000, [['1698710400500|timestamp_epoch_sec', '1698710400']]),
  epoch('timestamp_epoch_ms', [], 'Milliseconds since 1970-01-01 UTC.', 1, [['1698710400500|timestamp_epoch_ms', '1698710400500']]),
]

/** Fixed units move the instant; months and years move the UTC calendar and stop at the end of a shorter month, as Postgres intervals do. */
const stepUnits: Record<string, (ms: number, amount: number) => number> = {
  seconds: (ms, amount) => ms + amount * 1000,
  minutes: (ms, amount) => ms + amount * 60_000,
  hours: (ms, amount) => ms + amount * 3_600_000,
  days: (ms, amount) => ms + amount * 86_400_000,
  months: addMonths,
  years: (ms, amount) => addMonths(ms, amount * 12),
}
function addMonths(ms: number, amount: number): number {
  const date = new Date(ms)
  const day = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() + amount)
  const last = new Date(0)
  last.setUTCFullYear(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)
  return date.setUTCDate(Math.min(day, last.getUTCDate()))
}

const step = (unit: string, move: (ms: number, amount: number) => number, direction: 1 | -1): ValueFilter => {
  const name = `timestamp_${direction === 1 ? 'add' : 'subtract'}_${unit}`
  const source = `"2024-01-31 12:00:00"|${name}:2|format_timestamp:"Y-m-d H:i:s"`
  const expected = new Date(move(Date.UTC(2024, 0, 31, 12), 2 * direction)).toISOString().slice(0, 19).replace('T', ' ')
  return defineFilter({
    name,
    group,
    summary: `${direction === 1 ? 'Later' : 'Earlier'} by a number of ${unit}.`,
    input: 'timestamp or text',
    returns: 'timestamp',
    args: [{ name: 'amount', type: 'int', summary: `How many ${unit}.`, default: 1 }],
    scalar: true,
    cases: [[source, `"${expected}"`]],
    sql(input, args) {
      const amount = args[0] === undefined ? sql`1` : sql`coalesce(${intSql(name, args[0])}, 1)`
      const moved = sql`${instantSql(name, input)} at time zone 'UTC' ${raw(direction === 1 ? '+' : '-')} ${amount} * interval '1 ${raw(unit.slice(0, -1))}'`
      return term('timestamp', sql`((${moved}) at time zone 'UTC')`)
    },
    apply: (input, args, context) => inRange(name, move(instantOf(name, input, 'UTC', context), direction * intOf(name, args[0] ?? 1, 'amount'))),
  })
}
const steps = Object.entries(stepUnits).flatMap(([unit, move]) => [step(unit, move, 1), step(unit, move, -1)])

export const timestampFilters = [...conversions, ...texts, ...shifts, ...parts, ...epochs, ...steps]
