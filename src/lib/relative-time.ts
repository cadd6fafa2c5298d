/** Text to instants, in the grammar of PHP's strtotime: ISO 8601, dates in words, `+7 days`, `first day of next month`, `monday next week`. */
import { dayNames, monthNames } from './php-date.js'
import { type Civil, findZone, normalise, offsetZone, toCivil, toInstant, utc, wallOf, weekdayOf, type Zone } from './time-zone.js'

type Unit = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'ms'

/** What the text asks for; filled token by token. */
interface Request {
  date: { year?: number; month?: number; day?: number; set: boolean }
  time: { hour: number; minute: number; second: number; ms: number; set: boolean; touched: boolean }
  zone: Zone | null
  shift: Record<Unit, number>
  /** A day of the week to move to. 0: strictly after; 1: today counts; 2: within the ISO week. */
  weekday: number | null
  weekdayBehaviour: 0 | 1 | 2
  edgeOfMonth: 'first' | 'last' | null
  nthWeekday: 'nth' | 'last' | null
  businessDays: number | null
}

/** Changes the request; false makes the whole text invalid. */
type Handler = (request: Request, groups: readonly (string | undefined)[]) => boolean | undefined
interface Rule {
  pattern: RegExp
  handle: Handler
}

const month = monthNames.map((name) => (name === 'September' ? 'sept(?:ember)?|sep' : `${name.slice(0, 3)}(?:${name.slice(3)})?`)).join('|')
const day = 'sun(?:days?)?|mon(?:days?)?|tue(?:s(?:days?)?)?|wed(?:nesdays?)?|thu(?:r(?:s(?:days?)?)?)?|fri(?:days?)?|sat(?:ur(?:days?)?)?'
const unit = 'milliseconds?|msecs?|ms|microseconds?|usecs?|seconds?|secs?|minutes?|mins?|hours?|weekdays?|days?|weeks?|fortnights?|months?|years?'
const ordinals = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth', 'tenth', 'eleventh', 'twelfth']
const ordinal = `${ordinals.join('|')}|next|last|previous|this`
const suffix = '(?:st|nd|rd|th)?'
const end = '(?![a-z])'

const monthNumber = (text = ''): number => monthNames.findIndex((name) => name.slice(0, 3).toLowerCase() === text.slice(0, 3).toLowerCase()) + 1
const dayNumber = (text = ''): number => dayNames.findIndex((name) => name.slice(0, 3).toLowerCase() === text.slice(0, 3).toLowerCase())
const fullYear = (text = ''): number => (text.length === 2 ? Number(text) + (Number(text) < 70 ? 2000 : 1900) : Number(text))
const milliseconds = (fraction = ''): number => Math.floor(Number(`0.${fraction || '0'}`) * 1000 + 1e-9)

function setDate(request: Request, year: number | undefined, monthValue: number, dayValue: number | undefined): boolean {
  if (request.date.set || monthValue < 1 || monthValue > 12 || (dayValue !== undefined && dayValue > 31)) return false
  request.date = { set: true, month: monthValue }
  if (year !== undefined) request.date.year = year
  if (dayValue !== undefined) request.date.day = dayValue
  return true
}

function setTime(request: Request, hour: number, minute = 0, second = 0, ms = 0): boolean {
  if (request.time.set || hour > 24 || minute > 59 || second > 60) return false
  request.time = { hour, minute, second, ms, set: true, touched: true }
  return true
}
/** `today`, `monday` …: back to midnight, and a time may still follow. */
function clearTime(request: Request): void {
  request.time = { hour: 0, minute: 0, second: 0, ms: 0, set: false, touched: true }
}

function setZone(request: Request, zone: Zone | null): boolean {
  if (!zone || request.zone) return false
  request.zone = zone
  return true
}
const signedOffset = (sign = '+', hours = '0', minutes = '0'): number => (sign === '-' ? -1 : 1) * (Number(hours) * 3_600_000 + Number(minutes) * 60_000)

