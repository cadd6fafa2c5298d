/** List and object literals. Entries end at a comma or a line end. */
import { type Context, grow } from './context.js'
import type { Cursor } from './cursor.js'
import { matchAt } from './names.js'
import type { ComputedEntry, Expr, ListLiteral, ObjectEntry, ObjectLiteral, Spread } from './tree.js'

/** `[a, ...b]`. */
export function parseList(c: Cursor, context: Context): Expr {
  const open = c.advance()
  const list: ListLiteral = { type: 'list', items: [], at: open.start }
  const inner: Context = context.inFilter === true ? { words: true, inFilter: true } : { words: true }
  const below = readEntries(c, open.start, ']', () => list.items.push(parseSpread(c, inner) ?? c.expr(inner)))
  return grow(c, list, below)
}

/** How the entries of an object literal separate key and value. */
export interface ObjectStyle {
  /** `=` is accepted besides `:` (a block of attributes read as an object). */
  attributes?: boolean
}

/** `{key: value, ...spread}`. */
export function parseObject(c: Cursor, context: Context, style: ObjectStyle = {}): Expr {
  const open = c.expect('{', `Expected \`{\`, found ${c.found}.`)
  const object: ObjectLiteral = { type: 'object', entries: [], at: open.start }
  const inner: Context = context.inFilter === true ? { words: true, inFilter: true } : {}
  const keys = new Set<string>()
  const below = readEntries(c, open.start, '}', () => {
    if (isNestedOutput(c)) {
      c.advance()
      c.nestedOutput = c.fields()
      return
    }
    const disabled = isDisabledEntry(c)
    if (disabled) c.warn('A disabled entry is not kept.', c.advance().start)
    const entry = parseSpread(c, inner) ?? parseEntry(c, inner, style)
    if (disabled) return
    if (entry.type === 'entry') {
      if (keys.has(entry.key)) c.error(`The key \`${entry.key}\` appears twice.`, entry.at ?? c.lastEnd, 'Remove or rename one of the two.')
      keys.add(entry.key)
    }
    object.entries.push(entry)
  })
  return grow(c, object, below)
}

const isNestedOutput = (c: Cursor): boolean => c.isWord('output') && c.ahead.kind === 'op' && c.ahead.value === '{'

/** `!key: value`, as editors write a member that is switched off. */
const isDisabledEntry = (c: Cursor): boolean => c.isOp('!') && (c.ahead.kind === 'word' || c.ahead.kind === 'text')

/** Reads entries up to the closer and answers the height of the highest. */
function readEntries(c: Cursor, openedAt: number, close: ']' | '}', read: () => void): number {
  let highest = 0
  while (!c.isOp(close)) {
    if (c.atEnd || c.isOp('}') || (c.isOp(']') && close === '}')) {
      c.error(`This \`${close === ']' ? '[' : '{'}\` is never closed.`, openedAt)
      if (c.isOp(']')) c.advance()
      return highest
    }
    const from = c.tok.start
    c.height = 0
    const done = c.attempt(() => {
      read()
      return true
    })
    highest = Math.max(highest, c.height)
    if (done === undefined) c.skipItem(from, true)
    endEntry(c, close, done === true)
    if (c.tok.start === from && !c.isOp(close)) c.advance()
  }
  c.advance()
  return highest
}

function endEntry(c: Cursor, close: string, judge: boolean): void {
  if (c.accept(',')) {
    if (c.isOp(',')) c.error('An entry is missing between the commas.', c.tok.start)
    while (c.isOp(',')) c.advance()
    return
  }
  if (!judge || c.tok.newline || c.isOp(close) || c.atEnd || c.isOp('}')) return
  c.error(`Expected a comma, a new line or \`${close}\`, found ${c.found}.`, c.tok.start, 'Entries on one line need a comma between them.')
  if (!startsEntry(c)) c.skipItem(c.tok.start, true)
  c.accept(',')
}

const startsEntry = (c: Cursor): boolean =>
  c.tok.kind === 'word' || c.tok.kind === 'text' || c.tok.kind === 'number' || c.tok.kind === 'variable' || c.isOp('{')

function parseSpread(c: Cursor, context: Context): Spread | undefined {
  if (!c.isOp('...')) return undefined
  const at = c.advance().start
  return { type: 'spread', value: c.expr(context), at }
}

const keyWord = /[A-Za-z0-9_]+(?:[.-][A-Za-z0-9_$]+)*/y

function parseEntry(c: Cursor, context: Context, style: ObjectStyle): ObjectEntry | ComputedEntry {
  const at = c.tok.start
  const computed = parseComputedKey(c)
  const key = computed === undefined ? parseKey(c) : ''
  endKey(c, key, style)
  if (isMissingValue(c)) c.fail(`The value of \`${key}\` is missing.`, undefined, at)
  const value = c.expr(context)
  return computed === undefined ? { type: 'entry', key, value, at } : { type: 'computed', key: computed, value, at }
}

/** `$key: v`, `(expr): v`, `[expr]: v`. */
function parseComputedKey(c: Cursor): Expr | undefined {
  if (c.accept('[')) {
    const key = c.expr({ free: true })
    c.expect(']', `Expected \`]\` after the key, found ${c.found}.`)
    return key
  }
  return c.tok.kind === 'variable' || c.tok.kind === 'quote' || c.isOp('(') ? c.expr({}) : undefined
}

function parseKey(c: Cursor): string {
  if (c.tok.kind === 'text') return c.advance().value
  const word = c.tok.kind === 'word' || c.tok.kind === 'number' ? matchAt(keyWord, c.text, c.tok.start) : ''
  if (word === '') return c.fail(`Expected a key, found ${c.found}.`, 'Keys are words or quoted texts: `{name: 1, "two words": 2}`.')
  c.jump(c.tok.start + word.length)
  return word
}

function endKey(c: Cursor, key: string, style: ObjectStyle): void {
  if (c.accept(':')) return
  if (c.isOp('=')) {
    if (style.attributes !== true) c.error('Entries of an object use `:`, not `=`.', c.tok.start, `Write \`${key}: value\`.`)
    c.advance()
    return
  }
  const isShorthand = c.isOp(',') || c.isOp('}') || c.tok.newline
  c.fail(`Expected \`:\` after the key \`${key}\`, found ${c.found}.`, isShorthand ? `Write \`${key}: $${key}\`.` : undefined)
}

function isMissingValue(c: Cursor): boolean {
  if (c.isOp(',') || c.isOp('}')) return true
  if (!c.tok.newline) return false
  return c.tok.kind === 'word' && c.ahead.kind === 'op' && c.ahead.value === ':'
}
