/** Time zones by IANA name, abbreviation or offset, and the way between wall clocks and instants. */
import { IANAZone } from 'luxon'

export interface Zone {
  /** As PHP's `e` shows it. */
  readonly name: string
  /** ms east of UTC at an instant (epoch ms). */
  offset(ms: number): number
  /** As PHP's `T` shows it. */
  abbreviation(ms: number): string
  isDst(ms: number): boolean
}

const hour = 3_600_000

const fixedZone = (name: string, offset: number, dst = false): Zone => ({
  name,
  offset: () => offset,
  abbreviation: () => name,
  isDst: () => dst,
})
export const utc: Zone = fixedZone('UTC', 0)

/** Hours east of UTC; a second member marks summer time. Where a name is shared the widest use wins. */
const abbreviations: Record<string, readonly [number, true?]> = {
  UTC: [0],
  GMT: [0],
  Z: [0],
  WET: [0],
  WEST: [1, true],
  BST: [1, true],
  CET: [1],
  CEST: [2, true],
  MET: [1],
  MEST: [2, true],
  EET: [2],
  EEST: [3, true],
  SAST: [2],
  CAT: [2],
  EAT: [3],
  WAT: [1],
  MSK: [3],
  PKT: [5],
  IST: [5.5],
  WIB: [7],
  SGT: [8],
  HKT: [8],
  AWST: [8],
  JST: [9],
  KST: [9],
  ACST: [9.5],
  ACDT: [10.5, true],
  AEST: [10],
  AEDT: [11, true],
  NZST: [12],
  NZDT: [13, true],
  BRT: [-3],
  ART: [-3],
  NST: [-3.5],
  NDT: [-2.5, true],
  AST: [-4],
  ADT: [-3, true],
  EST: [-5],
  EDT: [-4, true],
  CST: [-6],
  CDT: [-5, true],
  MST: [-7],
  MDT: [-6, true],
  PST: [-8],
  PDT: [-7, true],
  AKST: [-9],
  AKDT: [-8, true],
  HST: [-10],
  SST: [-11],
}
const abbreviated = new Map(
  Object.entries(abbreviations).map(([name, [hours, dst]]) => [name, fixedZone(name === 'Z' ? 'Z' : name, hours * hour, dst === true)]),
)

const offsetPattern = /^(?:UTC|GMT)?([+-])(\d{1,2})(?::?([0-5]\d))?$/i
const regionPattern = /^[A-Za-z][A-Za-z0-9_+\-/]{1,63}$/
const regions = new Map<string, Zone>()

/** The zone of that name (`Europe/Berlin`, `PST`, `+02:00`), else null. */
export function findZone(name: string): Zone | null {
  const text = name.trim()
  const known = abbreviated.get(text.toUpperCase()) ?? regions.get(text)
  if (known) return known
  const offset = offsetPattern.exec(text)
  if (offset) return offsetZone((offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * hour + Number(offset[3] ?? 0) * 60_000))
  if (!regionPattern.test(text) || !IANAZone.isValidZone(text)) return null
  const zone = regionZone(text)
  if (regions.size > 2000) regions.clear()
  regions.set(text, zone)
  return zone
}

/** A zone that is only an offset (ms), up to 18 hours either way. */
export function offsetZone(offset: number): Zone | null {
  return Math.abs(offset) > 18 * hour ? null : fixedZone(offsetText(offset, ':'), offset)
}

/** `+02:00`, or `+0200` with an empty separator. */
export function offsetText(offset: number, separator: string): string {
  const minutes = Math.floor(Math.abs(offset) / 60_000)
  return `${offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}${separator}${pad(minutes % 60)}`
}
const pad = (value: number): string => String(value).padStart(2, '0')

function regionZone(name: string): Zone {
  const iana = IANAZone.create(name)
  const offset = (ms: number): number => Math.round(iana.offset(ms) * 60_000)
  return {
    name,
    offset,
    abbreviation: (ms) => regionAbbreviation(name, ms) ?? shortOffset(offset(ms)),
    isDst(ms) {
      const year = new Date(ms).getUTCFullYear()
      const [winter, summer] = [offset(Date.UTC(year, 0, 1)), offset(Date.UTC(year, 6, 1))]
      return winter !== summer && offset(ms) === Math.max(winter, summer)
    },
  }
}
/** tzdata's own spelling of zones without letters: `+03`, `+0545`. */
const shortOffset = (offset: number): string => offsetText(offset, '').replace(/00$/, '')

/** Intl knows an abbreviation only in the locales that use it. */
const locales = ['en-US', 'en-GB', 'en-AU', 'en-NZ', 'en-IN', 'en-ZA', 'ja', 'ko']
function regionAbbreviation(zone: string, ms: number): string | null {
  for (const locale of locales) {
    const text =
      formatterOf(locale, zone)
        .formatToParts(ms)
        .find((part) => part.type === 'timeZoneName')?.value ?? ''
    if (/^[A-Z]{3,5}$/.test(text) && text !== 'GMT') return text
    if (text === 'GMT' && locale === 'en-GB') return text
  }
  return null
}

/** Formatters are slow to make. */
const formatters = new Map<string, Intl.DateTimeFormat>()
function formatterOf(locale: string, zone: string): Intl.DateTimeFormat {
  const key = `${locale} ${zone}`
  const known = formatters.get(key)
  if (known) return known
  const formatter = new Intl.DateTimeFormat(locale, { timeZone: zone, timeZoneName: 'short' })
  if (formatters.size > 2000) formatters.clear()
  formatters.set(key, formatter)
  return formatter
}

/** Fields of a wall clock; any of them may overflow: month 13 is January of the next year. */
export interface Civil {
  year: number
  /** From 1. */
  month: number
  day: number
  hour: number
  minute: number
  second: number
  ms: number
}

/** The wall clock as if it were UTC, in ms; NaN when out of range. */
export function wallOf(civil: Civil): number {
  const date = new Date(0)
  date.setUTCFullYear(civil.year, civil.month - 1, civil.day)
  return date.setUTCHours(civil.hour, civil.minute, civil.second, civil.ms)
}

export function civilOfWall(wall: number): Civil {
  const date = new Date(wall)
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    ms: date.getUTCMilliseconds(),
  }
}
export const toCivil = (ms: number, zone: Zone): Civil => civilOfWall(ms + zone.offset(ms))

/** Folds overflowing fields, as PHP does: 31 February becomes 2 or 3 March. */
export const normalise = (civil: Civil): Civil => civilOfWall(wallOf(civil))

/** The instant (epoch ms) of a wall clock. A time that a change of clocks skips moves forward; one that happens twice is its first. */
export function toInstant(wall: number, zone: Zone): number {
  const day = 24 * hour
  const before = zone.offset(wall - day)
  const after = zone.offset(wall + day)
  if (before === after || zone.offset(wall - before) === before) return wall - before
  return zone.offset(wall - after) === after ? wall - after : wall - before
}

/** 0 = Sunday. */
export const weekdayOf = (civil: Civil): number => new Date(wallOf({ ...civil, hour: 0, minute: 0, second: 0, ms: 0 })).getUTCDay()
