/** Rows of a table for the Metadata API: every column whatever its access, but never a password hash. */
import { type TableModel, withoutRules } from '../definitions/table.js'
import { AppError, inputError } from '../errors.js'
import { ident, join, param, raw, sql } from '../lib/sql.js'
import type { Obj, Value } from '../lib/value.js'
import type { Passwords, Vault } from '../runtime/capabilities.js'
import { type ExportOptions, exportBatches } from './content-export.js'
import { type ImportOptions, type ImportReport, type ImportRow, importRows } from './content-import.js'
import { compileExternalFilter, readExternalSort } from './external-filter.js'
import { type BoundSql, type BuildCondition, CachedSql, constantCommand, encoded, Inputs, noFrame, tableSql } from './inputs.js'
import { encodeValues, insertSql, returning, sealNewRow } from './records/add.js'
import { BulkInsert, BulkWrite } from './records/bulk.js'
import { keyValue } from './records/by-key.js'
import { UpdateStatements, updateRow } from './records/edit.js'
import { planPage } from './records/page-statement.js'
import { storedOwner } from './records/password.js'
import { runnable } from './records/plan.js'
import { compileRowReader, type RowShape, selectColumns, selectList } from './records/row.js'
import { DatabaseSession, type SessionBase } from './records/session.js'
import { externalSort, orderBy } from './records/sort.js'
import { readChanges, readNewRow, type Writer } from './records/write.js'
import type { Scope } from './scope.js'
import { needsSeal } from './sealed.js'
import { type ColumnInfo, type TableInfo, tableInfo } from './table-info.js'
import { allOf, whereClause } from './where.js'

export interface ContentOptions {
  workspaceId: number
  datasource: string
  /** Data sources of the workspace. */
  datasources: readonly string[]
  /** The branch whose own tables these are. */
  tablesOf?: number | null
  clock: { now(): number }
  hash(text: string): Promise<string>
  judge: Passwords['judge']
  /** Key of the encrypted columns of the workspace. */
  vault?: Vault
  /** Name of the workspace: no password may contain it. */
  appName?: string
}

export interface Browse {
  page: number
  perPage: number
  /** `{"col|op|or": value}` or a list of conditions, see metadata-api.md §7. */
  search?: Value
  /** `{col: "asc"}` or a list of such. */
  sort?: Value
}

export interface Affected {
  /** Ids of the rows written. */
  success: Value[]
  success_total: number
}

/** Reads and writes rows of one data source. Errors: `inputError` for values and searches, `notFound` for missing rows. */
export interface Content {
  /** Full envelope with totals. */
  browse(table: TableModel, query: Browse): Promise<Value>
  get(table: TableModel, id: Value): Promise<Obj>
  add(table: TableModel, row: Obj): Promise<Obj>
  edit(table: TableModel, id: Value, changes: Obj): Promise<Obj>
  delete(table: TableModel, id: Value): Promise<void>
  /** Ids of the new rows, in order. */
  bulkAdd(table: TableModel, items: readonly Value[], options?: { allowIds?: boolean }): Promise<Value[]>
  /** `[{row_id, updates}]`. */
  bulkPatch(table: TableModel, items: readonly { rowId: Value; updates: Obj }[]): Promise<Affected>
  bulkDelete(table: TableModel, ids: readonly Value[]): Promise<Affected>
  /** A search that constrains nothing is refused. */
  searchPatch(table: TableModel, search: Value, updates: Obj): Promise<Affected>
  searchDelete(table: TableModel, search: Value): Promise<Affected>
  truncate(table: TableModel, options?: { reset?: boolean }): Promise<void>
  /** Adds rows from a stream, in one transaction. */
  importRows(table: TableModel, batches: AsyncIterable<readonly ImportRow[]>, options: ImportOptions): Promise<ImportReport>
  /** Every row that matches, in batches, as of one moment; without passwords and internal columns. */
  exportRows(table: TableModel, options: ExportOptions, each: (rows: readonly Obj[]) => Promise<void>): Promise<number>
}

/** All columns but passwords; encrypted ones where there is a key. */
export function contentShape(info: TableInfo, opens: boolean): RowShape {
  return {
    selected: selectColumns(
      info.model.name,
      info,
      info.columns.filter((column) => column.type.name !== 'password' && (opens || column.seal === undefined)),
    ),
    prune: new Map(),
  }
}

