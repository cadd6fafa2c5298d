/** Expressions that are given as text while the program runs. */
import { fatal } from '../errors.js'
import { parseExpression } from '../lang/parser.js'
import type { Expr } from '../lang/tree.js'
import { visitExpr } from '../lang/visit.js'
import { Cache } from './cache.js'
import { type Compiled, fresh } from './compiled.js'
import { toText } from './convert.js'
import type { ExpressionCompiler } from './expression.js'
import type { Frame } from './frame.js'
import { release } from './ownership.js'
import { throwingSink } from './problem.js'
import { topLevel } from './scope.js'
import { filterWaits } from './waiting.js'

/** Longest text, in UTF-16 units. */
const longestText = 10_000

interface TextExpression {
  compiled: Compiled
  slots: number
}

/**
 * The text is an expression over the variables, inputs and caller of the program. Whoever can choose the text reads all of these, so it
 * cannot read `$env`, run JavaScript or evaluate further text.
 */
export function compileTextExpression(c: ExpressionCompiler, input: Compiled): Compiled {
  // Asked for so that the scope knows: any variable may be read.
  void c.scope.slots
  const known = new Cache<string, TextExpression>(100)
  return fresh((frame) => {
    const text = toText(input.evaluate(frame))
    const expression = known.get(text) ?? compileText(c, text)
    known.set(text, expression)
    const { compiled } = expression
    const value = compiled.evaluate(innerFrame(frame, expression))
    for (const slot of compiled.roots) if (slot < frame.slots.length) release(frame, slot)
    return value
  })
}

function compileText(c: ExpressionCompiler, text: string): TextExpression {
  if (text.length > longestText) throw fatal(`The expression is longer than ${longestText} characters.`)
  const { expr, problems } = parseExpression(text, c.registry)
  const problem = problems.find(({ severity }) => severity === 'error')
  if (expr === undefined || problem !== undefined) throw fatal(`Invalid expression: ${problem?.message ?? text}`, { hint: 'Correct the text.' })
  assertHarmless(c, expr)
  const scope = c.scope.extend()
  const inner: ExpressionCompiler = { ...c, scope, sink: throwingSink('expression') }
  const compiled = inner.node(expr, topLevel)
  return { compiled, slots: scope.count }
}

function assertHarmless(c: ExpressionCompiler, expr: Expr): void {
  visitExpr(expr, (inner) => {
    if (inner.type === 'variable' && inner.name === 'env')
      throw fatal('An expression given as text cannot read $env.', { hint: 'Put what it needs into a variable.' })
    if (inner.type !== 'filter' || inner.disabled === true) return
    const spec = c.registry.filter(inner.name)
    if (filterWaits(inner, c.registry) || (spec !== undefined && 'evaluates' in spec))
      throw fatal(`An expression given as text cannot use filter "${inner.name}".`, { hint: 'Use it outside the text.' })
  })
}

/** Sees the variables as they are; what it binds itself is its own. */
function innerFrame(frame: Frame, { slots }: TextExpression): Frame {
  const inner = frame.slots.slice()
  while (inner.length < slots) inner.push(undefined)
  return { ...frame, slots: inner, owners: new Array<null>(inner.length).fill(null) }
}
