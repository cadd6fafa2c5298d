/** Selectors of paths given as text at run time: `$rows|get:"items[$$.price > 10].id"`. */
import { fatal } from '../errors.js'
import { parseExpression } from '../lang/parser.js'
import type { Value } from '../lib/value.js'
import { createExpressionCompiler } from './compile-expression.js'
import { createFilterContext } from './filter-context.js'
import type { Evaluate, Frame, Run } from './frame.js'
import type { SelectorCompiler } from './path.js'
import { throwingSink } from './problem.js'
import type { Registry } from './registry.js'
import { type LambdaScope, Scope, topLevel } from './scope.js'

interface CompiledSelector {
  lambda: LambdaScope
  stack: number
  evaluate: Evaluate
  slots: number
}

/** The compiler of selectors for one run. They see the elements, `$env`, `$auth` and filters, but no variables of the stack. */
export function selectorsFor(registry: Registry, run: Run): SelectorCompiler {
  return (source) => {
    const { lambda, stack, evaluate, slots } = compiledSelector(registry, source)
    const frame = createFrame(run, slots, (inner) => selectorsFor(registry, inner))
    return (item, index, parent, values) => {
      run.budget.spend(1)
      frame.slots[lambda.item] = item
      frame.slots[lambda.index] = index
      frame.slots[lambda.parent] = parent
      frame.slots[stack] = [...values]
      return evaluate(frame)
    }
  }
}

function compiledSelector(registry: Registry, source: string): CompiledSelector {
  const known = registry.cache.get(source) as CompiledSelector | undefined
  if (known) return known
  const { expr, problems } = parseExpression(source, registry)
  if (!expr) throw fatal(`Invalid selector [${source}]: ${problems[0]?.message ?? ''}`)
  const scope = new Scope()
  const stack = scope.hidden()
  const uses = { index: true, parent: true, result: false }
  const lambda: LambdaScope = {
    outer: null,
    item: scope.hidden(),
    index: scope.hidden(),
    parent: scope.hidden(),
    result: scope.hidden(),
    stack,
    roots: [],
    uses,
  }
  const compiler = createExpressionCompiler({ registry, scope, sink: throwingSink(`selector [${source}]`), inputs: null })
  const { evaluate } = compiler.node(expr, { ...topLevel, lambda })
  const compiled = { lambda, stack, evaluate, slots: scope.count }
  registry.cache.set(source, compiled)
  return compiled
}

function createFrame(run: Run, slots: number, bindSelectors: (run: Run) => SelectorCompiler): Frame {
  const empty: (Value | undefined)[] = new Array(slots).fill(undefined)
  const input = new Map<string, Value>()
  return {
    run,
    slots: empty,
    owners: new Array(slots).fill(null),
    input,
    depth: 0,
    returned: null,
    error: null,
    context: createFilterContext(run, bindSelectors),
  }
}
