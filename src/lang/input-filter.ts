/** `filters=trim|min:1|pattern:"^x$":"message"|pattern:/re/i`: input filters with raw, quoted and regex arguments. */
import type { Cursor } from './cursor.js'
import { readText } from './lexer-text.js'
import type { InputFilter } from './tree.js'

type Argument = InputFilter['args'][number]

const filterName = /[A-Za-z_@][\w.-]*/y
const regexLiteral = /\/((?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/([A-Za-z]*)(?=$|[\s|:},])/y
const blanks = /[ \t]*/y
const blanksAndPipe = /\s*\|(?!\|)[ \t]*/y
const openers = '([{'
const closers = ')]}'

/** Reads the filters at the current token and leaves the cursor behind them. */
export function parseInputFilters(c: Cursor): InputFilter[] {
  const filters: InputFilter[] = []
  let at = c.tok.start
  for (;;) {
    const filter = readFilter(c, at)
    if (filter === undefined) return filters
    filters.push(filter.value)
    at = filter.end
    blanksAndPipe.lastIndex = at
    if (!blanksAndPipe.test(c.text)) break
    at = blanksAndPipe.lastIndex
  }
  c.jump(at)
  return filters
}

function readFilter(c: Cursor, start: number): { value: InputFilter; end: number } | undefined {
  const disabled = c.text[start] === '!'
  filterName.lastIndex = disabled ? start + 1 : start
  const name = filterName.exec(c.text)?.[0]
  if (name === undefined) {
    c.jump(start)
    return c.fail(`Expected the name of an input filter, found ${c.found}.`)
  }
  const value: InputFilter = { name, args: [], at: start }
  if (disabled) value.disabled = true
  let end = filterName.lastIndex
  while (c.text[end] === ':') {
    blanks.lastIndex = end + 1
    blanks.exec(c.text)
    const argument = readArgument(c, blanks.lastIndex)
    value.args.push(argument.value)
    end = argument.end
  }
  return { value, end }
}

function readArgument(c: Cursor, at: number): { value: Argument; end: number } {
  const char = c.text[at]
  if (char === '"' || char === "'") {
    const read = readText(c.text, at)
    if (read.problem !== undefined) c.error(read.problem.message, read.problem.at, read.problem.hint)
    return { value: { text: read.value, style: 'quoted' }, end: read.end }
  }
  if (char === '/') {
    regexLiteral.lastIndex = at
    const match = regexLiteral.exec(c.text)
    if (match !== null) {
      const value: Argument = { text: match[1] ?? '', style: 'regex' }
      if (match[2]) value.flags = match[2]
      return { value, end: regexLiteral.lastIndex }
    }
  }
  return { value: { text: readRaw(c.text, at), style: 'raw' }, end: at + readRaw(c.text, at).length }
}

/** A raw argument runs to a blank, `|` or `:` outside balanced brackets; a colon inside a regular expression stays. */
export function readRaw(text: string, at: number): string {
  const stack: string[] = []
  const isRegex = text[at] === '^'
  let end = at
  for (; end < text.length; end++) {
    const char = text[end] ?? ''
    if (char === '\n' || char === '\r') break
    if (char === '\\') {
      end += 1
      continue
    }
    const closer = closers[openers.indexOf(char)]
    if (stack.at(-1) === ']' && char !== ']') continue
    if (closer !== undefined && openers.includes(char)) stack.push(closer)
    else if (closers.includes(char)) {
      if (stack.at(-1) !== char) break
      stack.pop()
    } else if (stack.length === 0 && endsRaw(text, end, isRegex)) break
  }
  return stack.length === 0 ? text.slice(at, Math.min(end, text.length)) : upToBlank(text, at)
}

function endsRaw(text: string, at: number, isRegex: boolean): boolean {
  const char = text[at]
  if (char === ' ' || char === '\t' || char === '|') return true
  const next = text[at + 1]
  if (char === ':') return !isRegex || next === '"' || next === "'"
  return char === ',' && (next === undefined || /\s/.test(next))
}

/** Brackets that never close are ordinary characters. */
function upToBlank(text: string, at: number): string {
  const end = text.slice(at, at + 2000).search(/[\s|]/)
  return end === -1 ? text.slice(at, at + 2000) : text.slice(at, at + end)
}
