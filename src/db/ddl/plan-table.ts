/** Definition diff → plan. Renamed columns are never guessed: they come by {@link planRename}. */
import type { ColumnModel, IndexModel, TableModel } from '../../definitions/table.js'
import { fatal } from '../../errors.js'
import { countCheck, duplicateCheck, rowsHave, setDefault } from './checks.js'
import { columnDeclaration, columnLabel, columnSqlType, defaultSql, enumCheck, fillSql, isNotNull, primaryKeySql } from './column.js'
import { planConversion } from './convert.js'
import { doBlock } from './do-block.js'
import { createIndexSql, type IndexPlan, indexLabel, planIndex } from './index-sql.js'
import { binSchemaName, enumCheckName, fitName, indexName, quote } from './names.js'
import type { Check, TablePlan } from './plan.js'
import { type Part, type Place, PlanBuilder, type PlanOptions } from './plan-builder.js'
import { changesSeal, planSeal } from './plan-seal.js'
import { createPoliciesSql, dropPoliciesSql } from './policies.js'
import { createViewSql, dropViewSql, namedViews } from './views.js'

export type { PlanOptions } from './plan-builder.js'

/** Plans the change from one model to another; null before = create, null after = move to the bin. Throws AppError `badRequest` for changes that are refused whatever the rows. */
export function planTable(before: TableModel | null, after: TableModel | null, options: PlanOptions): TablePlan {
  const builder = new PlanBuilder(options, before?.name ?? after?.name ?? '')
  return guarded(builder, before, after, () => {
    if (before === null && after !== null) planCreate(builder, after)
    else if (before !== null && after === null) planDrop(builder, before)
    else if (before !== null && after !== null) planChange(builder, before, after)
  })
}

const guarded = (builder: PlanBuilder, before: TableModel | null, after: TableModel | null, plan: () => void): TablePlan =>
  withViews(builder, before, after, () => withRules(builder, before, after, plan))

/** Policies stand in the way of changes to columns they name: they go before and come back after. */
function withRules(builder: PlanBuilder, before: TableModel | null, after: TableModel | null, plan: () => void): void {
  const [old, wanted] = [before?.rules, after?.rules]
  const policies = (table: TableModel | null): string => (table === null ? '' : createPoliciesSql(builder.options.workspaceId, '', table).join('\n'))
  const first = builder.operations.length
  if (old !== undefined) builder.add('update', 'take the rules off', ({ target }) => ({ sql: dropPoliciesSql(target, old) }))
  const planned = builder.operations.length
  plan()
  const isSame = old !== undefined && after !== null && builder.operations.length === planned && policies(before) === policies(after)
  if (isSame) builder.operations.length = first
  else if (after !== null && wanted !== undefined)
    builder.add('update', 'rules', ({ schema }) => ({ sql: createPoliciesSql(builder.options.workspaceId, schema, after) }))
}

/** Views stand in the way of changes to their table: they go before and come back after. */
function withViews(builder: PlanBuilder, before: TableModel | null, after: TableModel | null, plan: () => void): TablePlan {
  const [old, wanted] = [namedViews(before), namedViews(after)]
  if (old.length > 0)
    builder.add('update', `drop view ${old.map((view) => view.alias).join(', ')}`, ({ schema }) => ({ sql: old.map((view) => dropViewSql(schema, view)) }))
  const planned = builder.operations.length
  plan()
  const isSame = before !== null && after !== null && builder.operations.length === planned && JSON.stringify(strip(old)) === JSON.stringify(strip(wanted))
  if (isSame) builder.operations.length = 0
  else if (after !== null && wanted.length > 0)
    builder.add('update', `view ${wanted.map((view) => view.alias).join(', ')}`, ({ schema }) => ({
      sql: wanted.map((view) => createViewSql(schema, after, view)),
    }))
  return builder.finish(before, after)
}

function planCreate(builder: PlanBuilder, table: TableModel): void {
  const [primary, ...columns] = table.columns
  if (primary === undefined) throw fatal(`Table "${table.name}" has no columns.`)
  const declarations = [primaryKeySql(primary), ...columns.map(columnDeclaration)].join(',\n  ')
  const indexes = buildable(builder, table, table.indexes)
  builder.add('create', `${table.columns.length} ${table.columns.length === 1 ? 'column' : 'columns'}`, ({ schema, target }) => ({
    sql: [
      `create schema if not exists ${quote(schema)}`,
      `create table ${target} (\n  ${declarations}\n)`,
      ...indexes.flatMap((plan) => indexSql(plan, target)),
    ],
  }))
}

const indexSql = (plan: IndexPlan, target: string): string[] => [...(plan.prelude ?? []), createIndexSql(plan, target)]

