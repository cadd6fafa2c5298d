import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalJson } from '../../src/lib/canonical-json.js'
import { plainData, plainLine } from '../../src/lib/plain-line.js'

const shuffled = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(shuffled)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, shuffled(member)]),
  )
}

describe('canonicalJson', () => {
  it('has one text per value, whatever the order of its keys', () =>
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(shuffled(value))).toBe(canonicalJson(value))
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    ))

  it('tells values apart that differ', () => {
    expect(new Set([{ a: 1 }, { a: '1' }, { a: [1] }, { a: null }, {}, { b: 1 }, [1], [1, 2], [[1], 2]].map(canonicalJson)).size).toBe(9)
    expect(
      canonicalJson({
        b: undefined,
        a: new Map([
          ['y', 1],
          ['x', 2],
        ]),
      }),
    ).toBe('{"a":{"x":2,"y":1}}')
  })
})

describe('plainLine', () => {
  it('never has control characters, line ends or halves of pairs, and is bounded', () =>
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 1, max: 200 }), (text, max) => {
        const line = plainLine(text, max)
        expect(line.length).toBeLessThanOrEqual(max)
        expect(line).not.toMatch(/[\p{Cc}\u2028\u2029\u202e]/u)
        expect(Buffer.from(line, 'utf8').toString('utf8')).toBe(line)
      }),
    ))

  it('cleans names and texts inside of data', () => {
    expect(plainData({ 'a\n': ['b\u0000', { c: '\u001b[31m', d: 1, e: undefined }] })).toEqual({ 'a\ufffd': ['b\ufffd', { c: '\ufffd[31m', d: 1 }] })
  })
})
