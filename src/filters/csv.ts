/** CSV with the parameters of PHP's fputcsv and fgetcsv: separator, enclosure, escape. */
import { fatal } from '../errors.js'
import { isBinary, isList, isObj, type Value } from '../lib/value.js'
import { defineFilter, type FilterArgumentSpec, type FilterContext } from '../runtime/define.js'
import { stringify } from '../runtime/serialize.js'
import { spendList, spendText } from './bounds.js'
import { listOf, textOf, wrongType } from './operand.js'

const group = 'conversion'

interface Dialect {
  separator: string
  enclosure: string
  /** Inside an enclosure, an enclosure after it does not close; both characters stay. `""` turns it off. */
  escaper: string
}

const dialectArguments: FilterArgumentSpec[] = [
  { name: 'separator', type: 'text', summary: 'One character between fields.', default: ',' },
  { name: 'enclosure', type: 'text', summary: 'One character around fields.', default: '"' },
  { name: 'escape', type: 'text', summary: 'One character, or empty.', default: '\\' },
]

function dialectOf(filter: string, args: readonly Value[]): Dialect {
  const character = (index: number, name: string, fallback: string): string => {
    const value = args[index] ?? null
    const text = value === null ? fallback : textOf(filter, value, name)
    if (text.length !== 1 && !(name === 'escape' && text === '')) throw fatal(`Argument "${name}" of filter "${filter}" is one character.`)
    return text
  }
  const dialect = { separator: character(0, 'separator', ','), enclosure: character(1, 'enclosure', '"'), escaper: character(2, 'escape', '\\') }
  if (dialect.separator === dialect.enclosure) throw fatal(`Filter "${filter}" needs a separator that is not the enclosure.`)
  return dialect
}

/** Rows of fields, in one pass. Empty lines are left out. */
function parseRows(filter: string, source: string, dialect: Dialect, context: FilterContext): string[][] {
  const text = source.startsWith('\uFEFF') ? source.slice(1) : source
  const rows: string[][] = []
  let at = 0
  while (at < text.length) {
    const row: string[] = []
    for (;;) {
      const field = readField(text, at, dialect)
      row.push(field.value)
      at = field.end
      if (text[at] !== dialect.separator) break
      at++
    }
    if (text[at] === '\r') at++
    if (text[at] === '\n') at++
    if (row.length === 1 && row[0] === '') continue
    rows.push(row)
    spendList(context, filter, row.length)
  }
  return rows
}

function readField(text: string, start: number, { separator, enclosure, escaper }: Dialect): { value: string; end: number } {
  let at = start
  let value = ''
  if (text[at] === enclosure) {
    let from = ++at
    for (; at < text.length; at++) {
      const char = text[at]
      if (char === escaper && escaper !== enclosure && text[at + 1] === enclosure) at++
      else if (char === enclosure) {
        value += text.slice(from, at)
        if (text[at + 1] !== enclosure) break
        from = ++at
      }
    }
    if (at >= text.length) value += text.slice(from)
    at++
  }
  const from = at
  while (at < text.length && text[at] !== separator && text[at] !== '\n' && text[at] !== '\r') at++
  return { value: value + text.slice(from, at), end: Math.min(at, text.length) }
}

function cell(filter: string, value: Value): string {
  if (isBinary(value)) throw wrongType(filter, 'text in a field', value)
  return value !== null && typeof value === 'object' ? stringify(value) : textOf(filter, value)
}

function writeRows(filter: string, rows: readonly Value[], dialect: Dialect, context: FilterContext): string {
  const lines: string[] = []
  for (const row of rows) {
    const members = isObj(row) ? [...row.values()] : isList(row) ? row : [row]
    spendList(context, filter, members.length)
    const line = members.map((member) => enclose(cell(filter, member), dialect)).join(dialect.separator)
    spendText(context, filter, line.length)
    lines.push(line)
  }
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}

