/** What all parts of the expression compiler share. */
import type { Expr } from '../lang/tree.js'
import { type Compiled, constant, escaping, type Test, testOf } from './compiled.js'
import type { Evaluate } from './frame.js'
import type { ProblemSink, ProgramProblem } from './problem.js'
import type { Registry } from './registry.js'
import type { Lexical, Scope } from './scope.js'

/** What an expression is compiled against. */
export interface ExpressionCompiler {
  readonly registry: Registry
  readonly scope: Scope
  readonly sink: ProblemSink
  /** Names of the declared inputs; null when unknown. */
  readonly inputs: ReadonlySet<string> | null
  /** Compiles any expression: `compileNode`, handed down so that the parts need not import each other. Works on `this`: a copy compiles with what was changed. */
  node(expr: Expr, at: Place): Compiled
}

/** Where an expression stands; `nullSafe` reads missing variables as null. */
export interface Place extends Lexical {
  readonly nullSafe?: boolean
}

/** A value that stays where it is: operand of a comparison, base of a path. */
export const compileBorrow = (c: ExpressionCompiler, expr: Expr, at: Place): Evaluate => c.node(expr, at).evaluate
/** A value that leaves its variable: assigned, passed on, returned. */
export const compileEscape = (c: ExpressionCompiler, expr: Expr, at: Place): Evaluate => escaping(c.node(expr, at))
/** A condition. */
export const compileTest = (c: ExpressionCompiler, expr: Expr, at: Place): Test => testOf(c.node(expr, at))

/** Below a node the left side of `??` no longer reaches. */
export const inner = (at: Place): Place => (at.nullSafe ? { ...at, nullSafe: false } : at)

/** `{at}` of a node, or nothing. */
export const offset = ({ at }: { at?: number }): { at?: number } => (at === undefined ? {} : { at })

/** Reports a problem at a node. When problems are collected the node becomes null. */
export function problem(c: ExpressionCompiler, node: { at?: number }, message: string, extra: Partial<ProgramProblem> = {}): Compiled {
  c.sink.report({ message, severity: 'error', ...offset(node), ...extra })
  return constant(null)
}

/** Whether an expression reads `$$`, `$this`, `$0` … of its own level; element expressions inside it have their own. */
export function mentionsElement(expr: Expr, registry: Registry): boolean {
  const mentions = (inside: Expr): boolean => mentionsElement(inside, registry)
  switch (expr.type) {
    case 'variable':
      return expr.name === '$' || expr.name === 'this' || /^(?:\d+|\[-\d+\])$/.test(expr.name)
    case 'member':
      return mentions(expr.object)
    case 'index':
      return mentions(expr.object) || mentions(expr.index)
    case 'filter': {
      const lambda = registry.filter(expr.name)?.args?.findIndex((arg) => arg.kind === 'lambda' && !arg.outer) ?? -1
      return (expr.input !== null && mentions(expr.input)) || expr.args.some((arg, i) => i !== lambda && mentions(arg))
    }
    case 'unary':
      return mentions(expr.operand)
    case 'binary':
      return mentions(expr.left) || mentions(expr.right)
    case 'ternary':
      return mentions(expr.test) || mentions(expr.then) || mentions(expr.else)
    case 'list':
      return expr.items.some((item) => mentions(item.type === 'spread' ? item.value : item))
    case 'object':
      return expr.entries.some((entry) => mentions(entry.value) || (entry.type === 'computed' && mentions(entry.key)))
    default:
      return false
  }
}
