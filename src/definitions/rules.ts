/**
 * Rules of a table: who may read, create, update and delete which rows, and who may see which columns. They are conditions over columns of the
 * table, constants and the caller, so that the query compiler and Postgres itself can hold them both.
 *
 *     rules = {
 *       read  : $db.note.user_id == $auth.id || $auth.role == "admin"
 *       create: $db.note.user_id == $auth.id
 *       columns: {salary: $auth.role in ["hr"]}
 *     }
 *
 * What is not declared nobody may do.
 */
import type { Binary, Definition, Expr } from '../lang/tree.js'
import { isList, type Value } from '../lib/value.js'
import { findAttribute } from './attributes.js'
import { constantOf } from './constant.js'
import type { ColumnModel } from './table.js'

export type Rule =
  | { kind: 'all' | 'any'; parts: Rule[] }
  | { kind: 'not'; part: Rule }
  | { kind: 'constant'; value: boolean }
  /** The column holds the id of the caller, whose token is of that table. */
  | { kind: 'owner'; column: string; table: string }
  /** The role that the row of the caller has now. */
  | { kind: 'role'; roles: string[] }
  /** Anyone with a token; of that table, when one is named. */
  | { kind: 'caller'; table: string | null }
  | { kind: 'compare'; column: string; op: '=' | '<>' | '<' | '<=' | '>' | '>='; value: Exclude<Value, null> }
  | { kind: 'null'; column: string }

export const ruleOperations = ['read', 'create', 'update', 'delete'] as const
export type RuleOperation = (typeof ruleOperations)[number]

export interface TableRules extends Readonly<Record<RuleOperation, Rule>> {
  readonly columns: readonly { name: string; rule: Rule }[]
}

type Fail = (node: { at?: number } | undefined, message: string, hint?: string) => void

interface Context {
  table: string
  auth: boolean
  columns: ReadonlyMap<string, ColumnModel>
  fail: Fail
}

const nobody: Rule = { kind: 'constant', value: false }

/** The rules of a table; `undefined` when it declares none, which leaves its rows to the stacks. */
export function readRules(definition: Definition, columns: readonly ColumnModel[], auth: boolean, fail: Fail): TableRules | undefined {
  const attribute = findAttribute(definition, 'rules')
  if (attribute === undefined || (attribute.value.type === 'constant' && attribute.value.name === 'null')) return undefined
  const context: Context = { table: definition.name, auth, columns: new Map(columns.map((column) => [column.name, column])), fail }
  const out: Record<RuleOperation, Rule> = { read: nobody, create: nobody, update: nobody, delete: nobody }
  const restricted: { name: string; rule: Rule }[] = []
  for (const [name, value] of entriesOf(attribute.value, 'rules', fail)) {
    const operation = ruleOperations.find((candidate) => candidate === name)
    if (operation !== undefined) out[operation] = readRule(value, context)
    else if (name === 'columns') restricted.push(...readColumns(value, context))
    else fail(value.at === undefined ? attribute : value, `A table has no rule "${name}".`, `Use ${ruleOperations.join(', ')} and columns.`)
  }
  return { ...out, columns: restricted }
}

function entriesOf(expr: Expr, what: string, fail: Fail): [string, Expr][] {
  if (expr.type === 'object' && expr.entries.every((entry) => entry.type === 'entry'))
    return expr.entries.flatMap((entry) => (entry.type === 'entry' ? [[entry.key, entry.value] as [string, Expr]] : []))
  fail(expr, `"${what}" must be an object written out.`)
  return []
}

function readColumns(expr: Expr, context: Context): { name: string; rule: Rule }[] {
  return entriesOf(expr, 'rules.columns', context.fail).map(([name, value]) => {
    if (!context.columns.has(name) || name === 'id') context.fail(value, `A column rule names an unknown column: ${name}`)
    return { name, rule: readRule(value, context) }
  })
}

function readRule(expr: Expr, context: Context): Rule {
  if (expr.type === 'constant' && (expr.name === 'true' || expr.name === 'false')) return { kind: 'constant', value: expr.name === 'true' }
  if (expr.type === 'unary' && expr.op === '!') return { kind: 'not', part: readRule(expr.operand, context) }
  if (expr.type === 'binary' && (expr.op === '&&' || expr.op === '||'))
    return { kind: expr.op === '&&' ? 'all' : 'any', parts: [expr.left, expr.right].map((part) => readRule(part, context)) }
  const rule = expr.type === 'binary' && expr.ignoreNull !== true ? readComparison(expr, context) : undefined
  if (rule !== undefined) return rule
  context.fail(
    expr,
    'This is not a rule of a table.',
    `Compare a column ($db.${context.table}.user_id) with $auth.id or a constant, or $auth.role with a role, and join conditions by && and ||.`,
  )
  return nobody
}

