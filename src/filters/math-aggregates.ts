/** One number of a list. */
import * as decimal from '../lib/decimal.js'
import { isList, isObj, type Value } from '../lib/value.js'
import { defineFilter, type FilterCase, type FilterContext, type ValueFilter } from '../runtime/define.js'
import { spendList } from './bounds.js'
import { finite, group } from './math-result.js'
import { numberOf, wrongType } from './operand.js'

/** The numbers of a list (or of an object's values); nulls are left out, as SQL aggregates do. */
function numbersOf(name: string, input: Value, context: FilterContext): number[] {
  if (!isList(input) && !isObj(input)) throw wrongType(name, 'a list of numbers', input)
  const members = isList(input) ? input : [...input.values()]
  spendList(context, name, members.length)
  const numbers: number[] = []
  for (const member of members) if (member !== null) numbers.push(numberOf(name, member))
  return numbers
}

const aggregate = (name: string, summary: string, compute: (numbers: number[]) => number | null, cases: FilterCase[], returns = 'number'): ValueFilter =>
  defineFilter({
    name,
    group,
    summary,
    input: 'number[]',
    returns,
    scalar: true,
    cases,
    apply(input, _args, context) {
      const result = compute(numbersOf(name, input, context))
      return result === null ? null : finite(name, result)
    },
  })

const smallest = (numbers: number[]): number | null => (numbers.length ? numbers.reduce((a, b) => Math.min(a, b)) : null)
const largest = (numbers: number[]): number | null => (numbers.length ? numbers.reduce((a, b) => Math.max(a, b)) : null)

/** `5|min:3`; a list alone is searched as `array_min` does. */
const extreme = (name: 'min' | 'max', summary: string, pick: (numbers: number[]) => number | null, cases: FilterCase[]): ValueFilter =>
  defineFilter({
    name,
    aliases: [`num_${name}`],
    group,
    summary,
    input: 'number',
    returns: 'number',
    args: [{ name: 'value', type: 'number', summary: 'The second number; left out when the input is a list.' }],
    scalar: true,
    cases,
    apply(input, args, context) {
      const other = args[0] ?? null
      if (other === null && (isList(input) || isObj(input))) return pick(numbersOf(name, input, context))
      const value = numberOf(name, input)
      return args.length === 0 ? value : pick([value, numberOf(name, other, 'value')])
    },
  })

export const aggregateFilters = [
  aggregate('sum', 'Adds up a list; 0 for an empty one. Nulls are left out.', decimal.sum, [
    ['[1,2,3,4]|sum', '10'],
    ['[10.5,20.3,5.7]|sum', '36.5'],
    ['[0.1,0.2]|sum', '0.3'],
    ['[]|sum', '0'],
  ]),
  aggregate(
    'avg',
    'Mean of a list; null for an empty one. Nulls are left out.',
    (n) => (n.length ? decimal.mean(n) : null),
    [
      ['[1,2,3,4,5]|avg', '3'],
      ['[2.5,3.5,4.5]|avg', '3.5'],
      ['[0.1,0.2,0.3]|avg', '0.2'],
      ['[]|avg', 'null'],
    ],
    'decimal',
  ),
  aggregate('product', 'Multiplies a list; 1 for an empty one. Nulls are left out.', (n) => n.reduce(decimal.multiply, 1), [
    ['[1,2,3,4]|product', '24'],
    ['[10,0.1,5]|product', '5'],
    ['[]|product', '1'],
  ]),
  aggregate('array_min', 'Smallest number of a list; null for an empty one.', smallest, [
    ['[1,5,3,9,2]|array_min', '1'],
    ['[]|array_min', 'null'],
  ]),
  aggregate('array_max', 'Largest number of a list; null for an empty one.', largest, [
    ['[3.14,2.71,9.81]|array_max', '9.81'],
    ['[]|array_max', 'null'],
  ]),
  extreme('min', 'The smaller of two numbers, or the smallest of a list.', smallest, [
    ['-3|min:-7', '-7'],
    ['8.2|min:8.15', '8.15'],
    ['[3,1,2]|min', '1'],
  ]),
  extreme('max', 'The larger of two numbers, or the largest of a list.', largest, [
    ['5|max:20', '20'],
    ['8.2|max:8.15', '8.2'],
    ['[3,1,2]|max', '3'],
  ]),
]
