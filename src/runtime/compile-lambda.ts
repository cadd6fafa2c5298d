/** Element expressions of filters, array statements and selectors. */
import type { Expr } from '../lang/tree.js'
import type { Lambda } from './define.js'
import { type ExpressionCompiler, inner, type Place } from './expression.js'
import type { LambdaScope } from './scope.js'

/** An element expression: `$$`, `$index`, `$parent`, `$result` bound at each call. `roots`: where its elements come from. */
export function compileLambda(c: ExpressionCompiler, expr: Expr, at: Place, roots: readonly number[]): Lambda & { readonly roots: readonly number[] } {
  const { scope } = c
  const uses = { index: false, parent: false, result: false }
  const lambda: LambdaScope = {
    outer: at.lambda,
    item: scope.hidden(),
    index: scope.hidden(),
    parent: scope.hidden(),
    result: scope.hidden(),
    stack: null,
    roots,
    uses,
  }
  const body = c.node(expr, { ...inner(at), lambda })
  const { evaluate } = body
  const { item: itemSlot, index: indexSlot, parent: parentSlot, result: resultSlot } = lambda
  const plain = !uses.index && !uses.parent && !uses.result
  const call: Lambda = plain
    ? (frame, item) => {
        frame.run.budget.spend(1)
        frame.slots[itemSlot] = item
        return evaluate(frame)
      }
    : (frame, item, index, parent, result) => {
        frame.run.budget.spend(1)
        const { slots } = frame
        slots[itemSlot] = item
        slots[indexSlot] = index
        slots[parentSlot] = parent
        slots[resultSlot] = result ?? null
        return evaluate(frame)
      }
  return Object.assign(call, { roots: body.roots })
}
