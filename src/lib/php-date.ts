/** Dates in PHP's format letters: writing (`date`) and reading (`createFromFormat`). */
import { type Civil, civilOfWall, findZone, offsetText, toCivil, toInstant, wallOf, weekdayOf, type Zone } from './time-zone.js'

export class UnknownZoneError extends Error {
  constructor(zone: string) {
    super(`Unknown time zone "${zone}".`)
    this.name = 'UnknownZoneError'
  }
}

function getZone(name: string): Zone {
  const zone = findZone(name)
  if (!zone) throw new UnknownZoneError(name)
  return zone
}

export const monthNames = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']
export const dayNames = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

interface Moment extends Civil {
  instant: number
  zone: Zone
  /** ms east of UTC. */
  offset: number
  weekday: number
}

const two = (value: number): string => String(value).padStart(2, '0')
const dayMs = 86_400_000
const startOfYear = (year: number): number => wallOf({ year, month: 1, day: 1, hour: 0, minute: 0, second: 0, ms: 0 })
const dayOfYear = (civil: Civil): number => Math.floor((wallOf({ ...civil, hour: 0, minute: 0, second: 0, ms: 0 }) - startOfYear(civil.year)) / dayMs)
const isLeap = (year: number): boolean => new Date(startOfYear(year) + 59 * dayMs).getUTCDate() === 29
export const daysInMonth = (year: number, month: number): number =>
  civilOfWall(wallOf({ year, month: month + 1, day: 0, hour: 0, minute: 0, second: 0, ms: 0 })).day

/** ISO 8601 week and its year. */
export function isoWeek(civil: Civil): { week: number; year: number } {
  const thursday = civilOfWall(wallOf({ ...civil, day: civil.day + 4 - (weekdayOf(civil) || 7) }))
  return { week: Math.floor(dayOfYear(thursday) / 7) + 1, year: thursday.year }
}

function ordinalSuffix(day: number): string {
  if (day >= 11 && day <= 13) return 'th'
  return ['th', 'st', 'nd', 'rd'][day % 10] ?? 'th'
}
const yearText = (year: number): string => (year < 0 ? `-${String(-year).padStart(4, '0')}` : String(year).padStart(4, '0'))
const hour12 = (hour: number): number => hour % 12 || 12
/** Swatch beats: thousandths of a day at UTC+1. */
const beats = (instant: number): string => String(Math.floor(((((instant + 3_600_000) % dayMs) + dayMs) % dayMs) / 86_400)).padStart(3, '0')

const letters: Record<string, (m: Moment) => string> = {
  d: (m) => two(m.day),
  D: (m) => (dayNames[m.weekday] ?? '').slice(0, 3),
  j: (m) => String(m.day),
  l: (m) => dayNames[m.weekday] ?? '',
  N: (m) => String(m.weekday || 7),
  S: (m) => ordinalSuffix(m.day),
  w: (m) => String(m.weekday),
  z: (m) => String(dayOfYear(m)),
  W: (m) => two(isoWeek(m).week),
  o: (m) => yearText(isoWeek(m).year),
  F: (m) => monthNames[m.month - 1] ?? '',
  M: (m) => (monthNames[m.month - 1] ?? '').slice(0, 3),
  m: (m) => two(m.month),
  n: (m) => String(m.month),
  t: (m) => String(daysInMonth(m.year, m.month)),
  L: (m) => (isLeap(m.year) ? '1' : '0'),
  Y: (m) => yearText(m.year),
  y: (m) => two(((m.year % 100) + 100) % 100),
  X: (m) => (m.year < 0 ? '' : '+') + yearText(m.year),
  x: (m) => (m.year > 9999 ? '+' : '') + yearText(m.year),
  a: (m) => (m.hour < 12 ? 'am' : 'pm'),
  A: (m) => (m.hour < 12 ? 'AM' : 'PM'),
  B: (m) => beats(m.instant),
  g: (m) => String(hour12(m.hour)),
  G: (m) => String(m.hour),
  h: (m) => two(hour12(m.hour)),
  H: (m) => two(m.hour),
  i: (m) => two(m.minute),
  s: (m) => two(m.second),
  u: (m) => `${String(m.ms).padStart(3, '0')}000`,
  v: (m) => String(m.ms).padStart(3, '0'),
  e: (m) => m.zone.name,
  I: (m) => (m.zone.isDst(m.instant) ? '1' : '0'),
  O: (m) => offsetText(m.offset, ''),
  P: (m) => offsetText(m.offset, ':'),
  p: (m) => (m.offset === 0 ? 'Z' : offsetText(m.offset, ':')),
  T: (m) => m.zone.abbreviation(m.instant),
  Z: (m) => String(m.offset / 1000),
  U: (m) => String(Math.floor(m.instant / 1000)),
  c: (m) => write('Y-m-d\\TH:i:sP', m),
  r: (m) => write('D, d M Y H:i:s O', m),
}

