/** `name = value` in blocks and heads. */
import type { Cursor } from './cursor.js'
import { constantNames } from './grammar.js'
import { matchAt, numberText } from './names.js'
import { takeDescription } from './parser-items.js'
import { type ObjectStyle, parseObject } from './parser-literal.js'
import { parsePostfix } from './parser-operand.js'
import type { Attribute, Constant, Expr } from './tree.js'

/** Whether `name =` stands at the cursor. */
export const atAttribute = (c: Cursor): boolean => c.tok.kind === 'word' && c.ahead.kind === 'op' && c.ahead.value === '='

const attributeBlock: ObjectStyle = { attributes: true }

/** `name = value`; `name { … }` and `name value` without the sign are taken with a warning. */
export function parseAttribute(c: Cursor): Attribute {
  const description = takeDescription(c)
  if (c.tok.kind !== 'word') c.fail(`Expected \`name = value\`, found ${c.found}.`)
  const { value: name, start: at } = c.advance()
  const value = parseAttributeValue(c, name)
  return description === undefined ? { name, value, at } : { name, value, description, at }
}

function parseAttributeValue(c: Cursor, name: string): Expr {
  if (c.isOp('{')) {
    c.warn(`The \`=\` between \`${name}\` and its value is missing.`, c.tok.start, `Write \`${name} = {…}\` with \`:\` between keys and values.`)
    return parseObject(c, {}, attributeBlock)
  }
  if (!c.isOp('=')) {
    const isValue = !c.tok.newline && (c.tok.kind === 'text' || c.tok.kind === 'number' || c.tok.kind === 'variable' || c.isOp('['))
    if (!isValue)
      c.fail(`Expected \`=\` after \`${name}\`, found ${c.found}.`, c.isOp(':') ? 'Attributes of a block use `=`; entries of an object use `:`.' : undefined)
    c.warn(`The \`=\` between \`${name}\` and its value is missing.`, c.tok.start, `Write \`${name} = …\`.`)
    return c.expr({})
  }
  const sign = c.advance()
  if (c.tok.newline && (c.isOp('}') || c.atEnd || atAttribute(c))) c.fail(`The value of \`${name}\` is missing.`, undefined, sign.start)
  return c.expr({})
}

/** An unquoted spelling in a head: `GET`, `text/csv`. Sticky. */
const headValue = /[A-Za-z0-9_][\w./-]*/y

/** `verb=GET`: an unquoted word is text. */
export function parseHeadAttribute(c: Cursor): Attribute {
  const { value: name, start: at } = c.advance()
  c.advance()
  if (c.tok.newline) c.fail(`The value of \`${name}\` is missing.`, undefined, at)
  return { name, value: parseHeadValue(c, name), at }
}

function parseHeadValue(c: Cursor, name: string): Expr {
  const at = c.tok.start
  if (c.tok.kind === 'text' || c.tok.kind === 'variable' || c.isOp('(') || c.isOp('-')) return parsePostfix(c, {})
  const raw = matchAt(headValue, c.text, at)
  if (raw === '') return c.fail(`Expected the value of \`${name}\`, found ${c.found}.`)
  c.jump(at + raw.length)
  if (numberText.test(raw)) return { type: 'number', text: raw, at }
  if (constantNames.has(raw)) return { type: 'constant', name: raw as Constant['name'], at }
  return { type: 'text', value: raw, at }
}