/** `7 days`, `next month`. `keepTime` is false for words: `next monday` is midnight, `+1 monday` is not. */
function shiftBy(request: Request, amount: number, text: string, behaviour: 0 | 1, keepTime: boolean): void {
  const name = text.toLowerCase()
  if (name.startsWith('weekday')) {
    if (!keepTime) clearTime(request)
    request.businessDays = (request.businessDays ?? 0) + amount
    return
  }
  const step = unitSteps.find(([start]) => name.startsWith(start))
  if (step) {
    request.shift[step[1]] += amount * step[2]
    return
  }
  if (!keepTime) clearTime(request)
  request.shift.day += (amount > 0 ? amount - 1 : amount) * 7
  request.weekday = dayNumber(name)
  request.weekdayBehaviour = behaviour
}
/** In order of search: `month` before `mon`day, `second` and `sec` alike. */
const unitSteps: readonly (readonly [string, Unit, number])[] = [
  ['millisecond', 'ms', 1],
  ['msec', 'ms', 1],
  ['ms', 'ms', 1],
  ['microsecond', 'ms', 0.001],
  ['usec', 'ms', 0.001],
  ['sec', 'second', 1],
  ['min', 'minute', 1],
  ['hour', 'hour', 1],
  ['day', 'day', 1],
  ['week', 'day', 7],
  ['fortnight', 'day', 14],
  ['month', 'month', 1],
  ['year', 'year', 1],
]

const wordAmount = (text = ''): number => {
  const name = text.toLowerCase()
  if (name === 'next') return 1
  if (name === 'this') return 0
  return name === 'last' || name === 'previous' ? -1 : ordinals.indexOf(name) + 1
}
const wordBehaviour = (text = ''): 0 | 1 => (text.toLowerCase() === 'this' ? 1 : 0)

function setIsoWeek(request: Request, year: number, week: number, weekday: number): boolean {
  if (week < 1 || week > 53 || request.date.set) return false
  const fourth = { year, month: 1, day: 4, hour: 0, minute: 0, second: 0, ms: 0 }
  const monday = normalise({ ...fourth, day: 4 - ((weekdayOf(fourth) + 6) % 7) + (week - 1) * 7 + weekday - 1 })
  return setDate(request, monday.year, monday.month, monday.day)
}

const hour24 = (hour: string | undefined, meridian: string | undefined): number => {
  const value = Number(hour)
  return value < 1 || value > 12 ? 99 : (value % 12) + (meridian?.toLowerCase() === 'p' ? 12 : 0)
}

const rule = (source: string, handle: Handler): Rule => ({ pattern: new RegExp(source, 'iy'), handle })

