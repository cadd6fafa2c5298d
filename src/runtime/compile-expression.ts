/** Expression trees to closures. */
import type { Binary, Expr } from '../lang/tree.js'
import { decimalOf, isNumber } from '../lib/value.js'
import { compileFilter } from './compile-filter.js'
import { compileCast, compileList, compileObject, compileTimestamp } from './compile-literal.js'
import { compileBinary, not } from './compile-operator.js'
import { compileIndex, compileMember } from './compile-path.js'
import { compileVariable } from './compile-variable.js'
import { type Compiled, constant, escaping, fresh, mergeRoots } from './compiled.js'
import { compileTest, type ExpressionCompiler, inner, type Place, problem } from './expression.js'
import type { Evaluate } from './frame.js'
import { negate } from './operators.js'
import { noteNullTest } from './pass-through.js'

/** The compiler of expressions over a registry and a scope. */
export function createExpressionCompiler(parts: Omit<ExpressionCompiler, 'node'>): ExpressionCompiler {
  return {
    ...parts,
    node(expr, at) {
      return compileNode(this, expr, at)
    },
  }
}

/** One expression by itself, without a program around it. */
export const compileEscape = (parts: Omit<ExpressionCompiler, 'node'>, expr: Expr, at: Place): Evaluate =>
  escaping(createExpressionCompiler(parts).node(expr, at))

/** Any expression. */
export function compileNode(c: ExpressionCompiler, expr: Expr, at: Place): Compiled {
  switch (expr.type) {
    case 'text':
    case 'word':
      return constant(expr.value)
    case 'number':
      return constant(expr.text.includes('.') ? decimalOf(Number(expr.text)) : Number(expr.text))
    case 'constant':
      return expr.name === 'now' ? fresh((frame) => frame.run.clock.now()) : constant(expr.name === 'null' ? null : expr.name === 'true')
    case 'timestamp':
      return compileTimestamp(c, expr)
    case 'variable':
      return compileVariable(c, expr, at)
    case 'member':
      return compileMember(c, expr, at)
    case 'index':
      return compileIndex(c, expr, at)
    case 'filter':
      return compileFilter(c, expr, at)
    case 'unary':
      return compileUnary(expr.op, c.node(expr.operand, inner(at)))
    case 'binary':
      return noteNullTest(c.scope, expr, () => compileBinaryNode(c, expr, at))
    case 'ternary':
      return compileTernary(c, expr, at)
    case 'list':
      return compileList(c, expr, inner(at))
    case 'object':
      return compileObject(c, expr, inner(at))
    case 'cast':
      return compileCast(c, expr, at)
    case 'pair':
      return problem(c, expr, 'A pair `low:high` stands only after `between`.')
  }
}

function compileUnary(op: '!' | '-', operand: Compiled): Compiled {
  if (op === '!') return not(operand)
  const { evaluate } = operand
  return isNumber(operand.constant) ? constant(negate(operand.constant)) : fresh((frame) => negate(evaluate(frame)))
}

function compileBinaryNode(c: ExpressionCompiler, expr: Binary, at: Place): Compiled {
  const left = c.node(expr.left, expr.op === '??' ? { ...at, nullSafe: true } : inner(at))
  if (expr.right.type === 'pair') return compileBinary(expr.op, left, left)
  const right = c.node(expr.right, expr.op === '??' ? at : inner(at))
  if (expr.ignoreNull) return compileBinary(`${expr.op}?`, left, right)
  return compileBinary(expr.op, left, right, mapsOverLists(expr.left, at), mapsOverLists(expr.right, at))
}

/** `$$.value` of an element expression may collect from a list; arithmetic then maps over it. */
function mapsOverLists(expr: Expr, at: Place): boolean {
  if (at.lambda === null || expr.type !== 'member') return false
  return expr.object.type === 'member'
    ? mapsOverLists(expr.object, at)
    : expr.object.type === 'variable' && (expr.object.name === '$' || expr.object.name === 'this')
}

function compileTernary(c: ExpressionCompiler, expr: Extract<Expr, { type: 'ternary' }>, at: Place): Compiled {
  const test = compileTest(c, expr.test, inner(at))
  const then = c.node(expr.then, inner(at))
  const otherwise = c.node(expr.else, inner(at))
  const [a, b] = [then.evaluate, otherwise.evaluate]
  return { evaluate: (frame) => (test(frame) ? a(frame) : b(frame)), roots: mergeRoots([then, otherwise]) }
}
