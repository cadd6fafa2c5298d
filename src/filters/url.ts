/** URLs: encoding, arguments of the query, parts. */
import { buildPairs, decodeForm, parseQueryString, percentDecode, percentEncode } from '../lib/query-string.js'
import { fromBytes, isTruthy, type Obj } from '../lib/value.js'
import { defineFilter, type FilterCase, type FilterContext, type ValueFilter } from '../runtime/define.js'
import { bytesOf, encoder } from './bases.js'
import { spendText } from './bounds.js'
import { guard } from './guard.js'
import { textOf } from './operand.js'

const group = 'url'

const percentEncoder = (name: string, style: 'form' | 'rfc3986', summary: string, cases: FilterCase[]): ValueFilter =>
  encoder({ name, group, summary, cases, growth: 3, encode: (bytes) => percentEncode(bytes, style) })

const decoder = (name: string, plus: boolean, summary: string, cases: FilterCase[]): ValueFilter =>
  defineFilter({
    name,
    group,
    summary,
    input: 'text',
    returns: 'text, or binary when the bytes are not UTF-8',
    scalar: true,
    cases,
    apply(input, _args, context) {
      const text = textOf(name, input)
      spendText(context, name, text.length)
      return fromBytes(percentDecode(text, plus))
    },
  })

interface Split {
  before: string
  /** Raw pairs, order and spelling kept. */
  pairs: string[]
  fragment: string
}

function split(text: string): Split {
  const hash = text.indexOf('#')
  const main = hash < 0 ? text : text.slice(0, hash)
  const question = main.indexOf('?')
  const query = question < 0 ? '' : main.slice(question + 1)
  return {
    before: question < 0 ? main : main.slice(0, question),
    pairs: query.split('&').filter((pair) => pair !== ''),
    fragment: hash < 0 ? '' : text.slice(hash),
  }
}
const join = ({ before, pairs, fragment }: Split): string => before + (pairs.length ? `?${pairs.join('&')}` : '') + fragment

/** `x`, `x[]` and `x[a]` all belong to `x`; a name with brackets only means itself. */
function belongsTo(pair: string, name: string): boolean {
  const own = decodeForm(pair.split('=', 1)[0] ?? '')
  return own === name || own.startsWith(`${name}[`)
}

function argumentsOf(filter: string, url: string, context: FilterContext): Obj {
  const { pairs } = split(url)
  context.spend(pairs.length)
  return guard(filter, () => parseQueryString(pairs.join('&')))
}

const nameArgument = { name: 'name', type: 'text', summary: 'Name of the argument.', required: true }

const argumentFilters = [
  defineFilter({
    name: 'url_addarg',
    group,
    summary: 'Sets an argument of the query; one that is there already is replaced.',
    input: 'text',
    returns: 'text',
    args: [
      nameArgument,
      { name: 'value', type: 'any', summary: 'Lists and objects become name[…] arguments.', required: true },
      { name: 'encode', type: 'bool', summary: 'True: a blank is %20 (RFC 3986); false: + (forms).', default: true },
    ],
    scalar: true,
    cases: [
      ['"https://example.com?foo=bar"|url_addarg:"fiz":"buz"', '"https://example.com?foo=bar&fiz=buz"'],
      ['"https://example.com"|url_addarg:"page":"2":true', '"https://example.com?page=2"'],
      ['"https://example.com/a?b=1#c"|url_addarg:"q":"x y"', '"https://example.com/a?b=1&q=x%20y#c"'],
      ['"https://example.com?q=1&r=2"|url_addarg:"q":"x y":false', '"https://example.com?q=x+y&r=2"'],
      ['"/p"|url_addarg:"a":[1,2]', '"/p?a%5B0%5D=1&a%5B1%5D=2"'],
    ],
    apply(input, args, context) {
      const filter = 'url_addarg'
      const url = split(textOf(filter, input))
      const name = textOf(filter, args[0] ?? null, 'name')
      const style = isTruthy(args[2] ?? true) ? 'rfc3986' : 'form'
      context.spend(url.pairs.length)
      const added = guard(filter, () =>
        buildPairs(name, args[1] ?? null, (value) => {
          context.spend(1)
          return percentEncode(bytesOf(filter, value, 'value'), style)
        }),
      )
      const at = url.pairs.findIndex((pair) => belongsTo(pair, name))
      const others = url.pairs.filter((pair) => !belongsTo(pair, name))
      const index = at < 0 ? others.length : at
      return join({ ...url, pairs: [...others.slice(0, index), ...added, ...others.slice(index)] })
    },
  }),
  defineFilter({
    name: 'url_delarg',
    group,
    summary: 'Removes an argument of the query.',
    input: 'text',
    returns: 'text',
    args: [nameArgument],
    scalar: true,
    cases: [
      ['"https://example.com?foo=bar&fiz=buz"|url_delarg:"fiz"', '"https://example.com?foo=bar"'],
      ['"https://example.com?page=2#top"|url_delarg:"page"', '"https://example.com#top"'],
      ['"/p?a[]=1&b=2&a[]=3"|url_delarg:"a"', '"/p?b=2"'],
    ],
    apply(input, args, context) {
      const url = split(textOf('url_delarg', input))
      const name = textOf('url_delarg', args[0] ?? null, 'name')
      context.spend(url.pairs.length)
      return join({ ...url, pairs: url.pairs.filter((pair) => !belongsTo(pair, name)) })
    },
  }),
  defineFilter({
    name: 'url_hasarg',
    group,
    summary: 'Whether the query has an argument.',
    input: 'text',
    returns: 'bool',
    args: [nameArgument],
    scalar: true,
    cases: [
      ['"https://example.com?foo=bar&fiz=buz"|url_hasarg:"fiz"', 'true'],
      ['"https://example.com"|url_hasarg:"page"', 'false'],
    ],
    apply(input, args, context) {
      const name = textOf('url_hasarg', args[0] ?? null, 'name')
      const { pairs } = split(textOf('url_hasarg', input))
      context.spend(pairs.length)
      return pairs.some((pair) => belongsTo(pair, name))
    },
  }),
  defineFilter({
    name: 'url_getarg',
    group,
    summary: 'An argument of the query, decoded; the default, else null, when it is not there.',
    input: 'text',
    returns: 'text',
    args: [nameArgument, { name: 'default', type: 'text', summary: 'What a missing argument gives.', default: null }],
    cases: [
      ['"https://example.com?foo=bar&fiz=buz"|url_getarg:"fiz"', '"buz"'],
      ['"https://example.com"|url_getarg:"page":"1"', '"1"'],
      ['"/p?q=x+y%21"|url_getarg:"q"', '"x y!"'],
    ],
    apply: (input, args, context) =>
      argumentsOf('url_getarg', textOf('url_getarg', input), context).get(textOf('url_getarg', args[0] ?? null, 'name')) ?? args[1] ?? null,
  }),
]

