/** `value|name:arg:arg|next`: arguments are whole expressions that end at `:` or `|` of the same nesting level. */
import { type Context, grouped, grow } from './context.js'
import type { Cursor } from './cursor.js'
import { didYouMean } from './suggest.js'
import type { Expr, FilterCall } from './tree.js'

/** A filter without its input, as targets (`as $x|get:0`) hold them. */
export interface FilterStep {
  name: string
  args: Expr[]
  disabled?: true
  at: number
}

/** Filters after an operand (null for a chain without left operand), applied left to right. */
export function parseFilters(c: Cursor, input: Expr | null, context: Context): Expr {
  let node = input
  let below = input === null ? 0 : c.height
  while (c.isOp('|')) {
    const { name, args, disabled, at } = parseFilterStep(c, context)
    const call: FilterCall = { type: 'filter', input: node, name, args, at }
    if (disabled) call.disabled = true
    node = grow(c, call, Math.max(below, args.length === 0 ? 0 : c.height))
    below = c.height
  }
  return node ?? c.fail(`Expected a value, found ${c.found}.`)
}

/** One `|name:arg:arg`. */
export function parseFilterStep(c: Cursor, context: Context): FilterStep {
  c.expect('|', 'Expected a filter.')
  const disabled = c.accept('!')
  if (c.tok.kind !== 'word') c.fail(`Expected the name of a filter, found ${c.found}.`)
  const { value: name, start: at } = c.advance()
  checkFilterName(c, name, at)
  const args: Expr[] = []
  let highest = 0
  while (c.isOp(':') && !belongsToOuter(c, context)) {
    c.advance()
    args.push(parseArgument(c, name, context))
    highest = Math.max(highest, c.height)
  }
  c.height = highest
  return disabled ? { name, args, disabled: true, at } : { name, args, at }
}

/** Editors leave the last argument out: `|concat:$name:` is read with null. */
function parseArgument(c: Cursor, filter: string, context: Context): Expr {
  if (c.isOp(')') || (c.tok.kind === 'quote' && c.tok.value === c.openQuote)) {
    c.warn(`The argument of \`|${filter}\` after the colon is missing: null.`, c.lastEnd)
    c.height = 0
    return { type: 'constant', name: 'null', at: c.lastEnd }
  }
  const argument = c.expr(argumentContext(context))
  warnCapturedOperator(c, filter, argument)
  return argument
}

const argumentContext = (context: Context): Context => {
  const inner: Context = { argument: true, words: true, inFilter: true }
  if (context.free === true) inner.free = true
  if (context.colon === true) inner.colon = true
  return inner
}

/** While a `? :` or `between` waits for its colon, a colon after a blank is that one: `c ? $a|get:"x" : $b`. */
const belongsToOuter = (c: Cursor, context: Context): boolean => context.colon === true && c.tok.spaced

function checkFilterName(c: Cursor, name: string, at: number): void {
  const known = c.filterNames
  if (known.size === 0 || known.has(name) || !c.keepsWarnings) return
  c.warn(`Unknown filter \`${name}\`.`, at, didYouMean(name, known))
}

/** `$a|contains:"x" && $b` reads `"x" && $b` as the argument: legal, and rarely meant. */
function warnCapturedOperator(c: Cursor, filter: string, argument: Expr): void {
  if (grouped.has(argument)) return
  const isChoice = argument.type === 'ternary' || (argument.type === 'binary' && logicalOperators.has(argument.op))
  if (!isChoice || !startsWithLiteral(argument)) return
  const sign = argument.type === 'binary' ? `\`${argument.op}\`` : '`? :`'
  c.warn(
    `${sign} belongs to the argument of \`|${filter}\` here.`,
    argument.at ?? c.lastEnd,
    'Put the filtered value in parentheses: `($value|filter:argument) …`.',
  )
}

const logicalOperators: ReadonlySet<string> = new Set(['&&', '||', '??', '?:', '==', '!=', '===', '!==', '<', '<=', '>', '>='])

function startsWithLiteral(expr: Expr): boolean {
  let first: Expr = expr
  while (!grouped.has(first)) {
    if (first.type === 'binary') first = first.left
    else if (first.type === 'ternary') first = first.test
    else break
  }
  return first.type === 'text' || first.type === 'number' || first.type === 'constant'
}

/** Whether the expression ends in an unparenthesised filter. */
export function isFilterEdge(expr: Expr): boolean {
  if (grouped.has(expr)) return false
  if (expr.type === 'filter') return true
  return expr.type === 'unary' && isFilterEdge(expr.operand)
}

/**
 * Gives back the last filter argument at the right edge: `c ? $a|f:1:$b` has read `$b` as an argument although it is the
 * other value of the `? :`.
 */
export function releaseLastArgument(expr: Expr): { before: Expr; argument: Expr } | undefined {
  if (grouped.has(expr)) return undefined
  if (expr.type === 'filter') {
    const last = expr.args.at(-1)
    return last === undefined ? undefined : { before: { ...expr, args: expr.args.slice(0, -1) }, argument: last }
  }
  if (expr.type === 'unary') {
    const inner = releaseLastArgument(expr.operand)
    return inner && { before: { ...expr, operand: inner.before }, argument: inner.argument }
  }
  if (expr.type === 'binary' && expr.right.type !== 'pair') {
    const inner = releaseLastArgument(expr.right)
    return inner && { before: { ...expr, right: inner.before }, argument: inner.argument }
  }
  return undefined
}
