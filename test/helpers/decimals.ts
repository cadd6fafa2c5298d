/** Decimals without a fraction in tests: 5.0 differs from 5 by type only, and both are sent as 5. */
import type { Expr } from '../../src/lang/tree.js'
import { transformExpr } from '../../src/lang/visit.js'
import { decimalOf, isList, isObj, unmarked, type Value } from '../../src/lib/value.js'

const mapScalars = (value: Value, change: (scalar: Value) => Value): Value => {
  if (isList(value)) return value.map((item) => mapScalars(item, change))
  if (isObj(value)) return new Map(Array.from(value, ([key, member]) => [key, mapScalars(member, change)]))
  return change(value)
}

/** The value without -0, which is none of the language. */
export const withoutMinusZero = (value: Value): Value => mapScalars(value, (scalar) => (scalar === 0 ? 0 : scalar))

/** The value with every 5.0 as 5: what JSON and text say of it. */
export const asSent = (value: Value): Value => mapScalars(value, unmarked)

/** The value with every 5 as 5.0. */
export const asDecimals = (value: Value): Value => mapScalars(value, (scalar) => (typeof scalar === 'number' ? decimalOf(scalar) : scalar))

/** The expression with every 5 written as 5.0. */
export const writtenAsDecimals = (expr: Expr): Expr =>
  transformExpr(expr, (node) => (node.type === 'number' && !node.text.includes('.') ? { ...node, text: `${node.text}.0` } : node))
