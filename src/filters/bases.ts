/** Numbers in other bases, hex and base64 of bytes. */
import { fatal } from '../errors.js'
import { fromBytes, isBinary, toBytes, unmarked, type Value } from '../lib/value.js'
import { defineFilter, type FilterCase, type FilterContext, type ValueFilter } from '../runtime/define.js'
import { spendText } from './bounds.js'
import { intOf, textOf, wrongType } from './operand.js'

const group = 'conversion'

/** The bytes of text, of a number or bool as text, or of binary; null has none. */
export function bytesOf(filter: string, value: Value, arg?: string): Uint8Array {
  if (isBinary(value)) return value
  if (value !== null && typeof unmarked(value) === 'object') throw wrongType(filter, 'text or binary', value, arg)
  return toBytes(textOf(filter, value, arg))
}

const maxDigits = 1024
const digitValue = (char: string): number => (char >= '0' && char <= '9' ? char.charCodeAt(0) - 48 : char.charCodeAt(0) - 87)

/** Reads digits of a base; a `0x`, `0b` or `0o` prefix of that base is accepted. */
function parseDigits(filter: string, text: string, base: number): bigint {
  const prefix = { 16: /^0x/, 8: /^0o/, 2: /^0b/ }[base]
  const digits = text
    .trim()
    .toLowerCase()
    .replace(prefix ?? /^(?!)/, '')
  if (digits.length > maxDigits) throw fatal(`Filter "${filter}" reads at most ${maxDigits} digits.`)
  const negative = digits.startsWith('-')
  const body = negative ? digits.slice(1) : digits
  if (!/^[0-9a-z]+$/.test(body)) throw notDigits(filter, text, base)
  let value = 0n
  for (const char of body) {
    const digit = digitValue(char)
    if (digit >= base) throw notDigits(filter, text, base)
    value = value * BigInt(base) + BigInt(digit)
  }
  return negative ? -value : value
}
const notDigits = (filter: string, text: string, base: number) => fatal(`Filter "${filter}": "${text.slice(0, 40)}" is not a number in base ${base}.`)

function finite(filter: string, value: bigint): number {
  const number = Number(value)
  if (!Number.isFinite(number)) throw fatal(`Filter "${filter}" gives a number that is out of range.`)
  return number
}

/** Negative numbers are written as 64-bit two's complement. */
const toBase = (name: string, base: number, summary: string, cases: FilterCase[]): ValueFilter =>
  defineFilter({
    name,
    group,
    summary,
    input: 'int',
    returns: 'text',
    scalar: true,
    cases,
    apply(input) {
      const value = BigInt(intOf(name, input))
      return (value < 0n ? BigInt.asUintN(64, value) : value).toString(base)
    },
  })

const fromBase = (name: string, base: number, summary: string, cases: FilterCase[]): ValueFilter =>
  defineFilter({
    name,
    group,
    summary,
    input: 'text',
    returns: 'int',
    scalar: true,
    cases,
    apply: (input) => finite(name, parseDigits(name, textOf(name, input), base)),
  })

function baseArgument(value: Value | undefined, arg: string): number {
  const base = intOf('base_convert', value ?? null, arg)
  if (base < 2 || base > 36) throw fatal('Filter "base_convert" knows bases 2 to 36.')
  return base
}

interface BytesFilter {
  name: string
  group: string
  summary: string
  cases: FilterCase[]
  /** Length of the result per byte of input. */
  growth: number
  encode(bytes: Uint8Array): string
}
/** A filter that writes bytes as text. */
export const encoder = ({ name, group, summary, cases, growth, encode }: BytesFilter): ValueFilter =>
  defineFilter({
    name,
    group,
    summary,
    input: 'text or binary',
    returns: 'text',
    scalar: true,
    cases,
    apply(input, _args, context) {
      const bytes = bytesOf(name, input)
      spendText(context, name, Math.ceil(bytes.length * growth))
      return encode(bytes)
    },
  })

/** ASCII text, wherever it comes from. */
function asciiOf(filter: string, input: Value, context: FilterContext): string {
  const text = isBinary(input) ? Buffer.from(input).toString('latin1') : textOf(filter, input)
  spendText(context, filter, text.length)
  return text
}

