/** `URL`, `URLSearchParams` and `crypto` of JavaScript, held against those of Node. */
import { randomBytes } from 'node:crypto'
import { createContext, runInContext } from 'node:vm'
import { describe, expect, it } from 'vitest'
import { webGlobals } from '../../src/services/javascript-web.js'

/** Evaluates code where nothing but the language and the globals of ours exist; the answer as JSON. */
function evaluate(code: string, seed = randomBytes(32).toString('hex')): unknown {
  const context = createContext({})
  for (const { source } of webGlobals) (runInContext(source, context) as (seed: string) => void)(seed)
  return JSON.parse(runInContext(`JSON.stringify((() => {\n${code}\n})())`, context) as string)
}

const parts = ['href', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash', 'origin'] as const
const partsOf = (url: URL): Record<string, string> => Object.fromEntries(parts.map((part) => [part, url[part]]))
const ours = (...args: string[]): unknown =>
  evaluate(
    `try { const u = new URL(...${JSON.stringify(args)}); return Object.fromEntries(${JSON.stringify(parts)}.map((p) => [p, u[p]])) } catch (e) { return e.name }`,
  )
const nodes = (...args: [string, string?]): unknown => {
  try {
    return partsOf(new URL(...args))
  } catch (error) {
    return (error as Error).name
  }
}

describe('URL', () => {
  it.each([
    ['https://example.com'],
    ['HTTPS://Example.COM:443/a/../b/./c?x=1&y=a b#frag ment'],
    ['http://user:p%40ss@host:8080/päth/%2e%2e/x?q=ü#é'],
    ['http://a@b@host/x'],
    ['https:\\\\example.com\\a\\b'],
    ['  https://example.com/\n?q=\t1 '],
    ['https://example.com?'],
    ['https://example.com/#'],
    ['https://example.com/a{b}`c"d<e>'],
    ['https://example.com/?a=\'b\'&c="d"'],
    ['https://example.com/%zz%41'],
    ['http://[::1]:3000/x'],
    ['https:example.com/x'],
    ['mailto:a@b.co?subject=x'],
    ['data:text/plain,hello world'],
    ['file-x://host/a/b'],
    ['ftp://host:21/x'],
    ['//no-scheme'],
    ['no url'],
    ['http://'],
    ['http://host:99999/'],
    ['http://ho st/'],
    ['http://a b'],
    [''],
  ])('%s', (text) => expect(ours(text)).toEqual(nodes(text)))

  it.each([
    ['c?y=2', 'https://example.com/a/b?x=1#f'],
    ['/c', 'https://example.com/a/b'],
    ['../../c', 'https://example.com/a/b/d'],
    ['//other.com/x', 'https://example.com/a'],
    ['#top', 'https://example.com/a?x=1#f'],
    ['?y', 'https://example.com/a?x=1'],
    ['', 'https://example.com/a?x=1#f'],
    ['http://b.com', 'https://example.com'],
    ['x', 'mailto:a@b.co'],
    ['x', 'none'],
  ])('%s from %s', (text, base) => expect(ours(text, base)).toEqual(nodes(text, base)))

  it('changes part by part, and with its parameters', () => {
    const code = `const u = new URL('https://example.com/a?x=1#f')
      u.pathname = 'b c'; u.searchParams.append('y', 'ü &'); u.searchParams.delete('x'); u.hash = ''; u.port = 8443; u.hostname = 'Other.com'
      const v = new URL('https://example.com/?a=1'); v.search = '?b=2&b=3'
      return [u.href, String(u), JSON.stringify({ u }), v.searchParams.getAll('b'), URL.canParse('x'), URL.canParse('a:b')]`
    expect(evaluate(code)).toEqual(JSON.parse(JSON.stringify(new Function(code)())))
  })
})

describe('URLSearchParams', () => {
  it.each([["'?a=1&b=%20x+y&a=2&c&=d&e=%zz'"], ["{ a: 1, b: 'ü~*()!' }"], ["[['a', '1'], ['b', '&=']]"], ["''"]])('%s', (init) => {
    const code = `const p = new URLSearchParams(${init})
      const first = [p.toString(), [...p], p.get('a'), p.getAll('a'), p.has('b'), p.has('a', '1'), p.size]
      p.set('a', 9); p.append('z', 'last'); p.delete('c'); p.sort()
      const seen = []; p.forEach((value, name) => seen.push(name + value))
      return [first, p.toString(), [...p.keys()], [...p.values()], seen]`
    expect(evaluate(code)).toEqual(JSON.parse(JSON.stringify(new Function(code)())))
  })
})

describe('crypto', () => {
  it('makes UUIDs of version 4 and random bytes, different for every seed', () => {
    const code = 'return [crypto.randomUUID(), crypto.randomUUID(), [...crypto.getRandomValues(new Uint16Array(200))]]'
    const [first, second] = [evaluate(code), evaluate(code)] as [string, string, number[]][]
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
    for (const [a, b] of [first, second] as [string, string, number[]][]) {
      expect(a).toMatch(uuid)
      expect(b).toMatch(uuid)
      expect(a).not.toBe(b)
    }
    expect(first?.[0]).not.toBe(second?.[0])
    expect(new Set(first?.[2]).size).toBeGreaterThan(190)
  })

  it('is ChaCha20: the first block of the key of RFC 8439, A.1', () => {
    const block = evaluate('return [...crypto.getRandomValues(new Uint8Array(64))].reverse()', '00'.repeat(32)) as number[]
    expect(Buffer.from(block).toString('hex')).toBe(
      '76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586',
    )
  })

  it('refuses what Web Crypto refuses', () => {
    expect(
      evaluate(
        'return [[1], new Float64Array(1), new Uint8Array(65537)].map((x) => { try { crypto.getRandomValues(x); return 0 } catch (e) { return e.name } })',
      ),
    ).toEqual(['TypeError', 'TypeError', 'RangeError'])
  })
})
