import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromPlain, type Value } from '../../src/lib/value.js'
import { numericOf, toBool, toDecimal, toInt, toNumber, toText } from '../../src/runtime/convert.js'
import { bitwise, compare, compareText, looseEquals, modulo, strictEquals } from '../../src/runtime/operators.js'

const values = fc.jsonValue({ maxDepth: 2 }).map((value): Value => fromPlain(value))

describe('operators', () => {
  it('equality is reflexive and symmetric, and strict implies loose', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        expect(strictEquals(a, fromPlain(structuredClone(a)))).toBe(true)
        expect(looseEquals(a, b)).toBe(looseEquals(b, a))
        if (strictEquals(a, b)) expect(looseEquals(a, b)).toBe(true)
      }),
    )
  })

  it('order is antisymmetric', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        expect(Math.sign(compare(a, b)) + Math.sign(compare(b, a))).toBe(0)
      }),
    )
  })

  it('texts are ordered by code point', () => {
    expect(compareText('\u{1f600}', '\uffff')).toBeGreaterThan(0)
    expect(['b', 'B', 'a', '\u{1f600}', '\uff5e', ''].sort(compareText)).toEqual(['', 'B', 'a', 'b', '\uff5e', '\u{1f600}'])
  })

  it('bitwise works beyond 32 bits', () => {
    expect(bitwise('&', 2 ** 40 + 5, 2 ** 40 + 3)).toBe(2 ** 40 + 1)
    expect(bitwise('|', 2 ** 40, 1)).toBe(2 ** 40 + 1)
    expect(bitwise('^', 6, '3')).toBe(5)
    expect(bitwise('&', -1, 255)).toBe(255)
    expect(Object.is(modulo(-4, 2), 0)).toBe(true)
  })
})

describe('conversions', () => {
  it('numbers', () => {
    expect(['5', ' 1.5 ', '-2', '1e3', '.5', 7].map(toNumber)).toEqual([5, 1.5, -2, 1000, 0.5, 7])
    expect(['', 'a', '1a', '0x10', '1_0', null, true, []].map((value) => numericOf(value as Value))).toEqual(new Array(8).fill(null))
    expect(['133.45 kg', 'abc', '', null, true, -2.7, []].map((value) => toInt(value as Value))).toEqual([133, 0, 0, 0, 1, -2, 0])
    expect(toDecimal('133.45 kg')).toBe(133.45)
  })

  it('texts', () => {
    expect([1, 1.5, true, false, null, [1, 'a'], new Map([['a', 1]]), -0].map((value) => toText(value as Value))).toEqual([
      '1',
      '1.5',
      'true',
      'false',
      '',
      '[1,"a"]',
      '{"a":1}',
      '0',
    ])
  })

  it('bools', () => {
    expect(['true', '1', 'yes', 1, [0]].map((value) => toBool(value as Value))).toEqual([true, true, true, true, true])
    expect(['false', '0', '', 'FALSE', 0, null, []].map((value) => toBool(value as Value))).toEqual(new Array(7).fill(false))
  })
})
