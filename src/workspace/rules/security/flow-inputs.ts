/** What a function or an addon gets from whoever calls it. */
import type { Definition, Expr } from '../../../lang/tree.js'
import type { Facts } from './flow-facts.js'
import { wholeOf } from './flow-objects.js'
import type { State, Variable } from './flow-state.js'
import { nothing } from './labels.js'
import { memberOf } from './syntax.js'

/** `$input` and each declared input of the callee, by the name of the variable. */
export function inputsOf(callee: Definition, input: Expr | undefined, facts: Facts, state: State): [string, Variable][] {
  const whole = input === undefined ? undefined : wholeOf(input, facts.objects(state))
  const all: Variable = { labels: input === undefined ? nothing : facts.labels(input, state) }
  return [
    // Only the inputs of the request itself are known by their names.
    ['input', whole === undefined ? all : { ...all, whole: 'raw' }],
    ...(callee.input ?? []).map(({ name }): [string, Variable] => [`input.${name}`, passed(input, name, facts, state)]),
  ]
}

/** One input of a call, with the check it may be the outcome of. */
function passed(input: Expr | undefined, field: string, facts: Facts, state: State): Variable {
  if (input === undefined) return { labels: nothing }
  const written = input.type === 'object' && input.entries.every((entry) => entry.type === 'entry')
  const value: Expr | undefined = written ? memberOf(input, field) : { type: 'member', object: input, name: field }
  return value === undefined ? { labels: nothing } : facts.variable(value, state)
}
