/** XML into lists and objects. Strict, without document types: no entity is ever expanded but the five of XML itself. */
import { SaxesParser } from 'saxes'
import { fatal } from '../errors.js'
import type { Obj, Value } from '../lib/value.js'
import { defineFilter, type FilterContext } from '../runtime/define.js'
import { guard } from './guard.js'
import { textOf } from './operand.js'

const maxLength = 4 * 1024 * 1024
const maxDepth = 256

interface Element {
  name: string
  attributes: Obj
  children: Value[]
  hasElements: boolean
}

/** `{name: {"@attributes": …, value: …}}`; blank text between elements is left out. */
function toValue(element: Element): Obj {
  const children = element.hasElements ? element.children.filter((child) => typeof child !== 'string' || child.trim() !== '') : element.children
  const value: Value = element.hasElements ? children : element.children.join('')
  const attributes: Value = element.attributes.size ? element.attributes : []
  return new Map<string, Value>([
    [
      element.name,
      new Map<string, Value>([
        ['@attributes', attributes],
        ['value', value],
      ]),
    ],
  ])
}

function decode(text: string, context: FilterContext): Obj {
  if (text.length > maxLength) throw fatal(`Filter "xml_decode" reads at most ${maxLength} characters.`)
  context.spend(Math.ceil(text.length / 64))
  const parser = new SaxesParser({})
  const open: Element[] = []
  let root: Obj | null = null
  parser.on('error', (error) => {
    throw fatal(`Filter "xml_decode": ${error.message}`)
  })
  parser.on('doctype', () => {
    throw fatal('Filter "xml_decode" does not read document types (DOCTYPE).')
  })
  parser.on('opentag', (tag) => {
    context.spend(1)
    if (open.length >= maxDepth) throw fatal(`Filter "xml_decode" reads at most ${maxDepth} levels.`)
    open.push({ name: tag.name, attributes: new Map(Object.entries(tag.attributes as Record<string, string>)), children: [], hasElements: false })
  })
  const addText = (piece: string): void => {
    open.at(-1)?.children.push(piece)
  }
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.on('closetag', () => {
    const element = open.pop()
    if (!element) return
    const parent = open.at(-1)
    if (!parent) root = toValue(element)
    else {
      parent.hasElements = true
      parent.children.push(toValue(element))
    }
  })
  parser.write(text).close()
  if (!root) throw fatal('Filter "xml_decode": the document has no element.')
  return root
}

export const xmlFilters = [
  defineFilter({
    name: 'xml_decode',
    group: 'conversion',
    summary: 'Reads XML: every element is an object with "@attributes" (an empty list when there are none) and value: its text, or the list of its children.',
    input: 'text',
    returns: 'object',
    scalar: true,
    cases: [
      ['"<root><a>1</a></root>"|xml_decode', '{root: {"@attributes": [], value: [{a: {"@attributes": [], value: "1"}}]}}'],
      ['"<a x=\'1\'>&lt;b&gt;</a>"|xml_decode', '{a: {"@attributes": {x: "1"}, value: "<b>"}}'],
    ],
    apply: (input, _args, context) => guard('xml_decode', () => decode(textOf('xml_decode', input), context)),
  }),
]
