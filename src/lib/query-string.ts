/** Query strings and form bodies with PHP's brackets, into ordered objects whose keys can reach no prototype. */
import { fromBytes, isList, isObj, type Obj, type Value } from './value.js'

export interface QueryStringLimits {
  /** Most `name=value` pairs. */
  maxPairs: number
  /** Most brackets in one name. */
  maxDepth: number
}
export const defaultQueryStringLimits: QueryStringLimits = Object.freeze({ maxPairs: 1000, maxDepth: 32 })

export class QueryStringLimitError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'QueryStringLimitError'
  }
}

/** While reading: text, a repeated plain name (`x=1&x=2`), or a container that becomes a list when its keys count up from 0. */
type Node = string | string[] | Branch
interface Branch {
  members: Map<string, Node>
  /** Next index of `[]`. */
  next: number
}
const branch = (): Branch => ({ members: new Map(), next: 0 })

/**
 * Reads `a=1&b[]=2&c[d]=3`. A repeated plain name gives a list; `[]` and `[0]`, `[1]` … give lists; other brackets give objects. Values
 * stay text; bytes that are not UTF-8 become U+FFFD. A leading `?` is ignored. Throws {@link QueryStringLimitError}.
 */
export function parseQueryString(text: string, limits: QueryStringLimits = defaultQueryStringLimits): Obj {
  const root = branch()
  let pairs = 0
  for (let at = text.startsWith('?') ? 1 : 0; at < text.length; ) {
    const end = text.indexOf('&', at)
    const pair = text.slice(at, end < 0 ? text.length : end)
    at += pair.length + 1
    if (pair === '') continue
    if (++pairs > limits.maxPairs) throw new QueryStringLimitError(`The query string has more than ${limits.maxPairs} parameters.`)
    const equals = pair.indexOf('=')
    const name = decodeForm(equals < 0 ? pair : pair.slice(0, equals))
    if (name !== '') place(root, pathOf(name, limits), decodeForm(equals < 0 ? '' : pair.slice(equals + 1)))
  }
  return new Map(Array.from(root.members, ([name, node]) => [name, toValue(node)]))
}

/** `a[b][]` → `a`, `b`, `""`. A name whose brackets do not close is taken as it is. */
function pathOf(name: string, limits: QueryStringLimits): string[] {
  const open = name.indexOf('[')
  if (open <= 0) return [name]
  const path = [name.slice(0, open)]
  let at = open
  while (name[at] === '[') {
    const close = name.indexOf(']', at)
    if (close < 0) break
    path.push(name.slice(at + 1, close))
    at = close + 1
    if (path.length > limits.maxDepth + 1) throw new QueryStringLimitError(`A parameter of the query string has more than ${limits.maxDepth} brackets.`)
  }
  return path.length > 1 ? path : [name]
}

function place(root: Branch, path: readonly string[], value: string): void {
  let node = root
  for (const key of path.slice(0, -1)) {
    const name = memberName(node, key)
    const child = node.members.get(name)
    const next = child !== undefined && typeof child !== 'string' && !Array.isArray(child) ? child : branch()
    if (next !== child) node.members.set(name, next)
    node = next
  }
  const last = path.at(-1) ?? ''
  const name = memberName(node, last)
  const existing = node.members.get(name)
  if (path.length > 1 || existing === undefined || isBranch(existing)) node.members.set(name, value)
  else if (typeof existing === 'string') node.members.set(name, [existing, value])
  else existing.push(value)
}
const isBranch = (node: Node): node is Branch => typeof node === 'object' && !Array.isArray(node)

/** The key of a member; `""` takes the next index. */
function memberName(node: Branch, key: string): string {
  if (key === '') return String(node.next++)
  if (/^(?:0|[1-9]\d{0,8})$/.test(key)) node.next = Math.max(node.next, Number(key) + 1)
  return key
}

function toValue(node: Node): Value {
  if (!isBranch(node)) return node
  const entries = Array.from(node.members, ([name, member]) => [name, toValue(member)] as const)
  return entries.every(([name], i) => name === String(i)) ? entries.map(([, value]) => value) : new Map(entries)
}

/** Percent decoding of bytes; malformed escapes stay as they are. `plus` also turns `+` into a blank. */
export function percentDecode(text: string, plus: boolean): Uint8Array {
  const source = Buffer.from(plus ? text.replaceAll('+', ' ') : text, 'utf8')
  const out = Buffer.allocUnsafe(source.length)
  let length = 0
  for (let i = 0; i < source.length; i++) {
    const [high, low] = source[i] === 0x25 ? [hexValue(source[i + 1]), hexValue(source[i + 2])] : [-1, -1]
    if (high >= 0 && low >= 0) {
      out[length++] = high * 16 + low
      i += 2
    } else out[length++] = source[i] ?? 0
  }
  return out.subarray(0, length)
}
function hexValue(byte: number | undefined): number {
  if (byte === undefined) return -1
  if (byte >= 48 && byte <= 57) return byte - 48
  const letter = byte | 32
  return letter >= 97 && letter <= 102 ? letter - 87 : -1
}

/** Form decoding (`+` is a blank) into text. */
export function decodeForm(text: string): string {
  if (!text.includes('%') && !text.includes('+')) return text
  const bytes = percentDecode(text, true)
  const value = fromBytes(bytes)
  return typeof value === 'string' ? value : Buffer.from(bytes).toString('utf8')
}

const hex = Array.from({ length: 256 }, (_, byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
const isUnreserved = (byte: number): boolean =>
  (byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122) || byte === 45 || byte === 46 || byte === 95

/** Percent encoding: `rfc3986` writes a blank as %20 and keeps `~`; `form` writes `+` and %7E, as PHP's urlencode does. */
export function percentEncode(bytes: Uint8Array, style: 'rfc3986' | 'form'): string {
  let out = ''
  for (const byte of bytes) {
    if (isUnreserved(byte)) out += String.fromCharCode(byte)
    else if (byte === 0x20 && style === 'form') out += '+'
    else if (byte === 0x7e && style === 'rfc3986') out += '~'
    else out += hex[byte] ?? ''
  }
  return out
}

/** `name=value` pairs of a value; lists and objects become brackets. `encode` writes one scalar. */
export function buildPairs(name: string, value: Value, encode: (text: Value) => string): string[] {
  const pairs: string[] = []
  const visit = (key: string, member: Value, depth: number): void => {
    if (depth > defaultQueryStringLimits.maxDepth)
      throw new QueryStringLimitError(`The value is nested deeper than ${defaultQueryStringLimits.maxDepth} levels.`)
    if (isList(member)) for (const [i, item] of member.entries()) visit(`${key}[${i}]`, item, depth + 1)
    else if (isObj(member)) for (const [part, item] of member) visit(`${key}[${part}]`, item, depth + 1)
    else pairs.push(`${encode(key)}=${encode(member)}`)
  }
  visit(name, value, 0)
  return pairs
}
