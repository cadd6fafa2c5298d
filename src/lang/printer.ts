/** Definitions as canonical text: reading it again gives the same tree. */
import { readRaw } from './input-filter.js'
import { isPlainDefault } from './names.js'
import { isPathOf, printExpression, printFilters, printValue } from './printer-expression.js'
import { printComment, printIdentifier, printName, printQuoted } from './printer-text.js'
import type { Attribute, Block, Definition, Expr, Field, InputFilter, Statement, TestBlock } from './tree.js'

export { printExpression } from './printer-expression.js'

const step = '  '

/** One document. */
export function printDefinition(definition: Definition): string {
  const name = definition.name === '' ? '' : ` ${printName(definition.name)}`
  const clauses = printClauses(definition)
  const head = `${printComment(definition.description, '')}${definition.kind}${name}${printHeadAttributes(definition.headAttributes)}`
  return `${head} {\n${clauses.join('\n')}}\n`
}

/** Documents joined by `---` lines. */
export const printDocuments = (definitions: readonly Definition[]): string => definitions.map(printDefinition).join('---\n')

/** Attributes that follow the clauses; once one appeared, the rest follows too. */
const lateAttributes: ReadonlySet<string> = new Set([
  'index',
  'view',
  'items',
  'cache',
  'middleware',
  'history',
  'guid',
  'tools',
  'response_strategy',
  'exception_policy',
  'tags',
])

function printClauses(definition: Definition): string[] {
  const { attributes, clauseDescriptions = {} } = definition
  const firstLate = attributes.findIndex((attribute) => lateAttributes.has(attribute.name))
  const split = firstLate === -1 ? attributes.length : firstLate
  const comment = (clause: string): string => printComment(clauseDescriptions[clause], step)
  const fields = (clause: string, list: Field[] | undefined): string[] =>
    list === undefined ? [] : [`${comment(clause)}${step}${clause} ${printFieldBlock(list, step)}\n`]
  return [
    ...printAttributeClauses(attributes.slice(0, split)),
    ...fields('schema', definition.schema),
    ...fields('input', definition.input),
    ...fields('output', definition.output),
    ...(definition.stack === undefined ? [] : [`${comment('stack')}${step}stack ${printStatementBlock(definition.stack, definition.stackTrailing, step)}\n`]),
    ...(definition.response === undefined ? [] : [`${comment('response')}${step}response = ${printValue(definition.response, step)}\n`]),
    ...printAttributeClauses(attributes.slice(split)),
    ...definition.tests.map(printTest),
    ...definition.groups.map((group) => `${step}${group.name} ${printAttributeBlock(group.attributes, step)}\n`),
  ]
}

/** Attributes stand together, without blank lines. */
const printAttributeClauses = (attributes: readonly Attribute[]): string[] => (attributes.length === 0 ? [] : [printAttributes(attributes, step)])

const printHeadAttributes = (attributes: readonly Attribute[]): string => attributes.map(({ name, value }) => ` ${name}=${printHeadValue(value)}`).join('')

function printHeadValue(value: Expr): string {
  if (value.type === 'text')
    return /^[A-Za-z_][A-Za-z0-9_]*$/.test(value.value) && !/^(?:true|false|null|now)$/.test(value.value) ? value.value : printQuoted(value.value)
  return value.type === 'number' || value.type === 'constant' || isPathOf(value) ? printExpression(value) : `(${printExpression(value)})`
}

const printAttributes = (attributes: readonly Attribute[], indent: string): string => attributes.map((attribute) => printAttribute(attribute, indent)).join('')

const printAttribute = ({ name, value, description }: Attribute, indent: string): string =>
  `${printComment(description, indent)}${indent}${name} = ${printValue(value, indent)}\n`

const printAttributeBlock = (attributes: readonly Attribute[], indent: string): string =>
  attributes.length === 0 ? '{}' : `{\n${printAttributes(attributes, indent + step)}${indent}}`

function printTest({ name, description, attributes, expectations }: TestBlock): string {
  const inner = step + step
  const body = printAttributes(attributes, inner) + expectations.map((statement) => printStatementLines(statement, inner)).join('')
  return `${printComment(description, step)}${step}test ${printQuoted(name)} {\n${body}${step}}\n`
}

function printFieldBlock(fields: readonly Field[], indent: string): string {
  if (fields.length === 0) return '{}'
  return `{\n${fields.map((field) => printField(field, indent + step)).join('')}${indent}}`
}

