/** Expressions as canonical text, with the parentheses the reader needs and no more. */
import { binaryLevels, equalityLevel, takesIgnoreNull, ternaryLevel } from './operators.js'
import { isHeredocText, printHeredoc, printKey, printQuoted } from './printer-text.js'
import type { Binary, ComputedEntry, Expr, FilterCall, ListLiteral, Member, ObjectEntry, ObjectLiteral, Spread } from './tree.js'

/** Objects and lists longer than this are printed on several lines. */
const inlineWidth = 80
const step = '  '

/** An expression on one line. */
export const printExpression = (expr: Expr): string => print(expr)

/** An expression as the value of an attribute, entry or item: long literals and texts take several lines. */
export function printValue(expr: Expr, indent: string): string {
  if (expr.type === 'text' && isHeredocText(expr.value)) return printHeredoc(expr.value, indent)
  if (expr.type === 'object' && expr.entries.length > 0 && !fitsInline(expr)) return printObjectLines(expr, indent)
  if (expr.type === 'list' && expr.items.length > 0 && !fitsInline(expr)) return printListLines(expr, indent)
  if (expr.type === 'filter' && countFilters(expr) > 1 && print(expr).length > inlineWidth) return printFilterLines(expr, indent)
  return print(expr)
}

function fitsInline(expr: ObjectLiteral | ListLiteral): boolean {
  return !hasLongText(expr) && print(expr).length <= inlineWidth
}

function hasLongText(expr: Expr): boolean {
  if (expr.type === 'text') return isHeredocText(expr.value)
  if (expr.type === 'list') return expr.items.some((item) => hasLongText(item.type === 'spread' ? item.value : item))
  return expr.type === 'object' && expr.entries.some((entry) => hasLongText(entry.value))
}

function printObjectLines(object: ObjectLiteral, indent: string): string {
  const inner = indent + step
  const lines = object.entries.map((entry) => `${inner}${printEntryHead(entry)}${printValue(entry.value, inner)}\n`)
  return `{\n${lines.join('')}${indent}}`
}

function printListLines(list: ListLiteral, indent: string): string {
  const inner = indent + step
  const items = list.items.map((item) => `${inner}${item.type === 'spread' ? `...${printValue(item.value, inner)}` : printValue(item, inner)}`)
  return `[\n${items.join(',\n')}\n${indent}]`
}

const countFilters = (expr: Expr | null): number => (expr?.type === 'filter' ? 1 + countFilters(expr.input) : 0)

function printFilterLines(call: FilterCall, indent: string): string {
  const steps: string[] = []
  let input: Expr | null = call
  while (input?.type === 'filter') {
    steps.unshift(`\n${indent}${step}${printFilterStep(input)}`)
    input = input.input
  }
  return `${input === null ? (steps.shift() ?? '').trimStart() : printFilterInput(input)}${steps.join('')}`
}

function print(expr: Expr): string {
  switch (expr.type) {
    case 'text':
      return printQuoted(expr.value)
    case 'number':
    case 'timestamp':
      return expr.text
    case 'constant':
      return expr.name
    case 'word':
      return printWord(expr.value)
    case 'variable':
      return `$${expr.name}`
    case 'member':
      return printMember(expr)
    case 'index':
      return `${printObject(expr.object)}[${print(expr.index)}]`
    case 'filter':
      return `${expr.input === null ? '' : printFilterInput(expr.input)}${printFilterStep(expr)}`
    case 'unary':
      return expr.op + printUnaryOperand(expr.operand, expr.op)
    case 'binary':
      return printBinary(expr)
    case 'ternary':
      return `${printAbove(expr.test, ternaryLevel)} ? ${printBranch(expr.then)} : ${printBranch(expr.else)}`
    case 'list':
      return `[${expr.items.map((item) => (item.type === 'spread' ? printSpread(item) : print(item))).join(', ')}]`
    case 'object':
      return `{${expr.entries.map((entry) => (entry.type === 'spread' ? printSpread(entry) : printEntryHead(entry) + print(entry.value))).join(', ')}}`
    case 'cast':
      return `!${expr.to} ${printQuoted(expr.text)}`
    case 'pair':
      return `${printAbove(expr.low, equalityLevel)}:${printAbove(expr.high, equalityLevel)}`
  }
}