export const contentScope = (info: TableInfo): Scope => ({
  main: { alias: info.model.name, info },
  joined: [],
  inputs: new Inputs(),
  compileValue: () => () => null,
  lookupSqlFilter: () => undefined,
  isQueryOnly: () => false,
  reveals: (column) => column.type.name !== 'password',
})

/** `base` may be a transaction, for rows that belong to a push. */
export function createContent(base: SessionBase, options: ContentOptions): Content {
  const session = new DatabaseSession(base, options)
  const infoOf = (table: TableModel): TableInfo => tableInfo(withoutRules(table), options.vault)
  const shapeOf = (info: TableInfo): RowShape => contentShape(info, options.vault !== undefined)
  const writer = (): Writer => ({ now: options.clock.now(), hash: options.hash, judge: options.judge, appNames: session.appNames })

  const one = async (table: TableModel, id: Value, build: (info: TableInfo, key: BoundSql) => BoundSql): Promise<Record<string, unknown>> => {
    const info = infoOf(table)
    const key = id === null ? undefined : keyValue(info.primary, id)
    if (key === undefined) throw new AppError('notFound')
    const statement = build(info, sql`${param({ operand: 0, encode: (value: Value) => value })}${raw(`::${info.primary.codec.sqlType}`)}`)
    const { rows } = await session.run(new CachedSql(() => statement).command(encoded([key.parameter]), session.schema))
    if (rows[0] === undefined) throw new AppError('notFound')
    return rows[0]
  }
  const byId = (info: TableInfo, key: BoundSql): BoundSql => sql` where ${ident(info.model.name, info.primary.name)} = ${key}`

  const update = async (table: TableModel, id: Value, changes: Obj): Promise<Obj> => {
    const info = infoOf(table)
    const shape = shapeOf(info)
    const key = id === null ? undefined : keyValue(info.primary, id)
    const stored = key === undefined ? undefined : storedOwner(session, info, info.primary, key.parameter)
    const values = await readChanges(info, changes, writer(), stored)
    if (key === undefined) throw new AppError('notFound')
    const row = await updateRow(session, new UpdateStatements(info, shape), info, { column: info.primary, parameter: key.parameter, values })
    if (row === undefined) throw new AppError('notFound')
    return compileRowReader(shape)(row)
  }

  return {
    async browse(table, { page, perPage, search = null, sort = null }) {
      const info = infoOf(table)
      const scope = contentScope(info)
      const condition = compileExternalFilter(search, scope, 'search') ?? allOf([])
      const order = orderBy(externalSort(readExternalSort(sort, 'sort'), scope, new Map(), 'sort'), scope, { tieBreak: true })
      const shape = shapeOf(info)
      const from = sql` from ${tableSql(table.name)} as ${ident(table.name)}`
      const plan = planPage({
        inputs: scope.inputs,
        readPage: () => ({ page, perPage, offset: 0, totals: true, metadata: true }),
        rows: (at) => sql`select ${selectList(shape)}${from}${whereClause(condition(at))}${order}`,
        shape,
        total: (at) => sql`select count(*) as count${from}${whereClause(condition(at))}`,
        read: compileRowReader(shape),
        once: search !== null,
      })
      return runnable(plan)(session, noFrame)
    },
    async get(table, id) {
      const shape = shapeOf(infoOf(table))
      const row = await one(table, id, (info, key) => sql`select ${selectList(shape)} from ${tableSql(table.name)} as ${ident(table.name)}${byId(info, key)}`)
      return compileRowReader(shape)(row)
    },
    async add(table, row) {
      const info = infoOf(table)
      const shape = shapeOf(info)
      const values = await sealNewRow(session, info, await readNewRow(info, row, writer()))
      const columns = [...values.keys()]
      const statement = new CachedSql(() => sql`${insertSql(info, columns)}${returning(shape)}`)
      const { rows } = await session.run(statement.command(encoded(encodeValues(columns, values)), session.schema))
      return compileRowReader(shape)(rows[0] ?? {})
    },
    edit: update,
    async delete(table, id) {
      await one(table, id, (info, key) => sql`delete from ${tableSql(table.name)} as ${ident(table.name)}${byId(info, key)} returning 1 as done`)
    },
    async bulkAdd(table, items, { allowIds = false } = {}) {
      const info = infoOf(table)
      const rows = await new BulkInsert(info).run(session, items, writer(), allowIds)
      return rows.map((row) => row.get(info.primary.name) ?? null)
    },
    async bulkPatch(table, items) {
      const info = infoOf(table)
      const { name } = info.primary
      const rows = await new BulkWrite(info, false).run(
        session,
        items.map(({ rowId, updates }) => new Map([...updates, [name, rowId]])),
        writer(),
      )
      return toAffected(rows.map((row) => row.get(name) ?? null))
    },
    async bulkDelete(table, ids) {
      const info = infoOf(table)
      const keys = ids.flatMap((id) => (id === null ? [] : [keyValue(info.primary, id)?.parameter ?? []])).flat()
      const primary = ident(table.name, info.primary.name)
      const type = raw(`::${info.primary.codec.sqlType}[]`)
      const statement = sql`delete from ${tableSql(table.name)} as ${ident(table.name)} where ${primary} = any(${param(keys)}${type}) returning ${primary} as id`
      const { rows } = await session.run(constantCommand(statement, session.schema))
      return toAffected(rows.map((row) => info.primary.codec.decode(row['id'])))
    },
    async searchPatch(table, search, updates) {
      const info = infoOf(table)
      const values = await readChanges(info, updates, writer())
      const columns = [...values.keys()]
      if (columns.length === 0) throw inputError('updates', 'Missing param: updates')
      const { scope, condition } = compileSearch(info, search)
      if (needsSeal(values) || setsPassword(values)) return this.bulkPatch(table, await matching(session, info, search, updates))
      const parameters = encodeValues(columns, values)
      const set = join(
        columns.map((column, i) => {
          const operand = scope.inputs.operand(() => parameters[i] as Value)
          return sql`${ident(column.name)} = ${param({ operand, encode: (value: Value) => value })}${raw(`::${column.codec.sqlType}`)}`
        }),
      )
      return runSearch(session, info, scope, (at) => sql`update ${tableSql(table.name)} as ${ident(table.name)} set ${set}${whereClause(condition(at))}`)
    },
    async searchDelete(table, search) {
      const info = infoOf(table)
      const { scope, condition } = compileSearch(info, search)
      return runSearch(session, info, scope, (at) => sql`delete from ${tableSql(table.name)} as ${ident(table.name)}${whereClause(condition(at))}`)
    },
    async truncate(table, { reset = false } = {}) {
      await session.run(constantCommand(sql`truncate ${tableSql(table.name)}${raw(reset ? ' restart identity' : '')}`, session.schema))
    },
    importRows: (table, batches, importOptions) => importRows(session, infoOf(table), writer, batches, importOptions),
    exportRows: (table, exportOptions, each) => exportBatches(session, infoOf(table), contentScope(infoOf(table)), exportOptions, each),
  }
}

