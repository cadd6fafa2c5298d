import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDate } from '../../src/lib/php-date.js'
import { parseRelativeTime } from '../../src/lib/relative-time.js'

/** Wednesday. */
const wednesday = '2025-06-18T10:20:30.456Z'
const seen = (text: string, now = wednesday, zone = 'UTC'): string | null => {
  const instant = parseRelativeTime(text, Date.parse(now), zone)
  return instant === null ? null : formatDate(instant, 'Y-m-d H:i:s.v', zone)
}

describe('dates and times', () => {
  it.each([
    ['2023-08-15T20:45:30.000Z', '2023-08-15 20:45:30.000'],
    ['2023-08-15T20:45:30.123456+02:00', '2023-08-15 18:45:30.123'],
    ['2023-08-15 13:45:30-0700', '2023-08-15 20:45:30.000'],
    ['2023-08-15 13:45', '2023-08-15 13:45:00.000'],
    ['2023-08-15', '2023-08-15 00:00:00.000'],
    ['2023/8/5', '2023-08-05 00:00:00.000'],
    ['8/15/2023 1:45 pm', '2023-08-15 13:45:00.000'],
    ['15.08.2023', '2023-08-15 00:00:00.000'],
    ['15-08-2023 09:00', '2023-08-15 09:00:00.000'],
    ['2023-08', '2023-08-01 00:00:00.000'],
    ['20230815', '2023-08-15 00:00:00.000'],
    ['20230815T134530', '2023-08-15 13:45:30.000'],
    ['20230815T134530Z', '2023-08-15 13:45:30.000'],
    ['20230815134530', '2023-08-15 13:45:30.000'],
    ['2023-W33-2', '2023-08-15 00:00:00.000'],
    ['2023-227', '2023-08-15 00:00:00.000'],
    ['15 August 2023', '2023-08-15 00:00:00.000'],
    ['August 15, 2023 2:30 PM', '2023-08-15 14:30:00.000'],
    ['Aug 15th, 2023', '2023-08-15 00:00:00.000'],
    ['15-Aug-2023', '2023-08-15 00:00:00.000'],
    ['15 sept 2023', '2023-09-15 00:00:00.000'],
    ['August 2023', '2023-08-01 00:00:00.000'],
    ['15 August', '2025-08-15 00:00:00.000'],
    ['Tue, 15 Aug 2023 13:45:30 GMT', '2023-08-15 13:45:30.000'],
    ['Tue, 15 Aug 2023 13:45:30 +0200', '2023-08-15 11:45:30.000'],
    ['Tue Aug 15 2023 13:45:30 GMT+0200 (Central European Summer Time)', '2023-08-15 11:45:30.000'],
    ['Tue Aug 15 13:45:30 2023', '2023-08-15 13:45:30.000'],
    ['15/Aug/2023:13:45:30 +0000', '2023-08-15 13:45:30.000'],
    ['2023-08-15 13:45 America/New_York', '2023-08-15 17:45:00.000'],
    ['2023-08-15 13:45 EST', '2023-08-15 18:45:00.000'],
    ['2023-02-29', '2023-03-01 00:00:00.000'],
    ['2024-02-29', '2024-02-29 00:00:00.000'],
    ['2024-12-31 24:00', '2025-01-01 00:00:00.000'],
    ['@1692132330', '2023-08-15 20:45:30.000'],
    ['@-1.5', '1969-12-31 23:59:58.500'],
    ['1692132330000', '2023-08-15 20:45:30.000'],
    ['-1', '1969-12-31 23:59:59.999'],
    ['10pm', '2025-06-18 22:00:00.000'],
    ['12am', '2025-06-18 00:00:00.000'],
    ['12:30 p.m.', '2025-06-18 12:30:00.000'],
    ['13:45', '2025-06-18 13:45:00.000'],
    ['noon', '2025-06-18 12:00:00.000'],
  ])('%s', (text, expected) => expect(seen(text)).toBe(expected))
})

