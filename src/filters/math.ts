/** Arithmetic, rounding, bit operations; functions and aggregates have files of their own. */
import { fatal } from '../errors.js'
import * as decimal from '../lib/decimal.js'
import { sql } from '../lib/sql.js'
import { decimalOf } from '../lib/value.js'
import { defineFilter, type FilterCase, type ValueFilter } from '../runtime/define.js'
import { typedAs } from '../runtime/operators.js'
import { aggregateFilters } from './math-aggregates.js'
import { functionFilters } from './math-functions.js'
import { finite, functionOf, group, operandArgument, picked } from './math-result.js'
import { intOf, numberOf, textOf } from './operand.js'
import { arithmeticFace, intSql, numberFace, numberSql, term } from './sql-face.js'

interface Operation {
  name: string
  aliases?: string[]
  summary: string
  argument: string
  compute(left: number, right: number): number
  cases: FilterCase[]
  returns?: string
  operator?: '+' | '-' | '*' | '/'
}

const operation = ({ name, aliases, summary, argument, compute, cases, returns = 'number', operator }: Operation): ValueFilter =>
  defineFilter({
    name,
    ...(aliases ? { aliases } : {}),
    group,
    summary,
    input: 'number',
    returns,
    args: [operandArgument('number', argument)],
    scalar: true,
    cases,
    ...(operator ? { sql: arithmeticFace(name, operator) } : {}),
    apply(input, args) {
      const other = args[0] ?? null
      const result = finite(name, compute(numberOf(name, input), numberOf(name, other, 'value')))
      return returns === 'int' ? result : typedAs(result, input, other)
    },
  })

/** The input within a bound; the one of the two that counts keeps its type. */
const clamp = (name: string, summary: string, argument: string, pick: (left: number, right: number) => number, cases: FilterCase[]): ValueFilter =>
  defineFilter({
    name,
    group,
    summary,
    input: 'number',
    returns: 'number',
    args: [operandArgument('number', argument)],
    scalar: true,
    cases,
    apply: (input, args) => picked(name, pick, [input, args[0] ?? null], 'value'),
  })

const divisor = (name: string, value: number): number => {
  if (value === 0) throw fatal('Division by zero.', { detail: `Filter "${name}".` })
  return value
}

const arithmetic = [
  operation({
    name: 'add',
    summary: 'Adds two numbers.',
    argument: 'What to add.',
    compute: decimal.add,
    operator: '+',
    cases: [
      ['5|add:3', '8'],
      ['-2|add:7', '5'],
      ['10.5|add:4.2', '14.7'],
      ['0.1|add:0.2', '0.3'],
      ['"2"|add:"3"', '5'],
    ],
  }),
  operation({
    name: 'subtract',
    aliases: ['sub'],
    summary: 'Takes the argument from the input.',
    argument: 'What to take away.',
    compute: decimal.subtract,
    operator: '-',
    cases: [
      ['2|subtract:3', '-1'],
      ['10|sub:4', '6'],
      ['0.3|subtract:0.1', '0.2'],
    ],
  }),
  operation({
    name: 'multiply',
    aliases: ['mul'],
    summary: 'Multiplies two numbers.',
    argument: 'The factor.',
    compute: decimal.multiply,
    operator: '*',
    cases: [
      ['2|multiply:3', '6'],
      ['2.5|mul:6', '15'],
      ['1.1|multiply:3', '3.3'],
    ],
  }),
  operation({
    name: 'divide',
    aliases: ['div'],
    summary: 'Real division; dividing by zero is an error.',
    argument: 'The divisor.',
    compute: (left, right) => decimal.divide(left, divisor('divide', right)),
    operator: '/',
    cases: [
      ['20|divide:4', '5'],
      ['7|div:2', '3.5'],
      ['0.6|divide:3', '0.2'],
    ],
  }),
  operation({
    name: 'modulus',
    aliases: ['mod'],
    summary: 'Remainder of the whole parts, with the sign of the input.',
    argument: 'The divisor.',
    returns: 'int',
    compute: (left, right) => Math.trunc(left) % divisor('modulus', Math.trunc(right)),
    cases: [
      ['20|modulus:3', '2'],
      ['-7|mod:3', '-1'],
      ['7|modulus:-3', '1'],
    ],
  }),
  clamp('clamp_min', 'At least the argument.', 'The lower bound.', Math.max, [
    ['3|clamp_min:5', '5'],
    ['8|clamp_min:5', '8'],
  ]),
  clamp('clamp_max', 'At most the argument.', 'The upper bound.', Math.min, [
    ['8|clamp_max:5', '5'],
    ['3|clamp_max:5', '3'],
  ]),
  defineFilter({
    name: 'pow',
    group,
    summary: 'Raises to a power.',
    input: 'number',
    returns: 'number',
    args: [{ name: 'exp', type: 'number', summary: 'The power.', required: true }],
    scalar: true,
    cases: [
      ['10|pow:2', '100'],
      ['2|pow:-1', '0.5'],
      ['9|pow:0.5', '3'],
    ],
    apply(input, args) {
      const exponent = args[0] ?? null
      return typedAs(finite('pow', numberOf('pow', input) ** numberOf('pow', exponent, 'exp')), input, exponent)
    },
  }),
]

