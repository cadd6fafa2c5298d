import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildPairs, parseQueryString, percentDecode, percentEncode, QueryStringLimitError } from '../../src/lib/query-string.js'
import { toPlain, type Value } from '../../src/lib/value.js'

const read = (text: string): unknown => JSON.parse(JSON.stringify(toPlain(parseQueryString(text))))

describe('reading', () => {
  it.each([
    ['', {}],
    ['?a=1', { a: '1' }],
    ['a=1&b=', { a: '1', b: '' }],
    ['a', { a: '' }],
    ['a=1=2', { a: '1=2' }],
    ['a=x+y%26', { a: 'x y&' }],
    ['x=1&x=2&x=3', { x: ['1', '2', '3'] }],
    ['a[]=1', { a: ['1'] }],
    ['a[0]=x&a[1]=y', { a: ['x', 'y'] }],
    ['a[1]=x', { a: { '1': 'x' } }],
    ['a[b][c]=1&a[b][d]=2', { a: { b: { c: '1', d: '2' } } }],
    ['a[][b]=1&a[][b]=2', { a: [{ b: '1' }, { b: '2' }] }],
    ['a[5]=x&a[]=y', { a: { '5': 'x', '6': 'y' } }],
    ['a%5Bb%5D=1', { a: { b: '1' } }],
    ['a=1&a[b]=2', { a: { b: '2' } }],
    ['a[b]=1&a=2', { a: '2' }],
    ['a[b=1', { 'a[b': '1' }],
    ['[a]=1', { '[a]': '1' }],
    ['=1&&b=2', { b: '2' }],
    ['a=%E9', { a: '�' }],
    ['a=%zz%', { a: '%zz%' }],
    ['a.b=1', { 'a.b': '1' }],
  ])('%s', (text, expected) => expect(read(text)).toEqual(expected))

  it('treats __proto__ and constructor as data', () => {
    const parsed = parseQueryString('__proto__[x]=1&a[__proto__][y]=2&constructor[prototype][z]=3')
    expect([...parsed.keys()]).toEqual(['__proto__', 'a', 'constructor'])
    expect(parsed.get('__proto__')).toEqual(new Map([['x', '1']]))
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
    expect(({} as Record<string, unknown>)['y']).toBeUndefined()
    expect(({} as Record<string, unknown>)['z']).toBeUndefined()
  })
  it('keeps the order of numeric names', () => {
    expect([...parseQueryString('b=1&2=x&1=y').keys()]).toEqual(['b', '2', '1'])
  })
  it('has limits', () => {
    const limits = { maxPairs: 3, maxDepth: 2 }
    expect(() => parseQueryString('a=1&a=2&a=3&a=4', limits)).toThrow(QueryStringLimitError)
    expect(parseQueryString('a[b][c]=1', limits).size).toBe(1)
    expect(() => parseQueryString('a[b][c][d]=1', limits)).toThrow(QueryStringLimitError)
    expect(parseQueryString(`${'&'.repeat(100_000)}a=1`, limits).get('a')).toBe('1')
  })
  it('never throws but for limits', () => {
    const text = fc.stringMatching(/^[ab[\]=&%+0-9]{0,60}$/)
    fc.assert(
      fc.property(text, (source) => {
        expect(parseQueryString(source)).toBeInstanceOf(Map)
      }),
    )
  })
})

describe('percent encoding', () => {
  it('round-trips any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(Uint8Array.from(percentDecode(percentEncode(bytes, 'form'), true))).toEqual(bytes)
        expect(Uint8Array.from(percentDecode(percentEncode(bytes, 'rfc3986'), false))).toEqual(bytes)
      }),
    )
  })
  it("agrees with encodeURIComponent but for !'()*", () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const expected = encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
        expect(percentEncode(Buffer.from(text), 'rfc3986')).toBe(expected)
      }),
    )
  })
})

it('writes what it reads', () => {
  const leaf: fc.Arbitrary<Value> = fc.string()
  const { tree } = fc.letrec<{ tree: Value }>((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
      fc.array(tie('tree'), { minLength: 1, maxLength: 2 }).map((items) => new Map(items.map((item, i): [string, Value] => [`k${i}`, item]))),
    ),
  }))
  fc.assert(
    fc.property(tree, (value) => {
      const text = buildPairs('v', value, (scalar) => percentEncode(Buffer.from(String(scalar)), 'form')).join('&')
      expect(parseQueryString(text, { maxPairs: 1e6, maxDepth: 32 }).get('v')).toEqual(value)
    }),
  )
})
