import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDate, parseDate, UnknownZoneError } from '../../src/lib/php-date.js'

const at = Date.parse('2023-08-05T20:45:30.078Z')

describe('format letters', () => {
  it.each([
    ['d D j l N S w z', '05 Sat 5 Saturday 6 th 6 216'],
    ['W o F M m n t L', '31 2023 August Aug 08 8 31 0'],
    ['Y y a A g G h H i s', '2023 23 pm PM 8 20 08 20 45 30'],
    ['u v B', '078000 078 906'],
    ['e I O P p T Z U', 'UTC 0 +0000 +00:00 Z UTC 0 1691268330'],
    ['c', '2023-08-05T20:45:30+00:00'],
    ['r', 'Sat, 05 Aug 2023 20:45:30 +0000'],
    ['\\Y\\\\Y [k] é', 'Y\\2023 [k] é'],
    ['x X', '2023 +2023'],
    ['', ''],
  ])('%s', (format, expected) => expect(formatDate(at, format, 'UTC')).toBe(expected))

  it('shows the zone', () => {
    expect(formatDate(at, 'Y-m-d H:i e I O P T Z', 'America/Los_Angeles')).toBe('2023-08-05 13:45 America/Los_Angeles 1 -0700 -07:00 PDT -25200')
    expect(formatDate(at, 'H:i T I', 'Europe/Berlin')).toBe('22:45 CEST 1')
    expect(formatDate(Date.parse('2023-01-05T00:00:00Z'), 'H:i T I', 'Europe/Berlin')).toBe('01:00 CET 0')
    expect(formatDate(at, 'H:i T P', 'Asia/Kathmandu')).toBe('02:30 +0545 +05:45')
    expect(formatDate(at, 'H:i e T', '+02:00')).toBe('22:45 +02:00 +02:00')
    expect(formatDate(at, 'H:i e T', 'est')).toBe('15:45 EST EST')
  })
  it.each([
    ['2021-01-03', '53 2020'],
    ['2020-12-31', '53 2020'],
    ['2018-12-31', '01 2019'],
    ['2024-12-30', '01 2025'],
  ])('ISO week of %s', (date, expected) => expect(formatDate(Date.parse(date), 'W o', 'UTC')).toBe(expected))
  it.each([
    [1, 'st'],
    [2, 'nd'],
    [3, 'rd'],
    [4, 'th'],
    [11, 'th'],
    [12, 'th'],
    [13, 'th'],
    [21, 'st'],
    [22, 'nd'],
    [31, 'st'],
  ])('suffix of %i', (day, suffix) => expect(formatDate(Date.UTC(2023, 0, day), 'S', 'UTC')).toBe(suffix))
  it('knows leap years', () => {
    expect([1900, 2000, 2023, 2024].map((year) => formatDate(Date.UTC(year, 1, 1), 'L t', 'UTC'))).toEqual(['0 28', '1 29', '0 28', '1 29'])
  })
  it('handles years before 100 and before the era', () => {
    expect(formatDate(Date.parse('0050-03-01T00:00:00Z'), 'Y-m-d', 'UTC')).toBe('0050-03-01')
    expect(formatDate(Date.parse('-000010-03-01T00:00:00Z'), 'Y-m-d', 'UTC')).toBe('-0010-03-01')
  })
  it('refuses unknown zones and times out of range', () => {
    expect(() => formatDate(at, 'Y', 'Mars/Olympus')).toThrow(UnknownZoneError)
    expect(() => formatDate(9e15, 'Y', 'UTC')).toThrow(RangeError)
  })
})

describe('reading by format', () => {
  const now = Date.parse('2025-06-18T10:20:30.456Z')
  const read = (text: string, format: string, zone = 'UTC'): string | null => {
    const instant = parseDate(text, format, now, zone)
    return instant === null ? null : new Date(instant).toISOString()
  }
  it.each([
    ['2023-08-15 13:45:30', 'Y-m-d H:i:s', '2023-08-15T13:45:30.000Z'],
    ['October 31, 2023 2:30 PM', 'F j, Y g:i A', '2023-10-31T14:30:00.000Z'],
    ['2023-10-31', 'Y-m-d', '2023-10-31T00:00:00.000Z'],
    ['2023-10-31', '!Y-m-d', '2023-10-31T00:00:00.000Z'],
    ['2023-10', 'Y-m', '2023-10-01T00:00:00.000Z'],
    ['14:30', 'H:i', '2025-06-18T14:30:00.000Z'],
    ['14:30', 'H:i|', '1970-01-01T14:30:00.000Z'],
    ['12:05 am', 'g:i a', '2025-06-18T00:05:00.000Z'],
    ['31/12/99', 'd/m/y', '1999-12-31T00:00:00.000Z'],
    ['2023-02-30', 'Y-m-d', '2023-03-02T00:00:00.000Z'],
    ['Sat 5th Aug 2023', 'D jS M Y', '2023-08-05T00:00:00.000Z'],
    ['2023-08-15T13:45:30+02:00', 'Y-m-d\\TH:i:sP', '2023-08-15T11:45:30.000Z'],
    ['2023-08-15T13:45:30.123Z', 'Y-m-d\\TH:i:s.vp', '2023-08-15T13:45:30.123Z'],
    ['15 Aug 2023 America/New_York', 'd M Y e', '2023-08-15T04:00:00.000Z'],
    ['1692132330', 'U', '2023-08-15T20:45:30.000Z'],
    ['60 2024', 'z Y', '2024-03-01T00:00:00.000Z'],
    ['2023-08-15 rest of it', 'Y-m-d+', '2023-08-15T00:00:00.000Z'],
  ])('%s as %s', (text, format, expected) => expect(read(text, format)).toBe(expected))
  it.each([
    ['2023-13-01', 'Y-m-d'],
    ['2023-10-31 ', 'Y-m-d'],
    ['2023-10', 'Y-m-d'],
    ['25:00', 'H:i'],
    ['13:00 PM', 'g:i A'],
    ['Foo', 'F'],
    ['x', ''],
  ])('null: %j as %s', (text, format) => expect(read(text, format)).toBeNull())
  it('reads in the zone', () => {
    expect(read('2023-08-15 13:45:30', 'Y-m-d H:i:s', 'America/Los_Angeles')).toBe('2023-08-15T20:45:30.000Z')
  })

  it('undoes formatting', () => {
    const zones = fc.constantFrom('UTC', 'Asia/Tokyo', 'America/New_York', '+05:30')
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), zones, (instant, zone) => {
        const format = 'Y-m-d H:i:s.v P'
        expect(parseDate(formatDate(instant, format, zone), format, 0, 'UTC')).toBe(instant)
      }),
    )
  })
  it('gives a number or null, whatever the text and format', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, format) => {
        const result = parseDate(text, format, now, 'UTC')
        expect(result === null || Number.isFinite(result)).toBe(true)
      }),
    )
  })
})
