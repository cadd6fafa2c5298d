/** JSON text of values and back, keeping the order of every key. */
import { fatal } from '../errors.js'
import { fromPlain, isBinary, isList, isObj, type Obj, RawJson, type Value } from '../lib/value.js'

/** Values nested deeper than this are refused rather than overflow the stack. */
const maxDepth = 1000
const plainText = /^[\x20\x21\x23-\x5b\x5d-\ud7ff\ue000-\uffff]*$/

/** JSON text of a value. NaN and infinities are null, Binary is base64 text, resources are null. Throws when nested deeper than 1000. */
export const stringify = (value: Value): string => write(value, 0)

function write(value: Value, depth: number): string {
  switch (typeof value) {
    case 'string':
      return writeText(value)
    case 'number':
      return Number.isFinite(value) ? String(value) : 'null'
    case 'boolean':
      return value ? 'true' : 'false'
    default:
      return value === null ? 'null' : writeContainer(value, depth)
  }
}

const writeText = (text: string): string => (text.length < 200 && plainText.test(text) ? `"${text}"` : JSON.stringify(text))

function writeContainer(value: object, depth: number): string {
  if (depth > maxDepth) throw fatal(`The value is nested deeper than ${maxDepth} levels.`)
  if (isList(value)) {
    if (value.length === 0) return '[]'
    let out = '['
    for (let i = 0; i < value.length; i++) out += (i === 0 ? '' : ',') + write(value[i] ?? null, depth + 1)
    return `${out}]`
  }
  if (isObj(value)) {
    let out = ''
    for (const [key, member] of value) out += `${out === '' ? '{' : ','}${writeText(key)}:${write(member, depth + 1)}`
    return out === '' ? '{}' : `${out}}`
  }
  if (value instanceof RawJson) return value.text
  return isBinary(value) ? `"${Buffer.from(value).toString('base64')}"` : 'null'
}

/** Keys that a plain object would reorder or swallow. */
const delicateKey = /"(?:\d+|__proto__|[^"\\]*\\u[^"]*)"\s*:/

/** The value of JSON text. Throws `Error parsing JSON: Syntax error`. */
export function parseJson(text: string): Value {
  let plain: unknown
  try {
    plain = JSON.parse(text)
  } catch {
    throw fatal('Error parsing JSON: Syntax error')
  }
  try {
    return delicateKey.test(text) ? new JsonReader(text).read() : fromPlain(plain)
  } catch (error) {
    if (error instanceof RangeError) throw fatal('Error parsing JSON: Nested too deeply')
    throw error
  }
}

/** Reads JSON that is known to be valid, objects straight into maps. */
class JsonReader {
  private readonly text: string
  private at = 0

  constructor(text: string) {
    this.text = text
  }

  read(): Value {
    this.skip()
    const char = this.text[this.at]
    if (char === '{') return this.readObject()
    if (char === '[') return this.readList()
    if (char === '"') return this.readText()
    const end = /[^\s,\]}]*/y
    end.lastIndex = this.at
    const word = end.exec(this.text)?.[0] ?? ''
    this.at += word.length
    return JSON.parse(word) as Value
  }

  private readObject(): Obj {
    const out: Obj = new Map()
    this.at++
    for (;;) {
      this.skip()
      if (this.text[this.at] === '}') break
      const key = this.readText()
      this.skip()
      this.at++
      out.set(key, this.read())
      this.skip()
      if (this.text[this.at] === ',') this.at++
    }
    this.at++
    return out
  }

  private readList(): Value[] {
    const out: Value[] = []
    this.at++
    for (;;) {
      this.skip()
      if (this.text[this.at] === ']') break
      out.push(this.read())
      this.skip()
      if (this.text[this.at] === ',') this.at++
    }
    this.at++
    return out
  }

  private readText(): string {
    const start = this.at++
    while (this.text[this.at] !== '"') this.at += this.text[this.at] === '\\' ? 2 : 1
    this.at++
    return JSON.parse(this.text.slice(start, this.at)) as string
  }

  private skip(): void {
    while (' \t\n\r'.includes(this.text[this.at] ?? 'x')) this.at++
  }
}
