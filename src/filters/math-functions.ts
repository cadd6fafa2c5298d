/** Trigonometry, roots, powers of e and logarithms. */
import { decimalOf } from '../lib/value.js'
import { defineFilter } from '../runtime/define.js'
import { functionOf, group } from './math-result.js'
import { numberOf } from './operand.js'

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
      return Number.isFinite(result) ? decimalOf(result + 0) : null
    },
  }),
]

export const functionFilters = [...trigonometry, ...exponentials]
