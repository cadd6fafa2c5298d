/** Conditions: expression tree → SQL. */
import { fatal } from '../errors.js'
import type { Binary, Expr } from '../lang/tree.js'
import { join, raw, sql } from '../lib/sql.js'
import { isTruthy, type Value } from '../lib/value.js'
import { compileBetween, compileComparison, isQueryOperator } from './compare.js'
import type { BoundSql, BuildCondition } from './inputs.js'
import { needsQuery, type Scope } from './scope.js'
import { compileTerm } from './term.js'

/** Compiles a condition. A condition that is skipped (`==?` with null) leaves its `&&` or `||` chain; a chain of which nothing is left is skipped too. */
export function compileCondition(expr: Expr, scope: Scope): BuildCondition {
  if (expr.type === 'unary' && expr.op === '!') return negate(compileCondition(expr.operand, scope))
  if (expr.type === 'binary') {
    if (expr.op === '&&' || expr.op === '||') return compileChain(expr, expr.op, scope)
    if (isQueryOperator(expr.op) && (needsQuery(expr, scope.isQueryOnly) || expr.ignoreNull === true || !isPlain(expr.op))) return compileBinary(expr, scope)
  }
  if (!needsQuery(expr, scope.isQueryOnly)) return compileTruth(expr, scope)
  const term = compileTerm(expr, scope)
  if (term.kind === 'typed' && term.type === 'bool' && !term.list) return () => term.sql
  throw fatal('This is not a condition.', {
    hint: term.kind === 'typed' ? `"${term.label}" is ${term.type}; compare it with something.` : 'Compare columns with values.',
  })
}

/** Operators that mean the same outside queries: with no column they are computed before the query. */
const isPlain = (op: string): boolean => /^(==|!=|===|!==|<|<=|>|>=)$/.test(op)

function negate(condition: BuildCondition): BuildCondition {
  return (shape) => {
    const piece = condition(shape)
    return piece === null ? null : sql`not (${piece})`
  }
}

/** A long chain is one flat list, not a deep tree. */
function compileChain(expr: Binary, op: '&&' | '||', scope: Scope): BuildCondition {
  const parts: BuildCondition[] = []
  const collect = (part: Expr): void => {
    if (part.type === 'binary' && part.op === op) {
      collect(part.left)
      collect(part.right)
    } else parts.push(compileCondition(part, scope))
  }
  collect(expr)
  return op === '&&' ? allOf(parts) : anyOf(parts)
}

const chain =
  (separator: string) =>
  (parts: readonly BuildCondition[]): BuildCondition =>
  (shape) => {
    const kept = parts.map((part) => part(shape)).filter((part): part is BoundSql => part !== null)
    if (kept.length <= 1) return kept[0] ?? null
    return sql`(${join(kept, separator)})`
  }

/** All conditions that are not skipped must hold. */
export const allOf = chain(' and ')
/** One condition that is not skipped must hold. */
export const anyOf = chain(' or ')

function compileBinary(expr: Binary, scope: Scope): BuildCondition {
  const ignoreNull = expr.ignoreNull === true
  if (expr.op === 'between' || expr.op === 'not between') {
    if (expr.right.type !== 'pair') throw fatal(`${expr.op} needs a low and a high value.`, { hint: 'Write `between 1:10`.' })
    const [term, low, high] = [expr.left, expr.right.low, expr.right.high].map((part) => compileTerm(part, scope))
    if (term === undefined || low === undefined || high === undefined) throw new TypeError('three terms')
    return compileBetween(term, low, high, expr.op === 'not between', ignoreNull, scope.inputs)
  }
  return compileComparison({ op: expr.op, left: compileTerm(expr.left, scope), right: compileTerm(expr.right, scope), ignoreNull }, scope.inputs)
}

/** A condition that names no column: known before the query runs. */
function compileTruth(expr: Expr, scope: Scope): BuildCondition {
  const evaluate = scope.compileValue(expr)
  const operand = scope.inputs.operand((frame): Value => isTruthy(evaluate(frame)))
  const state = scope.inputs.choice((values) => (values[operand] === true ? 'true' : 'false'))
  return (shape) => raw(shape[state] === 'true' ? 'true' : 'false')
}

/** Keyword and condition, or nothing. */
export const whereClause = (condition: BoundSql | null): BoundSql => (condition === null ? raw('') : sql` where ${condition}`)