/** The longest match at a position wins; the first of equals. */
const rules: readonly Rule[] = [
  rule('[ \\t\\n,;.]+', () => true),
  rule('\\([^()]*\\)', () => true),
  rule(`now${end}`, () => true),
  rule(`(?:today|midnight)${end}`, (r) => {
    clearTime(r)
    return true
  }),
  rule(`noon${end}`, (r) => {
    clearTime(r)
    return setTime(r, 12)
  }),
  rule(`tomorrow${end}`, (r) => {
    clearTime(r)
    r.shift.day += 1
    return true
  }),
  rule(`yesterday${end}`, (r) => {
    clearTime(r)
    r.shift.day -= 1
    return true
  }),
  rule('@(-?\\d{1,13})(?:\\.(\\d{1,9}))?(?!\\d)', (r, [, seconds, fraction]) => {
    if (!setDate(r, 1970, 1, 1) || !setTime(r, 0) || !setZone(r, utc)) return false
    r.shift.second += Number(seconds)
    r.shift.ms += (seconds?.startsWith('-') ? -1 : 1) * milliseconds(fraction)
    return true
  }),

  // Times.
  rule(`t?(\\d{1,2})(?:[:.](\\d{2}))?(?:[:.](\\d{2}))?[ \\t]*([ap])\\.?m\\.?${end}`, (r, [, h, m, s, meridian]) =>
    setTime(r, hour24(h, meridian), Number(m ?? 0), Number(s ?? 0)),
  ),
  rule('t?(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,](\\d{1,9}))?)?(?!\\d)', (r, [, h, m, s, f]) =>
    setTime(r, Number(h), Number(m), Number(s ?? 0), milliseconds(f)),
  ),
  rule('t(\\d{2})(\\d{2})?(\\d{2})?(?![\\d:])', (r, [, h, m, s]) => setTime(r, Number(h), Number(m ?? 0), Number(s ?? 0))),

  // Dates.
  rule('([+-]\\d{4,6}|\\d{4})-(\\d{1,2})-(\\d{1,2})(?!\\d)', (r, [, y, m, d]) => setDate(r, Number(y), Number(m), Number(d))),
  rule('(\\d{4})/(\\d{1,2})/(\\d{1,2})(?!\\d)', (r, [, y, m, d]) => setDate(r, Number(y), Number(m), Number(d))),
  rule('(\\d{2})-(\\d{2})-(\\d{2})(?!\\d)', (r, [, y, m, d]) => setDate(r, fullYear(y), Number(m), Number(d))),
  rule('(\\d{4})-(\\d{1,2})(?![\\d-])', (r, [, y, m]) => setDate(r, Number(y), Number(m), 1)),
  rule('(\\d{1,2})/(\\d{1,2})(?:/(\\d{4}|\\d{2}))?(?![\\d/])', (r, [, m, d, y]) => setDate(r, y === undefined ? undefined : fullYear(y), Number(m), Number(d))),
  rule('(\\d{1,2})[-.](\\d{1,2})[-.](\\d{4})(?!\\d)', (r, [, d, m, y]) => setDate(r, Number(y), Number(m), Number(d))),
  rule('(\\d{1,2})\\.(\\d{1,2})\\.(\\d{2})(?![\\d.:])', (r, [, d, m, y]) => setDate(r, fullYear(y), Number(m), Number(d))),
  rule('(\\d{4})(\\d{2})(\\d{2})(?:[t ]?(\\d{2}):?(\\d{2}):?(\\d{2})?)?(?![\\d:])', (r, [, y, m, d, h, i, s]) => {
    if (!setDate(r, Number(y), Number(m), Number(d))) return false
    return h === undefined || setTime(r, Number(h), Number(i), Number(s ?? 0))
  }),
  rule('(\\d{4})-?w(\\d{2})(?:-?([0-7]))?(?!\\d)', (r, [, y, w, d]) => setIsoWeek(r, Number(y), Number(w), Number(d ?? 1))),
  rule('(\\d{4})[-.]?(\\d{3})(?!\\d)', (r, [, y, d]) => {
    const date = normalise({ year: Number(y), month: 1, day: Number(d), hour: 0, minute: 0, second: 0, ms: 0 })
    return Number(d) > 0 && setDate(r, date.year, date.month, date.day)
  }),
  rule(`(\\d{1,2})${suffix}[ \\t.-]*(${month})[ \\t.,-]*(\\d{4})(?![\\d:])`, (r, [, d, m, y]) => setDate(r, Number(y), monthNumber(m), Number(d))),
  rule(`(\\d{1,2})-(${month})-(\\d{2})(?![\\d:])`, (r, [, d, m, y]) => setDate(r, fullYear(y), monthNumber(m), Number(d))),
  rule(`(\\d{1,2})${suffix}[ \\t.-]*(${month})${end}`, (r, [, d, m]) => setDate(r, undefined, monthNumber(m), Number(d))),
  rule(`(${month})[ \\t.-]*(\\d{1,2})${suffix}[ \\t.,-]+(\\d{4})(?![\\d:])`, (r, [, m, d, y]) => setDate(r, Number(y), monthNumber(m), Number(d))),
  rule(`(${month})[ \\t.-]*(\\d{1,2})${suffix}(?![\\d:a-z])`, (r, [, m, d]) => setDate(r, undefined, monthNumber(m), Number(d))),
  rule(`(${month})[ \\t.,-]*(\\d{4})(?![\\d:])`, (r, [, m, y]) => setDate(r, Number(y), monthNumber(m), 1)),
  rule(`(\\d{4})[ \\t.-]*(${month})[ \\t.-]*(\\d{1,2})(?![\\d:])`, (r, [, y, m, d]) => setDate(r, Number(y), monthNumber(m), Number(d))),
  rule(
    `(\\d{1,2})/(${month})/(\\d{4}):(\\d{2}):(\\d{2}):(\\d{2})`,
    (r, [, d, m, y, h, i, s]) => setDate(r, Number(y), monthNumber(m), Number(d)) && setTime(r, Number(h), Number(i), Number(s)),
  ),
  rule(`(${month})${end}`, (r, [, m]) => setDate(r, undefined, monthNumber(m), undefined)),
  // The year at the end of `Tue Aug 15 13:45:30 2023`.
  rule('(\\d{4})(?![\\d:-])', (r, [, y]) => {
    if (!r.date.set || r.date.year !== undefined) return false
    r.date.year = Number(y)
    return true
  }),

  // Relative phrases.
  rule(`([+-][+ \\t-]*)?(\\d{1,9})[ \\t]*(${unit}|${day})${end}`, (r, [, signs = '', amount, name = '']) => {
    shiftBy(r, Number(amount) * (signs.split('-').length % 2 === 0 ? -1 : 1), name, 1, true)
    return true
  }),
  rule(`(next|last|previous|this)[ \\t]+week${end}`, (r, [, word]) => {
    r.shift.day += wordAmount(word) * 7
    r.weekdayBehaviour = 2
    return true
  }),
  rule(`(${ordinal})[ \\t]+(${unit}|${day})${end}`, (r, [, word, name = '']) => {
    shiftBy(r, wordAmount(word), name, wordBehaviour(word), false)
    return true
  }),
  rule(`(${ordinal})[ \\t]+(${day})[ \\t]+of${end}`, (r, [, word, name = '']) => {
    const amount = wordAmount(word)
    r.nthWeekday = amount > 0 ? 'nth' : 'last'
    shiftBy(r, amount, name, amount > 0 ? 1 : 0, false)
    return true
  }),
  rule(`(first|last)[ \\t]+day[ \\t]+of${end}`, (r, [, word]) => {
    r.edgeOfMonth = word?.toLowerCase() === 'first' ? 'first' : 'last'
    return true
  }),
  rule(`(${day})${end}`, (r, [, name]) => {
    clearTime(r)
    r.weekday = dayNumber(name)
    if (r.weekdayBehaviour !== 2) r.weekdayBehaviour = 1
    return true
  }),
  rule(`ago${end}`, (r) => {
    for (const key of Object.keys(r.shift) as Unit[]) r.shift[key] = -r.shift[key] + 0
    if (r.businessDays !== null) r.businessDays = -r.businessDays
    if (r.weekday !== null) r.weekday = r.weekday === 0 ? -7 : -r.weekday
    return true
  }),

  // Zones.
  rule('(?:gmt|utc)?([+-])(\\d{1,2})(?::?([0-5]\\d))?(?![\\d:])', (r, [, sign, hours, minutes]) => setZone(r, offsetZone(signedOffset(sign, hours, minutes)))),
  rule(`[a-z]{1,5}${end}(?!/)`, (r, [name = '']) => setZone(r, findZone(name))),
  rule('[a-z]+(?:/[a-z][a-z0-9_+-]*){1,2}', (r, [name = '']) => setZone(r, findZone(name))),
]

