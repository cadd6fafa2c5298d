/**
 * Globals of the web that only code which names them gets: `URL`, `URLSearchParams` and `crypto`. Evaluated after the prelude, by the same rules:
 * nothing of the host goes in but the 32 random bytes that `crypto` starts from.
 */

export interface WebGlobals {
  /** Pattern of code that needs them. */
  named: string
  /** Sets them, and evaluates to a function that takes 32 random bytes as hexadecimal text. */
  source: string
}

export const webGlobals: readonly WebGlobals[] = [
  {
    named: '\\bURL',
    source: String.raw`(() => {
  'use strict'
  const byte = (c) => '%' + c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')
  const escaped = (text, keep) =>
    Array.from(String(text).toWellFormed(), (c) => (keep.test(c) && c.length === 1 ? c : encodeURIComponent(c).replace(/^[!'()*~]$/, byte))).join('')
  const decode = (text) => {
    try {
      return decodeURIComponent(text)
    } catch {
      return text.replace(/(?:%[0-9A-Fa-f]{2})+/g, (run) => { try { return decodeURIComponent(run) } catch { return '�' } })
    }
  }

  class URLSearchParams {
    #pairs = []
    #changed = () => {}
    constructor(init = '', changed) {
      if (typeof changed === 'function') this.#changed = changed
      if (typeof init === 'object' && init !== null)
        this.#pairs = (typeof init[Symbol.iterator] === 'function' ? [...init] : Object.entries(init)).map((pair) => {
          const [name, value] = [...pair]
          return [String(name), String(value)]
        })
      else
        this.#pairs = String(init).replace(/^\?/, '').split('&').filter((part) => part !== '').map((part) => {
          const [name, ...rest] = part.split('=')
          return [name, rest.join('=')].map((text) => decode(text.replaceAll('+', ' ')))
        })
    }
    get size() { return this.#pairs.length }
    append(name, value) { this.#pairs.push([String(name), String(value)]); this.#changed(this) }
    delete(name, value) {
      this.#pairs = this.#pairs.filter(([key, held]) => key !== String(name) || (value !== undefined && held !== String(value)))
      this.#changed(this)
    }
    get(name) { return this.#pairs.find(([key]) => key === String(name))?.[1] ?? null }
    getAll(name) { return this.#pairs.filter(([key]) => key === String(name)).map(([, value]) => value) }
    has(name, value) { return this.#pairs.some(([key, held]) => key === String(name) && (value === undefined || held === String(value))) }
    set(name, value) {
      const at = this.#pairs.findIndex(([key]) => key === String(name))
      if (at < 0) this.#pairs.push([String(name), String(value)])
      else this.#pairs = this.#pairs.filter(([key], i) => i <= at || key !== String(name)).map((pair, i) => (i === at ? [pair[0], String(value)] : pair))
      this.#changed(this)
    }
    sort() { this.#pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)); this.#changed(this) }
    forEach(callback, receiver) { for (const [name, value] of this.#pairs) callback.call(receiver, value, name, this) }
    entries() { return this.#pairs.map((pair) => [...pair])[Symbol.iterator]() }
    keys() { return this.#pairs.map(([name]) => name)[Symbol.iterator]() }
    values() { return this.#pairs.map(([, value]) => value)[Symbol.iterator]() }
    [Symbol.iterator]() { return this.entries() }
    toString() {
      const form = (text) => escaped(text, /[A-Za-z0-9*._-]/).replaceAll('%20', '+')
      return this.#pairs.map((pair) => pair.map(form).join('=')).join('&')
    }
    toJSON() { return {} }
  }

  const ports = { 'http:': '80', 'https:': '443', 'ws:': '80', 'wss:': '443', 'ftp:': '21' }
  const sets = {
    path: /[^\x00-\x20"#<>?\x60{}\x7f-\uffff]/,
    query: /[^\x00-\x20"#<>'\x7f-\uffff]/,
    hash: /[^\x00-\x20"<>\x60\x7f-\uffff]/,
    user: /[A-Za-z0-9!$%&'()*+,._~-]/,
  }
  const invalid = () => { throw new TypeError('Invalid URL') }
  const settle = (path) => {
    const out = []
    const parts = path.split('/').slice(1)
    parts.forEach((part, i) => {
      const dots = part.replace(/%2e/gi, '.')
      const isLast = i === parts.length - 1
      if (dots === '..') { out.pop(); if (isLast) out.push('') }
      else if (dots === '.') { if (isLast) out.push('') }
      else out.push(part)
    })
    return '/' + out.join('/')
  }
  const read = (input, base) => {
    const text = input.replace(/^[\x00-\x20]+|[\x00-\x20]+$/g, '').replace(/[\t\n\r]/g, '')
    const [, scheme, rest] = /^([A-Za-z][A-Za-z0-9+.-]*:)?([^]*)$/.exec(text)
    if (scheme === undefined && base === undefined) invalid()
    const protocol = (scheme ?? base.protocol).toLowerCase()
    const special = Object.hasOwn(ports, protocol)
    const [, before, query, hash] = /^([^?#]*)(\?[^#]*)?(#[^]*)?$/.exec(rest)
    const slashed = special ? before.replaceAll('\\', '/') : before
    const url = { protocol, username: '', password: '', hostname: '', port: '', pathname: '', search: '', hash: '' }
    const relative = scheme === undefined && !slashed.startsWith('//')
    let path
    if (relative) {
      if (base.opaque) invalid()
      Object.assign(url, { username: base.username, password: base.password, hostname: base.hostname, port: base.port })
      path = slashed === '' ? base.pathname : slashed.startsWith('/') ? slashed : base.pathname.replace(/[^/]*$/, '') + slashed
      if (slashed === '' && query === undefined) url.search = base.search
    } else if (special || slashed.startsWith('//')) {
      const [, authority, after] = /^\/*([^/]*)([^]*)$/.exec(special ? slashed : slashed.slice(2).padStart(1))
      const at = authority.lastIndexOf('@')
      const [, host, port] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(authority.slice(at + 1)) ?? invalid()
      if (at >= 0) {
        const [name, ...secret] = authority.slice(0, at).split(':')
        url.username = escaped(name, sets.user)
        url.password = escaped(secret.join(':'), sets.user)
      }
      const decoded = special ? decode(host).toLowerCase() : host
      if ((special && decoded === '') || /[\x00-\x20#%/:<>?@\\^|]/.test(decoded.replace(/^\[.*\]$/, ''))) invalid()
      url.hostname = decoded
      if (port !== undefined && port !== '') {
        if (!/^\d{1,5}$/.test(port) || Number(port) > 65535) invalid()
        url.port = String(Number(port)) === ports[protocol] ? '' : String(Number(port))
      }
      path = after
    } else {
      url.opaque = !slashed.startsWith('/')
      path = slashed
    }
    url.pathname = url.opaque ? path : path === '' && !special ? '' : settle(escaped(path.startsWith('/') ? path : '/' + path, sets.path))
    if (query !== undefined) url.search = escaped(query, sets.query)
    if (hash !== undefined) url.hash = escaped(hash, sets.hash)
    return url
  }

  class URL {
    #url
    #params
    constructor(input, base) {
      this.#url = read(String(input), base === undefined ? undefined : read(String(base)))
      this.#renew()
    }
    #renew() {
      this.#params = new URLSearchParams(this.#url.search, (params) => { this.#url.search = params.size === 0 ? '' : '?' + params })
    }
    #change(part, value) {
      const { protocol } = this.#url
      if (part === 'search' || part === 'hash') {
        const sign = part === 'search' ? '?' : '#'
        const text = String(value).replace(sign, (found, at) => (at === 0 ? '' : found))
        this.#url[part] = text === '' ? '' : sign + escaped(text, part === 'search' ? sets.query : sets.hash)
      } else if (part === 'pathname') this.#url.pathname = settle(escaped('/' + String(value).replace(/^\//, ''), sets.path))
      else if (part === 'port') this.#url.port = String(value) === ports[protocol] ? '' : String(value).replace(/\D.*$/, '')
      else if (part === 'protocol') this.#url.protocol = String(value).replace(/:?$/, ':').toLowerCase()
      else if (part === 'hostname') this.#url.hostname = String(value).toLowerCase()
      else this.#url[part] = escaped(String(value), sets.user)
      if (part === 'search') this.#renew()
    }
    get host() { return this.#url.hostname + (this.#url.port === '' ? '' : ':' + this.#url.port) }
    set host(value) { const [name, port = ''] = String(value).split(':'); this.#change('hostname', name); if (port !== '') this.#change('port', port) }
    get origin() { return Object.hasOwn(ports, this.#url.protocol) ? this.#url.protocol + '//' + this.host : 'null' }
    get searchParams() { return this.#params }
    get href() {
      const { protocol, username, password, hostname, pathname, search, hash } = this.#url
      const user = username === '' && password === '' ? '' : username + (password === '' ? '' : ':' + password) + '@'
      const place = Object.hasOwn(ports, protocol) || hostname !== '' ? '//' + user + this.host : ''
      return protocol + place + pathname + search + hash
    }
    set href(value) { this.#url = read(String(value)); this.#renew() }
    toString() { return this.href }
    toJSON() { return this.href }
    static canParse(input, base) { try { return new URL(input, base) instanceof URL } catch { return false } }
    static parse(input, base) { try { return new URL(input, base) } catch { return null } }
    static {
      for (const part of ['protocol', 'username', 'password', 'hostname', 'port', 'pathname', 'search', 'hash'])
        Object.defineProperty(URL.prototype, part, { get() { const text = this.#url[part]; return text === '?' || text === '#' ? '' : text }, set(value) { this.#change(part, value) }, enumerable: true, configurable: true })
    }
  }
  Object.assign(globalThis, { URL, URLSearchParams })
  return () => {}
})()`,
  },
  {
    named: '\\bcrypto\\b',
    source: `(() => {
  'use strict'
  // ChaCha20 (RFC 8439) as a generator: no state of it can be reached.
  let [key, counter, pool] = [null, 0, []]
  const turn = (x, n) => ((x << n) | (x >>> (32 - n))) >>> 0
  const block = () => {
    const start = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, ...key, counter++, 0, 0, 0]
    const s = [...start]
    const quarter = (a, b, c, d) => {
      for (const [n, m] of [[16, 12], [8, 7]]) {
        s[a] = (s[a] + s[b]) >>> 0; s[d] = turn(s[d] ^ s[a], n)
        s[c] = (s[c] + s[d]) >>> 0; s[b] = turn(s[b] ^ s[c], m)
      }
    }
    for (let round = 0; round < 10; round++) {
      for (let i = 0; i < 4; i++) quarter(i, 4 + i, 8 + i, 12 + i)
      for (let i = 0; i < 4; i++) quarter(i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4))
    }
    return s.flatMap((word, i) => { const sum = (word + start[i]) >>> 0; return [sum & 255, (sum >>> 8) & 255, (sum >>> 16) & 255, sum >>> 24] })
  }
  const next = () => { if (pool.length === 0) pool = block(); return pool.pop() }
  const hex = (count) => Array.from({ length: count }, () => next().toString(16).padStart(2, '0')).join('')
  globalThis.crypto = {
    getRandomValues(array) {
      if (!ArrayBuffer.isView(array) || array instanceof Float32Array || array instanceof Float64Array) throw new TypeError('Expected an array of integers.')
      if (array.byteLength > 65536) throw new RangeError('At most 65536 bytes at once.')
      const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
      for (let i = 0; i < bytes.length; i++) bytes[i] = next()
      return array
    },
    randomUUID() {
      const text = hex(16)
      const variant = '89ab'[Number.parseInt(text[16], 16) & 3]
      return [text.slice(0, 8), text.slice(8, 12), '4' + text.slice(13, 16), variant + text.slice(17, 20), text.slice(20)].join('-')
    },
  }
  return (seed) => { key = seed.match(/.{8}/g).map((word) => Number.parseInt(word, 16)) }
})()`,
  },
]