function printField(field: Field, indent: string): string {
  const list = field.list === undefined ? '' : `[${printBounds(field.list)}]`
  const start = `${field.type}${list}${field.nullable ? '?' : ''}${field.name === '' ? '' : ` ${printIdentifier(field.name)}`}`
  const value = field.default === undefined ? (field.optional ? '?' : '') : `?=${printDefault(field.default)}`
  const filters = field.filters.length === 0 ? '' : ` filters=${field.filters.map(printInputFilter).join('|')}`
  const isBare = field.options.length === 0 && field.fields === undefined
  const options = isBare ? '' : ` ${printOptions(field, indent)}`
  return `${printComment(field.description, indent)}${indent}${start}${value}${filters}${options}\n`
}

function printBounds({ min, max }: NonNullable<Field['list']>): string {
  return min === undefined && max === undefined ? '' : `${min ?? ''}:${max ?? ''}`
}

function printDefault(value: Expr): string {
  switch (value.type) {
    case 'number':
    case 'constant':
    case 'timestamp':
    case 'text':
    case 'list':
    case 'object':
    case 'cast':
      return printExpression(value)
    case 'word':
      return isPlainDefault(value.value) ? value.value : printQuoted(value.value)
    default:
      return isPathOf(value) ? printExpression(value) : `(${printExpression(value)})`
  }
}

function printOptions(field: Field, indent: string): string {
  const inner = indent + step
  const schema = field.fields === undefined ? '' : `${inner}schema ${printFieldBlock(field.fields, inner)}\n`
  return `{\n${printAttributes(field.options, inner)}${schema}${indent}}`
}

function printInputFilter({ name, args, disabled }: InputFilter): string {
  const spelled = args.reduceRight((rest, arg) => `:${printInputArgument(arg, rest)}${rest}`, '')
  return `${disabled ? '!' : ''}${name}${spelled}`
}

function printInputArgument({ text, style, flags }: InputFilter['args'][number], rest: string): string {
  if (style === 'regex') return `/${text}/${flags ?? ''}`
  const isReadBack = style === 'raw' && !/^["'/ \t]/.test(text) && readRaw(`${text}${rest} `, 0) === text
  return isReadBack ? text : printQuoted(text)
}

/** One statement with its blocks, without a final line end. */
export const printStatement = (statement: Statement, indent = ''): string => printStatementLines(statement, indent).slice(0, -1)

function printStatementLines(statement: Statement, indent: string): string {
  const { name, head, disabled, condition, as } = statement
  const parts = [
    `${disabled ? '!' : ''}${name}`,
    ...head.map((expr) => printHead(expr, name)),
    ...(statement.headAttributes.length === 0 ? [] : [printHeadAttributes(statement.headAttributes).trimStart()]),
    ...(condition === undefined ? [] : [`if (${printExpression(condition)})`]),
    ...printBody(statement, indent),
    ...(as === undefined ? [] : [`as $${as.name}${printFilters(as.filters)}`]),
  ]
  return `${printComment(statement.description, indent)}${indent}${parts.join(' ')}\n`
}

/** Families whose statements change the variable in their head; elsewhere a variable is an expression in parentheses. */
const variableHeads: ReadonlySet<string> = new Set(['var', 'array', 'math', 'text'])

function printHead(expr: Expr, statement: string): string {
  if (expr.type === 'text') return printQuoted(expr.value)
  const isBare = isPathOf(expr) && variableHeads.has(statement.split('.', 1)[0] ?? '')
  return isBare ? printExpression(expr) : `(${printExpression(expr)})`
}

/** Statements that name something keep their braces even when empty. */
function printBody({ head, args, blocks }: Statement, indent: string): string[] {
  if (args.length === 0 && blocks.length === 0) return head.some((expr) => expr.type === 'text') ? [`{\n${indent}}`] : []
  const inner = indent + step
  return [`{\n${printAttributes(args, inner)}${blocks.map((block) => printBlock(block, inner)).join('')}${indent}}`]
}

function printBlock(block: Block, indent: string): string {
  const head = block.head === undefined ? '' : ` (${printExpression(block.head)})`
  const as = block.as === undefined ? '' : ` as $${block.as}`
  const body = printStatementBlock(block.statements, block.trailing, indent)
  return `${printComment(block.description, indent)}${indent}${block.name}${head}${as} ${body}${block.breaks ? ' break' : ''}\n`
}

function printStatementBlock(statements: readonly Statement[], trailing: string | undefined, indent: string): string {
  const inner = indent + step
  const body = statements.map((statement) => printStatementLines(statement, inner)).join('\n') + printComment(trailing, inner)
  return `{\n${body}${indent}}`
}