/** RFC 3986, appendix B, and the authority taken apart; null for a port that is none. */
function parseUrl(text: string): Obj | null {
  const match = /^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(?:\/\/([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#([\s\S]*))?$/.exec(text)
  if (!match) return null
  const [, scheme, authority, path, query, fragment] = match
  const out: Obj = new Map()
  if (scheme !== undefined) out.set('scheme', scheme)
  if (authority !== undefined && !addAuthority(out, authority)) return null
  if (path) out.set('path', path)
  if (query !== undefined) out.set('query', query)
  if (fragment !== undefined) out.set('fragment', fragment)
  return out
}

function addAuthority(out: Obj, authority: string): boolean {
  const at = authority.lastIndexOf('@')
  const address = authority.slice(at + 1)
  const port = /:(\d*)$/.exec(address)
  const host = port ? address.slice(0, port.index) : address
  if (Number(port?.[1] ?? 0) > 65535 || (host === '' && authority !== '') || (host.includes(':') && !host.startsWith('['))) return false
  if (host) out.set('host', host)
  if (port?.[1]) out.set('port', Number(port[1]))
  if (at < 0) return true
  const credentials = authority.slice(0, at)
  const colon = credentials.indexOf(':')
  out.set('user', colon < 0 ? credentials : credentials.slice(0, colon))
  if (colon >= 0) out.set('pass', credentials.slice(colon + 1))
  return true
}

export const urlFilters = [
  percentEncoder('url_encode', 'form', 'Percent encoding as forms use it: a blank becomes +.', [
    ['"Hello World & Xano"|url_encode', '"Hello+World+%26+Xano"'],
    ['"Hello, World!"|url_encode', '"Hello%2C+World%21"'],
    ['"é~"|url_encode', '"%C3%A9%7E"'],
  ]),
  percentEncoder('url_encode_rfc3986', 'rfc3986', 'Percent encoding of RFC 3986: a blank becomes %20.', [
    ['"Hello, World!"|url_encode_rfc3986', '"Hello%2C%20World%21"'],
    ['"a~b"|url_encode_rfc3986', '"a~b"'],
  ]),
  decoder('url_decode', true, 'Undoes percent encoding; + is a blank.', [
    ['"Hello%2C%20World%21"|url_decode', '"Hello, World!"'],
    ['"a+b"|url_decode', '"a b"'],
    ['"100%"|url_decode', '"100%"'],
  ]),
  decoder('url_decode_rfc3986', false, 'Undoes percent encoding; + stays.', [
    ['"Hello%2C%20World%21"|url_decode_rfc3986', '"Hello, World!"'],
    ['"a+b"|url_decode_rfc3986', '"a+b"'],
  ]),
  ...argumentFilters,
  defineFilter({
    name: 'url_parse',
    group,
    summary: 'The parts of a URL that are there: scheme, host, port, user, pass, path, query, fragment. Null for text that is no URL.',
    input: 'text',
    returns: 'object',
    scalar: true,
    cases: [
      [
        '"https://username:password@example.com:8080/path?foo=bar&fiz=buz#fragment"|url_parse',
        '{scheme: "https", host: "example.com", port: 8080, user: "username", pass: "password", path: "/path", query: "foo=bar&fiz=buz", fragment: "fragment"}',
      ],
      ['"/a/b?c"|url_parse', '{path: "/a/b", query: "c"}'],
      ['"http://h:99999"|url_parse', 'null'],
    ],
    apply(input, _args, context) {
      const text = textOf('url_parse', input)
      spendText(context, 'url_parse', text.length)
      return parseUrl(text)
    },
  }),
  defineFilter({
    name: 'querystring_parse',
    group,
    summary: 'Reads a query string: repeated names and name[] give lists, name[key] objects; values stay text.',
    input: 'text',
    returns: 'object',
    scalar: true,
    cases: [
      ['"foo=bar&fiz=buz"|querystring_parse', '{foo: "bar", fiz: "buz"}'],
      ['"x=1&x=2"|querystring_parse', '{x: ["1", "2"]}'],
      ['"a[]=1&a[]=2&b[c][d]=3"|querystring_parse', '{a: ["1", "2"], b: {c: {d: "3"}}}'],
    ],
    apply(input, _args, context) {
      const text = textOf('querystring_parse', input)
      spendText(context, 'querystring_parse', text.length)
      return guard('querystring_parse', () => parseQueryString(text))
    },
  }),
]