describe('phrases, seen from Wednesday 18 June 2025 10:20:30', () => {
  it.each([
    ['now', '2025-06-18 10:20:30.456'],
    ['today', '2025-06-18 00:00:00.000'],
    ['midnight', '2025-06-18 00:00:00.000'],
    ['tomorrow', '2025-06-19 00:00:00.000'],
    ['yesterday noon', '2025-06-17 12:00:00.000'],
    ['tomorrow 11:00', '2025-06-19 11:00:00.000'],
    ['11:00 tomorrow', '2025-06-19 00:00:00.000'],
    ['+7 days', '2025-06-25 10:20:30.456'],
    ['-7 days', '2025-06-11 10:20:30.456'],
    ['7 days ago', '2025-06-11 10:20:30.456'],
    ['+1 week 2 days 4 hours 2 seconds', '2025-06-27 14:20:32.456'],
    ['- 1 month', '2025-05-18 10:20:30.456'],
    ['--1 day', '2025-06-19 10:20:30.456'],
    ['2 weeks ago midnight', '2025-06-04 00:00:00.000'],
    ['+1 fortnight', '2025-07-02 10:20:30.456'],
    ['+90 min', '2025-06-18 11:50:30.456'],
    ['+500 ms', '2025-06-18 10:20:30.956'],
    ['next month', '2025-07-18 10:20:30.456'],
    ['last year', '2024-06-18 10:20:30.456'],
    ['next week', '2025-06-25 10:20:30.456'],
    ['this week', '2025-06-18 10:20:30.456'],
    ['monday', '2025-06-23 00:00:00.000'],
    ['wednesday', '2025-06-18 00:00:00.000'],
    ['next wednesday', '2025-06-25 00:00:00.000'],
    ['last wednesday', '2025-06-11 00:00:00.000'],
    ['this friday', '2025-06-20 00:00:00.000'],
    ['next friday', '2025-06-20 00:00:00.000'],
    ['last monday', '2025-06-16 00:00:00.000'],
    ['friday 17:00', '2025-06-20 17:00:00.000'],
    ['monday next week', '2025-06-23 00:00:00.000'],
    ['sunday this week', '2025-06-22 00:00:00.000'],
    ['monday this week', '2025-06-16 00:00:00.000'],
    ['friday last week', '2025-06-13 00:00:00.000'],
    ['+2 monday', '2025-06-30 10:20:30.456'],
    ['first day of next month', '2025-07-01 10:20:30.456'],
    ['first day of this month midnight', '2025-06-01 00:00:00.000'],
    ['last day of february', '2025-02-28 00:00:00.000'],
    ['last day of feb 2024', '2024-02-29 00:00:00.000'],
    ['first day of january next year', '2026-01-01 00:00:00.000'],
    ['first monday of january 2025', '2025-01-06 00:00:00.000'],
    ['second tuesday of next month', '2025-07-08 00:00:00.000'],
    ['last friday of this month', '2025-06-27 00:00:00.000'],
    ['last friday of october 2025', '2025-10-31 00:00:00.000'],
    ['first monday of september next year', '2026-09-07 00:00:00.000'],
    ['+3 weekdays', '2025-06-23 10:20:30.456'],
    ['-3 weekdays', '2025-06-13 10:20:30.456'],
    ['+10 weekdays', '2025-07-02 10:20:30.456'],
    ['2025-01-31 +1 month', '2025-03-03 00:00:00.000'],
    ['2024-01-31 +1 month', '2024-03-02 00:00:00.000'],
    ['2024-03-31 -1 month', '2024-03-02 00:00:00.000'],
    ['2024-02-29 +1 year', '2025-03-01 00:00:00.000'],
    ['2024-01-31 last day of next month', '2024-02-29 00:00:00.000'],
    ['2025-06-21 +1 weekday', '2025-06-23 00:00:00.000'],
    ['2025-06-21 +5 weekdays', '2025-06-27 00:00:00.000'],
    ['2025-06-22 -1 weekday', '2025-06-20 00:00:00.000'],
    ['2025-06-22 monday this week', '2025-06-16 00:00:00.000'],
  ])('%s', (text, expected) => expect(seen(text)).toBe(expected))
})