const maxLength = 200

function scan(text: string): Request | null {
  const request: Request = {
    date: { set: false },
    time: { hour: 0, minute: 0, second: 0, ms: 0, set: false, touched: false },
    zone: null,
    shift: { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0, ms: 0 },
    weekday: null,
    weekdayBehaviour: 0,
    edgeOfMonth: null,
    nthWeekday: null,
    businessDays: null,
  }
  for (let at = 0; at < text.length; ) {
    const found = longest(text, at)
    if (!found?.handle(request, found.match)) return null
    at += found.match[0].length
  }
  return request
}

function longest(text: string, at: number): { match: RegExpExecArray; handle: Handler } | null {
  let best: { match: RegExpExecArray; handle: Handler } | null = null
  for (const { pattern, handle } of rules) {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match && match[0].length > (best?.match[0].length ?? 0)) best = { match, handle }
  }
  return best
}

/** Fields the text does not name come from now; a date without a time is midnight. */
function fill(request: Request, now: Civil): Civil {
  const { date, time } = request
  const keepsTime = !date.set && !time.touched
  const clock = keepsTime ? now : time
  return {
    year: date.year ?? now.year,
    month: date.month ?? now.month,
    day: date.day ?? now.day,
    hour: clock.hour,
    minute: clock.minute,
    second: clock.second,
    ms: clock.ms,
  }
}

