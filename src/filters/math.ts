/** Arithmetic, rounding, trigonometry, aggregates of lists, bit operations. */
import { fatal } from '../errors.js'
import * as decimal from '../lib/decimal.js'
import { sql } from '../lib/sql.js'
import { isList, isObj, type Value } from '../lib/value.js'
import { defineFilter, type FilterArgumentSpec, type FilterCase, type FilterContext, type SqlFace, type ValueFilter } from '../runtime/define.js'
import { spendList } from './bounds.js'
import { intOf, numberOf, textOf, wrongType } from './operand.js'
import { arithmeticFace, intSql, numberFace, numberSql, term } from './sql-face.js'

const group = 'math'

/** Never NaN, infinite or -0: those are no values of the language. */
function finite(name: string, result: number): number {
  if (!Number.isFinite(result)) throw fatal(`Filter "${name}" gives a number that is out of range.`)
  return result + 0
}

/** A function of one number; null where it is not defined. */
const functionOf = (name: string, summary: string, compute: (value: number) => number, cases: FilterCase[], returns = 'decimal', face?: SqlFace): ValueFilter =>
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

const operandArgument = (type: string, summary: string): FilterArgumentSpec => ({ name: 'value', type, summary, required: true })

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
    apply: (input, args) => finite(name, compute(numberOf(name, input), numberOf(name, args[0] ?? null, 'value'))),
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
  operation({
    name: 'clamp_min',
    summary: 'At least the argument.',
    argument: 'The lower bound.',
    compute: Math.max,
    cases: [
      ['3|clamp_min:5', '5'],
      ['8|clamp_min:5', '8'],
    ],
  }),
  operation({
    name: 'clamp_max',
    summary: 'At most the argument.',
    argument: 'The upper bound.',
    compute: Math.min,
    cases: [
      ['8|clamp_max:5', '5'],
      ['3|clamp_max:5', '3'],
    ],
  }),
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
    apply: (input, args) => finite('pow', numberOf('pow', input) ** numberOf('pow', args[0] ?? null, 'exp')),
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
    apply: (input, args) => finite('round', decimal.round(numberOf('round', input), intOf('round', args[0] ?? 0, 'precision'))),
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

const trigonometry = [
  functionOf('deg2rad', 'Degrees to radians.', (v) => (v * Math.PI) / 180, [['90|deg2rad', '1.5707963267948966']]),
  functionOf('rad2deg', 'Radians to degrees.', (v) => (v * 180) / Math.PI, [['3.141592653589793|rad2deg', '180']]),
  functionOf('sin', 'Sine of radians.', Math.sin, [
    ['0|sin', '0'],
    ['1.5707963267948966|sin', '1'],
  ]),
  functionOf('cos', 'Cosine of radians.', Math.cos, [
    ['0|cos', '1'],
    ['1|cos', '0.5403023058681398'],
  ]),
  functionOf('tan', 'Tangent of radians.', Math.tan, [['0|tan', '0']]),
  functionOf('asin', 'Arc sine in radians; null outside -1 to 1.', Math.asin, [
    ['1|asin', '1.5707963267948966'],
    ['2|asin', 'null'],
  ]),
  functionOf('acos', 'Arc cosine in radians; null outside -1 to 1.', Math.acos, [
    ['-1|acos', '3.141592653589793'],
    ['1|acos', '0'],
  ]),
  functionOf('atan', 'Arc tangent in radians.', Math.atan, [['-1|atan', '-0.7853981633974483']]),
  functionOf('asinh', 'Inverse hyperbolic sine.', Math.asinh, [['1|asinh', '0.881373587019543']]),
  functionOf('acosh', 'Inverse hyperbolic cosine; null below 1.', Math.acosh, [['2|acosh', '1.3169578969248166']]),
  functionOf('atanh', 'Inverse hyperbolic tangent; null outside -1 to 1.', Math.atanh, [
    ['-0.75|atanh', '-0.9729550745276566'],
    ['1|atanh', 'null'],
  ]),
]

/** Logarithm to any base; exact where the answer is whole. */
function logarithm(value: number, base: number): number {
  const result = Math.log(value) / Math.log(base)
  const whole = Math.round(result)
  return base ** whole === value ? whole : result
}

const exponentials = [
  functionOf('sqrt', 'Square root; null below 0.', Math.sqrt, [
    ['9|sqrt', '3'],
    ['2|sqrt', '1.4142135623730951'],
    ['-1|sqrt', 'null'],
  ]),
  functionOf('exp', 'The number e raised to the input.', Math.exp, [
    ['1|exp', '2.718281828459045'],
    ['2|exp', '7.38905609893065'],
  ]),
  functionOf('ln', 'Natural logarithm; null at and below 0.', Math.log, [
    ['1|ln', '0'],
    ['0|ln', 'null'],
  ]),
  functionOf('log10', 'Logarithm to base 10; null at and below 0.', Math.log10, [
    ['10|log10', '1'],
    ['1000|log10', '3'],
  ]),
  defineFilter({
    name: 'log',
    group,
    summary: 'Logarithm to a base, e when omitted; null where it is not defined.',
    input: 'number',
    returns: 'decimal',
    args: [{ name: 'base', type: 'number', summary: 'The base; e when omitted.' }],
    scalar: true,
    cases: [
      ['8|log:2', '3'],
      ['81|log:3', '4'],
      ['243|log:3', '5'],
      ['1|log', '0'],
    ],
    apply(input, args) {
      const value = numberOf('log', input)
      const base = args[0] ?? null
      const result = base === null ? Math.log(value) : logarithm(value, numberOf('log', base, 'base'))
      return Number.isFinite(result) ? result + 0 : null
    },
  }),
]

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

const aggregates = [
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

export const mathFilters = [...arithmetic, ...rounding, ...trigonometry, ...exponentials, ...aggregates, ...bits]