function buildable(builder: PlanBuilder, table: TableModel, indexes: readonly IndexModel[]) {
  return indexes.flatMap((index) => {
    const plan = planIndex(table, index, builder.options.extensions)
    if (plan?.note !== undefined) builder.notes.push(`Index ${indexLabel(index)} of table "${table.name}" was not built: ${plan.note}`)
    return plan === null || plan.body === null ? [] : [plan]
  })
}

/** The table moves to the bin with its rows; its other indexes are built again when it comes back. */
function planDrop(builder: PlanBuilder, table: TableModel): void {
  const bin = binSchemaName(builder.options.workspaceId)
  builder.add('delete', 'rows move to the bin', ({ datasource, schema, table: name, target }) => {
    const binTable = fitName(`${table.id}_${datasource}_${builder.stamp}_${name}`)
    return {
      sql: [
        `create schema if not exists ${quote(bin)}`,
        ...table.indexes.flatMap((index) => (index.type === 'primary' ? [] : [`drop index if exists ${quote(schema, indexName(table.name, index))}`])),
        `alter table ${target} rename to ${quote(binTable)}`,
        renameOwned(quote(schema, binTable), `${table.id}_${datasource}_${builder.stamp}`),
        `alter table ${quote(schema, binTable)} set schema ${quote(bin)}`,
      ],
      bin: [{ kind: 'table', datasource, schema, table: name, column: null, binSchema: bin, binTable, binColumn: null, definition: table }],
    }
  })
}

/** Index and sequence of the primary key move along; in the bin their names must not meet those of an earlier drop. */
const renameOwned = (target: string, suffix: string): string =>
  doBlock(`declare r record; begin
  for r in select c.oid::regclass::text as name, c.relkind from pg_class c where c.relkind in ('i', 'S') and (c.oid in (select indexrelid from pg_index where indrelid = '${target.replaceAll("'", "''")}'::regclass)
    or c.oid in (select objid from pg_depend where refobjid = '${target.replaceAll("'", "''")}'::regclass and deptype = 'i' and classid = 'pg_class'::regclass))
  loop
    execute format('alter %s %s rename to %I', case r.relkind when 'S' then 'sequence' else 'index' end, r.name, 'bin_' || r.relkind::text || '_${suffix.replaceAll("'", "''")}');
  end loop; end`)

function planChange(builder: PlanBuilder, before: TableModel, after: TableModel): void {
  if (before.name !== after.name) planTableRename(builder, before, after)
  const old = new Map(before.columns.map((column) => [column.name, column]))
  const kept = new Set(after.columns.map((column) => column.name))
  const altered = new Set<string>()
  for (const column of after.columns) {
    const previous = old.get(column.name)
    if (previous !== undefined && (needsRewrite(previous, column) || previous.size !== column.size)) altered.add(column.name)
  }
  const dropped = before.columns.filter((column) => !kept.has(column.name))
  const touched = new Set([...altered, ...dropped.map((column) => column.name)])
  const indexes = diffIndexes(renamedIndexOwner(before, after.name), after, touched)
  if (indexes.dropped.length > 0) planDroppedIndexes(builder, after.name, indexes.dropped)
  for (const column of after.columns) {
    const previous = old.get(column.name)
    if (previous === undefined) planAddColumn(builder, column)
    else planColumn(builder, previous, column, after)
  }
  for (const column of dropped) planDropColumn(builder, before, column)
  for (const index of indexes.added) planAddedIndex(builder, after, index)
}

const renamedIndexOwner = (table: TableModel, name: string): TableModel => ({ ...table, name })
const needsRewrite = (before: ColumnModel, after: ColumnModel): boolean =>
  before.type !== after.type || before.list !== after.list || before.encrypted !== after.encrypted

function diffIndexes(before: TableModel, after: TableModel, touched: ReadonlySet<string>): { dropped: IndexModel[]; added: IndexModel[] } {
  const names = (table: TableModel): Map<string, IndexModel> =>
    new Map(table.indexes.filter((index) => index.type !== 'primary').map((index) => [indexName(after.name, index), index]))
  const [old, wanted] = [names(before), names(after)]
  const isTouched = (index: IndexModel): boolean => index.fields.some((field) => touched.has(field.name))
  return {
    dropped: [...old].filter(([name, index]) => !wanted.has(name) || isTouched(index)).map(([, index]) => index),
    added: [...wanted].filter(([name, index]) => !old.has(name) || isTouched(index)).map(([, index]) => index),
  }
}