function write(format: string, moment: Moment): string {
  let out = ''
  for (let i = 0; i < format.length; i++) {
    const char = format.charAt(i)
    if (char === '\\') out += format.charAt(++i)
    else out += Object.hasOwn(letters, char) ? (letters[char]?.(moment) ?? '') : char
  }
  return out
}

/** Writes an instant (epoch ms) in PHP's format letters. Throws {@link UnknownZoneError}, and RangeError outside the range of dates. */
export function formatDate(ms: number, format: string, zone: string): string {
  const found = getZone(zone)
  const instant = Math.floor(ms)
  const civil = toCivil(instant, found)
  if (Number.isNaN(civil.year)) throw new RangeError('The timestamp is out of range.')
  return write(format, { ...civil, instant, zone: found, offset: found.offset(instant), weekday: weekdayOf(civil) })
}

/** What reading has found so far. */
interface Reading extends Partial<Civil> {
  dayOfYear?: number
  pm?: boolean
  zone?: Zone
  /** From `U`. */
  seconds?: number
  /** `!` or `|`: fields not read start at 1970-01-01 instead of today. */
  reset?: boolean
}

/** Reads one format letter from the text at `at`: the new position, or -1 when it does not fit. */
type Reader = (text: string, at: number, out: Reading) => number

const number = (maxDigits: number, store: (out: Reading, value: number, digits: string) => boolean | undefined): Reader => {
  const pattern = new RegExp(`\\d{1,${maxDigits}}`, 'y')
  return (text, at, out) => {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (!match || store(out, Number(match[0]), match[0]) === false) return -1
    return at + match[0].length
  }
}
const field = (key: keyof Civil, maxDigits: number, max: number): Reader =>
  number(maxDigits, (out, value) => {
    out[key] = value
    return value <= max
  })
const word = (source: string, store?: (out: Reading, text: string) => boolean | undefined): Reader => {
  const pattern = new RegExp(source, 'iy')
  return (text, at, out) => {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (!match || store?.(out, match[0]) === false) return -1
    return at + match[0].length
  }
}
const monthWord = word(monthNames.map((name) => `${name}|${name.slice(0, 3)}`).join('|'), (out, text) => {
  out.month = monthNames.findIndex((name) => name.slice(0, 3).toLowerCase() === text.slice(0, 3).toLowerCase()) + 1
  return true
})
const dayWord = word(dayNames.map((name) => `${name}|${name.slice(0, 3)}`).join('|'))
const meridian = word('[ap]\\.?m\\.?', (out, text) => {
  out.pm = text[0]?.toLowerCase() === 'p'
  return true
})
const zoneWord = word('\\(?[+-]?[A-Za-z0-9_/:+-]+\\)?', (out, text) => {
  const zone = findZone(text.replace(/[()]/g, ''))
  if (!zone) return false
  out.zone = zone
  return true
})
const hour12Field = number(2, (out, value) => {
  out.hour = value
  out.pm ??= false
  return value >= 1 && value <= 12
})
const fraction = (digits: number): Reader =>
  number(digits, (out, _value, text) => {
    out.ms = Math.floor(Number(`0.${text}`) * 1000 + 1e-9)
    return true
  })
