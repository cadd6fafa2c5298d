/** Operands: unary operators, postfix chains, literals and groups. */
import { type Context, grouped, grow, inside } from './context.js'
import type { Cursor } from './cursor.js'
import { castTypes, constantNames } from './grammar.js'
import { lex, lexMemberName } from './lexer.js'
import { identifier } from './names.js'
import { wordOperators } from './operators.js'
import { parseFilters } from './parser-filter.js'
import { parseList, parseObject } from './parser-literal.js'
import type { Cast, Constant, Expr, NumberLiteral, Text, Unary, Variable, Word } from './tree.js'

/** `!e`, `-e`, or an operand with its filters. */
export function parseUnary(c: Cursor, context: Context): Expr {
  const { tok } = c
  if (tok.kind === 'op' && ((tok.value === '!' && !isCast(c)) || (tok.value === '-' && !isNegativeNumber(c)))) {
    c.advance()
    const operand = c.nested(() => parseUnary(c, context))
    const node: Unary = { type: 'unary', op: tok.value === '!' ? '!' : '-', operand, at: tok.start }
    return grow(c, node, c.height)
  }
  return parseFiltered(c, context)
}

/** A postfix chain with its filters; inside a filter argument the filters belong to the outer chain. */
export function parseFiltered(c: Cursor, context: Context): Expr {
  if (context.argument === true) return parsePostfix(c, context)
  if (c.isOp('|')) return parseFilters(c, null, context)
  const operand = parsePostfix(c, context)
  return c.isOp('|') ? parseFilters(c, operand, context) : operand
}

const isNegativeNumber = (c: Cursor): boolean => c.ahead.kind === 'number' && c.ahead.start === c.tok.end

function isCast(c: Cursor): boolean {
  const { ahead } = c
  return ahead.kind === 'word' && castTypes.has(ahead.value) && !ahead.spaced && lex(c.text, ahead.end).kind === 'text'
}

/** A primary with `.name` and `[index]`. */
export function parsePostfix(c: Cursor, context: Context): Expr {
  let node = parsePrimary(c, context)
  if ((node.type === 'number' || node.type === 'timestamp' || node.type === 'word') && !grouped.has(node)) return node
  for (;;) {
    if (c.tok.spaced) return node
    if (c.isOp('.')) node = parseMember(c, node, context)
    else if (c.isOp('[')) node = parseIndex(c, node, context)
    else return node
  }
}

function parseMember(c: Cursor, object: Expr, context: Context): Expr {
  const at = c.tok.start
  const below = c.height
  if (c.ahead.kind === 'op' && c.ahead.value === '[' && !c.ahead.spaced) {
    c.advance()
    return parseIndex(c, object, context)
  }
  const name = lexMemberName(c.text, c.tok.end, isSystemVariable(object))
  if (name === undefined) {
    c.advance()
    return c.fail('Expected a name after `.`.')
  }
  c.jump(name.end)
  const start = object.at ?? at
  if (name.style === 'variable') {
    if (object.type === 'variable' && object.name === 'env') return grow(c, { type: 'member', object, name: name.value, at: start }, below)
    c.warn(`\`.${name.value}\` is read as \`[${name.value}]\`.`, at, `Write \`[${name.value}]\` or \`|get:${name.value}\`.`)
    return grow(c, { type: 'index', object, index: { type: 'variable', name: name.value.slice(1), at: at + 1 }, at: start }, below + 1)
  }
  const isLongForm = object.type === 'variable' && object.name === 'var' && name.style === 'word' && identifier.test(name.value)
  if (isLongForm && !grouped.has(object)) return { type: 'variable', name: name.value, at: start } satisfies Variable
  return grow(c, { type: 'member', object, name: name.value, at: start }, below)
}

/** `$env.$http_headers`: the names below it are header names, with hyphens. */
const isSystemVariable = (e: Expr): boolean => e.type === 'member' && e.name.startsWith('$') && e.object.type === 'variable' && e.object.name === 'env'

function parseIndex(c: Cursor, object: Expr, context: Context): Expr {
  const at = c.tok.start
  const below = c.height
  c.advance()
  const index = c.expr(inside(context))
  c.expect(']', `Expected \`]\` after the index, found ${c.found}.`)
  return grow(c, { type: 'index', object, index, at: object.at ?? at }, Math.max(below, c.height))
}

function parsePrimary(c: Cursor, context: Context): Expr {
  const { tok } = c
  c.height = 1
  const at = tok.start
  switch (tok.kind) {
    case 'text':
      return { type: 'text', value: c.advance().value, at }
    case 'number':
      return { type: 'number', text: c.advance().value, at }
    case 'timestamp':
      return { type: 'timestamp', text: c.advance().value, at }
    case 'variable':
      if (tok.value === '') c.warn('A variable needs a name after `$`.', at)
      return { type: 'variable', name: c.advance().value, at }
    case 'word':
      return parseWord(c, context)
    case 'quote':
      return parseQuote(c, context)
    case 'op':
      return parseOpening(c, context)
    default:
      return c.fail(`Expected a value, found ${c.found}.`)
  }
}

