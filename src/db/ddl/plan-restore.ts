/** Plans that bring something back from the bin: the data moves back, then constraints, defaults and indexes follow from the definition. */
import type { ColumnModel, TableModel } from '../../definitions/table.js'
import type { DroppedThing } from './bin.js'
import { fillSql, isNotNull } from './column.js'
import { quote, schemaName } from './names.js'
import type { PlannedOperation, TablePlan } from './plan.js'
import { type PlanOptions, planTable } from './plan-table.js'

type Part = PlannedOperation['parts'][number]
const part = (datasource: string, sql: string[], checks: Part['checks'] = []): Part => ({ datasource, sql, checks, bin: [] })

/** Runs the statements of a plan for one data source as one part. */
const flatten = (plan: TablePlan): Pick<Part, 'sql' | 'checks'> => ({
  sql: plan.operations.flatMap((operation) => operation.parts.flatMap((one) => one.sql)),
  checks: [],
})

/** A column as it lies in the bin: no default, no constraint. */
function bare({ default: _default, values: _values, ...column }: ColumnModel): ColumnModel {
  const { default: _initial, ...field } = column.field
  return { ...column, nullable: true, required: false, field: { ...field, nullable: true, optional: true } }
}

/** `after` has the column again; data sources the bin knows nothing of get an empty one. */
export function planRestoredColumn(before: TableModel, after: TableModel, thing: DroppedThing, options: PlanOptions): TablePlan {
  const plan = planTable(before, after, options)
  const column = after.columns.find(({ name }) => name === thing.column)
  if (column === undefined) return plan
  const operations = plan.operations.map((operation): PlannedOperation => {
    if (operation.action !== 'add_field' || !operation.details.startsWith(`${column.name} `)) return operation
    return {
      ...operation,
      details: `${operation.details}, from the bin`,
      parts: operation.parts.map((one) => restoredColumn(one, after, column, thing, options)),
    }
  })
  return { ...plan, operations }
}

function restoredColumn(usual: Part, after: TableModel, column: ColumnModel, thing: DroppedThing, options: PlanOptions): Part {
  const place = thing.places.find(({ datasource }) => datasource === usual.datasource)
  if (place?.binColumn == null) return usual
  const target = quote(schemaName(options.workspaceId, usual.datasource), after.name)
  const name = quote(column.name)
  const raw = { ...after, indexes: [], columns: after.columns.map((one) => (one === column ? bare(column) : one)) }
  // Views and indexes are the business of the plan around.
  const rest = planTable({ ...raw, views: [] }, { ...after, indexes: [], views: [] }, { ...options, datasources: [usual.datasource] })
  return part(usual.datasource, [
    `alter table ${target} rename column ${quote(place.binColumn)} to ${name}`,
    // Rows written meanwhile have nothing there.
    ...(isNotNull(column) ? [`update ${target} set ${name} = ${fillSql(column)} where ${name} is null`] : []),
    ...flatten(rest).sql,
  ])
}

const moveBack = (binSchema: string, binTable: string, schema: string, table: string): string[] => [
  `alter table ${quote(binSchema, binTable)} set schema ${quote(schema)}`,
  `alter table ${quote(schema, binTable)} rename to ${quote(table)}`,
]

/** A table that is made from what the bin kept (`dropped` is what it was), with its views; data sources the bin knows nothing of get an empty one. */
export function planRestoredTable(dropped: TableModel, after: TableModel, thing: DroppedThing, options: PlanOptions): TablePlan {
  const plan = planTable(null, after, options)
  const operations = plan.operations.map((operation): PlannedOperation => {
    if (operation.action !== 'create') return operation
    return {
      ...operation,
      details: `${operation.details}, from the bin`,
      parts: operation.parts.map((usual) => {
        const place = thing.places.find(({ datasource }) => datasource === usual.datasource)
        return place === undefined ? usual : part(usual.datasource, tableBack(place, dropped, after, options))
      }),
    }
  })
  return { ...plan, operations }
}

/** The statements that bring one data source's table back and make it what `after` says, but for its views. */
function tableBack(place: DroppedThing['places'][number], dropped: TableModel, after: TableModel, options: PlanOptions): string[] {
  const schema = schemaName(options.workspaceId, place.datasource)
  const difference = planTable(
    { ...dropped, name: after.name, indexes: [], views: [] },
    { ...after, views: [] },
    { ...options, datasources: [place.datasource] },
  )
  return [`create schema if not exists ${quote(schema)}`, ...moveBack(place.binSchema, place.binTable, schema, after.name), ...flatten(difference).sql]
}
