/** What filters that compute numbers share. */
import { fatal } from '../errors.js'
import { defineFilter, type FilterArgumentSpec, type FilterCase, type SqlFace, type ValueFilter } from '../runtime/define.js'
import { numberOf } from './operand.js'

export const group = 'math'

/** Never NaN, infinite or -0: those are no values of the language. */
export function finite(name: string, result: number): number {
  if (!Number.isFinite(result)) throw fatal(`Filter "${name}" gives a number that is out of range.`)
  return result + 0
}

/** A function of one number; null where it is not defined. */
export const functionOf = (
  name: string,
  summary: string,
  compute: (value: number) => number,
  cases: FilterCase[],
  returns = 'decimal',
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
      return Number.isFinite(result) ? result + 0 : null
    },
  })

/** The other number. */
export const operandArgument = (type: string, summary: string): FilterArgumentSpec => ({ name: 'value', type, summary, required: true })
