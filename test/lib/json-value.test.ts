import { describe, expect, it } from 'vitest'
import { decodeJson } from '../../src/lib/json-value.js'
import { decimalOf, type Obj, obj } from '../../src/lib/value.js'

describe('JSON text to values', () => {
  it('keeps the order of numeric keys and `__proto__` as a key', () => {
    expect([...(decodeJson('{"2":1,"1":2,"__proto__":{"x":3}}') as Obj).keys()]).toEqual(['2', '1', '__proto__'])
    expect(Object.keys(Object.prototype)).toEqual([])
  })

  it.each(['1e999', '[1, -1e400]', '{"a": {"2": 1E+309}}', `[${'9'.repeat(400)}]`])('refuses a number out of range: %s', (text) => {
    expect(() => decodeJson(text)).toThrow(SyntaxError)
  })

  it.each([
    ['1e308', 1e308],
    ['1e-999', 0],
    ['"1e999"', '1e999'],
    [`"${'9'.repeat(400)}"`, '9'.repeat(400)],
  ])('reads %s', (text, value) => expect(decodeJson(text)).toBe(value))

  it('keeps what is written as a decimal a decimal', () => {
    const five = decimalOf(5)
    expect(decodeJson('[5.0, 5, 5.00,-0.0\n, 0.5, "5.0", "v 5.0,", 1.05, 1.0]')).toEqual([
      five,
      5,
      five,
      decimalOf(0),
      0.5,
      '5.0',
      'v 5.0,',
      1.05,
      decimalOf(1),
    ])
    expect(decodeJson('5.0')).toEqual(five)
    expect(decodeJson('{"b":5.0,"1":{"a":5}}')).toEqual(
      obj([
        ['b', five],
        ['1', obj([['a', 5]])],
      ]),
    )
    expect(decodeJson('"a 5.0"')).toBe('a 5.0')
  })
})
