/** The views of a table as SQL views: those that have an alias. They hold no rows, so every change of the table drops and makes them again. */
import { type TableModel, type ViewModel, withoutRules } from '../../definitions/table.js'
import { fatal } from '../../errors.js'
import { constantOf } from '../../lang/constant.js'
import type { Expr } from '../../lang/tree.js'
import { ident } from '../../lib/sql.js'
import type { Value } from '../../lib/value.js'
import { type BoundSql, Inputs, noFrame } from '../inputs.js'
import { columnRule, masked, rowRule } from '../rules.js'
import type { Scope } from '../scope.js'
import { tableInfo } from '../table-info.js'
import { compileCondition } from '../where.js'
import { textLiteral } from './column.js'
import { quote } from './names.js'

export interface NamedView extends ViewModel {
  alias: string
}

export const namedViews = (table: TableModel | null): NamedView[] => (table?.views ?? []).filter((view): view is NamedView => view.alias !== undefined)

/** The view as a table that can be read: its name and the columns it shows. It holds the rules of its table itself. */
export function viewModel(table: TableModel, view: NamedView): TableModel {
  const hidden = new Set(view.hide)
  return { ...withoutRules(table), name: view.alias, columns: table.columns.filter((column) => !hidden.has(column.name)), indexes: [], views: [], items: null }
}

export const dropViewSql = (schema: string, view: NamedView): string => `drop view if exists ${quote(schema, view.alias)}`

/** Throws AppError `fatal` for a search that names unknown columns or holds anything but constants. */
export function createViewSql(schema: string, table: TableModel, view: NamedView): string {
  const columns = viewModel(table, view).columns.map((column) => shownColumn(table, column.name))
  if (columns.length === 0) throw fatal(`The view "${view.name}" of table "${table.name}" hides every column.`)
  const rule = rowRule(table, 'read', table.name)
  const conditions = [...(view.search === undefined ? [] : [`(${searchSql(table, view.search)})`]), ...(rule === null ? [] : [rule.chunks.join('')])]
  const search = conditions.length === 0 ? '' : ` where ${conditions.join(' and ')}`
  const known = new Set(table.columns.map((column) => column.name))
  const unknown = view.sort.find(({ column, order }) => order !== 'rand' && !known.has(column))
  if (unknown !== undefined) throw fatal(`The view "${view.name}" of table "${table.name}" sorts by an unknown column: ${unknown.column}`)
  const sort = view.sort.map(({ column, order }) => (order === 'rand' ? 'random()' : `${quote(column)} ${order}`))
  return `create view ${quote(schema, view.alias)} as select ${columns.join(', ')} from ${quote(schema, table.name)} as ${quote(table.name)}${search}${sort.length === 0 ? '' : ` order by ${sort.join(', ')}`}`
}

const shownColumn = (table: TableModel, name: string): string =>
  columnRule(table.rules, name) === undefined ? quote(name) : `${masked(table, name, table.name, ident(table.name, name)).chunks.join('')} as ${quote(name)}`

function searchSql(table: TableModel, search: Expr): string {
  const scope: Scope = {
    main: { alias: table.name, info: tableInfo(withoutRules(table)) },
    joined: [],
    inputs: new Inputs(),
    compileValue(expr) {
      const value = constantOf(expr)
      if (value === undefined) throw fatal(`The search of a view of table "${table.name}" must be made of columns and constants.`)
      return () => value
    },
    lookupSqlFilter: () => undefined,
    isQueryOnly: () => false,
  }
  const condition = compileCondition(search, scope)
  const reading = scope.inputs.read(noFrame)
  const piece = condition(reading.shape)
  return piece === null ? 'true' : withLiterals(piece, reading.values)
}

/** Values in the text: a view has no parameters. Every parameter carries a cast. */
function withLiterals({ chunks, holes }: BoundSql, values: readonly Value[]): string {
  return chunks.reduce((out, chunk, i) => {
    const hole = holes[i - 1]
    return i === 0 || hole === undefined ? out + chunk : `${out}${literal(hole.encode(values[hole.operand] as Value))}${chunk}`
  }, '')
}

function literal(encoded: unknown): string {
  if (encoded === null || encoded === undefined) return 'null'
  if (Array.isArray(encoded)) return encoded.length === 0 ? `'{}'` : `array[${encoded.map(literal).join(', ')}]`
  return typeof encoded === 'number' || typeof encoded === 'boolean' ? `(${String(encoded)})` : textLiteral(String(encoded))
}
