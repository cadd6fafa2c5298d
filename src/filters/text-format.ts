/** `sprintf` with the conversions of PHP. */
import { fatal } from '../errors.js'
import { isList, isObj, unmarked, type Value } from '../lib/value.js'
import { toText } from '../runtime/convert.js'
import { defineFilter, type FilterContext, type FilterSpec } from '../runtime/define.js'
import { spendText } from './bounds.js'
import { charactersOf, lengthOf } from './code-points.js'
import { textOf, wrongType } from './operand.js'

interface Directive {
  left: boolean
  plus: boolean
  pad: string
  width: number
  precision: number | null
  letter: string
}

/** %[position$][flags][width][.precision]letter; flags are `-`, `+`, space, `0` and `'x`. */
const directivePattern = /%(?:%|(?:(\d{1,3})\$)?((?:[-+ 0]|'.)*)(\d{1,9})?(?:\.(\d{1,3}))?([a-zA-Z])?)/gsu

function parseFlags(flags: string): Pick<Directive, 'left' | 'plus' | 'pad'> {
  const out = { left: false, plus: false, pad: ' ' }
  const characters = charactersOf(flags)
  for (let at = 0; at < characters.length; at++) {
    const flag = characters[at]
    if (flag === '-') out.left = true
    else if (flag === '+') out.plus = true
    else if (flag === "'") out.pad = characters[++at] ?? ' '
    else out.pad = flag ?? ' '
  }
  return out
}

/** A number the way PHP casts: leading digits count, anything else is 0. */
function castNumber(given: Value): number {
  const value = unmarked(given)
  if (typeof value === 'number') return Number.isFinite(value) ? value : 0
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value === null) return 0
  if (isList(value) || isObj(value) || typeof value !== 'string') throw wrongType('sprintf', 'a number', value, 'values')
  const number = Number.parseFloat(/^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/.exec(value)?.[0] ?? '0')
  return Number.isFinite(number) ? number : 0
}

const castInt = (value: Value): bigint => BigInt(Math.trunc(castNumber(value)))
const unsigned = (value: Value): bigint => BigInt.asUintN(64, castInt(value))

/** Exactly `precision` decimals, without an exponent. */
function fixed(number: number, precision: number): string {
  if (Math.abs(number) < 1e21) return number.toFixed(precision)
  return BigInt(number) + (precision > 0 ? `.${'0'.repeat(precision)}` : '')
}

function general(number: number, precision: number): string {
  const digits = Math.max(1, precision)
  const exponent = number === 0 ? 0 : Number(number.toExponential(digits - 1).split('e')[1])
  if (exponent >= -4 && exponent < digits) return String(Number(fixed(number, Math.max(0, digits - 1 - exponent))))
  const [mantissa = '0', power = '+0'] = number.toExponential(digits - 1).split('e')
  const short = mantissa.includes('.') ? mantissa.replace(/0+$/, '').replace(/\.$/, '') : mantissa
  return `${short.includes('.') ? short : `${short}.0`}e${power}`
}

function character(value: Value): string {
  const code = Number(castInt(value))
  if (code < 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw fatal('Filter "sprintf": %c needs the number of a character.')
  return String.fromCodePoint(code)
}

const signed = (text: string, plus: boolean): string => (plus && !text.startsWith('-') ? `+${text}` : text)

const conversions: Record<string, (value: Value, directive: Directive) => string> = {
  s: (value, { precision }) => (precision === null ? toText(value) : charactersOf(toText(value)).slice(0, precision).join('')),
  d: (value, { plus }) => signed(String(castInt(value)), plus),
  i: (value, { plus }) => signed(String(castInt(value)), plus),
  u: (value) => String(unsigned(value)),
  c: character,
  o: (value) => unsigned(value).toString(8),
  x: (value) => unsigned(value).toString(16),
  X: (value) => unsigned(value).toString(16).toUpperCase(),
  b: (value) => unsigned(value).toString(2),
  f: (value, { plus, precision }) => signed(fixed(castNumber(value), precision ?? 6), plus),
  e: (value, { plus, precision }) => signed(castNumber(value).toExponential(precision ?? 6), plus),
  E: (value, { plus, precision }) => signed(castNumber(value).toExponential(precision ?? 6), plus).toUpperCase(),
  g: (value, { plus, precision }) => signed(general(castNumber(value), precision ?? 6), plus),
  G: (value, { plus, precision }) => signed(general(castNumber(value), precision ?? 6), plus).toUpperCase(),
}
conversions['F'] = conversions['f'] as (value: Value, directive: Directive) => string

function padded(text: string, directive: Directive, context: FilterContext): string {
  const missing = directive.width - lengthOf(text)
  if (missing <= 0) return text
  spendText(context, 'sprintf', missing)
  const padding = directive.pad.repeat(missing)
  if (directive.left) return text + padding
  const sign = directive.pad === '0' && directive.letter !== 's' && /^[+-]/.test(text) ? text.slice(0, 1) : ''
  return sign + padding + text.slice(sign.length)
}

/** Fills the directives of `format` with `values`. Errors: unknown letter, too few values. */
export function formatText(format: string, values: readonly Value[], context: FilterContext): string {
  let next = 0
  return format.replace(directivePattern, (whole: string, position?: string, flags = '', width?: string, precision?: string, letter?: string) => {
    if (whole === '%%') return '%'
    const convert = letter === undefined || !Object.hasOwn(conversions, letter) ? undefined : conversions[letter]
    if (!convert || letter === undefined) throw fatal(`Filter "sprintf" does not know "${whole}".`, { hint: 'Write %% for a percent sign.' })
    const index = position === undefined ? next++ : Number(position) - 1
    const value = values[index]
    if (value === undefined) throw fatal(`Filter "sprintf" has no value for "${whole}": ${values.length} given.`)
    const directive = { ...parseFlags(flags), width: Number(width ?? 0), precision: precision === undefined ? null : Math.min(Number(precision), 53), letter }
    return padded(convert(value, directive), directive, context)
  })
}

export const sprintf = defineFilter({
  name: 'sprintf',
  group: 'text',
  summary: 'Fills the % directives of a format with values, as PHP does.',
  input: 'text (format)',
  returns: 'text',
  args: [{ name: 'values', type: 'any', rest: true, summary: 'One per directive.' }],
  scalar: true,
  cases: [
    ['"%s %d"|sprintf:"test":123', '"test 123"'],
    ['"%.2f"|sprintf:3.14159', '"3.14"'],
    ['"%05d"|sprintf:42', '"00042"'],
    ['"%2$s-%1$s"|sprintf:"a":"b"', '"b-a"'],
    [`"[%-5s|%5s|%'*5d]"|sprintf:"a":"b":-42`, '"[a    |    b|**-42]"'],
    ['"%05d %+d %x %X %o %b"|sprintf:-42:7:255:255:8:5', '"-0042 +7 ff FF 10 101"'],
    ['"%u"|sprintf:-1', '"18446744073709551615"'],
    ['"%e %.1e %g %g"|sprintf:1234.5:0.00012:0.00001:1500', '"1.234500e+3 1.2e-4 1.0e-5 1500"'],
    ['"%c%c 100%%"|sprintf:72:128512', '"H😀 100%"'],
    ['"%.2s"|sprintf:"😀bc"', '"😀b"'],
  ],
  apply: (input, args, context) => formatText(textOf('sprintf', input), args, context),
})

export const textFormatFilters: FilterSpec[] = [sprintf]