function toEdgeOfMonth(civil: Civil, edge: Request['edgeOfMonth']): Civil {
  if (edge === 'first') return { ...civil, day: 1 }
  return edge === 'last' ? normalise({ ...civil, month: civil.month + 1, day: 0 }) : civil
}

function toWeekday(civil: Civil, weekday: number, behaviour: 0 | 1 | 2, backwards: boolean): Civil {
  const today = weekdayOf(civil)
  if (behaviour === 2) return normalise({ ...civil, day: civil.day - (today || 7) + (weekday || 7) })
  let difference = weekday - today
  if (weekday < 0) difference = -(7 - (-weekday - today))
  else if (backwards ? difference < 0 : difference <= -behaviour) difference += 7
  return normalise({ ...civil, day: civil.day + difference })
}

/** Monday to Friday. From a weekend the count starts at its near end. */
function addBusinessDays(civil: Civil, amount: number): Civil {
  if (amount === 0) return civil
  const forward = amount > 0
  const today = weekdayOf(civil)
  let start = civil.day
  if (today === 6) start += forward ? -1 : 2
  if (today === 0) start += forward ? -2 : 1
  let result = normalise({ ...civil, day: start + Math.trunc(amount / 5) * 7 })
  for (let left = Math.abs(amount % 5); left > 0; left--) {
    do result = normalise({ ...result, day: result.day + (forward ? 1 : -1) })
    while (weekdayOf(result) % 6 === 0)
  }
  return result
}

/** The order of PHP's timelib: month edges, weekday, years to days, month edges again, business days. */
function move(request: Request, from: Civil): Civil {
  const shift = { ...request.shift }
  let civil = from
  if (request.nthWeekday) {
    civil = normalise({ ...civil, day: 1, year: civil.year + shift.year, month: civil.month + shift.month + (request.nthWeekday === 'last' ? 1 : 0) })
    shift.year = 0
    shift.month = 0
  }
  civil = toEdgeOfMonth(civil, request.edgeOfMonth)
  if (request.weekday !== null) civil = toWeekday(normalise(civil), request.weekday, request.weekdayBehaviour, shift.day < 0)
  civil = { ...civil, year: civil.year + shift.year, month: civil.month + shift.month, day: civil.day + shift.day }
  civil = request.edgeOfMonth ? normalise(toEdgeOfMonth(civil, request.edgeOfMonth)) : normalise(civil)
  return request.businessDays === null ? civil : addBusinessDays(civil, request.businessDays)
}

const maxInstant = 8.64e15
const withinRange = (ms: number): number | null => (Math.abs(ms) <= maxInstant ? ms : null)

/** All digits: epoch ms, unless they spell a date (`20230815`, `20230815134530`). */
function numeric(text: string): number | null | undefined {
  if (!/^-?\d+(?:\.\d+)?$/.test(text)) return undefined
  if (/^(?:\d{8}|\d{14})$/.test(text) && /^(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])/.test(text)) return undefined
  return withinRange(Math.floor(Number(text)))
}

/**
 * The instant (epoch ms) that text means, seen from `nowMs` in `zone`; null when it means none or the zone is unknown. Reads ISO 8601, SQL
 * and common date forms, relative phrases, `@seconds` and epoch ms. A zone in the text wins over `zone`.
 */
export function parseRelativeTime(text: string, nowMs: number, zone: string): number | null {
  const trimmed = text.trim()
  if (trimmed === '' || trimmed.length > maxLength) return null
  const plain = numeric(trimmed)
  if (plain !== undefined) return plain
  const fallback = findZone(zone)
  // A zone alone names no time.
  const request = findZone(trimmed) ? null : scan(trimmed)
  if (!request || !fallback) return null
  const found = request.zone ?? fallback
  const now = toCivil(nowMs, found)
  const wall = wallOf(move(request, fill(request, now)))
  // An unmoved wall clock keeps its instant: 1:30 may be the second one of a night when clocks go back.
  const base = wall === wallOf(now) ? nowMs : toInstant(wall, found)
  const { hour, minute, second, ms } = request.shift
  return withinRange(base + hour * 3_600_000 + minute * 60_000 + second * 1000 + Math.trunc(ms))
}
