/** Walking and rewriting trees. */
import type { Attribute, Block, Definition, Expr, Field, Statement } from './tree.js'

/** The expressions directly inside an expression, in the order of the text. */
export function childExprs(expr: Expr): Expr[] {
  switch (expr.type) {
    case 'member':
      return [expr.object]
    case 'index':
      return [expr.object, expr.index]
    case 'filter':
      return expr.input === null ? expr.args : [expr.input, ...expr.args]
    case 'unary':
      return [expr.operand]
    case 'binary':
      return [expr.left, expr.right]
    case 'ternary':
      return [expr.test, expr.then, expr.else]
    case 'pair':
      return [expr.low, expr.high]
    case 'list':
      return expr.items.map((item) => (item.type === 'spread' ? item.value : item))
    case 'object':
      return expr.entries.flatMap((entry) => (entry.type === 'computed' ? [entry.key, entry.value] : [entry.value]))
    default:
      return []
  }
}

/** Calls `visit` for an expression and everything in it, outer before inner; `false` skips what is inside. */
export function visitExpr(expr: Expr, visit: (expr: Expr) => unknown): void {
  if (visit(expr) === false) return
  for (const child of childExprs(expr)) visitExpr(child, visit)
}

/** A copy with every expression replaced by what `change` makes of it, inner before outer. */
export function transformExpr(expr: Expr, change: (expr: Expr) => Expr): Expr {
  return change(withChildren(expr, (child) => transformExpr(child, change)))
}

function withChildren(expr: Expr, map: (child: Expr) => Expr): Expr {
  switch (expr.type) {
    case 'member':
      return { ...expr, object: map(expr.object) }
    case 'index':
      return { ...expr, object: map(expr.object), index: map(expr.index) }
    case 'filter':
      return { ...expr, input: expr.input === null ? null : map(expr.input), args: expr.args.map(map) }
    case 'unary':
      return { ...expr, operand: map(expr.operand) }
    case 'binary':
      return { ...expr, left: map(expr.left), right: map(expr.right) }
    case 'ternary': {
      const [test, then, otherwise] = [map(expr.test), map(expr.then), map(expr.else)]
      return { ...expr, test, then, else: otherwise }
    }
    case 'pair':
      return { ...expr, low: map(expr.low), high: map(expr.high) }
    case 'list':
      return { ...expr, items: expr.items.map((item) => (item.type === 'spread' ? { ...item, value: map(item.value) } : map(item))) }
    case 'object':
      return {
        ...expr,
        entries: expr.entries.map((entry) =>
          entry.type === 'computed' ? { ...entry, key: map(entry.key), value: map(entry.value) } : { ...entry, value: map(entry.value) },
        ),
      }
    default:
      return expr
  }
}

/** Calls `visit` for every statement of a list and of their blocks, outer before inner. */
export function visitStatements(statements: readonly Statement[], visit: (statement: Statement, block: Block | undefined) => void, block?: Block): void {
  for (const statement of statements) {
    visit(statement, block)
    for (const inner of statement.blocks) visitStatements(inner.statements, visit, inner)
  }
}

/** The expressions that belong to a statement itself, without those of statements in its blocks. */
export function statementExprs(statement: Statement): Expr[] {
  return [
    ...statement.head,
    ...values(statement.headAttributes),
    ...(statement.condition === undefined ? [] : [statement.condition]),
    ...values(statement.args),
    ...statement.blocks.flatMap((block) => (block.head === undefined ? [] : [block.head])),
    ...(statement.as?.filters.flatMap((filter) => filter.args) ?? []),
  ]
}

const values = (attributes: readonly Attribute[]): Expr[] => attributes.map((attribute) => attribute.value)

/** Every statement of a definition: the stack and the expectations of tests. */
export function definitionStatements(definition: Definition): Statement[] {
  const found: Statement[] = []
  const collect = (statement: Statement): unknown => found.push(statement)
  visitStatements(definition.stack ?? [], collect)
  for (const test of definition.tests) visitStatements(test.expectations, collect)
  return found
}

/** Every field of a definition, those of nested schemas too. */
export function definitionFields(definition: Definition): Field[] {
  const flatten = (fields: readonly Field[]): Field[] => fields.flatMap((field) => [field, ...flatten(field.fields ?? [])])
  return flatten([...(definition.schema ?? []), ...(definition.input ?? []), ...(definition.output ?? [])])
}

/** Every outermost expression of a definition. */
export function definitionExprs(definition: Definition): Expr[] {
  return [
    ...values(definition.headAttributes),
    ...values(definition.attributes),
    ...definitionFields(definition).flatMap((field) => [...(field.default === undefined ? [] : [field.default]), ...values(field.options)]),
    ...definitionStatements(definition).flatMap(statementExprs),
    ...(definition.response === undefined ? [] : [definition.response]),
    ...definition.tests.flatMap((test) => values(test.attributes)),
    ...definition.groups.flatMap((group) => values(group.attributes)),
  ]
}

/** A copy of a tree without offsets: what is stored. Lines of statements stay. */
export const withoutPositions = <T>(tree: T): T => without(tree, new Set(['at'])) as T

/** A copy of a tree without offsets and lines: what two equal programs share. */
export const withoutLines = <T>(tree: T): T => without(tree, new Set(['at', 'line'])) as T

function without(node: unknown, keys: ReadonlySet<string>): unknown {
  if (Array.isArray(node)) return node.map((item) => without(item, keys))
  if (node === null || typeof node !== 'object') return node
  return Object.fromEntries(
    Object.entries(node).flatMap(([key, value]): [string, unknown][] => (keys.has(key) || value === undefined ? [] : [[key, without(value, keys)]])),
  )
}
