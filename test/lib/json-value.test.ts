import { describe, expect, it } from 'vitest'
import { decodeJson } from '../../src/lib/json-value.js'
import type { Obj } from '../../src/lib/value.js'

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
})
