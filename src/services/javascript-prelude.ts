/**
 * What a fresh engine evaluates before the code of a builder: the few globals it offers, and the functions by which the process
 * around it drives a run. They stay in a closure: code cannot reach them, and the engine is given nothing of the host.
 */

/** Evaluates to `{start, status, fire, answer, log}`. */
export const prelude = `(() => {
  'use strict'
  const AsyncFunction = (async () => {}).constructor
  const { parse, stringify } = JSON
  const now = Date.now
  const cut = (text, most) => (text.length > most ? text.slice(0, most) + '…' : text)
  const shown = (value) => {
    if (typeof value === 'string') return value
    if (value instanceof Error) return String(value)
    try {
      return stringify(value) ?? String(value)
    } catch {
      return String(value)
    }
  }

  // console

  const lines = []
  let [kept, room, dropped] = [false, 100_000, 0]
  const print = (...values) => {
    if (!kept) return
    if (lines.length >= 1000 || room <= 0) return void dropped++
    const line = cut(values.map(shown).join(' '), 2000)
    room -= line.length
    lines.push(line)
  }
  globalThis.console = { log: print, info: print, warn: print, error: print, debug: print, trace: print }

  // Timers

  let [timers, lastTimer] = [[], 0]
  const after = (callback, milliseconds, every, args) => {
    const wait = Math.max(Number(milliseconds) || 0, every ? 1 : 0)
    if (timers.length >= 1000) throw new RangeError('Too many timers.')
    timers.push({ id: ++lastTimer, at: now() + wait, every: every ? wait : null, callback, args })
    return lastTimer
  }
  const stop = (id) => void (timers = timers.filter((timer) => timer.id !== id))
  globalThis.setTimeout = (callback, milliseconds, ...args) => after(callback, milliseconds, false, args)
  globalThis.setInterval = (callback, milliseconds, ...args) => after(callback, milliseconds, true, args)
  globalThis.clearTimeout = globalThis.clearInterval = stop

  // Text and copies

  globalThis.TextEncoder = class TextEncoder {
    get encoding() { return 'utf-8' }
    encode(text = '') {
      const bytes = unescape(encodeURIComponent(String(text).toWellFormed()))
      return Uint8Array.from(bytes, (character) => character.charCodeAt(0))
    }
  }
  globalThis.TextDecoder = class TextDecoder {
    constructor(label = 'utf-8') {
      if (!/^utf-?8$/i.test(label)) throw new RangeError('Only utf-8 can be decoded.')
    }
    get encoding() { return 'utf-8' }
    decode(source = new Uint8Array()) {
      const bytes = source instanceof ArrayBuffer ? new Uint8Array(source) : new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
      let text = ''
      for (const byte of bytes) text += '%' + (byte < 16 ? '0' : '') + byte.toString(16)
      return decodeURIComponent(text)
    }
  }
  const copy = (value, known) => {
    if (typeof value === 'function' || typeof value === 'symbol') throw new TypeError(typeof value + ' cannot be cloned.')
    if (typeof value !== 'object' || value === null) return value
    if (known.has(value)) return known.get(value)
    const keep = (made) => (known.set(value, made), made)
    if (value instanceof Date) return keep(new Date(value.getTime()))
    if (value instanceof RegExp) return keep(new RegExp(value.source, value.flags))
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return keep(value.slice())
    if (value instanceof Map) {
      const made = keep(new Map())
      for (const [key, member] of value) made.set(copy(key, known), copy(member, known))
      return made
    }
    if (value instanceof Set) {
      const made = keep(new Set())
      for (const member of value) made.add(copy(member, known))
      return made
    }
    const made = keep(Array.isArray(value) ? [] : {})
    for (const key of Object.keys(value)) made[key] = copy(value[key], known)
    return made
  }
  globalThis.structuredClone = (value) => copy(value, new Map())

  // The run

  const names = ['$this', '$index', '$parent', '$result', '$var', '$input', '$auth', '$env']
  let outcome = null
  let lineCount = 0
  const settle = (value, replace) => void (outcome ??= stringify(value, replace))
  const plainBigInt = (_, value) => (typeof value !== 'bigint' ? value : Number.isSafeInteger(Number(value)) ? Number(value) : String(value))
  const fail = (error, syntax = false) => {
    let [name, message, line] = ['Error', '', null]
    if (error instanceof Error) {
      name = cut(String(error.name), 100)
      message = cut(String(error.message), 2000)
      // Frames below the prelude's are not the builder's; the wrapper around the code takes two lines.
      const own = String(error.stack).split('<prelude>')[0]
      const found = Math.min(Number(/<input>:(\\d+)/.exec(own)?.[1]) - 2, lineCount)
      if (found > 0) line = found
    } else message = cut(shown(error), 2000)
    settle({ error: { name, message, line, syntax } })
  }
  const prepare = (source) => {
    try {
      return new AsyncFunction(...names, source)
    } catch (error) {
      fail(error, true)
      return null
    }
  }
  return {
    start(source, driver, bindings, wantsLogs) {
      kept = wantsLogs
      lineCount = source.split('\\n').length
      const given = parse(bindings)
      const code = prepare(source)
      if (code === null) return
      const value = given.this
      const isObject = typeof value === 'object' && value !== null
      const call = (item, index, result) => code.call(undefined, item, index, value, result, given.var, given.input, given.auth, given.env)
      const entries = Array.isArray(value) ? [...value.entries()] : isObject ? Object.entries(value) : []
      const rebuild = (pairs) => (Array.isArray(value) ? pairs.map((pair) => pair[1]) : Object.fromEntries(pairs.map(([key, member]) => [key, member ?? null])))
      const drive = new AsyncFunction('call', 'value', 'entries', 'rebuild', 'initial', driver)
      drive(call, value, entries, rebuild, given.initial).then(
        (result) => {
          try {
            settle({ result: result ?? null }, plainBigInt)
          } catch (error) {
            fail(error)
          }
        },
        (error) => fail(error),
      )
    },
    /** -1: there is an answer; -2: nothing will happen any more; else milliseconds until the next timer. */
    status() {
      if (outcome !== null) return -1
      let first = Infinity
      for (const { at } of timers) if (at < first) first = at
      return first === Infinity ? -2 : Math.max(first - now(), 0)
    },
    fire() {
      const time = now()
      const due = timers.filter(({ at }) => at <= time).sort((a, b) => a.at - b.at || a.id - b.id)
      for (const timer of due) {
        if (!timers.includes(timer)) continue
        if (timer.every === null) stop(timer.id)
        else timer.at = time + timer.every
        timer.callback(...timer.args)
        return
      }
    },
    answer: () => outcome ?? '',
    log: () => stringify(dropped > 0 ? [...lines, '(' + dropped + ' more lines)'] : lines),
  }
})()`