function parseOpening(c: Cursor, context: Context): Expr {
  switch (c.tok.value) {
    case '(':
      return parseGroup(c, context)
    case '[':
      return parseList(c, context)
    case '{':
      return parseObject(c, context)
    case '-':
      return parseNegative(c)
    case '!':
      return parseCast(c)
    default:
      return c.fail(`Expected a value, found ${c.found}.`)
  }
}

function parseNegative(c: Cursor): NumberLiteral {
  const at = c.advance().start
  return { type: 'number', text: `-${c.advance().value}`, at }
}

function parseCast(c: Cursor): Cast {
  const at = c.advance().start
  const to = c.advance().value
  return { type: 'cast', to, text: c.advance().value, at }
}

function parseWord(c: Cursor, context: Context): Constant | Word | Text {
  const { value, start: at } = c.tok
  if (c.ahead.kind === 'op' && c.ahead.value === '(' && !c.ahead.spaced)
    c.fail(`\`${value}(…)\`: the language has no function calls.`, 'Use a filter: `value|name:argument`, or the statement `function.run`.')
  c.advance()
  if (constantNames.has(value)) return { type: 'constant', name: value as Constant['name'], at }
  let word = value
  while (c.isOp('.') && !c.tok.spaced && c.ahead.kind === 'word' && !c.ahead.spaced) {
    c.advance()
    word += `.${c.advance().value}`
  }
  if (context.words === true && continuesPhrase(c)) return parsePhrase(c, at)
  if (context.words !== true) c.warn(`The word \`${word}\` without quotes is read as text.`, at, `Write "${word}", or $${word} for a variable.`)
  return { type: 'word', value: word, at }
}

const continuesPhrase = (c: Cursor): boolean => c.tok.kind === 'word' && !c.tok.newline && !wordOperators.has(c.tok.value) && c.tok.value !== 'not'

/** `[Bill of Materials, $x]`: several words are one text. */
function parsePhrase(c: Cursor, at: number): Text {
  while (continuesPhrase(c)) c.advance()
  const value = c.text.slice(at, c.lastEnd)
  c.warn('Words without quotes are read as text.', at, `Write "${value.slice(0, 40)}".`)
  return { type: 'text', value, at }
}

/** `(expr)`: after an error inside, reading goes on behind the closing parenthesis. */
export function parseGroup(c: Cursor, context: Context = {}): Expr {
  const at = c.expect('(', `Expected \`(\`, found ${c.found}.`).start
  const inner = c.attempt(() => {
    const expr = c.expr(inside(context))
    if (!c.isOp(')')) c.fail(`Expected \`)\`, found ${c.found}.`, wordOperatorHint(c))
    return expr
  })
  if (inner === undefined) skipGroup(c)
  c.accept(')')
  return group(inner, at)
}

const wordOperatorHint = (c: Cursor): string | undefined =>
  c.isWord('and') ? 'The logical and is `&&`.' : c.isWord('or') ? 'The logical or is `||`.' : undefined

function group(inner: Expr | undefined, at: number): Expr {
  if (inner === undefined) return { type: 'constant', name: 'null', at }
  grouped.add(inner)
  return inner
}

function skipGroup(c: Cursor): void {
  let open = 0
  while (!c.atEnd) {
    if (c.tok.kind === 'op') {
      const op = c.tok.value
      if (open === 0 && (op === ')' || op === '}' || op === '{')) return
      if (op === '(' || op === '[' || op === '{') open += 1
      else if (op === ')' || op === ']' || op === '}') open -= 1
      if (open < 0) return
    }
    c.advance()
  }
}

/** Null, where editors leave an expression out. */
function nothing(c: Cursor, at: number): Expr {
  c.warn('An expression quote without an expression is null.', at)
  return { type: 'constant', name: 'null', at }
}

/** `` `expr` `` and three backticks around lines: the content is an ordinary expression. */
function parseQuote(c: Cursor, context: Context): Expr {
  const open = c.advance()
  const isClose = (): boolean => c.tok.kind === 'quote' && c.tok.value === open.value
  const outer = c.openQuote
  c.openQuote = open.value
  const inner = c.attempt(() => {
    if (isClose()) return nothing(c, open.start)
    const expr = c.expr(inside(context))
    if (!isClose()) c.fail(`Expected the closing ${open.value === '`' ? 'backtick' : 'three backticks'}, found ${c.found}.`)
    return expr
  })
  c.openQuote = outer
  if (inner === undefined) while (!c.atEnd && !isClose() && !(open.value === '`' && c.tok.newline)) c.advance()
  if (isClose()) c.advance()
  return group(inner, open.start)
}
