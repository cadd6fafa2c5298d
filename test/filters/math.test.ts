import { describe, expect, it } from 'vitest'
import { AppError } from '../../src/errors.js'
import { decimalOf } from '../../src/lib/value.js'
import { apply, applyIn, testContext } from './apply.js'

describe('numbers', () => {
  it('takes numeric text and refuses the rest, naming filter and type', () => {
    expect(apply('add', '2', ' 3.5 ')).toBe(5.5)
    for (const value of [null, 'abc', '', '12kg', true, [], {}]) expect(() => apply('add', value, 1)).toThrow(AppError)
    expect(() => apply('add', null, 1)).toThrow(/"add".*null/)
    expect(() => apply('add', 1, 'x')).toThrow(/"value".*"add".*text/)
  })
  it('refuses to divide by zero and results out of range', () => {
    for (const name of ['divide', 'modulus']) expect(() => apply(name, 1, 0)).toThrow('Division by zero.')
    expect(() => apply('modulus', 1, 0.5)).toThrow('Division by zero.')
    expect(() => apply('pow', 10, 400)).toThrow(/out of range/)
    expect(() => apply('pow', -8, 0.5)).toThrow(/out of range/)
    expect(() => apply('multiply', 1e200, 1e200)).toThrow(/out of range/)
    expect(() => apply('product', [1.5e200, 1.5e200, 0.5])).toThrow(/out of range/)
  })
  it('has no minus zero', () => {
    for (const result of [apply('ceil', -0.5), apply('round', -0.4), apply('multiply', -1, 0), apply('modulus', -4, 2), apply('subtract', 0, 0)])
      expect(Object.is(result, 0)).toBe(true)
  })
  it('keeps ints safe to 2^53', () => {
    expect(apply('add', 9007199254740990, 1)).toBe(9007199254740991)
    expect(apply('bitwise_or', 9007199254740990, 1)).toBe(9007199254740991)
    expect(apply('bitwise_xor', -1, 0)).toBe(-1)
    expect(apply('bitwise_and', '12.9', 10)).toBe(8)
  })
})

describe('aggregates', () => {
  it('leaves nulls out, reads numeric text, and takes the values of objects', () => {
    expect(apply('sum', [1, null, '2.5'])).toBe(3.5)
    expect(apply('avg', [2, null, 4])).toEqual(decimalOf(3))
    expect(apply('array_max', { a: 1, b: 5 })).toBe(5)
    expect(() => apply('sum', [1, 'x'])).toThrow(AppError)
    expect(() => apply('sum', 'abc')).toThrow(AppError)
  })
  it('is exact over many decimals and quick over many ints', () => {
    expect(apply('sum', Array(1000).fill(0.1))).toEqual(decimalOf(100))
    const many = Array.from({ length: 300_000 }, (_, i) => i)
    expect(apply('array_max', many)).toBe(299_999)
    expect(apply('sum', many)).toBe(44_999_850_000)
  })
  it('pays for the elements it visits', () => {
    expect(() => applyIn(testContext(0, 1000), 'sum', Array(5000).fill(1))).toThrow(/steps/)
  })
})

describe('number_format', () => {
  it.each([
    [[1234.5], '1,235'],
    [[0.125, 2], '0.13'],
    [[-0.001, 2], '0.00'],
    [[999999.999, 2], '1,000,000.00'],
    [[123, 2, ',', ''], '123,00'],
    [[1e15, 1], '1,000,000,000,000,000.0'],
    [[1234567, 0, '.', ' '], '1 234 567'],
    [[12, -3], '12'],
  ])('%j', ([value, ...args], expected) => expect(apply('number_format', value, ...args)).toBe(expected))
})
