/** What the condition of a query picks rows by, and whether it keeps them to the caller's own. */
import type { TableModel } from '../../../definitions/table.js'
import type { Expr } from '../../../lang/tree.js'
import { visitExpr } from '../../../lang/visit.js'
import { isCapabilityColumn } from './context.js'
import { isChosen, type Labels, union } from './labels.js'
import { columnOf } from './syntax.js'

export interface WhereReader {
  tableOf(alias: string | null): TableModel | undefined
  labels(expr: Expr): Labels
  /** Nothing in it was chosen by the caller without proof. */
  isClean(labels: Labels, target: string): boolean
  isOwnerColumn(table: TableModel, column: string): boolean
  isKeyColumn(table: TableModel, column: string): boolean
}

export interface Picked {
  keys: { labels: Labels; target: string }[]
  own: boolean
  capability: boolean
  /** The rows hang on a key that was proven before. */
  pinned: boolean
}

const matching = new Set(['==', '=', '===', 'in', 'contains', '@>', 'overlaps'])
const nobody: Picked = { keys: [], own: false, capability: false, pinned: false }

export function readWhere(expr: Expr, reader: WhereReader): Picked {
  if (expr.type === 'unary') return { ...readWhere(expr.operand, reader), own: false, capability: false, pinned: false }
  if (expr.type !== 'binary') return { ...nobody, keys: mentionedKeys(expr, reader) }
  if (expr.op === '&&' || expr.op === '||') {
    const [a, b] = [readWhere(expr.left, reader), readWhere(expr.right, reader)]
    const holds = (x: boolean, y: boolean): boolean => (expr.op === '&&' ? x || y : x && y)
    return { keys: [...a.keys, ...b.keys], own: holds(a.own, b.own), capability: holds(a.capability, b.capability), pinned: holds(a.pinned, b.pinned) }
  }
  return readComparison(expr, reader)
}

function readComparison({ op, left, right, ignoreNull }: Extract<Expr, { type: 'binary' }>, reader: WhereReader): Picked {
  const [column, value] = columnOf(left) === undefined ? [columnOf(right), left] : [columnOf(left), right]
  const table = column === undefined ? undefined : reader.tableOf(column.alias)
  if (column === undefined || table === undefined) return { ...nobody, keys: [left, right].flatMap((side) => mentionedKeys(side, reader, [left, right])) }
  const labels = reader.labels(value)
  const matches = matching.has(op)
  const isKey = reader.isKeyColumn(table, column.column) && [...labels].some(isChosen)
  const reference = table.columns.find((one) => one.name === column.column)?.references
  const clean = reader.isClean(labels, reference ?? table.name)
  return {
    keys: isKey ? [{ labels, target: reference ?? table.name }] : [],
    own: matches && clean && ((labels.has('id') && reader.isOwnerColumn(table, column.column)) || labels.has('own')),
    pinned: isKey && matches && clean && ignoreNull !== true,
    // With `?` an absent token would mean every row.
    capability: matches && ignoreNull !== true && isCapabilityColumn(column.column) && [...labels].some(isChosen),
  }
}

/** Keys inside an expression nobody reads further, `($db.post.id|add:0)`: what stands beside them may pick the row. A whole condition that the caller sends picks any. */
function mentionedKeys(expr: Expr, reader: WhereReader, beside: readonly Expr[] = [expr]): Picked['keys'] {
  const columns = columnsIn(expr)
  const labels = union(...beside.map((side) => reader.labels(side)))
  if (![...labels].some(isChosen)) return []
  if (columns.length === 0) {
    const table = beside.some((side) => columnsIn(side).length > 0) ? undefined : reader.tableOf(null)
    return table === undefined ? [] : [{ labels, target: table.name }]
  }
  return columns.flatMap(({ alias, column }) => {
    const table = reader.tableOf(alias)
    if (table === undefined || !reader.isKeyColumn(table, column)) return []
    return [{ labels, target: table.columns.find((one) => one.name === column)?.references ?? table.name }]
  })
}

function columnsIn(expr: Expr): { alias: string | null; column: string }[] {
  const found: { alias: string | null; column: string }[] = []
  visitExpr(expr, (inner) => {
    const column = columnOf(inner)
    if (column === undefined) return true
    found.push(column)
    return false
  })
  return found
}