const mirrored: Readonly<Record<string, string>> = { '<': '>', '<=': '>=', '>': '<', '>=': '<=' }
const sqlOperators: Readonly<Record<string, '=' | '<>' | '<' | '<=' | '>' | '>='>> = { '==': '=', '!=': '<>', '<': '<', '<=': '<=', '>': '>', '>=': '>=' }

function readComparison({ op, left, right }: Binary, context: Context): Rule | undefined {
  const [a, b] = [operandOf(left, context), operandOf(right, context)]
  if (a === undefined || b === undefined) return undefined
  if (a.kind === 'constant' && b.kind !== 'constant') return op === 'in' ? undefined : compare(b, mirrored[op] ?? op, a, context, left)
  return compare(a, op, b, context, left)
}

type Operand = { kind: 'column'; column: ColumnModel } | { kind: 'auth'; member: string } | { kind: 'constant'; value: Value }

/** `$db.table.column`, `$db.column`, `$auth.member` or a constant. */
function operandOf(expr: Expr, { table, columns }: Context): Operand | undefined {
  const constant = constantOf(expr)
  if (constant !== undefined) return { kind: 'constant', value: constant }
  const names: string[] = []
  let at = expr
  while (at.type === 'member') {
    names.unshift(at.name)
    at = at.object
  }
  if (at.type !== 'variable') return undefined
  if (at.name === 'auth' && names.length === 1) return { kind: 'auth', member: names[0] ?? '' }
  const name = names.length === 2 && names[0] === table ? names[1] : names.length === 1 ? names[0] : undefined
  const column = at.name === 'db' ? columns.get(name ?? '') : undefined
  return column === undefined ? undefined : { kind: 'column', column }
}

function compare(a: Operand, op: string, b: Operand, context: Context, node: Expr): Rule | undefined {
  if (a.kind === 'auth' && b.kind === 'column') return compare(b, op, a, context, node)
  if (a.kind === 'column' && b.kind === 'auth') return b.member === 'id' ? negated(op, owner(a.column, context, node)) : undefined
  if (a.kind === 'auth' && b.kind === 'constant') return callerRule(a.member, op, b.value)
  if (a.kind === 'column' && b.kind === 'constant') return columnRule(a.column, op, b.value, context, node)
  return undefined
}

const negated = (op: string, rule: Rule): Rule | undefined => (op === '==' ? rule : op === '!=' ? { kind: 'not', part: rule } : undefined)

/** Ids of two tables may be the same number: the column must say whose id it holds. */
function owner(column: ColumnModel, { table, auth, fail }: Context, node: Expr): Rule {
  const target = column.references ?? (column.name === 'id' && auth ? table : undefined)
  if (target === undefined)
    fail(node, `"${column.name}" does not say whose id it holds.`, `Name the table of the accounts: int ${column.name} { table = "user" }`)
  return { kind: 'owner', column: column.name, table: target ?? '' }
}

function callerRule(member: string, op: string, value: Value): Rule | undefined {
  const texts = isList(value) ? value : [value]
  if (member === 'role' && (op === '==' || op === 'in') && texts.every((text) => typeof text === 'string' && text !== ''))
    return { kind: 'role', roles: texts as string[] }
  if (member === 'table' && op === '==' && typeof value === 'string') return { kind: 'caller', table: value }
  if (member === 'id' && value === null && (op === '!=' || op === '=='))
    return op === '!=' ? { kind: 'caller', table: null } : { kind: 'not', part: { kind: 'caller', table: null } }
  return undefined
}

const comparable = new Set(['int', 'decimal', 'text', 'email', 'enum', 'bool', 'uuid', 'timestamp', 'date'])

function columnRule(column: ColumnModel, op: string, value: Value, { fail }: Context, node: Expr): Rule | undefined {
  const name = column.name
  if (!comparable.has(column.type) || column.list || column.encrypted === true) {
    fail(node, `"${name}" cannot be part of a rule: it is ${column.encrypted === true ? 'encrypted' : column.list ? 'a list' : column.type}.`)
    return nobody
  }
  if (value === null) return negated(op, { kind: 'null', column: name })
  if (op === 'in' && isList(value)) {
    const parts = value.map((item) => columnRule(column, '==', item, { fail } as Context, node))
    return parts.every((part) => part !== undefined) ? { kind: 'any', parts } : undefined
  }
  const sqlOperator = sqlOperators[op]
  if (sqlOperator === undefined || typeof value === 'object') return undefined
  return { kind: 'compare', column: name, op: sqlOperator, value }
}
