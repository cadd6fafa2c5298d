import { describe, expect, it } from 'vitest'
import { AppError } from '../../src/errors.js'
import { fromPlain } from '../../src/lib/value.js'
import { apply } from './apply.js'

describe('url_parse', () => {
  it.each([
    ['//example.com/x', { host: 'example.com', path: '/x' }],
    ['mailto:a@b.c', { scheme: 'mailto', path: 'a@b.c' }],
    ['http://[::1]:80/', { scheme: 'http', host: '[::1]', port: 80, path: '/' }],
    ['http://u@h', { scheme: 'http', host: 'h', user: 'u' }],
    ['http://u:p@x@h', { scheme: 'http', host: 'h', user: 'u', pass: 'p@x' }],
    ['file:///etc', { scheme: 'file', path: '/etc' }],
    ['?a', { query: 'a' }],
    ['#', { fragment: '' }],
    ['', {}],
    ['http://a:b', null],
    ['http://:80', null],
  ])('%s', (url, expected) => expect(apply('url_parse', url)).toEqual(fromPlain(expected)))
})

describe('arguments', () => {
  it('leaves the rest of the URL as it is spelled', () => {
    expect(apply('url_addarg', 'http://h/p?A=%41&b=+#f?x', 'c', 'd')).toBe('http://h/p?A=%41&b=+&c=d#f?x')
    expect(apply('url_delarg', 'http://h/p?A=%41&b=+#f', 'zz')).toBe('http://h/p?A=%41&b=+#f')
  })
  it('replaces in place, also brackets', () => {
    expect(apply('url_addarg', '/p?a[]=1&b=2&a[]=3', 'a', 'x')).toBe('/p?a=x&b=2')
    expect(apply('url_addarg', '/p?b=2', 'o', { k: 'v w', l: [true, null] })).toBe('/p?b=2&o%5Bk%5D=v%20w&o%5Bl%5D%5B0%5D=true&o%5Bl%5D%5B1%5D=')
  })
  it('finds by the decoded name', () => {
    expect(apply('url_hasarg', '/?a%20b=1', 'a b')).toBe(true)
    expect(apply('url_getarg', '/?a+b=1', 'a b')).toBe('1')
    expect(apply('url_getarg', '/?x=1&x=2', 'x')).toEqual(['1', '2'])
    expect(apply('url_getarg', '/?__proto__=1', 'toString')).toBeNull()
    expect(apply('url_hasarg', '/p#?a=1', 'a')).toBe(false)
  })
})

it('decodes bytes that are not UTF-8 to Binary', () => {
  expect(apply('url_decode', '%FF%00')).toEqual(Buffer.from([255, 0]))
  expect(apply('url_encode', Uint8Array.of(255, 32))).toBe('%FF+')
})

it('querystring_parse is limited', () => {
  expect(() => apply('querystring_parse', 'a=1&'.repeat(2000))).toThrow(AppError)
  expect(() => apply('querystring_parse', `a${'[b]'.repeat(100)}=1`)).toThrow(AppError)
})
