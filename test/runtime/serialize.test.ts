import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isObj, type Value } from '../../src/lib/value.js'
import { parseJson, stringify } from '../../src/runtime/serialize.js'

describe('JSON', () => {
  it('writes what JSON.stringify writes and reads it back', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value)
        expect(JSON.parse(stringify(parseJson(text)))).toEqual(JSON.parse(text))
      }),
    )
  })

  it('keeps the order of all keys', () => {
    const text = '{"b":1,"2":[{"9":0,"1":{"__proto__":{"x":1}}}],"a":null,"0":-1.5e3}'
    expect(stringify(parseJson(text))).toBe(text.replace('-1.5e3', '-1500'))
    expect(stringify(parseJson('{"z":1,"\\u0031":2,"\\u0030":3}'))).toBe('{"z":1,"1":2,"0":3}')
    expect(isObj(parseJson(' {"1" : [ ] , "0":{ } } '))).toBe(true)
  })

  it('has an answer for every value', () => {
    expect(stringify(Number.NaN)).toBe('null')
    expect(stringify(new Uint8Array([255, 0]))).toBe('"/wA="')
    expect(stringify('a"\\\n\u2028\ud800')).toBe(JSON.stringify('a"\\\n\u2028\ud800'))
    expect(() => parseJson('{a:1}')).toThrow('Error parsing JSON: Syntax error')
    expect(() => parseJson('')).toThrow('Error parsing JSON: Syntax error')
  })

  it('refuses endless depth instead of overflowing', () => {
    let deep: Value = 0
    for (let i = 0; i < 100_000; i++) deep = [deep]
    expect(() => stringify(deep)).toThrow('nested deeper')
    expect(() => parseJson(`${'['.repeat(200_000)}${']'.repeat(200_000)}`)).toThrow('Error parsing JSON')
    expect(() => parseJson(`{"1":${'['.repeat(200_000)}${']'.repeat(200_000)}}`)).toThrow('Error parsing JSON')
  })
})
