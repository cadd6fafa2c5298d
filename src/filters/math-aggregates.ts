/** One number of a list. */
import * as decimal from '../lib/decimal.js'
import { decimalOf, isList, isObj, type Numeric, type Value } from '../lib/value.js'
import { defineFilter, type FilterCase, type FilterContext, type ValueFilter } from '../runtime/define.js'
import { isDecimalOperand, typedAs } from '../runtime/operators.js'
import { spendList } from './bounds.js'
import { finite, group, picked } from './math-result.js'
import { numberOf, wrongType } from './operand.js'

/** The members of a list or an object; nulls are left out, as SQL aggregates do. */
function membersOf(name: string, input: Value, context: FilterContext): Value[] {
  if (!isList(input) && !isObj(input)) throw wrongType(name, 'a list of numbers', input)
  const members = isList(input) ? input : [...input.values()]
  spendList(context, name, members.length)
  return members.filter((member) => member !== null)
}

const aggregate = (
  name: string,
  summary: string,
  compute: (name: string, members: readonly Value[]) => Numeric | null,
  cases: FilterCase[],
  returns = 'number',
): ValueFilter =>
  defineFilter({
    name,
    group,
    summary,
    input: 'number[]',
    returns,
    scalar: true,
    cases,
    apply: (input, _args, context) => compute(name, membersOf(name, input, context)),
  })

const numbersOf = (name: string, members: readonly Value[]): number[] => members.map((member) => numberOf(name, member))

/** A decimal when a member is. */
const total =
  (compute: (numbers: readonly number[]) => number) =>
  (name: string, members: readonly Value[]): Numeric =>
    typedAs(finite(name, compute(numbersOf(name, members))), members.find(isDecimalOperand) ?? null)

function mean(name: string, members: readonly Value[]): Numeric | null {
  const numbers = numbersOf(name, members)
  return numbers.length ? decimalOf(finite(name, decimal.mean(numbers))) : null
}

type Pick = (left: number, right: number) => number
const extremeOf =
  (pick: Pick) =>
  (name: string, members: readonly Value[]): Numeric | null =>
    members.length ? picked(name, pick, members) : null

/** `5|min:3`; a list alone is searched as `array_min` does. */
const extreme = (name: 'min' | 'max', summary: string, pick: Pick, cases: FilterCase[]): ValueFilter =>
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
      if (other === null && (isList(input) || isObj(input))) return extremeOf(pick)(name, membersOf(name, input, context))
      return args.length === 0 ? typedAs(numberOf(name, input), input) : picked(name, pick, [input, other], 'value')
    },
  })

export const aggregateFilters = [
  aggregate('sum', 'Adds up a list; 0 for an empty one. Nulls are left out.', total(decimal.sum), [
    ['[1,2,3,4]|sum', '10'],
    ['[10.5,20.3,5.7]|sum', '36.5'],
    ['[0.1,0.2]|sum', '0.3'],
    ['[]|sum', '0'],
  ]),
  aggregate(
    'avg',
    'Mean of a list; null for an empty one. Nulls are left out.',
    mean,
    [
      ['[1,2,3,4,5]|avg', '3'],
      ['[2.5,3.5,4.5]|avg', '3.5'],
      ['[0.1,0.2,0.3]|avg', '0.2'],
      ['[]|avg', 'null'],
    ],
    'decimal',
  ),
  aggregate(
    'product',
    'Multiplies a list; 1 for an empty one. Nulls are left out.',
    total((numbers) => numbers.reduce(decimal.multiply, 1)),
    [
      ['[1,2,3,4]|product', '24'],
      ['[10,0.1,5]|product', '5'],
      ['[]|product', '1'],
    ],
  ),
  aggregate('array_min', 'Smallest number of a list; null for an empty one.', extremeOf(Math.min), [
    ['[1,5,3,9,2]|array_min', '1'],
    ['[]|array_min', 'null'],
  ]),
  aggregate('array_max', 'Largest number of a list; null for an empty one.', extremeOf(Math.max), [
    ['[3.14,2.71,9.81]|array_max', '9.81'],
    ['[]|array_max', 'null'],
  ]),
  extreme('min', 'The smaller of two numbers, or the smallest of a list.', Math.min, [
    ['-3|min:-7', '-7'],
    ['8.2|min:8.15', '8.15'],
    ['[3,1,2]|min', '1'],
  ]),
  extreme('max', 'The larger of two numbers, or the largest of a list.', Math.max, [
    ['5|max:20', '20'],
    ['8.2|max:8.15', '8.2'],
    ['[3,1,2]|max', '3'],
  ]),
]
