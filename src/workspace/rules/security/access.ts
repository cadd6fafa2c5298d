/** Statements that reach rows of a table. */
import { constantOf } from '../../../definitions/constant.js'
import type { TableModel } from '../../../definitions/table.js'
import type { Expr, Statement } from '../../../lang/tree.js'
import type { Labels } from './labels.js'
import { argument, constantArgument, memberOf, textOf, textsOf } from './syntax.js'

export type Operation = 'read' | 'list' | 'count' | 'add' | 'change' | 'delete'

/** A statement that reaches rows of a table. */
export interface Access {
  /** Number behind the labels `row:N` and `owner:N`. */
  readonly id: number
  readonly operation: Operation
  readonly table: TableModel
  /** Where the builder of the endpoint sees it: the statement itself, or the `function.run` that leads to it. */
  readonly at: Statement
  /** The function it stands in; empty in the endpoint itself. */
  readonly inside: string
  /** What picks the rows: labels with the table whose key they are. */
  readonly keys: readonly { labels: Labels; target: string }[]
  /** The rows are the caller's by the condition itself. */
  readonly own: boolean
  /** The rules of the table keep the rows to those who may have them. */
  readonly ruled: boolean
  /** It stands in a stack that is exempt from the rules of tables. */
  readonly bypasses: boolean
  /** Whoever knows the key may have the row: a token, a code. */
  readonly capability: boolean
  /** Nothing proved, at this point, that the caller may reach the rows its inputs pick. */
  readonly unproven: boolean
  /** No check of role or ownership stood before it at all. */
  readonly unauthorized: boolean
  /** Columns of the result that must not leave. */
  readonly secrets: ReadonlySet<string>
  /** Labels by written column; null when `data` is not written out. */
  readonly written: ReadonlyMap<string, Labels> | null
  /** `data` is everything the caller sent. */
  readonly whole: 'input' | 'raw' | null
  readonly paged: boolean
  /** Rows of a page: where the number comes from, and what it is at most; absent without pages. */
  readonly pageSize: { labels: Labels; most: number } | undefined
  readonly statement: Statement
}

const readers: Readonly<Record<string, Operation>> = { 'db.get': 'read', 'db.has': 'count', 'db.query': 'list', 'db.count': 'count' }
const changers: Readonly<Record<string, Operation>> = {
  'db.edit': 'change',
  'db.patch': 'change',
  'db.add_or_edit': 'change',
  'db.increment': 'change',
  'db.bulk.update': 'change',
  'db.bulk.patch': 'change',
  'db.del': 'delete',
  'db.delete': 'delete',
  'db.bulk.delete': 'delete',
  'db.truncate': 'delete',
  'db.add': 'add',
  'db.bulk.add': 'add',
}
/** By the name of the statement. */
export const operations: Readonly<Record<string, Operation>> = { ...readers, ...changers }

/** What a statement among {@link operations} does, by what it is asked to return. */
export function operationOf(statement: Statement): Operation {
  const operation = operations[statement.name] ?? 'read'
  if (operation !== 'list') return operation
  const type = textOf(memberOf(argument(statement, 'return'), 'type'))
  return type === 'single' ? 'read' : type === 'count' || type === 'exists' ? 'count' : 'list'
}

/** Passwords and internal columns that an `output` asks for by name. */
export function secretColumns(asked: Expr | undefined, table: TableModel): Set<string> {
  const output = textsOf(asked).map((path) => path.replace(/^items\./, '').split('.')[0] ?? '')
  const hidden = table.columns.filter((column) => column.type === 'password' || column.access === 'internal').map((column) => column.name)
  return new Set(hidden.filter((name) => output.includes(name)))
}

/** The largest number an expression can be, as far as it says so: a constant, or the smaller of two (`$input.n|min:100`). */
export function mostOf(expr: Expr): number {
  const constant = constantOf(expr)
  if (typeof constant === 'number') return constant
  if (expr.type !== 'filter' || expr.name !== 'min' || expr.disabled === true) return Number.POSITIVE_INFINITY
  return Math.min(...[...(expr.input === null ? [] : [expr.input]), ...expr.args].map(mostOf))
}

/** Whether the caller gets the rows a page at a time. */
export const isPaged = (statement: Statement): boolean => {
  const paging = memberOf(argument(statement, 'return'), 'paging')
  return paging?.type === 'object' || argument(statement, 'override_paging') !== undefined
}

/** A call that nobody waits for. */
export const isBackground = (statement: Statement): boolean =>
  /^async/.test(textOf(argument(statement, 'runtime_mode')) ?? '') || constantArgument(statement, 'async') === true
