/** What stands between the name of a statement and its block: names, variables, groups, `verb=GET`, `if (…)`. */
import type { Cursor } from './cursor.js'
import { reservedVariables } from './grammar.js'
import { headName, identifier, matchAt } from './names.js'
import { atAttribute, parseHeadAttribute } from './parser-attribute.js'
import { parseFilterStep, parseFilters } from './parser-filter.js'
import { parseGroup, parsePostfix } from './parser-operand.js'
import type { Attribute, Expr, Statement, Target, Text } from './tree.js'

/** An unquoted `{id}` at the start of a path; a block cannot look like this. */
const templateStart = /\{[A-Za-z_]\w*\}(?=\/|[ \t]+[A-Za-z{])/y

/** A name in head position, quoted or not; undefined when none stands here. */
export function parseHeadName(c: Cursor): Text | undefined {
  const at = c.tok.start
  if (c.tok.kind === 'text') return { type: 'text', value: c.advance().value, at }
  if (c.isOp('{') && matchAt(templateStart, c.text, at) === '') return undefined
  if (c.tok.kind === 'eof' || c.tok.kind === 'variable') return undefined
  const name = matchAt(headName, c.text, at)
  if (name === '') return undefined
  c.jump(at + name.length)
  return { type: 'text', value: name, at }
}

/** Reads the head into the statement, up to the block, `as` or the end of the line. */
export function parseHead(c: Cursor, statement: Statement): void {
  while (!c.tok.newline && !c.atEnd && !c.isOp('}') && !c.isOp(',') && !atBlock(c) && !atTarget(c)) {
    if (c.isWord('as')) {
      c.advance()
      c.error(`Expected a variable after \`as\`, found ${c.found}.`, c.lastEnd)
      return
    }
    if (c.isWord('if') && isConditionStart(c)) {
      c.advance()
      statement.condition = c.isOp('(') ? parseGroup(c) : parsePostfix(c, {})
    } else if (atAttribute(c)) pushHeadAttribute(c, statement.headAttributes)
    else if (!pushHeadValue(c, statement.head)) return
  }
}

const isConditionStart = (c: Cursor): boolean => (c.ahead.kind === 'op' && c.ahead.value === '(') || c.ahead.kind === 'quote'

const atBlock = (c: Cursor): boolean => c.isOp('{') && matchAt(templateStart, c.text, c.tok.start) === ''

function pushHeadAttribute(c: Cursor, attributes: Attribute[]): void {
  const attribute = c.attempt(() => parseHeadAttribute(c))
  if (attribute === undefined) skipHead(c)
  else attributes.push(attribute)
}

function pushHeadValue(c: Cursor, head: Expr[]): boolean {
  const value = c.attempt(() => parseHeadValue(c))
  if (value === undefined) skipHead(c)
  else head.push(value)
  return value !== undefined
}

function parseHeadValue(c: Cursor): Expr {
  if (c.isOp('(')) return parseGroup(c)
  if (c.tok.kind === 'variable' || c.tok.kind === 'quote' || c.isOp('[')) {
    const operand = parsePostfix(c, {})
    return c.isOp('|') ? parseFilters(c, operand, {}) : operand
  }
  return parseHeadName(c) ?? c.fail(`Expected a name, a variable or \`{\`, found ${c.found}.`)
}

/** After an error in a head reading goes on at its block. */
export function skipHead(c: Cursor): void {
  while (!c.atEnd && !c.tok.newline && !c.isOp('{') && !c.isOp('}')) c.advance()
}

/** Whether `as $x` stands here. On a new line only the form with `$` cannot be something else. */
export const atTarget = (c: Cursor): boolean =>
  c.isWord('as') && !c.ahead.newline && (c.ahead.kind === 'variable' || (c.ahead.kind === 'word' && !c.tok.newline))

/** `as $name.path|filter:1`; the `$` may be missing. */
export function parseTarget(c: Cursor): Target {
  c.advance()
  const at = c.tok.start
  const target: Target = { name: parseTargetName(c), filters: [], at }
  while (c.isOp('|')) {
    const { name, args, disabled } = parseFilterStep(c, {})
    target.filters.push(disabled ? { name, args, disabled: true } : { name, args })
  }
  return target
}

/** The variable of `as`, without `$` and `$var.`. */
export function parseTargetName(c: Cursor): string {
  const { tok } = c
  if (tok.kind !== 'variable' && tok.kind !== 'word') return c.fail(`Expected a variable after \`as\`, found ${c.found}.`)
  c.advance()
  const path = [tok.value]
  while (c.isOp('.') && !c.tok.spaced && (c.ahead.kind === 'word' || c.ahead.kind === 'number') && !c.ahead.spaced) {
    c.advance()
    path.push(c.advance().value)
  }
  if (path[0] === 'var' && path.length > 1 && identifier.test(path[1] ?? '')) path.shift()
  const root = path[0] ?? ''
  if (reservedVariables.has(root)) c.warn(`\`$${root}\` is a name of the language itself.`, tok.start, 'Choose another name for the result.')
  return path.join('.')
}