function planTableRename(builder: PlanBuilder, before: TableModel, after: TableModel): void {
  builder.add('update', `rename to ${after.name}`, ({ schema, target }) => ({
    sql: [
      `alter table ${target} rename to ${quote(after.name)}`,
      ...before.indexes.flatMap((index) =>
        index.type === 'primary'
          ? []
          : [`alter index if exists ${quote(schema, indexName(before.name, index))} rename to ${quote(indexName(after.name, index))}`],
      ),
    ],
  }))
  builder.table = after.name
}

function planAddColumn(builder: PlanBuilder, column: ColumnModel): void {
  builder.add('add_field', columnLabel(column), ({ target }) => {
    const declared = columnDeclaration(column)
    // Rows that exist need a value; inserts by hand do not get one they did not ask for.
    if (!isNotNull(column) || defaultSql(column) !== null) return { sql: [`alter table ${target} add column ${declared}`] }
    return {
      sql: [`alter table ${target} add column ${declared} default ${fillSql(column)}`, `alter table ${target} alter column ${quote(column.name)} drop default`],
    }
  })
}

/** The data stays in a column of another name, out of reach of every statement, until the bin is emptied. */
function planDropColumn(builder: PlanBuilder, table: TableModel, column: ColumnModel): void {
  if (column === table.columns[0]) throw refuse(table.name, column.name, 'The primary key cannot be dropped.')
  const binColumn = fitName(`~${builder.stamp}~${column.name}`)
  builder.add('drop_field', column.name, ({ datasource, schema, table: name, target }) => ({
    sql: [
      ...(enumCheck(column) === null ? [] : [`alter table ${target} drop constraint if exists ${quote(enumCheckName(column.name))}`]),
      `alter table ${target} alter column ${quote(column.name)} drop not null`,
      `alter table ${target} alter column ${quote(column.name)} drop default`,
      `alter table ${target} rename column ${quote(column.name)} to ${quote(binColumn)}`,
    ],
    bin: [{ kind: 'column', datasource, schema, table: name, column: column.name, binSchema: schema, binTable: name, binColumn, definition: column }],
  }))
}

function planColumn(builder: PlanBuilder, before: ColumnModel, after: ColumnModel, table: TableModel): void {
  const isPrimary = before.name === 'id'
  if (isPrimary && before.type !== after.type)
    throw refuse(builder.table, before.name, 'The type of the primary key cannot change after the table was created.')
  if (isPrimary) return
  if (changesSeal(before, after)) {
    planSeal(builder, before, after, table)
    return
  }
  const changes = columnChanges(before, after)
  if (changes.length > 0) builder.add('alter_field', describeChange(before, after), (place) => mergeParts(changes.map((change) => change(place))))
  else if (JSON.stringify(strip(before)) !== JSON.stringify(strip(after))) builder.add('update_field', columnLabel(after), () => ({}))
}

type Change = (place: Place) => Part

const mergeParts = (parts: readonly Part[]): Part => ({ checks: parts.flatMap((part) => part.checks ?? []), sql: parts.flatMap((part) => part.sql ?? []) })
/** Without positions: they change with every edit of the text. */
const strip = (column: unknown): unknown => JSON.parse(JSON.stringify(column, (key, value: unknown) => (key === 'at' || key === 'line' ? undefined : value)))
const describeChange = (before: ColumnModel, after: ColumnModel): string => {
  const [old, now] = [columnLabel(before), columnLabel(after)]
  if (old !== now) return `${old} → ${now.slice(after.name.length + 1)}`
  return JSON.stringify(before.values) === JSON.stringify(after.values) ? `${now}, default changed` : `${now}, values changed`
}

function columnChanges(before: ColumnModel, after: ColumnModel): Change[] {
  const changes: Change[] = []
  const rewrites = needsRewrite(before, after)
  const [oldCheck, newCheck] = [enumCheck(before), enumCheck(after)]
  const checkChanges = oldCheck?.sql !== newCheck?.sql
  const name = quote(after.name)
  // Rows are checked before they are converted.
  const converted = (rewrites ? planConversion(before, after)?.using : null) ?? name
  if (oldCheck !== null && checkChanges) changes.push(({ target }) => ({ sql: [`alter table ${target} drop constraint if exists ${quote(oldCheck.name)}`] }))
  if (rewrites) changes.push(...typeChange(before, after))
  else if (defaultSql(before) !== defaultSql(after)) changes.push(({ target }) => ({ sql: [setDefault(target, after)] }))
  if (newCheck !== null && checkChanges)
    changes.push((place) => ({
      checks: [
        countCheck(
          place,
          after,
          `${name} is not null and not (${enumCheck(after, converted)?.sql})`,
          (count) => `${rowsHave(count)} a value of "${after.name}" that is not in its values`,
        ),
      ],
      sql: [`alter table ${place.target} add constraint ${quote(newCheck.name)} check (${newCheck.sql})`],
    }))
  if (isNotNull(before) && !isNotNull(after)) changes.push(({ target }) => ({ sql: [`alter table ${target} alter column ${name} drop not null`] }))
  if (!isNotNull(before) && isNotNull(after))
    changes.push((place) => ({
      checks: [countCheck(place, after, `${name} is null`, (count) => `${rowsHave(count)} null in "${after.name}"`)],
      sql: [`alter table ${place.target} alter column ${name} set not null`],
    }))
  return changes
}

