/** An expression on its way to a closure. */
import { isTruthy, type Value, WholeDecimal } from '../lib/value.js'
import type { Evaluate, Frame } from './frame.js'
import { release } from './ownership.js'

/** A condition, compiled. */
export type Test = (frame: Frame) => boolean

export interface Compiled {
  readonly evaluate: Evaluate
  /** Slots of the variables whose lists and objects the result may be, or share parts with. */
  readonly roots: readonly number[]
  /** Present when the value is known when compiling. */
  readonly constant?: Value
  /** The same as a condition, when that is cheaper or differs (`||`). */
  readonly test?: Test
}

export const noRoots: readonly number[] = []

export const constant = (value: Value): Compiled => ({ evaluate: () => value, roots: noRoots, constant: value })
/** A result that shares nothing with any variable. */
export const fresh = (evaluate: Evaluate): Compiled => ({ evaluate, roots: noRoots })

export function mergeRoots(parts: readonly { readonly roots: readonly number[] }[]): readonly number[] {
  const filled = parts.filter((part) => part.roots.length > 0)
  if (filled.length === 0) return noRoots
  if (filled.length === 1) return filled[0]?.roots ?? noRoots
  return [...new Set(filled.flatMap((part) => part.roots))]
}

const canShare = (value: Value): boolean => typeof value === 'object' && value !== null && !(value instanceof WholeDecimal)

/** For a value that leaves its variable: when it is a list or object, the variables it may come from no longer own anything. */
export function escaping({ evaluate, roots }: Compiled): Evaluate {
  const [first] = roots
  if (first === undefined) return evaluate
  if (roots.length === 1) {
    return (frame) => {
      const value = evaluate(frame)
      if (canShare(value)) release(frame, first)
      return value
    }
  }
  return (frame) => {
    const value = evaluate(frame)
    if (canShare(value)) for (const slot of roots) release(frame, slot)
    return value
  }
}

/** The compiled expression as a condition. */
export function testOf({ evaluate, test }: Compiled): Test {
  if (test) return test
  return (frame) => {
    const value = evaluate(frame)
    return typeof value === 'boolean' ? value : isTruthy(value)
  }
}