const decoder = (name: string, summary: string, decode: (text: string) => Uint8Array, cases: FilterCase[]): ValueFilter =>
  defineFilter({
    name,
    group,
    summary,
    input: 'text',
    returns: 'text, or binary when the bytes are not UTF-8',
    scalar: true,
    cases,
    apply: (input, _args, context) => fromBytes(decode(asciiOf(name, input, context))),
  })

function decodeHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) throw fatal('Filter "hex2bin" expects an even number of hexadecimal digits.')
  return Buffer.from(text, 'hex')
}

const urlsafe: Record<string, string> = { '+': '-', '/': '_', '=': '.' }

export const baseFilters = [
  toBase('dechex', 16, 'Hexadecimal digits of a number.', [
    ['"255"|dechex', '"ff"'],
    ['-1|dechex', '"ffffffffffffffff"'],
  ]),
  toBase('decbin', 2, 'Binary digits of a number.', [['"10"|decbin', '"1010"']]),
  toBase('decoct', 8, 'Octal digits of a number.', [['"10"|decoct', '"12"']]),
  fromBase('hexdec', 16, 'Number of hexadecimal digits.', [
    ['"ff"|hexdec', '255'],
    ['"0xFF"|hexdec', '255'],
  ]),
  fromBase('bindec', 2, 'Number of binary digits.', [['"1010"|bindec', '10']]),
  fromBase('octdec', 8, 'Number of octal digits.', [['"12"|octdec', '10']]),
  defineFilter({
    name: 'base_convert',
    group,
    summary: 'Rewrites digits of one base in another.',
    input: 'text',
    returns: 'text',
    args: [
      { name: 'from', type: 'int 2..36', summary: 'Base of the input.', required: true },
      { name: 'to', type: 'int 2..36', summary: 'Base of the result.', required: true },
    ],
    scalar: true,
    cases: [
      ['"ff"|base_convert:16:10', '"255"'],
      ['"zz"|base_convert:36:2', '"10100001111"'],
      ['"123456789012345678901234567890"|base_convert:10:36', '"byw97um9s91dlz68tsi"'],
    ],
    apply: (input, args) => parseDigits('base_convert', textOf('base_convert', input), baseArgument(args[0], 'from')).toString(baseArgument(args[1], 'to')),
  }),
  encoder({
    name: 'bin2hex',
    group,
    summary: 'Bytes as lower-case hexadecimal digits.',
    growth: 2,
    encode: (b) => Buffer.from(b).toString('hex'),
    cases: [
      ['"hello"|bin2hex', '"68656c6c6f"'],
      ['"é"|bin2hex', '"c3a9"'],
    ],
  }),
  decoder('hex2bin', 'Bytes of hexadecimal digits.', decodeHex, [
    ['"68656c6c6f"|hex2bin', '"hello"'],
    ['"ff00"|hex2bin|bin2hex', '"ff00"'],
  ]),
  encoder({
    name: 'base64_encode',
    group,
    summary: 'Bytes as base64.',
    growth: 4 / 3,
    encode: (b) => Buffer.from(b).toString('base64'),
    cases: [
      ['"hello"|base64_encode', '"aGVsbG8="'],
      ['"é"|base64_encode', '"w6k="'],
    ],
  }),
  decoder('base64_decode', 'Bytes of base64; padding may be missing, other characters are skipped.', (text) => Buffer.from(text, 'base64'), [
    ['"aGVsbG8="|base64_decode', '"hello"'],
    ['"aGVsbG8"|base64_decode', '"hello"'],
  ]),
  encoder({
    name: 'base64_encode_urlsafe',
    group,
    summary: 'Bytes as base64 with - _ and . instead of + / and =.',
    growth: 4 / 3,
    encode: (b) =>
      Buffer.from(b)
        .toString('base64')
        .replace(/[+/=]/g, (char) => urlsafe[char] ?? char),
    cases: [
      ['"hello?"|base64_encode_urlsafe', '"aGVsbG8_"'],
      ['"hello"|base64_encode_urlsafe', '"aGVsbG8."'],
    ],
  }),
  decoder('base64_decode_urlsafe', 'Bytes of url-safe base64, padded with . or = or not at all.', (text) => Buffer.from(text.replaceAll('.', '='), 'base64'), [
    ['"aGVsbG8_"|base64_decode_urlsafe', '"hello?"'],
    ['"aGVsbG8."|base64_decode_urlsafe', '"hello"'],
  ]),
]