/** As fputcsv does: around fields with a special character or a blank; enclosures double unless escaped. */
function enclose(text: string, { separator, enclosure, escaper }: Dialect): string {
  const special = [separator, enclosure, '\n', '\r', '\t', ' ', ...(escaper ? [escaper] : [])]
  if (!special.some((char) => text.includes(char))) return text
  let out = ''
  let escaped = false
  for (const char of text) {
    if (char === enclosure && !escaped) out += enclosure
    escaped = escaper !== '' && escaper !== enclosure && char === escaper
    out += char
  }
  return enclosure + out + enclosure
}

/** A list of scalars is one row. */
const rowsOf = (list: Value[]): readonly Value[] => (list.length > 0 && list.every((item) => !isList(item) && !isObj(item)) ? [list] : list)

export const csvFilters = [
  defineFilter({
    name: 'csv_parse',
    group,
    summary: 'Reads CSV with a header row into a list of objects. Missing fields are null; fields beyond the header are dropped.',
    input: 'text',
    returns: 'object[]',
    args: dialectArguments,
    scalar: true,
    cases: [
      ['"a,b\\n1,2"|csv_parse', '[{a: "1", b: "2"}]'],
      ['"a;b\\n1;\'x;y\'"|csv_parse:";":"\'"', '[{a: "1", b: "x;y"}]'],
      ['"a,b\\n1"|csv_parse', '[{a: "1", b: null}]'],
      ['""|csv_parse', '[]'],
    ],
    apply(input, args, context) {
      const [header = [], ...rows] = parseRows('csv_parse', textOf('csv_parse', input), dialectOf('csv_parse', args), context)
      return rows.map((row) => {
        context.spend(header.length)
        return new Map<string, Value>(header.map((name, i) => [name, row[i] ?? null]))
      })
    },
  }),
  defineFilter({
    name: 'csv_decode',
    group,
    summary: 'Reads CSV into a list of rows.',
    input: 'text',
    returns: 'text[][]',
    args: dialectArguments,
    scalar: true,
    cases: [
      ['"a,b\\n1,2"|csv_decode', '[["a","b"],["1","2"]]'],
      ['"\\"x \\"\\"y\\"\\"\\",z"|csv_decode', '[["x \\"y\\"","z"]]'],
    ],
    apply: (input, args, context) => parseRows('csv_decode', textOf('csv_decode', input), dialectOf('csv_decode', args), context),
  }),
  defineFilter({
    name: 'csv_encode',
    group,
    summary: 'Writes rows (lists, or the values of objects) as CSV without a header. A list of scalars is one row.',
    input: 'list of rows',
    returns: 'text',
    args: dialectArguments,
    scalar: true,
    cases: [
      ['[["a","b"],[1,2]]|csv_encode', '"a,b\\n1,2\\n"'],
      ['["a","b"]|csv_encode', '"a,b\\n"'],
      ['[[true,null,"x,y"]]|csv_encode', '"true,,\\"x,y\\"\\n"'],
    ],
    apply: (input, args, context) => writeRows('csv_encode', rowsOf(listOf('csv_encode', input)), dialectOf('csv_encode', args), context),
  }),
  defineFilter({
    name: 'csv_create',
    group,
    summary: 'Writes CSV with the input as header row.',
    input: 'text[]',
    returns: 'text',
    args: [{ name: 'rows', type: 'list of rows', summary: 'Lists, or objects whose values are written.', required: true }, ...dialectArguments],
    scalar: true,
    cases: [
      ['["a","b"]|csv_create:[[1,2],[3,4]]:",":\'"\':"\\\\"', '"a,b\\n1,2\\n3,4\\n"'],
      ['["a","b"]|csv_create:[{a: 1, b: "x"}]', '"a,b\\n1,x\\n"'],
    ],
    apply(input, args, context) {
      const rows = rowsOf(listOf('csv_create', args[0] ?? null, 'rows'))
      return writeRows('csv_create', [listOf('csv_create', input), ...rows], dialectOf('csv_create', args.slice(1)), context)
    },
  }),
]
