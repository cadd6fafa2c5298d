import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { add, divide, mean, multiply, remainder, round, subtract, sum, toFixedParts } from '../../src/lib/decimal.js'

describe('arithmetic as people write it', () => {
  it('has no binary noise', () => {
    expect(sum([0.1, 0.2])).toBe(0.3)
    expect(sum(Array(10).fill(0.1))).toBe(1)
    expect(sum([10.5, 20.3, 5.7])).toBe(36.5)
    expect(sum([1e20, 1, -1e20])).toBe(1)
    expect(add(1.1, 2.2)).toBe(3.3)
    expect(subtract(0.3, 0.1)).toBe(0.2)
    expect(multiply(1.1, 1.1)).toBe(1.21)
    expect(divide(0.6, 3)).toBe(0.2)
    expect(divide(1, 3)).toBe(1 / 3)
    expect(divide(0.3, 0.1)).toBe(3)
    expect(remainder(0.3, 0.1)).toBe(0)
    expect(remainder(-5.5, 2)).toBe(-1.5)
    expect(add(19.99, -0.99)).toBe(19)
    expect(multiply(19.99, 100)).toBe(1999)
    expect(mean([0.1, 0.2, 0.3])).toBe(0.2)
    expect(mean([1e-300, 3e-300])).toBe(2e-300)
  })
  it('agrees with exact arithmetic for numbers of up to 15 digits in all', () => {
    const amount = fc.tuple(fc.integer({ min: -99_999_999, max: 99_999_999 }), fc.integer({ min: 0, max: 6 }))
    const scaled = (digits: bigint, places: number): number => Number(`${digits}e-${places}`)
    fc.assert(
      fc.property(amount, amount, ([x, p], [y, q]) => {
        const [a, b] = [scaled(BigInt(x), p), scaled(BigInt(y), q)]
        const places = Math.max(p, q)
        const sum = BigInt(x) * 10n ** BigInt(places - p) + BigInt(y) * 10n ** BigInt(places - q)
        expect(add(a, b)).toBe(scaled(sum, places))
        if (Math.abs(x * y) <= 999_999_999_999_999) expect(multiply(a, b) + 0).toBe(scaled(BigInt(x) * BigInt(y), p + q))
      }),
    )
  })
  it('takes longer numbers as they are, without NaN', () => {
    expect(add(Math.PI, 1 / 3)).toBe(Math.PI + 1 / 3)
    expect(multiply(Math.E * 1e-8, Math.PI)).toBe(Math.E * 1e-8 * Math.PI)
    expect(divide(5e-324, 3.7)).toBe(5e-324 / 3.7)
  })
  it('stays close to the binary result', () => {
    const number = fc.tuple(fc.integer({ min: -1e12, max: 1e12 }), fc.integer({ min: 0, max: 9 })).map(([digits, scale]) => digits / 10 ** scale)
    const near = (a: number, b: number): void => expect(Math.abs(a - b)).toBeLessThanOrEqual(Math.abs(b) * 1e-14 + 1e-5 * Number.EPSILON)
    fc.assert(
      fc.property(number, number, (a, b) => {
        expect(Math.abs(add(a, b) - (a + b))).toBeLessThanOrEqual((Math.abs(a) + Math.abs(b)) * Number.EPSILON)
        near(multiply(a, b), a * b)
        if (b !== 0 && Number.isFinite(a / b)) near(divide(a, b), a / b)
      }),
    )
  })
})

describe('round', () => {
  it.each([
    [1.005, 2, 1.01],
    [-1.005, 2, -1.01],
    [0.285, 2, 0.29],
    [1.955, 2, 1.96],
    [5.055, 2, 5.06],
    [-3.55, 1, -3.6],
    [2.5, 0, 3],
    [-2.5, 0, -3],
    [0.4999999999999, 0, 0],
    [1234.5678, -2, 1200],
    [1250, -2, 1300],
    [-50, -2, -100],
    [49, -2, 0],
    [0.1234567890123456, 20, 0.1234567890123456],
    [1e21, 2, 1e21],
    [1.5e-7, 7, 2e-7],
    [1.45, 400, 1.45],
    [7, -400, 0],
  ])('%d to %d places', (value, precision, expected) => expect(round(value, precision)).toBe(expected))

  it('moves by at most half a unit and keeps rounded values', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), fc.integer({ min: 0, max: 6 }), (value, precision) => {
        const rounded = round(value, precision)
        expect(Math.abs(rounded - value)).toBeLessThanOrEqual(0.5 * 10 ** -precision + 1e-6 * 10 ** -precision + 1e-7)
        expect(round(rounded, precision)).toBe(rounded)
      }),
    )
  })
})

it('splits fixed decimals', () => {
  expect(toFixedParts(1234.5, 2)).toEqual({ negative: false, whole: '1234', fraction: '50' })
  expect(toFixedParts(-0.004, 2)).toEqual({ negative: false, whole: '0', fraction: '00' })
  expect(toFixedParts(-0.005, 2)).toEqual({ negative: true, whole: '0', fraction: '01' })
  expect(toFixedParts(1e21, 0)).toEqual({ negative: false, whole: '1000000000000000000000', fraction: '' })
})