function typeChange(before: ColumnModel, after: ColumnModel): Change[] {
  const conversion = planConversion(before, after)
  if (conversion === null)
    throw refuse(
      '',
      after.name,
      `"${before.name}" cannot change from ${columnLabel(before).slice(before.name.length + 1)} to ${columnLabel(after).slice(after.name.length + 1)}.`,
      'Add a new column and copy the values in a function.',
    )
  const name = quote(after.name)
  const { using, converts } = conversion
  const checks = (place: Place): Check[] =>
    converts === null
      ? []
      : [
          countCheck(
            place,
            before,
            `${name} is not null and not coalesce(${converts}, false)`,
            (count) => `${rowsHave(count)} a value of "${after.name}" that does not convert to ${after.type}`,
          ),
        ]
  return [
    (place) => ({
      checks: checks(place),
      sql:
        using === null
          ? [setDefault(place.target, after)]
          : [
              `alter table ${place.target} alter column ${name} drop default`,
              `alter table ${place.target} alter column ${name} type ${columnSqlType(after)} using (${using})`,
              ...(defaultSql(after) === null ? [] : [setDefault(place.target, after)]),
            ],
    }),
  ]
}

function planDroppedIndexes(builder: PlanBuilder, table: string, indexes: readonly IndexModel[]): void {
  for (const index of indexes)
    builder.add('update', `drop index ${indexLabel(index)}`, ({ schema }) => ({ sql: [`drop index if exists ${quote(schema, indexName(table, index))}`] }))
}

function planAddedIndex(builder: PlanBuilder, table: TableModel, index: IndexModel): void {
  const [plan] = buildable(builder, table, [index])
  if (plan === undefined) return
  builder.add('update', `add index ${indexLabel(index)}`, (place) => ({
    checks: plan.unique ? [duplicateCheck(place, table, index)] : [],
    sql: indexSql(plan, place.target),
    index: { target: place.target },
  }))
}

const refuse = (table: string, column: string, message: string, hint?: string) =>
  fatal(message, { status: 400, code: 'ERROR_CODE_BAD_REQUEST', payload: { table, column }, ...(hint === undefined ? {} : { hint }) })

/** Plans the rename of a column; its data, indexes and checks stay. `after` is the model with the new name. */
export function planRename(before: TableModel, after: TableModel, from: string, to: string, options: PlanOptions): TablePlan {
  const builder = new PlanBuilder(options, before.name)
  const column = before.columns.find((candidate) => candidate.name === from)
  if (column === undefined || !after.columns.some((candidate) => candidate.name === to))
    throw refuse(before.name, from, `Table "${before.name}" has no column "${from}".`)
  if (from === 'id') throw refuse(before.name, from, 'The primary key cannot be renamed.')
  if (column.encrypted === true)
    throw refuse(
      before.name,
      from,
      `The encrypted column "${from}" cannot be renamed: its values are bound to its name.`,
      'Add a column and copy the values in a function.',
    )
  if (before.columns.some((candidate) => candidate.name === to)) throw refuse(before.name, to, `Table "${before.name}" has a column "${to}" already.`)
  const renamed = (index: IndexModel): IndexModel => ({ ...index, fields: index.fields.map((field) => (field.name === from ? { ...field, name: to } : field)) })
  return guarded(builder, before, after, () => {
    builder.add('alter_field', `rename ${from} to ${to}`, ({ schema, target }) => ({
      sql: [
        `alter table ${target} rename column ${quote(from)} to ${quote(to)}`,
        ...(enumCheck(column) === null ? [] : [`alter table ${target} rename constraint ${quote(enumCheckName(from))} to ${quote(enumCheckName(to))}`]),
        ...before.indexes
          .filter((index) => index.type !== 'primary' && index.fields.some((field) => field.name === from))
          .map((index) => `alter index if exists ${quote(schema, indexName(before.name, index))} rename to ${quote(indexName(before.name, renamed(index)))}`),
      ],
    }))
  })
}
