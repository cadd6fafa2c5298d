/** Plans that bring something back from the bin: the data moves back, then constraints, defaults and indexes follow from the definition. */
import { type ColumnModel, type TableModel, withoutRules } from '../../definitions/table.js'
import type { DroppedThing } from './bin.js'
import { fillSql, isNotNull } from './column.js'
import { quote, schemaName } from './names.js'
import type { PlannedOperation, PlannedPart, TablePlan } from './plan.js'
import { type PlanOptions, planTable } from './plan-table.js'

const part = (datasource: string, sql: string[]): PlannedPart => ({ datasource, sql, checks: [], bin: [] })

/** What a plan for one data source does, without looking for rows in the way. */
const partsOf = (plan: TablePlan): PlannedPart[] => plan.operations.flatMap(({ parts }) => parts.map((one) => ({ ...one, checks: [] })))

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
      parts: operation.parts.flatMap((one) => restoredColumn(one, after, column, thing, options)),
    }
  })
  return { ...plan, operations }
}

function restoredColumn(usual: PlannedPart, after: TableModel, column: ColumnModel, thing: DroppedThing, options: PlanOptions): PlannedPart[] {
  const place = thing.places.find(({ datasource }) => datasource === usual.datasource)
  if (place?.binColumn == null) return [usual]
  const target = quote(schemaName(options.workspaceId, usual.datasource), after.name)
  const name = quote(column.name)
  const raw = { ...withoutRules(after), indexes: [], columns: after.columns.map((one) => (one === column ? bare(column) : one)) }
  // Views, indexes and rules are the business of the plan around.
  const rest = planTable({ ...raw, views: [] }, { ...withoutRules(after), indexes: [], views: [] }, { ...options, datasources: [usual.datasource] })
  const back = part(usual.datasource, [
    `alter table ${target} rename column ${quote(place.binColumn)} to ${name}`,
    // Rows written meanwhile have nothing there.
    ...(isNotNull(column) ? [`update ${target} set ${name} = ${fillSql(column)} where ${name} is null`] : []),
  ])
  return [back, ...partsOf(rest)]
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
      parts: operation.parts.flatMap((usual) => {
        const place = thing.places.find(({ datasource }) => datasource === usual.datasource)
        return place === undefined ? [usual] : tableBack(place, dropped, after, options)
      }),
    }
  })
  return { ...plan, operations }
}

/** What brings one data source's table back and make it what `after` says, but for its views and rules. */
function tableBack(place: DroppedThing['places'][number], dropped: TableModel, after: TableModel, options: PlanOptions): PlannedPart[] {
  const schema = schemaName(options.workspaceId, place.datasource)
  const difference = planTable(
    { ...withoutRules(dropped), name: after.name, indexes: [], views: [] },
    { ...withoutRules(after), views: [] },
    { ...options, datasources: [place.datasource] },
  )
  const back = [`create schema if not exists ${quote(schema)}`, ...moveBack(place.binSchema, place.binTable, schema, after.name)]
  return [part(place.datasource, back), ...partsOf(difference)]
}