describe('time zones', () => {
  it('reads a wall clock in the zone, and a zone in the text wins', () => {
    expect(parseRelativeTime('2025-09-19', 0, 'America/Los_Angeles')).toBe(1758265200000)
    expect(parseRelativeTime('next friday', Date.parse('2025-09-15T20:00:00Z'), 'America/Los_Angeles')).toBe(1758265200000)
    expect(parseRelativeTime('2023-08-15T20:45:30Z', 0, 'Asia/Tokyo')).toBe(1692132330000)
    expect(parseRelativeTime('today', Date.parse('2025-06-18T02:00:00Z'), 'America/New_York')).toBe(Date.parse('2025-06-17T04:00:00Z'))
  })
  it('keeps the wall clock over a change of clocks for days, the elapsed time for hours', () => {
    const saturday = '2025-03-29T11:00:00Z'
    expect(seen('+1 day', saturday, 'Europe/Berlin')).toBe('2025-03-30 12:00:00.000')
    expect(seen('+24 hours', saturday, 'Europe/Berlin')).toBe('2025-03-30 13:00:00.000')
  })
  it('moves a time that a change of clocks skips forward, and takes the first of two', () => {
    expect(parseRelativeTime('2025-03-30 02:30', 0, 'Europe/Berlin')).toBe(Date.parse('2025-03-30T01:30:00Z'))
    expect(parseRelativeTime('2025-10-26 02:30', 0, 'Europe/Berlin')).toBe(Date.parse('2025-10-26T00:30:00Z'))
    expect(parseRelativeTime('2025-11-02 01:30', 0, 'America/New_York')).toBe(Date.parse('2025-11-02T05:30:00Z'))
  })
  it('does not lose an hour in the second half of an ambiguous hour', () => {
    const second = Date.parse('2025-10-26T01:30:00Z')
    expect(parseRelativeTime('now', second, 'Europe/Berlin')).toBe(second)
    expect(parseRelativeTime('+5 minutes', second, 'Europe/Berlin')).toBe(second + 300_000)
  })
  it('is null for an unknown zone', () => {
    expect(parseRelativeTime('now', 0, 'Mars/Olympus')).toBeNull()
  })
})

describe('text that is no time', () => {
  it.each([
    '',
    ' ',
    'soon',
    'mondayish',
    '2023-13-01',
    '2023-08-15 25:00',
    '2023-08-15 2024-08-15',
    '10:00 11:00',
    '+7',
    'next',
    '1e3',
    '99999999999999999999',
    '+999999999 years',
    'x'.repeat(300),
    '\0',
  ])('%j', (text) => expect(seen(text)).toBeNull())

  it('never throws, whatever the text', () => {
    const word = fc.constantFrom(
      'next',
      'last',
      'first',
      'day',
      'of',
      'month',
      'monday',
      'week',
      '+1',
      '-',
      '999999999',
      'year',
      'ago',
      '2024-02-29',
      '23:59',
      'UTC',
      'weekdays',
      'Europe/Berlin',
      '@',
      '.',
    )
    const text = fc.oneof(
      fc.string({ maxLength: 250 }),
      fc.array(word, { maxLength: 12 }).map((words) => words.join(' ')),
    )
    const zone = fc.constantFrom('UTC', 'America/New_York', 'Pacific/Apia', 'Nowhere', '')
    fc.assert(
      fc.property(text, fc.integer({ min: -8.64e15, max: 8.64e15 }), zone, (source, now, name) => {
        const result = parseRelativeTime(source, now, name)
        expect(result === null || (Number.isInteger(result) && Math.abs(result) <= 8.64e15)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })
})
