/** What a statement picks its rows by: a key, a list of rows, a condition. */
import type { TableModel } from '../../../definitions/table.js'
import type { Expr, Statement } from '../../../lang/tree.js'
import { isCapabilityColumn, isKeyColumn, ownerColumnsOf } from './context.js'
import type { Facts } from './flow-facts.js'
import type { State } from './flow-state.js'
import { type Picked, readWhere, type WhereReader } from './flow-where.js'
import { isChosen, type Labels } from './labels.js'
import { argument, memberOf, textOf } from './syntax.js'

export function pickedBy(statement: Statement, table: TableModel, facts: Facts, state: State): Picked {
  const owners = new Set(ownerColumnsOf(table, facts.context, facts.authTable).map((column) => column.name))
  const labels = (expr: Expr): Labels => facts.labels(expr, state)
  const isClean = (found: Labels, target = table.name): boolean => facts.unproven(found, target, state).size === 0
  const value = argument(statement, 'field_value')
  if (value !== undefined) {
    const field = textOf(argument(statement, 'field_name')) ?? (argument(statement, 'field_name') === undefined ? (table.columns[0]?.name ?? 'id') : '')
    const found = labels(value)
    const column = table.columns.find((one) => one.name === field)
    const own = isClean(found) && ((found.has('id') && owners.has(field)) || (found.has('own') && field !== ''))
    const target = column?.references ?? table.name
    return {
      keys: [{ labels: found, target }],
      own,
      capability: isCapabilityColumn(field) && found.size > 0,
      pinned: [...found].some(isChosen) && isClean(found, target),
    }
  }
  const items = statement.name.startsWith('db.bulk.') ? argument(statement, 'items', 'data') : undefined
  if (items !== undefined) return { keys: [{ labels: labels(items), target: table.name }], own: false, capability: false, pinned: false }
  const join = argument(statement, 'join')
  const tableOf = (alias: string | null): TableModel | undefined => {
    if (alias === null || alias === table.name) return table
    return facts.context.tables.get(textOf(memberOf(memberOf(join, alias), 'table')) ?? alias)
  }
  const reader: WhereReader = {
    tableOf,
    labels,
    isClean,
    isOwnerColumn: (one, column) => ownerColumnsOf(one, facts.context, facts.authTable).some((owner) => owner.name === column),
    isKeyColumn: (one, column) => {
      const model = one.columns.find((candidate) => candidate.name === column)
      return model !== undefined && isKeyColumn(model, one, facts.context)
    },
  }
  // All of them must hold. What an outer join asks for keeps no row back.
  const conditions = ['where', 'search', 'additional_where'].flatMap((name) => argument(statement, name) ?? [])
  const picked = conditions.map((condition) => readWhere(condition, reader))
  for (const condition of joinConditions(join)) picked.push({ ...readWhere(condition, reader), own: false, capability: false, pinned: false })
  return {
    keys: picked.flatMap((one) => one.keys),
    own: picked.some((one) => one.own),
    capability: picked.some((one) => one.capability),
    pinned: picked.some((one) => one.pinned),
  }
}

const joinConditions = (join: Expr | undefined): Expr[] =>
  join?.type !== 'object' ? [] : join.entries.flatMap((entry) => (entry.type === 'entry' ? (memberOf(entry.value, 'where') ?? []) : []))
