/** Columns, inputs and object members: `TYPE[list]? NAME?=DEFAULT filters=a|b:1 { options }`. */
import type { Cursor } from './cursor.js'
import { constantNames, namelessTypes } from './grammar.js'
import { parseInputFilters } from './input-filter.js'
import { matchAt, numberText, rawDefault, timestampText } from './names.js'
import { atAttribute, parseAttribute } from './parser-attribute.js'
import { readBlock, takeDescription } from './parser-items.js'
import { parsePostfix } from './parser-operand.js'
import type { Constant, Expr, Field } from './tree.js'

/** `{ field NL field … }` of `input`, `schema` and `output`. */
export function parseFieldBlock(c: Cursor): Field[] {
  const fields: Field[] = []
  const names = new Set<string>()
  readBlock(c, 'the fields', () => {
    const field = parseField(c)
    if (field.name !== '' && names.has(field.name))
      c.error(`The field \`${field.name}\` appears twice.`, field.at ?? c.lastEnd, 'Remove or rename one of the two.')
    names.add(field.name)
    fields.push(field)
    if (c.tok.trailingComment !== undefined)
      c.warn('A comment after a field is not kept.', c.tok.trailingComment, 'Put the comment on the line above the field.')
  })
  return fields
}

function parseField(c: Cursor): Field {
  const description = takeDescription(c)
  if (c.tok.kind !== 'word') c.fail(`Expected a field such as \`text name\`, found ${c.found}.`)
  if (atAttribute(c)) c.fail(`Expected a field such as \`text ${c.tok.value}\`, found an attribute.`, 'Fields are written `TYPE NAME`.')
  const type = c.advance()
  const field: Field = { name: '', type: type.value, filters: [], options: [], at: type.start }
  if (description !== undefined) field.description = description
  if (!c.tok.spaced && c.isOp('?')) takeNullable(c, field)
  parseListBounds(c, field)
  if (!c.tok.newline && c.isOp('?')) takeNullable(c, field)
  parseFieldName(c, field)
  parseDefault(c, field)
  if (c.isWord('filters') && atAttribute(c) && !c.tok.newline) {
    c.advance()
    c.advance()
    if (c.tok.newline || c.isOp('{')) c.warn('`filters=` names no filter.', c.lastEnd - 1)
    else field.filters = parseInputFilters(c)
  }
  if (c.isOp('{') && !c.tok.newline) parseOptions(c, field)
  return field
}

function takeNullable(c: Cursor, field: Field): void {
  c.advance()
  field.nullable = true
}

const bounds = /\[[ \t]*([0-9]*)[ \t]*(?:(:)[ \t]*([0-9]*)[ \t]*)?\]/y

function parseListBounds(c: Cursor, field: Field): void {
  if (!c.isOp('[') || c.tok.newline) return
  bounds.lastIndex = c.tok.start
  const match = bounds.exec(c.text)
  if (match === null) {
    c.fail('A list type is written `text[]`, with bounds `text[1:3]`.')
  }
  c.jump(bounds.lastIndex)
  const [, low = '', colon, high = ''] = match
  field.list = {}
  if (low !== '') field.list.min = Number(low)
  if (colon === undefined ? low !== '' : high !== '') field.list.max = Number(colon === undefined ? low : high)
}

function parseFieldName(c: Cursor, field: Field): void {
  if (namelessTypes.has(field.type) && c.isOp('{') && !c.tok.newline) return
  const isName = (c.tok.kind === 'word' || c.tok.kind === 'text') && !c.tok.newline
  if (!isName)
    c.fail(
      `Expected a name after the type \`${field.type}\`, found ${c.found}.`,
      'Fields are written `TYPE NAME`, for example `text title`.',
      c.tok.newline ? c.lastEnd : undefined,
    )
  field.name = c.advance().value
  if (c.isOp('?') && !c.tok.newline) {
    c.advance()
    field.optional = true
  }
}

function parseDefault(c: Cursor, field: Field): void {
  if (c.tok.newline || !c.isOp('=')) return
  const sign = c.advance()
  field.optional = true
  if (c.tok.newline || c.atEnd || (c.tok.spaced && (c.isOp('{') || atAttribute(c)))) {
    c.warn('The default value is missing: empty text is taken.', sign.start, 'Write `?=""`.')
    field.default = { type: 'text', value: '', at: sign.start }
    return
  }
  field.default = parseDefaultValue(c)
}

function parseDefaultValue(c: Cursor): Expr {
  const at = c.tok.start
  if (c.tok.kind === 'text' || c.tok.kind === 'variable' || c.tok.kind === 'quote' || c.isOp('[') || c.isOp('{') || c.isOp('(') || c.isOp('!'))
    return parsePostfix(c, { words: true, inFilter: true })
  const timestamp = matchAt(timestampText, c.text, at)
  const raw = timestamp === '' ? matchAt(rawDefault, c.text, at) : timestamp
  if (raw === '') return c.fail(`Expected a default value, found ${c.found}.`)
  c.jump(at + raw.length)
  if (timestamp !== '') return { type: 'timestamp', text: raw, at }
  if (numberText.test(raw)) return { type: 'number', text: raw, at }
  if (constantNames.has(raw)) return { type: 'constant', name: raw as Constant['name'], at }
  return { type: 'word', value: raw, at }
}

function parseOptions(c: Cursor, field: Field): void {
  readBlock(c, `the options of \`${field.name}\``, () => {
    if (c.isWord('schema') && !atAttribute(c)) {
      c.advance()
      field.fields = c.isOp('{') ? parseFieldBlock(c) : []
    } else field.options.push(parseAttribute(c))
  })
}
