/** Small readers of trees that several rules need. */
import { constantOf } from '../../../definitions/constant.js'
import type { Attribute, Definition, Expr, Statement } from '../../../lang/tree.js'
import { visitExpr } from '../../../lang/visit.js'
import { isObj, type Value } from '../../../lib/value.js'

/** The argument of that name, or of an older spelling. */
export const argument = (statement: Statement, ...names: string[]): Expr | undefined => statement.args.find((arg) => names.includes(arg.name))?.value

export function constantArgument(statement: Statement, ...names: string[]): Value | undefined {
  const expr = argument(statement, ...names)
  return expr === undefined ? undefined : foldedOf(expr)
}

export const nameInHead = (statement: Statement): string => {
  const [head] = statement.head
  return head?.type === 'text' || head?.type === 'word' ? head.value : ''
}

/** `$name`, or undefined for anything else. */
export const variableName = (expr: Expr | undefined): string | undefined => (expr?.type === 'variable' ? expr.name : undefined)

/** The variable at the root of `$a.b.c`. */
export function rootVariable(expr: Expr | undefined): string | undefined {
  let current = expr
  while (current?.type === 'member' || current?.type === 'index') current = current.object
  return variableName(current)
}

/** `field` of `$db.table.field` or `$db.field`, with the alias when there is one. */
export function columnOf(expr: Expr): { alias: string | null; column: string } | undefined {
  if (expr.type !== 'member') return undefined
  if (variableName(expr.object) === 'db') return { alias: null, column: expr.name }
  if (expr.object.type === 'member' && variableName(expr.object.object) === 'db') return { alias: expr.object.name, column: expr.name }
  return undefined
}

/** Statements that run, in source order, those of inner blocks too. */
export function activeStatements(definition: Definition): Statement[] {
  const found: Statement[] = []
  const visit = (statements: readonly Statement[]): void => {
    for (const statement of statements) {
      if (statement.disabled === true) continue
      found.push(statement)
      for (const block of statement.blocks) visit(block.statements)
    }
  }
  visit(definition.stack ?? [])
  return found
}

/** Calls `visit` for every expression of the stack and the response. */
export function visitActive(definition: Definition, visit: (expr: Expr, statement: Statement | undefined) => void): void {
  for (const statement of activeStatements(definition)) for (const expr of ownExprs(statement)) visitExpr(expr, (inner) => visit(inner, statement))
  if (definition.response !== undefined) visitExpr(definition.response, (inner) => visit(inner, undefined))
}

export const ownExprs = (statement: Statement): Expr[] => [
  ...statement.head,
  ...statement.headAttributes.map((attribute: Attribute) => attribute.value),
  ...(statement.condition === undefined ? [] : [statement.condition]),
  ...statement.args.map((arg) => arg.value),
  ...statement.blocks.flatMap((block) => (block.head === undefined ? [] : [block.head])),
  ...(statement.as?.filters.flatMap((filter) => filter.args) ?? []),
]

/** Whether the expression reads `$input.name` of that name. */
export function readsInput(expr: Expr): boolean {
  let found = false
  visitExpr(expr, (inner) => {
    if (variableName(inner) === 'input') found = true
  })
  return found
}

/** A constant member of an object expression whose other members need not be constant. */
export function memberOf(expr: Expr | undefined, key: string): Expr | undefined {
  if (expr?.type !== 'object') return undefined
  const entry = expr.entries.find((candidate) => candidate.type === 'entry' && candidate.key === key)
  return entry?.type === 'entry' ? entry.value : undefined
}

/** A literal, and texts and numbers put together of literals: `"sk_" ~ "live_…"`, `60 * 60 * 24`. */
export function foldedOf(expr: Expr): Value | undefined {
  if (expr.type !== 'binary') return constantOf(expr)
  const [left, right] = [foldedOf(expr.left), foldedOf(expr.right)]
  if (expr.op === '~') return isScalar(left) && isScalar(right) ? `${left}${right}` : undefined
  if (typeof left !== 'number' || typeof right !== 'number') return undefined
  return expr.op === '*' ? left * right : expr.op === '+' ? left + right : expr.op === '-' ? left - right : undefined
}

const isScalar = (value: Value | undefined): value is string | number => typeof value === 'string' || typeof value === 'number'

export const textOf = (expr: Expr | undefined): string | undefined => {
  const value = expr === undefined ? undefined : foldedOf(expr)
  return typeof value === 'string' ? value : undefined
}

/** Texts of a list literal. */
export function textsOf(expr: Expr | undefined): string[] {
  const value = expr === undefined ? undefined : constantOf(expr)
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []
}

export const isObject = isObj

/** `resetToken`, `reset-token` and `reset_token` are one name. */
export const snakeCase = (name: string): string =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/-/g, '_')
    .toLowerCase()
