/** Expressions by precedence climbing; filters and their greedy arguments are in `parser-filter.ts`, operands in `parser-operand.ts`. */
import { type Context, grouped, grow } from './context.js'
import type { Cursor } from './cursor.js'
import { binaryLevels, equalityLevel, takesIgnoreNull, ternaryLevel, wordOperators } from './operators.js'
import { isFilterEdge, releaseLastArgument } from './parser-filter.js'
import { parseUnary } from './parser-operand.js'
import type { Binary, Expr, Pair, Ternary } from './tree.js'

/** An expression, up to the token that cannot continue it. */
export function parseExpr(c: Cursor, context: Context): Expr {
  return c.nested(() => parseLevel(c, ternaryLevel, context))
}

interface Operator {
  op: string
  level: number
  at: number
}

function parseLevel(c: Cursor, minimum: number, context: Context): Expr {
  let left = parseUnary(c, context)
  for (;;) {
    const found = findOperator(c, context)
    if (found === undefined || found.level < minimum) return left
    warnBareFilter(c, left, found)
    left = found.op === '?' ? parseTernary(c, left, context) : parseBinary(c, left, found, context)
  }
}

/** The operator at the cursor, not consumed. On a new line only symbols that cannot start anything else continue. */
function findOperator(c: Cursor, context: Context): Operator | undefined {
  const { tok } = c
  if (tok.kind === 'word') {
    if (tok.newline && context.free !== true) return undefined
    if (wordOperators.has(tok.value)) return { op: tok.value, level: equalityLevel, at: tok.start }
    if (tok.value !== 'not') return undefined
    const { ahead } = c
    return ahead.kind === 'word' && wordOperators.has(ahead.value) ? { op: `not ${ahead.value}`, level: equalityLevel, at: tok.start } : undefined
  }
  if (tok.kind !== 'op') return undefined
  if (tok.newline && context.free !== true && (tok.value === '-' || tok.value === '=')) return undefined
  if (tok.value === '?') return { op: '?', level: ternaryLevel, at: tok.start }
  const level = binaryLevels.get(tok.value)
  return level === undefined ? undefined : { op: tok.value, level, at: tok.start }
}

function parseBinary(c: Cursor, left: Expr, found: Operator, context: Context): Expr {
  const below = c.height
  c.advance()
  if (found.op.startsWith('not ')) c.advance()
  const ignoreNull = takesIgnoreNull(found.op) && c.accept('?')
  const isBetween = found.op === 'between' || found.op === 'not between'
  const right = isBetween ? parsePair(c, context) : parseRight(c, found, context)
  warnMix(c, left, right, found)
  const node: Binary = { type: 'binary', op: found.op, left, right, at: left.at ?? found.at }
  if (ignoreNull) node.ignoreNull = true
  return grow(c, node, Math.max(below, c.height))
}

const parseRight = (c: Cursor, found: Operator, context: Context): Expr =>
  c.nested(() => parseLevel(c, found.level === ternaryLevel ? ternaryLevel : found.level + 1, context))

function parsePair(c: Cursor, context: Context): Expr {
  const at = c.tok.start
  let low = c.nested(() => parseLevel(c, equalityLevel + 1, { ...context, colon: true }))
  let below = c.height
  let high: Expr
  if (c.accept(':')) {
    high = c.nested(() => parseLevel(c, equalityLevel + 1, context))
    below = Math.max(below, c.height)
  } else {
    const released = releaseLastArgument(low)
    if (released === undefined) return c.fail('`between` needs a low and a high value.', 'Write `between 1:10`.')
    low = released.before
    high = released.argument
  }
  const pair: Pair = { type: 'pair', low, high, at }
  return grow(c, pair, below)
}

function parseTernary(c: Cursor, test: Expr, context: Context): Expr {
  let below = c.height
  c.advance()
  let then = c.nested(() => parseLevel(c, ternaryLevel, { ...context, colon: true }))
  below = Math.max(below, c.height)
  let otherwise: Expr
  if (c.accept(':')) {
    otherwise = c.nested(() => parseLevel(c, ternaryLevel, context))
    below = Math.max(below, c.height)
  } else {
    const released = releaseLastArgument(then)
    if (released === undefined) return c.fail(`Expected \`:\` and the other value of \`? :\`, found ${c.found}.`)
    then = released.before
    otherwise = released.argument
  }
  const node: Ternary = { type: 'ternary', test, then, else: otherwise, at: test.at ?? 0 }
  return grow(c, node, below)
}

function warnBareFilter(c: Cursor, left: Expr, found: Operator): void {
  if (grouped.has(left) || !isFilterEdge(left)) return
  c.warn('An operator after a filter: the filtered value is taken as its left side.', found.at, 'Put the filtered value in parentheses: `($value|filter) …`.')
}

function warnMix(c: Cursor, left: Expr, right: Expr, found: Operator): void {
  if (found.op !== '||') return
  const isBareAnd = (e: Expr): boolean => e.type === 'binary' && e.op === '&&' && !grouped.has(e)
  if (isBareAnd(left) || isBareAnd(right))
    c.warn('`&&` and `||` are mixed without parentheses: `&&` is taken first.', found.at, 'Put parentheses around the part that belongs together.')
}
