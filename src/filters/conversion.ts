/** Between types: numbers, text, bools, JSON; the rest of the family has files of its own. */
import { fatal } from '../errors.js'
import { decimalOf, type Numeric, unmarked, type Value } from '../lib/value.js'
import { toBool, toDecimal, toInt, toText } from '../runtime/convert.js'
import { defineFilter, type FilterCase, type FilterSpec, type ValueFilter } from '../runtime/define.js'
import { parseJson, stringify } from '../runtime/serialize.js'
import { baseFilters } from './bases.js'
import { spendText } from './bounds.js'
import { csvFilters } from './csv.js'
import { geoFilters } from './geo.js'
import { intOf, textOf, wrongType } from './operand.js'
import { xmlFilters } from './xml.js'
import { yamlFilters } from './yaml.js'

const group = 'conversion'

/** Lists, objects and handles are no numbers. */
function scalarOf(filter: string, given: Value): Value {
  const value = unmarked(given)
  if (value !== null && typeof value === 'object') throw wrongType(filter, 'a number, text, a bool or null', value)
  return value
}

function asDecimal(value: Value): Numeric {
  const number = toDecimal(scalarOf('to_decimal', value)) + 0
  if (Number.isFinite(number)) return decimalOf(number)
  throw fatal('Filter "to_decimal": the number is out of range.')
}

const scaled = (name: string, summary: string, scale: (value: number) => number, cases: FilterCase[]): ValueFilter =>
  defineFilter({
    name,
    group,
    summary,
    input: 'int',
    returns: 'int',
    scalar: true,
    cases,
    apply(input) {
      const result = scale(intOf(name, input)) + 0
      if (!Number.isFinite(result)) throw fatal(`Filter "${name}" gives a number that is out of range.`)
      return result
    },
  })

const toExpr = defineFilter({
  name: 'to_expr',
  group,
  summary: 'Evaluates text as an expression over the variables, inputs and caller; $env and JavaScript stay out of its reach.',
  input: 'text',
  returns: 'any',
  evaluates: true,
  cases: [
    ['"1+2+3"|to_expr', '6'],
    ['"[1,2,3]|map:$$*2"|to_expr', '[2,4,6]'],
    ['"{a:1}"|to_expr|get:"a"', '1'],
    ['2|as:n|transform:"$n * 21"|to_expr', '42'],
  ],
})

const scalars = [
  defineFilter({
    name: 'to_int',
    group,
    summary: 'The number at the start of the text, its fraction cut off; 0 when there is none.',
    input: 'any',
    returns: 'int',
    scalar: true,
    cases: [
      ['"133.45 kg"|to_int', '133'],
      ['"abc"|to_int', '0'],
      ['true|to_int', '1'],
      ['null|to_int', '0'],
      ['-2.7|to_int', '-2'],
      ['" 1e3"|to_int', '1000'],
    ],
    apply: (input) => toInt(scalarOf('to_int', input)),
  }),
  defineFilter({
    name: 'to_decimal',
    aliases: ['to_dec'],
    group,
    summary: 'The number at the start of the text; 0 when there is none.',
    input: 'any',
    returns: 'decimal',
    scalar: true,
    cases: [
      ['"133.45 kg"|to_decimal', '133.45'],
      ['".5"|to_dec', '0.5'],
      ['"abc"|to_decimal', '0'],
    ],
    apply: asDecimal,
  }),
  defineFilter({
    name: 'to_text',
    group,
    summary: 'Text of a value: bools as true and false, null as "", lists and objects as JSON.',
    input: 'any',
    returns: 'text',
    scalar: true,
    cases: [
      ['1.344|to_text', '"1.344"'],
      ['true|to_text', '"true"'],
      ['null|to_text', '""'],
      ['{a: [1, "x"]}|to_text', '"{\\"a\\":[1,\\"x\\"]}"'],
    ],
    apply: (input) => toText(input),
  }),
  defineFilter({
    name: 'to_bool',
    group,
    summary: 'False for the empty values and the words false, no, off and null; true for the rest.',
    input: 'any',
    returns: 'bool',
    scalar: true,
    cases: [
      ['"true"|to_bool', 'true'],
      ['"false"|to_bool', 'false'],
      ['1|to_bool', 'true'],
      ['0|to_bool', 'false'],
      ['"0"|to_bool', 'false'],
      ['[]|to_bool', 'false'],
    ],
    apply: toBool,
  }),
  scaled('ms_to_secs', 'Whole seconds of milliseconds.', (ms) => Math.floor(ms / 1000), [['1500|ms_to_secs', '1']]),
  scaled('secs_to_ms', 'Milliseconds of seconds.', (seconds) => seconds * 1000, [['2|secs_to_ms', '2000']]),
]

const json = [
  defineFilter({
    name: 'json_encode',
    group,
    summary: 'Compact JSON; slashes and letters beyond ASCII stay as they are.',
    input: 'any',
    returns: 'text',
    scalar: true,
    cases: [
      ['{a: 1, b: [true, null]}|json_encode', '"{\\"a\\":1,\\"b\\":[true,null]}"'],
      ['"a/é"|json_encode', '"\\"a/é\\""'],
      ['[{}, []]|json_encode', '"[{},[]]"'],
    ],
    apply(input, _args, context) {
      const text = stringify(input)
      spendText(context, 'json_encode', text.length)
      return text
    },
  }),
  defineFilter({
    name: 'json_decode',
    group,
    summary: 'Reads JSON; keys keep their order. Invalid JSON is an error.',
    input: 'text',
    returns: 'any',
    scalar: true,
    cases: [
      ['"[1,2,3]"|json_decode', '[1,2,3]'],
      ['"{\\"2\\":1,\\"1\\":2}"|json_decode|keys', '["2","1"]'],
      ['"null"|json_decode', 'null'],
    ],
    apply(input, _args, context) {
      const text = textOf('json_decode', input)
      context.spend(Math.ceil(text.length / 16))
      return parseJson(text)
    },
  }),
]

export const conversionFilters: FilterSpec[] = [...scalars, toExpr, ...json, ...baseFilters, ...csvFilters, ...xmlFilters, ...yamlFilters, ...geoFilters]
