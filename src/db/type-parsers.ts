/** How column values of the driver become JavaScript values: numbers where exact, epoch milliseconds, plain text for dates. */
import pg from 'pg'

type Parser = (text: string) => unknown

/** int8 as a number when it is a safe integer, else its text. */
export function parseInt8(text: string): number | string {
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : text
}

/** numeric as a number when a double holds every digit (15 significant ones at most), else its text. */
export function parseNumeric(text: string): number | string {
  if (text.length <= 15) {
    const value = Number(text)
    return Number.isFinite(value) ? value : text
  }
  const significant = (text.includes('.') ? text.replace(/0+$/, '') : text).replace(/[-.]/g, '').replace(/^0+/, '')
  return significant.length <= 15 && !Number.isNaN(Number(text)) ? Number(text) : text
}

const digit = (text: string, at: number): number => text.charCodeAt(at) - 48
const twoDigits = (text: string, at: number): number => digit(text, at) * 10 + digit(text, at + 1)

/**
 * timestamp and timestamptz, in ISO style, as epoch milliseconds; a text without an offset counts as UTC.
 * Microseconds are cut, not rounded, so that an instant never moves into the next second.
 */
export function parseTimestamp(text: string): number {
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(13) !== 58 || text.endsWith('C')) return parseRareTimestamp(text)
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2)
  if (!(year >= 100)) return parseRareTimestamp(text)
  const ms = Date.UTC(year, twoDigits(text, 5) - 1, twoDigits(text, 8), twoDigits(text, 11), twoDigits(text, 14), twoDigits(text, 17))
  return parseFraction(text, 19, ms)
}

/** Adds the fraction and takes off the offset, which start at `at`. */
function parseFraction(text: string, at: number, ms: number): number {
  let next = at
  if (text.charCodeAt(next) === 46) {
    let unit = 100
    for (next++; next < text.length; next++) {
      const value = digit(text, next)
      if (value < 0 || value > 9) break
      ms += Math.floor(value * unit)
      unit = unit === 1 ? 0 : unit / 10
    }
  }
  if (next >= text.length) return ms
  const offset = twoDigits(text, next + 1) * 3600 + (partOf(text, next + 4) * 60 + partOf(text, next + 7))
  return text.charCodeAt(next) === 45 ? ms + offset * 1000 : ms - offset * 1000
}

const partOf = (text: string, at: number): number => (at + 1 < text.length ? twoDigits(text, at) : 0)

/** Infinity, years before 100, years past 9999 and BC. */
function parseRareTimestamp(text: string): number {
  if (text === 'infinity') return Number.POSITIVE_INFINITY
  if (text === '-infinity') return Number.NEGATIVE_INFINITY
  const match = /^(\d+)-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(.*?)( BC)?$/.exec(text)
  if (match === null) return Number.NaN
  const [, year, month, day, hour, minute, second, rest, bc] = match
  const date = new Date(0)
  date.setUTCFullYear(bc === undefined ? Number(year) : 1 - Number(year), Number(month) - 1, Number(day))
  date.setUTCHours(Number(hour), Number(minute), Number(second))
  return parseFraction(rest ?? '', 0, date.getTime())
}

const asText: Parser = (text) => text
/** The driver's typings know an older face of its array parser. */
const arrays = pg.types.arrayParser as unknown as { create(text: string, parse: Parser): { parse(): unknown } }
const listOf =
  (parse: Parser): Parser =>
  (text) =>
    arrays.create(text, parse).parse()

/** Parsers by the type's oid; an array type stands beside its element. Everything else keeps the driver's own parser. */
const parsers: ReadonlyMap<number, Parser> = new Map<number, Parser>([
  [20, parseInt8],
  [1016, listOf(parseInt8)],
  [1700, parseNumeric],
  [1231, listOf(parseNumeric)],
  [1114, parseTimestamp],
  [1115, listOf(parseTimestamp)],
  [1184, parseTimestamp],
  [1185, listOf(parseTimestamp)],
  [1082, asText],
  [1182, listOf(asText)],
  [1186, asText],
  [1187, listOf(asText)],
])

/** What `pg` asks for a parser. */
export const typeParsers: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    ((format === 'binary' ? undefined : parsers.get(oid)) ?? pg.types.getTypeParser(oid, format as 'text')) as never,
}
