/** Operators to closures. One closure per operator keeps each call site of one kind; numbers take the short way. */
import { fatal } from '../errors.js'
import { isList, isTruthy, type Value } from '../lib/value.js'
import { type Compiled, fresh, mergeRoots, type Test, testOf } from './compiled.js'
import type { Evaluate } from './frame.js'
import { add, compare, concat, divide, looseEquals, modulo, multiply, range, strictEquals, subtract } from './operators.js'

type Build = (left: Evaluate, right: Evaluate) => Evaluate

const arithmetic: Record<string, Build> = {
  '+': (l, r) => (frame) => {
    const a = l(frame)
    const b = r(frame)
    if (Number.isInteger(a) && Number.isInteger(b)) {
      const result = (a as number) + (b as number)
      if (Number.isInteger(result)) return result
    }
    return add(a, b)
  },
  '-': (l, r) => (frame) => {
    const a = l(frame)
    const b = r(frame)
    if (Number.isInteger(a) && Number.isInteger(b)) {
      const result = (a as number) - (b as number)
      if (Number.isInteger(result)) return result
    }
    return subtract(a, b)
  },
  '*': (l, r) => (frame) => {
    const a = l(frame)
    const b = r(frame)
    if (Number.isInteger(a) && Number.isInteger(b)) {
      const result = (a as number) * (b as number)
      if (Number.isInteger(result)) return result
    }
    return multiply(a, b)
  },
  '/': (l, r) => (frame) => divide(l(frame), r(frame)),
  '%': (l, r) => (frame) => modulo(l(frame), r(frame)),
  '~': (l, r) => (frame) => concat(l(frame), r(frame)),
  '..': (l, r) => (frame) => range(l(frame), r(frame), (steps) => frame.run.budget.spend(steps)),
}

const comparisons: Record<string, (left: Evaluate, right: Evaluate) => Test> = {
  '<': (l, r) => (frame) => {
    const a = l(frame)
    const b = r(frame)
    return typeof a === 'number' && typeof b === 'number' ? a < b : compare(a, b) < 0
  },
  '<=': (l, r) => (frame) => {
    const a = l(frame)
    const b = r(frame)
    return typeof a === 'number' && typeof b === 'number' ? a <= b : compare(a, b) <= 0
  },
  '>': (l, r) => (frame) => {
    const a = l(frame)
    const b = r(frame)
    return typeof a === 'number' && typeof b === 'number' ? a > b : compare(a, b) > 0
  },
  '>=': (l, r) => (frame) => {
    const a = l(frame)
    const b = r(frame)
    return typeof a === 'number' && typeof b === 'number' ? a >= b : compare(a, b) >= 0
  },
  '==': (l, r) => (frame) => looseEquals(l(frame), r(frame)),
  '!=': (l, r) => (frame) => !looseEquals(l(frame), r(frame)),
  '===': (l, r) => (frame) => strictEquals(l(frame), r(frame)),
  '!==': (l, r) => (frame) => !strictEquals(l(frame), r(frame)),
}

/** Operators whose result is a bool, for telling a selector from an index. */
export const isCondition = (op: string): boolean => Object.hasOwn(comparisons, op) || op === '&&' || op === '||'

/** A binary operator over two compiled operands. `mapsLeft`, `mapsRight`: a path into a list, over which arithmetic maps. */
export function compileBinary(op: string, left: Compiled, right: Compiled, mapsLeft = false, mapsRight = false): Compiled {
  const compute = Object.hasOwn(arithmetic, op) ? arithmetic[op] : undefined
  if (compute)
    return fresh(mapsLeft || mapsRight ? mapping(compute, left.evaluate, right.evaluate, mapsLeft, mapsRight) : compute(left.evaluate, right.evaluate))
  const relate = Object.hasOwn(comparisons, op) ? comparisons[op] : undefined
  if (relate) return condition(relate(left.evaluate, right.evaluate))
  const logic = logical[op]
  if (logic) return logic(left, right)
  return fresh(() => {
    throw fatal(`Invalid op: ${op}`, { hint: `\`${op}\` works in the conditions of database statements only.` })
  })
}

const condition = (test: Test): Compiled => ({ evaluate: test, test, roots: [] })

const logical: Record<string, (left: Compiled, right: Compiled) => Compiled> = {
  '&&': (left, right) => {
    const [a, b] = [testOf(left), testOf(right)]
    return condition((frame) => a(frame) && b(frame))
  },
  '||': (left, right) => {
    const [a, b] = [testOf(left), testOf(right)]
    return { ...firstTruthy(left, right), test: (frame) => a(frame) || b(frame) }
  },
  '?:': (left, right) => firstTruthy(left, right),
  '??': (left, right) => {
    const [a, b] = [left.evaluate, right.evaluate]
    return { evaluate: (frame) => a(frame) ?? b(frame), roots: mergeRoots([left, right]) }
  },
}

function firstTruthy(left: Compiled, right: Compiled): Compiled {
  const [a, b] = [left.evaluate, right.evaluate]
  return {
    evaluate(frame) {
      const value = a(frame)
      return isTruthy(value) ? value : b(frame)
    },
    roots: mergeRoots([left, right]),
  }
}

/** Arithmetic over a path that collected from a list works on each element: `$$.value * 2`. */
function mapping(compute: Build, left: Evaluate, right: Evaluate, mapsLeft: boolean, mapsRight: boolean): Evaluate {
  let [a, b]: [Value, Value] = [null, null]
  const single = compute(
    () => a,
    () => b,
  )
  return (frame) => {
    const [x, y] = [left(frame), right(frame)]
    const apply = (first: Value, second: Value): Value => {
      ;[a, b] = [first, second]
      return single(frame)
    }
    if (mapsLeft && isList(x)) return x.map((item, i) => apply(item, mapsRight && isList(y) ? (y[i] ?? null) : y))
    return mapsRight && isList(y) ? y.map((item) => apply(x, item)) : apply(x, y)
  }
}

export const not = (operand: Compiled): Compiled => {
  const test = testOf(operand)
  return condition((frame) => !test(frame))
}
