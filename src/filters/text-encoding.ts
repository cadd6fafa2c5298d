/** The text encoding family. Bytes that are no valid UTF-8 are binary values. */
import { fatal } from '../errors.js'
import { didYouMean } from '../lang/suggest.js'
import { type Binary, fromBytes, isBinary, toBytes, type Value } from '../lib/value.js'
import { defineFilter, type FilterContext, type FilterSpec } from '../runtime/define.js'
import { spendList } from './bounds.js'
import { type Encoding, encodingNames, findEncoding } from './encodings.js'
import { textOf } from './operand.js'

const group = 'text_encoding'
const utf8 = 'UTF-8'
const latin1 = 'ISO-8859-1'

const bytesOf = (filter: string, value: Value): Uint8Array => toBytes(isBinary(value) ? value : textOf(filter, value))

function encodingOf(filter: string, name: Value, arg: string): Encoding {
  const text = textOf(filter, name, arg)
  const encoding = findEncoding(text)
  if (encoding) return encoding
  throw fatal(`Filter "${filter}" does not know the encoding "${text}".`, { hint: didYouMean(text, encodingNames) ?? 'List them with |list_encodings.' })
}

function convert(filter: string, input: Value, to: Encoding, from: Encoding, context: FilterContext): string | Binary {
  const bytes = bytesOf(filter, input)
  spendList(context, filter, bytes.length)
  return fromBytes(to.encode(from.decode(bytes)))
}

export const listEncodings = defineFilter({
  name: 'list_encodings',
  group,
  summary: 'Names of the encodings that convert_encoding knows.',
  input: 'ignored',
  returns: 'text[]',
  scalar: true,
  cases: [['|list_encodings|slice:0:3', '["UTF-8","ISO-8859-1","ASCII"]']],
  apply: () => encodingNames.slice(),
})

const hasUtf16Mark = (bytes: Uint8Array, first: number, second: number): boolean => bytes[0] === first && bytes[1] === second

function detect(bytes: Uint8Array): string {
  if (hasUtf16Mark(bytes, 0xff, 0xfe)) return 'UTF-16LE'
  if (hasUtf16Mark(bytes, 0xfe, 0xff)) return 'UTF-16BE'
  return bytes.some((byte) => byte >= 0x80 && byte < 0xa0) ? 'Windows-1252' : 'ISO-8859-1'
}

export const detectEncoding = defineFilter({
  name: 'detect_encoding',
  group,
  summary: 'UTF-8 for text, the likeliest encoding for binary.',
  input: 'text',
  returns: 'text',
  scalar: true,
  cases: [
    ['"étude"|detect_encoding', '"UTF-8"'],
    ['"Hello"|detect_encoding', '"UTF-8"'],
    ['"étude"|from_utf8|detect_encoding', '"ISO-8859-1"'],
  ],
  apply(input) {
    if (isBinary(input)) return detect(input)
    textOf('detect_encoding', input)
    return utf8
  },
})

export const toUtf8 = defineFilter({
  name: 'to_utf8',
  group,
  summary: 'Reads ISO-8859-1 bytes as text.',
  input: 'binary',
  returns: 'text',
  scalar: true,
  cases: [['"étu"|from_utf8|to_utf8', '"étu"']],
  apply: (input, _, context) => convert('to_utf8', input, encodingOf('to_utf8', utf8, 'to'), encodingOf('to_utf8', latin1, 'from'), context),
})

export const fromUtf8 = defineFilter({
  name: 'from_utf8',
  group,
  summary: 'Text as ISO-8859-1 bytes; other characters become ?.',
  input: 'text',
  returns: 'binary',
  scalar: true,
  cases: [
    ['"étu"|from_utf8|strlen', '3'],
    ['"a€"|from_utf8', '"a?"'],
  ],
  apply: (input, _, context) => convert('from_utf8', input, encodingOf('from_utf8', latin1, 'to'), encodingOf('from_utf8', utf8, 'from'), context),
})

export const convertEncoding = defineFilter({
  name: 'convert_encoding',
  group,
  summary: 'Text or bytes turned from one encoding into another; characters that are missing there become ?.',
  input: 'text',
  returns: 'text or binary',
  args: [
    { name: 'to', type: 'text', required: true },
    { name: 'from', type: 'text', required: true },
  ],
  scalar: true,
  cases: [
    ['"études"|convert_encoding:"ISO-8859-1":"UTF-8"|strlen', '6'],
    ['"€Ж"|convert_encoding:"CP1251":"utf8"|convert_encoding:"UTF-8":"Windows-1251"', '"€Ж"'],
    ['"日本"|convert_encoding:"SJIS":"UTF-8"|convert_encoding:"UTF-8":"SJIS"', '"日本"'],
  ],
  apply: (input, args, context) =>
    convert('convert_encoding', input, encodingOf('convert_encoding', args[0] ?? null, 'to'), encodingOf('convert_encoding', args[1] ?? utf8, 'from'), context),
})

export const textEncodingFilters: FilterSpec[] = [listEncodings, detectEncoding, toUtf8, fromUtf8, convertEncoding]
