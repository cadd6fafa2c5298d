/** What filters that compute numbers share. */
import { fatal } from '../errors.js'
import { decimalOf, type Numeric, type Value } from '../lib/value.js'
import { defineFilter, type FilterArgumentSpec, type FilterCase, type SqlFace, type ValueFilter } from '../runtime/define.js'
import { typedAs } from '../runtime/operators.js'
import { numberOf } from './operand.js'

export const group = 'math'

/** Never NaN, infinite or -0: those are no values of the language. */
export function finite(name: string, result: number): number {
  if (!Number.isFinite(result)) throw fatal(`Filter "${name}" gives a number that is out of range.`)
  return result + 0
}

/** A function of one number; null where it is not defined. The result is a decimal, an int, or with `number` of the type of its input. */
export const functionOf = (
  name: string,
  summary: string,
  compute: (value: number) => number,
  cases: FilterCase[],
  returns: 'decimal' | 'int' | 'number' = 'decimal',
  face?: SqlFace,
): ValueFilter =>
  defineFilter({
    name,
    group,
    summary,
    input: 'number',
    returns,
    scalar: true,
    cases,
    ...(face ? { sql: face } : {}),
    apply(input) {
      const result = compute(numberOf(name, input))
      if (!Number.isFinite(result)) return null
      return returns === 'decimal' ? decimalOf(result + 0) : returns === 'int' ? result + 0 : typedAs(result + 0, input)
    },
  })

/** The smallest or largest of some values, as a number of its own type; they are not empty. */
export function picked(name: string, pick: (left: number, right: number) => number, values: readonly Value[], arg?: string): Numeric {
  const numbers = values.map((value, i) => numberOf(name, value, i === 0 ? undefined : arg))
  const result = numbers.reduce((a, b) => pick(a, b))
  return typedAs(finite(name, result), values[numbers.indexOf(result)] ?? null)
}

/** The other number. */
export const operandArgument = (type: string, summary: string): FilterArgumentSpec => ({ name: 'value', type, summary, required: true })
