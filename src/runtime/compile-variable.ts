/** Variables, and what element expressions bind. */
import { fatal } from '../errors.js'
import type { Variable } from '../lang/tree.js'
import type { Obj, Value } from '../lib/value.js'
import { type Compiled, constant, fresh } from './compiled.js'
import { type ExpressionCompiler, type Place, problem } from './expression.js'
import type { Evaluate } from './frame.js'
import { readAuth, readError, readInput, readWholeEnvironment } from './roots.js'
import type { LambdaScope } from './scope.js'

const lambdaNames = new Set(['$', 'this', 'index', 'parent', 'result'])

/** `$name` of any kind. */
export function compileVariable(c: ExpressionCompiler, expr: Variable, at: Place): Compiled {
  const { name } = expr
  const bound = at.lambda && compileBinding(at.lambda, name)
  if (bound) return bound
  switch (name) {
    case 'input':
      return fresh(readInput(null, false))
    case 'auth':
      return fresh(readAuth)
    case 'env':
      return fresh(readWholeEnvironment)
    case 'db':
      return problem(c, expr, '`$db` names columns in the conditions of database statements only.')
    case 'error':
      if (at.caught || !c.scope.written.has('error')) return fresh(at.caught ? readError : missingUnlessCaught(at.nullSafe === true))
      break
    case 'var':
      if (!c.scope.written.has('var')) return readAllVariables(c)
      break
    default:
  }
  return readVariable(c, expr, at.nullSafe === true)
}

const missingUnlessCaught =
  (nullSafe: boolean): Evaluate =>
  (frame) => {
    if (frame.error !== null || nullSafe) return readError(frame)
    throw missingVariable('error')
  }

export const missingVariable = (name: string): Error => fatal(`Missing var entry: ${name}`, { hint: `Declare it first: var $${name} { value = … }` })

/** `$name` of a stack variable. */
function readVariable(c: ExpressionCompiler, { name, at }: Variable, nullSafe: boolean): Compiled {
  const slot = c.scope.slot(name)
  if (!c.scope.read.has(name) && !nullSafe) c.scope.read.set(name, at)
  if (nullSafe) return { evaluate: (frame) => frame.slots[slot] ?? null, roots: [slot] }
  return {
    evaluate(frame) {
      const value = frame.slots[slot]
      if (value === undefined) throw missingVariable(name)
      return value
    },
    roots: [slot],
  }
}

function readAllVariables(c: ExpressionCompiler): Compiled {
  const { slots } = c.scope
  return fresh((frame) => {
    const out: Obj = new Map()
    for (const [name, slot] of slots) {
      const value = frame.slots[slot]
      if (value === undefined) continue
      frame.owners[slot] = null
      out.set(name, value)
    }
    return out
  })
}

/** A name that the enclosing element expression binds. */
export function compileBinding(lambda: LambdaScope, name: string): Compiled | null {
  if (lambdaNames.has(name)) return readBinding(lambda, name)
  const level = /^(\d+)$|^\[(-\d+)\]$/.exec(name)
  if (!level) return null
  return readLevel(lambda, Number(level[1] ?? level[2]))
}

function readBinding(lambda: LambdaScope, name: string): Compiled {
  switch (name) {
    case 'index':
      lambda.uses.index = true
      return readSlot(lambda.index, lambda)
    case 'parent':
      lambda.uses.parent = true
      return readSlot(lambda.parent, lambda)
    case 'result':
      lambda.uses.result = true
      return readSlot(lambda.result, lambda)
    default:
      return readSlot(lambda.item, lambda)
  }
}

const readSlot = (slot: number, { roots }: LambdaScope): Compiled => ({ evaluate: (frame) => frame.slots[slot] ?? null, roots })

/** `$0` is the outermost element, `$[-1]` the innermost; in a selector they count the steps of its path. */
function readLevel(lambda: LambdaScope, level: number): Compiled {
  if (lambda.stack !== null) {
    const { stack, roots } = lambda
    return { evaluate: (frame) => (frame.slots[stack] as Value[] | undefined)?.at(level) ?? null, roots }
  }
  const scopes: LambdaScope[] = []
  for (let at: LambdaScope | null = lambda; at; at = at.outer) scopes.unshift(at)
  const scope = scopes.at(level)
  return scope ? readSlot(scope.item, scope) : constant(null)
}