const rounding = [
  functionOf(
    'floor',
    'Rounds down to a whole number.',
    Math.floor,
    [
      ['3.7|floor', '3'],
      ['-2.3|floor', '-3'],
    ],
    'int',
    numberFace('floor', 'int', (number) => sql`floor(${number})::bigint`),
  ),
  functionOf(
    'ceil',
    'Rounds up to a whole number.',
    Math.ceil,
    [
      ['3.1|ceil', '4'],
      ['-2.3|ceil', '-2'],
      ['-0.5|ceil', '0'],
    ],
    'int',
    numberFace('ceil', 'int', (number) => sql`ceil(${number})::bigint`),
  ),
  functionOf(
    'abs',
    'Drops the sign.',
    Math.abs,
    [
      ['-10|abs', '10'],
      ['-3.14|abs', '3.14'],
    ],
    'number',
  ),
  defineFilter({
    name: 'round',
    group,
    summary: 'Rounds halves away from zero, by the digits as written; a negative precision rounds tens, hundreds and so on.',
    input: 'decimal',
    returns: 'decimal (int when precision is 0)',
    args: [{ name: 'precision', type: 'int', summary: 'Decimal places.', default: 0 }],
    scalar: true,
    cases: [
      ['3.14159|round:2', '3.14'],
      ['-3.55|round:1', '-3.6'],
      ['1.005|round:2', '1.01'],
      ['2.5|round', '3'],
      ['-2.5|round', '-3'],
      ['1250|round:-2', '1300'],
    ],
    // In a query two places are kept when nothing is said.
    sql: (input, args) => term('decimal', sql`round(${numberSql('round', input)}, ${args[0] === undefined ? sql`2` : sql`${intSql('round', args[0])}::int`})`),
    apply(input, args) {
      const precision = intOf('round', args[0] ?? 0, 'precision')
      const result = finite('round', decimal.round(numberOf('round', input), precision))
      return precision === 0 ? result : decimalOf(result)
    },
  }),
  defineFilter({
    name: 'number_format',
    group,
    summary: 'Writes a number with fixed decimals and grouped thousands.',
    input: 'number',
    returns: 'text',
    args: [
      { name: 'decimals', type: 'int', summary: 'Decimal places, 0 to 100.', default: 0 },
      { name: 'decimal_separator', type: 'text', default: '.' },
      { name: 'thousands_separator', type: 'text', default: ',' },
    ],
    scalar: true,
    cases: [
      ['1234.56|number_format:2:".":","', '"1,234.56"'],
      ['1234.56|number_format:0:".":","', '"1,235"'],
      ['1234.56|number_format:2:",":" "', '"1 234,56"'],
      ['-1234567.891|number_format:2', '"-1,234,567.89"'],
      ['-0.4|number_format', '"0"'],
      ['0.5|number_format', '"1"'],
    ],
    apply(input, args) {
      const name = 'number_format'
      const decimals = Math.min(100, Math.max(0, intOf(name, args[0] ?? 0, 'decimals')))
      const { negative, whole, fraction } = decimal.toFixedParts(numberOf(name, input), decimals)
      const point = textOf(name, args[1] ?? '.', 'decimal_separator')
      const separator = textOf(name, args[2] ?? ',', 'thousands_separator')
      const groups = whole.match(/\d{1,3}(?=(?:\d{3})*$)/g) ?? [whole]
      return (negative ? '-' : '') + groups.join(separator) + (fraction ? point + fraction : '')
    },
  }),
]

/** Two's complement of 64 bits. */
const bitwise = (name: string, summary: string, compute: (left: bigint, right: bigint) => bigint, cases: FilterCase[]): ValueFilter =>
  defineFilter({
    name,
    group,
    summary,
    input: 'int',
    returns: 'int',
    args: [operandArgument('int', 'The other number.')],
    scalar: true,
    cases,
    apply: (input, args) => Number(BigInt.asIntN(64, compute(BigInt(intOf(name, input)), BigInt(intOf(name, args[0] ?? null, 'value'))))),
  })

const bits = [
  bitwise('bitwise_and', 'Bits set in both numbers.', (a, b) => a & b, [
    ['5|bitwise_and:3', '1'],
    ['-1|bitwise_and:255', '255'],
  ]),
  bitwise('bitwise_or', 'Bits set in either number.', (a, b) => a | b, [
    ['5|bitwise_or:3', '7'],
    ['240|bitwise_or:15', '255'],
    ['4294967296|bitwise_or:1', '4294967297'],
  ]),
  bitwise('bitwise_xor', 'Bits set in one number only.', (a, b) => a ^ b, [
    ['7|bitwise_xor:9', '14'],
    ['5|bitwise_xor:3', '6'],
  ]),
]

export const mathFilters = [...arithmetic, ...rounding, ...functionFilters, ...aggregateFilters, ...bits]
