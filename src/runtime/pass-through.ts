/**
 * Results that only leave: when a statement stores into a variable that nothing but the response names, and there as a whole,
 * nobody looks into the value, which may stay the text that the database sent. Every reader of a variable asks the scope for its slot,
 * so counting those is counting all readers.
 */
import type { Binary, Expr } from '../lang/tree.js'
import type { Scope } from './scope.js'

/** What the response holds as it is: itself, members of object literals, items of list literals. */
function heldWhole(expr: Expr, found: string[] = []): string[] {
  if (expr.type === 'variable') found.push(expr.name)
  else if (expr.type === 'object') {
    for (const entry of expr.entries) if (entry.type === 'entry') heldWhole(entry.value, found)
  } else if (expr.type === 'list') {
    for (const item of expr.items) if (item.type !== 'spread') heldWhole(item, found)
  }
  return found
}

const isNull = (expr: Expr): boolean => expr.type === 'constant' && expr.name === 'null'
const nullTests = new Set(['==', '!=', '===', '!=='])

/** Compiles a comparison. `$row == null` asks whether there is a row, and looks no further: a use that does not count. */
export function noteNullTest<T>(scope: Scope, { op, left, right }: Binary, compile: () => T): T {
  const tested = !nullTests.has(op)
    ? null
    : left.type === 'variable' && isNull(right)
      ? left.name
      : right.type === 'variable' && isNull(left)
        ? right.name
        : null
  if (tested === null) return compile()
  const before = scope.usesOf(tested)
  const compiled = compile()
  if (scope.usesOf(tested) === before + 1) scope.countNullTest(tested)
  return compiled
}

/** Compiles the response between two countings, then decides about every candidate. */
export function decidePassThrough<T>(scope: Scope, response: Expr | undefined, compileResponse: () => T): T {
  const before = scope.candidates.map(({ name }) => scope.usesOf(name) - scope.nullTestsOf(name))
  const compiled = compileResponse()
  if (response === undefined || scope.listed) return compiled
  const held = heldWhole(response)
  scope.candidates.forEach((candidate, i) => {
    const times = held.filter((name) => name === candidate.name).length
    const writers = before[i]
    candidate.allowed = writers === 1 && times > 0 && scope.usesOf(candidate.name) - scope.nullTestsOf(candidate.name) === writers + times
  })
  return compiled
}
