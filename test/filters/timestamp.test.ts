import { describe, expect, it } from 'vitest'
import { AppError } from '../../src/errors.js'
import { apply, applyIn, fixedNow, testContext } from './apply.js'

describe('reading instants', () => {
  it('uses the clock of the run', () => {
    expect(apply('to_timestamp', 'now')).toBe(fixedNow)
    expect(apply('to_seconds', 'now')).toBe(Math.floor(fixedNow / 1000))
    expect(applyIn(testContext(Date.parse('2025-09-15T20:00:00Z')), 'to_timestamp', 'next friday', 'America/Los_Angeles')).toBe(1758265200000)
    expect(apply('add_ms_to_timestamp', 'monday', 500)).toBe(Date.parse('2025-06-23T00:00:00.500Z'))
  })
  it('floors before 1970', () => {
    expect(apply('to_seconds', -1)).toBe(-1)
    expect(apply('to_days', '1969-12-31 12:00')).toBe(-1)
  })
  it('keeps null and refuses what is no time, naming it', () => {
    expect(apply('to_timestamp', null)).toBeNull()
    expect(() => apply('to_timestamp', 'soon')).toThrow(/to_timestamp.*soon/)
    expect(() => apply('format_timestamp', null, 'Y')).toThrow(AppError)
    expect(() => apply('to_timestamp', [])).toThrow(/to_timestamp.*list/)
    expect(() => apply('to_timestamp', 1e300)).toThrow(/out of range/)
  })
  it('refuses unknown zones', () => {
    expect(() => apply('to_timestamp', 'now', 'Mars/Olympus')).toThrow(/Mars\/Olympus/)
    expect(apply('to_timestamp', '2024-01-01', null)).toBe(Date.UTC(2024, 0, 1))
    expect(apply('to_timestamp', '2024-01-01', '+02:00')).toBe(Date.UTC(2023, 11, 31, 22))
  })
})

describe('moving', () => {
  const moved = (from: string, phrase: string, zone = 'UTC'): unknown =>
    apply('format_timestamp', apply('transform_timestamp', from, phrase, zone), 'Y-m-d H:i', zone)
  it('overflows months as PHP does', () => {
    expect(moved('2023-01-31 10:00', '+1 month')).toBe('2023-03-03 10:00')
    expect(moved('2024-01-31 10:00', '+1 month')).toBe('2024-03-02 10:00')
    expect(moved('2024-02-29', '+1 year')).toBe('2025-03-01 00:00')
  })
  it('works in the zone', () => {
    expect(moved('2025-03-29 12:00', '+1 day', 'Europe/Berlin')).toBe('2025-03-30 12:00')
    expect(apply('transform_timestamp', '2025-03-29T11:00:00Z', '+1 day', 'Europe/Berlin')).toBe(Date.parse('2025-03-30T10:00:00Z'))
    expect(apply('transform_timestamp', '2025-06-18T02:00:00Z', 'today', 'America/New_York')).toBe(Date.parse('2025-06-17T04:00:00Z'))
  })
  it('names a phrase it does not understand', () => {
    expect(() => apply('transform_timestamp', 0, 'whenever')).toThrow(/transform_timestamp.*whenever/)
  })
  it('clamps months where the query face does', () => {
    const shown = (name: string, amount?: number): unknown =>
      apply('format_timestamp', amount === undefined ? apply(name, '2024-01-31') : apply(name, '2024-01-31', amount), 'Y-m-d')
    expect(shown('timestamp_add_months')).toBe('2024-02-29')
    expect(shown('timestamp_subtract_months', 2)).toBe('2023-11-30')
    expect(shown('timestamp_add_years', -1)).toBe('2023-01-31')
    expect(shown('timestamp_add_days', 30)).toBe('2024-03-01')
  })
})

describe('parse_timestamp', () => {
  it('names text that does not fit', () => {
    expect(() => apply('parse_timestamp', '2023-10', 'Y-m-d')).toThrow(/2023-10.*Y-m-d/)
  })
})
