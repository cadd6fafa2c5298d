/** JSON text to values: the order of every key holds, `__proto__` is a key like any other, 5.0 is a decimal, and every number is finite. */
import { decimalOf, fromPlain, isList, isObj, type Obj, type Value } from './value.js'

/** Keys that a plain object would reorder or swallow. */
const delicateKey = /"(?:\d+|__proto__|[^"\\]*\\u[^"]*)"\s*:/
/** A number without a fraction that is written as a decimal: 5.0. */
const wholeDecimal = /(?:^|[[:,\s])-?\d+\.0+(?![\d.])/
const writtenAsDecimal = /\.0+$/
/** What only a number beyond 1.8 × 10^308 has, and few others. */
const hugeNumber = /\d[eE]\+?0*[1-9]\d{2}|\d{300}/

/** A regular expression compiled near the end of the native stack ends the process: this reader stays far from it. */
const maxDepth = 1000

/** The value of JSON text. Throws SyntaxError when it is none or holds a number out of range, RangeError when it is nested too deeply. */
export function decodeJson(text: string): Value {
  const plain: unknown = JSON.parse(text)
  const delicate = delicateKey.test(text) || (text.includes('.0') && wholeDecimal.test(text))
  const value = delicate ? new JsonReader(text).read() : fromPlain(plain)
  if (hugeNumber.test(text)) assertFinite(value)
  return value
}

/** JSON.parse reads 1e999 as infinity, which is no value of the language. */
function assertFinite(value: Value): void {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new SyntaxError('Number out of range')
  if (isList(value)) for (const item of value) assertFinite(item)
  else if (isObj(value)) for (const member of value.values()) assertFinite(member)
}

/** Reads JSON that is known to be valid, objects straight into maps. */
class JsonReader {
  private readonly text: string
  private at = 0
  private depth = 0

  constructor(text: string) {
    this.text = text
  }

  read(): Value {
    this.skip()
    const char = this.text[this.at]
    if (char === '{' || char === '[') return this.readContainer(char)
    if (char === '"') return this.readText()
    const end = /[^\s,\]}]*/y
    end.lastIndex = this.at
    const word = end.exec(this.text)?.[0] ?? ''
    this.at += word.length
    return writtenAsDecimal.test(word) ? decimalOf(Number(word) + 0) : (JSON.parse(word) as Value)
  }

  private readContainer(open: '{' | '['): Value {
    if (++this.depth > maxDepth) throw new RangeError('Nested too deeply')
    const value = open === '{' ? this.readObject() : this.readList()
    this.depth--
    return value
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