/** A password is judged by the names in each row, and hashed for each. */
const setsPassword = (values: ReadonlyMap<ColumnInfo, Value>): boolean =>
  [...values].some(([column, value]) => column.type.name === 'password' && value !== null && value !== '')

/** The same updates for every row that matches, by id: encrypted values and hashes differ from row to row. */
async function matching(session: DatabaseSession, info: TableInfo, search: Value, updates: Obj): Promise<{ rowId: Value; updates: Obj }[]> {
  const { scope, condition } = compileSearch(info, search)
  const { name } = info.model
  const id = ident(name, info.primary.name)
  const statement = new CachedSql((at) => sql`select ${id} as id from ${tableSql(name)} as ${ident(name)}${whereClause(condition(at))}`, { once: true })
  const { rows } = await session.run(statement.command(scope.inputs.read(noFrame), session.schema))
  return rows.map((row) => ({ rowId: info.primary.codec.decode(row['id']), updates }))
}

const toAffected = (ids: Value[]): Affected => ({ success: ids, success_total: ids.length })

/** Rows to be changed by a search: one that says nothing would mean all of them. */
function compileSearch(info: TableInfo, search: Value): { scope: Scope; condition: BuildCondition } {
  const scope = contentScope(info)
  const condition = compileExternalFilter(search, scope, 'search')
  if (condition === null) throw inputError('search', 'Missing param: search')
  return { scope, condition }
}

async function runSearch(session: DatabaseSession, info: TableInfo, scope: Scope, build: (at: readonly string[]) => BoundSql): Promise<Affected> {
  const statement = new CachedSql((at) => sql`${build(at)} returning ${ident(info.model.name, info.primary.name)} as id`, { once: true })
  const { rows } = await session.run(statement.command(scope.inputs.read(noFrame), session.schema))
  return toAffected(rows.map((row) => info.primary.codec.decode(row['id'])))
}