const reset: Reader = (_text, at, out) => {
  out.reset = true
  return at
}

const readers: Record<string, Reader> = {
  d: field('day', 2, 31),
  j: field('day', 2, 31),
  D: dayWord,
  l: dayWord,
  S: word('st|nd|rd|th'),
  z: number(3, (out, value) => {
    out.dayOfYear = value
    return value <= 366
  }),
  F: monthWord,
  M: monthWord,
  m: field('month', 2, 12),
  n: field('month', 2, 12),
  Y: word('-?\\d{1,4}', (out, text) => {
    out.year = Number(text)
    return true
  }),
  y: number(2, (out, value, text) => {
    out.year = value + (value < 70 ? 2000 : 1900)
    return text.length === 2
  }),
  a: meridian,
  A: meridian,
  g: hour12Field,
  h: hour12Field,
  G: field('hour', 2, 24),
  H: field('hour', 2, 24),
  i: field('minute', 2, 59),
  s: field('second', 2, 60),
  u: fraction(6),
  v: fraction(3),
  ' ': word('[ \\t]*'),
  e: zoneWord,
  O: zoneWord,
  P: zoneWord,
  p: zoneWord,
  T: zoneWord,
  U: word('-?\\d{1,13}', (out, text) => {
    out.seconds = Number(text)
    return true
  }),
  '!': (text, at, out) => {
    for (const key of Object.keys(out) as (keyof Reading)[]) delete out[key]
    return reset(text, at, out)
  },
  '|': reset,
  '?': (text, at) => (at < text.length ? at + 1 : -1),
  '*': word('[^ ,;:/.\\\\()\\d-]*'),
  '#': word('[;:/.,()-]'),
  '+': (text) => text.length,
  c: (text, at, out) => read(text, at, 'Y-m-d\\TH:i:sP', out),
  r: (text, at, out) => read(text, at, 'D, d M Y H:i:s O', out),
}

function read(text: string, from: number, format: string, out: Reading): number {
  let at = from
  for (let i = 0; i < format.length && at >= 0; i++) {
    const char = format.charAt(i)
    if (char === '\\') at = text.startsWith(format.charAt(++i), at) ? at + 1 : -1
    else if (Object.hasOwn(readers, char)) at = readers[char]?.(text, at, out) ?? -1
    else at = text[at] === char ? at + 1 : -1
  }
  return at
}

/**
 * Reads text by PHP's format letters; null when it does not fit. Differs from PHP where the documentation does: parts of the time the
 * format does not name are 0 (PHP takes them from now). A date it does not name at all is today's; a partial one starts at 1 January.
 * Throws {@link UnknownZoneError}.
 */
export function parseDate(text: string, format: string, nowMs: number, zone: string): number | null {
  const fallback = getZone(zone)
  const out: Reading = {}
  if (read(text, 0, format, out) !== text.length) return null
  const found = out.zone ?? fallback
  if (out.seconds !== undefined) return out.seconds * 1000 + (out.ms ?? 0)
  const civil = complete(out, toCivil(nowMs, found))
  const wall = wallOf(civil)
  return Number.isNaN(wall) ? null : toInstant(wall, found)
}

function complete(out: Reading, now: Civil): Civil {
  const today = out.year === undefined && out.month === undefined && out.day === undefined && out.dayOfYear === undefined && !out.reset
  const hour = out.pm === undefined ? (out.hour ?? 0) : ((out.hour ?? 0) % 12) + (out.pm ? 12 : 0)
  return {
    year: out.year ?? (out.reset ? 1970 : now.year),
    month: out.dayOfYear === undefined ? (out.month ?? (today ? now.month : 1)) : 1,
    day: out.dayOfYear === undefined ? (out.day ?? (today ? now.day : 1)) : out.dayOfYear + 1,
    hour,
    minute: out.minute ?? 0,
    second: out.second ?? 0,
    ms: out.ms ?? 0,
  }
}
