/** Paths: `object.name`, `list[index]`, `list[$$.id > 1]`. */
import type { Expr, Index, Member } from '../lang/tree.js'
import { isObj, isTruthy, unmarked, type Value } from '../lib/value.js'
import { compileLambda } from './compile-lambda.js'
import { isCondition } from './compile-operator.js'
import { compileBinding } from './compile-variable.js'
import { type Compiled, fresh } from './compiled.js'
import { numericOf, toText } from './convert.js'
import { compileBorrow, type ExpressionCompiler, inner, mentionsElement, offset, type Place } from './expression.js'
import { getMember, nameSegment, selectFrom } from './path.js'
import { readAuthMember, readEnvironment, readInput } from './roots.js'

/** `object.name`; null when missing. */
export function compileMember(c: ExpressionCompiler, expr: Member, at: Place): Compiled {
  const { object, name } = expr
  if (object.type === 'variable' && !(at.lambda && compileBinding(at.lambda, object.name))) {
    if (object.name === 'input') {
      if (c.inputs && !c.inputs.has(name) && at.nullSafe !== true)
        c.sink.report({ message: `Unable to locate input: ${name}`, severity: 'warning', ...offset(expr) })
      return fresh(readInput(name, at.nullSafe === true))
    }
    if (object.name === 'auth') return fresh(readAuthMember(name))
    if (object.name === 'env') return fresh(readEnvironment(name))
  }
  const base = c.node(object, at)
  const { evaluate } = base
  const { index } = nameSegment(name)
  return {
    evaluate(frame) {
      const value = evaluate(frame)
      if (value instanceof Map) return value.get(name) ?? null
      return getMember(value, name, index) ?? null
    },
    roots: base.roots,
  }
}

/** `object[index]`. */
export function compileIndex(c: ExpressionCompiler, expr: Index, at: Place): Compiled {
  const base = c.node(expr.object, at)
  if (isSelector(c, expr.index, at)) return compileSelection(c, base, expr.index, at)
  const { evaluate } = base
  const index = compileBorrow(c, expr.index, inner(at))
  return {
    evaluate(frame) {
      const value = evaluate(frame)
      const key = index(frame)
      if (typeof key === 'number' && Array.isArray(value)) return value[key < 0 ? value.length + Math.trunc(key) : Math.trunc(key)] ?? null
      return getIndex(value, key)
    },
    roots: base.roots,
  }
}

/** `value[key]`; null when missing. A text gives its character. */
function getIndex(value: Value, given: Value): Value {
  const key = unmarked(given)
  if (key === null || typeof key === 'object') return null
  if (isObj(value)) return value.get(toText(key)) ?? null
  if (typeof value === 'string') return characterAt(value, numericOf(key))
  const { name, index } = nameSegment(toText(key))
  return getMember(value, name, index) ?? null
}

/** The character at an index of a text, from the end when negative; null when there is none. */
function characterAt(text: string, index: number | null): Value {
  if (index === null) return null
  const characters = /[\ud800-\udfff]/.test(text) ? [...text] : text
  const at = Math.trunc(index)
  return characters[at < 0 ? characters.length + at : at] ?? null
}

/** `items[$$.id > 1]`: a condition on `$$`, or outside element expressions anything with `$$`. */
function isSelector(c: ExpressionCompiler, index: Expr, at: Place): boolean {
  if (!mentionsElement(index, c.registry)) return false
  if (at.lambda === null) return true
  return (index.type === 'binary' && isCondition(index.op)) || (index.type === 'unary' && index.op === '!')
}

function compileSelection(c: ExpressionCompiler, base: Compiled, index: Expr, at: Place): Compiled {
  const select = compileLambda(c, index, at, base.roots)
  const { evaluate } = base
  return {
    evaluate(frame) {
      const value = evaluate(frame)
      return selectFrom(value, (item, i, parent) => isTruthy(select(frame, item, i, parent)), []) ?? null
    },
    roots: base.roots,
  }
}