const printSpread = (spread: Spread): string => `...${print(spread.value)}`

function printEntryHead(entry: ObjectEntry | ComputedEntry | Spread): string {
  if (entry.type === 'spread') return '...'
  if (entry.type === 'entry') return `${printKey(entry.key)}: `
  const isPath = entry.key.type === 'variable' || isPathOf(entry.key)
  return `${isPath ? print(entry.key) : grouped(entry.key)}: `
}

/** Whether an expression is a variable with members and indexes only. */
export function isPathOf(expr: Expr): boolean {
  if (expr.type === 'member' || expr.type === 'index') return isPathOf(expr.object)
  return expr.type === 'variable'
}

const grouped = (expr: Expr): string => `(${print(expr)})`

const plainWord = /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$|^[0-9]+[A-Za-z_][A-Za-z0-9_]*$/

const printWord = (word: string): string => (plainWord.test(word) ? word : printQuoted(word))

function printMember({ object, name }: Member): string {
  const isSystem = object.type === 'variable' && object.name === 'env' && /^\$[A-Za-z_]\w*$/.test(name)
  const isPlain = isSystem || /^(?:[A-Za-z_][A-Za-z0-9_]*|[0-9]+)$/.test(name)
  return `${printObject(object)}.${isPlain ? name : printQuoted(name)}`
}

const printObject = (object: Expr): string => (isPathOf(object) ? print(object) : grouped(object))

function printFilterStep({ name, args, disabled }: Pick<FilterCall, 'name' | 'args' | 'disabled'>): string {
  return `|${disabled ? '!' : ''}${name}${args.map((arg) => `:${printArgument(arg)}`).join('')}`
}

/** Filters of a target: `|get:0:null`. */
export const printFilters = (steps: readonly Pick<FilterCall, 'name' | 'args' | 'disabled'>[]): string => steps.map(printFilterStep).join('')

const printArgument = (expr: Expr): string => (expr.type === 'filter' || expr.type === 'ternary' || expr.type === 'pair' ? grouped(expr) : print(expr))

function printFilterInput(input: Expr): string {
  const isOperator = input.type === 'unary' || input.type === 'binary' || input.type === 'ternary' || input.type === 'pair' || input.type === 'cast'
  return isOperator ? grouped(input) : print(input)
}

function printUnaryOperand(operand: Expr, op: string): string {
  const isOperator = operand.type === 'binary' || operand.type === 'ternary' || operand.type === 'pair' || operand.type === 'filter'
  const isOwnSign = op === '-' && operand.type === 'number' && !operand.text.startsWith('-')
  return isOperator || isOwnSign ? grouped(operand) : print(operand)
}

function printBinary({ op, left, right, ignoreNull }: Binary): string {
  const level = binaryLevels.get(op) ?? equalityLevel
  const isRightAssociative = level === ternaryLevel
  const sign = ignoreNull === true && takesIgnoreNull(op) ? `${op}?` : op
  const leftText = op === '||' && isAnd(left) ? grouped(left) : printAbove(left, isRightAssociative ? level : level - 1)
  const rightText =
    op === '||' && isAnd(right) ? grouped(right) : right.type === 'pair' ? print(right) : printAbove(right, isRightAssociative ? level - 1 : level)
  return op === '..' ? `${leftText}..${rightText}` : `${leftText} ${sign} ${rightText}`
}

const isAnd = (expr: Expr): boolean => expr.type === 'binary' && expr.op === '&&'

/** An operand that must bind tighter than `level`. */
function printAbove(expr: Expr, level: number): string {
  if (expr.type === 'filter' || expr.type === 'pair') return grouped(expr)
  const own = expr.type === 'binary' ? (binaryLevels.get(expr.op) ?? equalityLevel) : expr.type === 'ternary' ? ternaryLevel : undefined
  return own !== undefined && own <= level ? grouped(expr) : print(expr)
}

/** A branch of `? :`. */
const printBranch = (expr: Expr): string =>
  expr.type === 'filter' || expr.type === 'ternary' || expr.type === 'pair' || isElvis(expr) ? grouped(expr) : print(expr)

const isElvis = (expr: Expr): boolean => expr.type === 'binary' && expr.op === '?:'
