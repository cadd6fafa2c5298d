/**
 * Many rows in one statement: the rows travel as one JSON parameter that Postgres turns back into typed columns, so the text is the same for any
 * number of rows. Everything or nothing is written.
 */
import { AppError, fatal, inputError } from '../../errors.js'
import { ident, join, param, raw, sql } from '../../lib/sql.js'
import { isList, isObj, type Json, type Obj, unmarked, type Value } from '../../lib/value.js'
import type { RecordsAction } from '../../runtime/capabilities.js'
import { type BoundSql, CachedSql, constantCommand, encoded, Inputs, tableSql } from '../inputs.js'
import { andRule, ruleSql } from '../rules.js'
import { newIds, refuseSealed, sealValues, type Values } from '../sealed.js'
import type { ColumnInfo, TableInfo } from '../table-info.js'
import { compileCondition, whereClause } from '../where.js'
import { writtenRow } from './add.js'
import { compileAddons } from './addon.js'
import { boolArgument, type CompileContext, headTable, isAbsent, scopeOf, valueArgument } from './arguments.js'
import { storedOwner } from './password.js'
import { compileRowReader, type RowShape, rowShape, selectList } from './row.js'
import { asDatabaseSession, type DatabaseSession } from './session.js'
import { readChanges, readNewRow, readReplacement, type Writer, writableColumns, writerOf } from './write.js'

/** Rows per statement; more are written in several, in one transaction. */
const chunkRows = 5_000

/** Members beside the columns; no column can have these names unless it means to. */
const orderColumn = '\u0001order'
const presentColumn = '\u0001present'
const idColumn = '\u0001id'

/** `jsonb_to_recordset($1)` with the table's columns and types, and the order of the rows. */
function rowSource(columns: readonly ColumnInfo[], extra: readonly { name: string; type: string }[] = []): BoundSql {
  const members = [...columns.map((column) => ({ name: column.name, type: column.codec.sqlType })), ...extra]
  const rows = param({ operand: 0, encode: (value: Value) => value })
  const typed = join(members.map(({ name, type }) => sql`${ident(name)} ${raw(type)}`))
  const names = join([...members.map(({ name }) => ident(name)), ident(orderColumn)])
  return sql`rows from (jsonb_to_recordset(${rows}::jsonb) as (${typed})) with ordinality as r(${names})`
}

export type JsonRow = { [column: string]: Json }

/** Members by column name, without a prototype: any name is a plain key. */
export function toJsonRow(values: Values): JsonRow {
  const row = Object.create(null) as JsonRow
  for (const [column, value] of values) row[column.name] = column.codec.encodeJson(value)
  return row
}

export const rowsParameter = (rows: readonly JsonRow[]): readonly unknown[] => [JSON.stringify(rows)]

/** Runs a statement over chunks of rows, all or none. */
async function runChunks(session: DatabaseSession, rows: readonly JsonRow[], statement: CachedSql): Promise<Record<string, unknown>[]> {
  const runOne = async (on: DatabaseSession, chunk: readonly JsonRow[]): Promise<Record<string, unknown>[]> =>
    (await on.run(statement.command(encoded(rowsParameter(chunk)), on.schema))).rows
  if (rows.length <= chunkRows) return runOne(session, rows)
  return session.atomically(async (inner) => {
    const out: Record<string, unknown>[] = []
    for (let at = 0; at < rows.length; at += chunkRows) for (const row of await runOne(inner, rows.slice(at, at + chunkRows))) out.push(row)
    return out
  })
}

/** The reason a row failed says which row it was. */
async function atRow<T>(index: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof AppError) || error.kind !== 'input') throw error
    throw new AppError('input', `items[${index}]: ${error.message}`, { payload: { ...(error.payload as object), row: index }, cause: error })
  }
}

/** A complete row to be added; `id` null: the next one. */
export interface NewRow {
  values: Values
  id: Value
}

export const hasId = ({ id }: NewRow): boolean => id !== null

/** Rows with the ids they shall have, as JSON. */
export const withIds = (info: TableInfo, rows: readonly NewRow[]): JsonRow[] =>
  rows.map(({ values, id }) => toJsonRow(new Map([...sealValues(values, id), [info.primary, id]])))

export async function withNewIds(session: DatabaseSession, info: TableInfo, rows: readonly NewRow[]): Promise<NewRow[]> {
  const ids = await newIds(session, info, rows.length)
  return rows.map(({ values }, i) => ({ values, id: ids[i] ?? null }))
}

/** Inserts rows and returns them in the order given. */
export class BulkInsert {
  readonly #info: TableInfo
  readonly #read: (row: Record<string, unknown>) => Obj
  readonly #plain: CachedSql
  readonly #withIds: CachedSql

  constructor(info: TableInfo, shape: RowShape = rowShape(info.model.name, info, null)) {
    this.#info = info
    this.#read = compileRowReader(shape)
    this.#plain = new CachedSql(() => insertRows(info, writableColumns(info), shape))
    this.#withIds = new CachedSql(() => insertRows(info, info.columns, shape))
  }

  /** `allowIds`: ids in the rows are kept; otherwise they are ignored. */
  async run(session: DatabaseSession, items: readonly Value[], writer: Writer, allowIds: boolean): Promise<Obj[]> {
    const { primary } = this.#info
    const rows: NewRow[] = []
    for (const [i, item] of items.entries()) {
      const data = asItem(item, i)
      const values = await atRow(i, () => readNewRow(this.#info, data, writer))
      const id = allowIds ? (data.get(primary.name) ?? null) : null
      rows.push({ values, id: id === null ? null : readId(primary, id, i) })
    }
    if (rows.length === 0) return []
    if (!rows.some(hasId)) return (await this.#runNew(session, rows)).map(this.#read)
    return session.atomically((inner) => this.#runMixed(inner, rows))
  }

  /** Rows whose ids are the sequence's. */
  async #runNew(session: DatabaseSession, rows: readonly NewRow[]): Promise<Record<string, unknown>[]> {
    if (this.#info.sealed.length === 0)
      return runChunks(
        session,
        rows.map(({ values }) => toJsonRow(values)),
        this.#plain,
      )
    return runChunks(session, withIds(this.#info, await withNewIds(session, this.#info, rows)), this.#withIds)
  }

  /** Rows with an id first, so that new ids come after them; the result is in the order given. */
  async #runMixed(session: DatabaseSession, rows: readonly NewRow[]): Promise<Obj[]> {
    const given = await runChunks(session, withIds(this.#info, rows.filter(hasId)), this.#withIds)
    await moveSequence(session, this.#info)
    const others = rows.filter((row) => !hasId(row))
    const made = others.length === 0 ? [] : await this.#runNew(session, others)
    return rows.map((row) => this.#read((hasId(row) ? given : made).shift() ?? {}))
  }
}

const asItem = (item: Value, index: number): Obj => {
  if (!isObj(item)) throw inputError('items', `items[${index}] is not an object.`)
  return item
}

export function readId(primary: ColumnInfo, id: Value, index: number): Value {
  const coerced = primary.coerce(id, { name: primary.name, now: 0, program: true })
  if (typeof coerced === 'number' || typeof coerced === 'string') return coerced
  throw inputError(primary.name, `items[${index}]: Input "${primary.name}" is not a valid id.`)
}

/** After explicit ids the sequence continues behind the largest. */
export async function moveSequence(session: DatabaseSession, info: TableInfo): Promise<void> {
  if (info.primary.type.name !== 'int') return
  const { primary, model } = info
  const sequence = sql`pg_get_serial_sequence(format('%I.%I', ${param(session.schema)}::text, ${param(model.name)}::text), ${param(primary.name)}::text)`
  const largest = sql`(select max(${ident(primary.name)}) from ${tableSql(model.name)})`
  await session.run(constantCommand(sql`select setval(${sequence}, greatest(${largest}, nextval(${sequence})))`, session.schema))
}

export function insertRows(info: TableInfo, columns: readonly ColumnInfo[], shape: RowShape): BoundSql {
  const { name: table } = info.model
  const sources = columns.map((column) => sql`r.${ident(column.name)}`)
  return sql`insert into ${tableSql(table)} as ${ident(table)} (${join(columns.map((column) => ident(column.name)))}) select ${join(sources)} from ${rowSource(columns)} order by r.${ident(orderColumn)} returning ${selectList(shape)}`
}

/** `items`, or its older name `data`. */
function itemsOf(context: CompileContext): ReturnType<typeof valueArgument> {
  const evaluate = valueArgument(context, 'items', 'data')
  return (frame) => {
    const items = evaluate(frame)
    if (items === null) throw inputError('items', 'Missing param: items')
    if (!isList(items)) throw fatal('"items" must be a list of objects.')
    return items
  }
}

/** `db.bulk.add`: the inserted rows. */
export function compileBulkAdd(context: CompileContext): RecordsAction {
  const info = headTable(context)
  const insert = new BulkInsert(info)
  const items = itemsOf(context)
  const allowIds = boolArgument(context, 'allow_id_field')
  return (given, frame) => {
    const session = asDatabaseSession(given)
    return insert.run(session, items(frame) as Value[], writerOf(frame, session), allowIds(frame))
  }
}

/** Writes into many rows by id. Rows that do not exist are left out of the result. */
export class BulkWrite {
  readonly #info: TableInfo
  readonly #whole: boolean
  readonly #read: (row: Record<string, unknown>) => Obj
  readonly #statement: CachedSql

  /** `whole`: each item replaces its row; otherwise only present columns are written. */
  constructor(info: TableInfo, whole: boolean) {
    this.#info = info
    this.#whole = whole
    const shape = rowShape(info.model.name, info, null)
    this.#read = compileRowReader(shape)
    this.#statement = new CachedSql(() => updateRows(info, whole, shape))
  }

  async run(session: DatabaseSession, items: readonly Value[], writer: Writer): Promise<Obj[]> {
    if (items.length === 0 || writableColumns(this.#info).length === 0) return []
    const { primary } = this.#info
    const rows: JsonRow[] = []
    const places = new Map<string, number>()
    for (const [i, item] of items.entries()) {
      const { id, data } = splitItem(asItem(item, i), primary, i, this.#whole)
      const values = await atRow(i, () =>
        this.#whole
          ? readReplacement(this.#info, data, writer)
          : readChanges(this.#info, data, writer, storedOwner(session, this.#info, primary, primary.codec.encode(id))),
      )
      const row = toJsonRow(sealValues(values, id))
      row[primary.name] = primary.codec.encodeJson(id)
      if (!this.#whole) row[presentColumn] = [...values.keys()].map((column) => column.name)
      const place = places.get(String(id))
      // Two items for one row: Postgres would take either; the later one wins, over the earlier one's columns.
      if (place === undefined) places.set(String(id), rows.push(row) - 1)
      else rows[place] = this.#whole ? row : mergeRows(rows[place] as JsonRow, row)
    }
    const written = await runChunks(session, rows, this.#statement)
    const byId = new Map(written.map((row) => [String(row[idColumn]), row]))
    return [...places.keys()].flatMap((id) => {
      const row = byId.get(id)
      return row === undefined ? [] : [this.#read(row)]
    })
  }
}

const mergeRows = (before: JsonRow, after: JsonRow): JsonRow =>
  Object.assign(Object.create(null) as JsonRow, before, after, {
    [presentColumn]: [...new Set([...(before[presentColumn] as string[]), ...(after[presentColumn] as string[])])],
  })

/** `{id, col: value}` or `{id, data: {col: value}}`. */
function splitItem(item: Obj, primary: ColumnInfo, index: number, whole: boolean): { id: Value; data: Obj } {
  const given = item.get(primary.name) ?? null
  if (given === null) throw inputError(primary.name, `items[${index}]: Missing param: ${primary.name}`)
  const nested = item.get('data')
  return { id: readId(primary, given, index), data: !whole && isObj(nested) && item.size === 2 ? nested : item }
}

const isPresent = (column: string): BoundSql => sql`${raw(`'${column.replaceAll("'", "''")}'`)} = any(r.${ident(presentColumn)})`

function updateRows(info: TableInfo, whole: boolean, shape: RowShape): BoundSql {
  const { name: table } = info.model
  const columns = writableColumns(info)
  const set = columns.map((column) => {
    const given = sql`r.${ident(column.name)}`
    if (whole) return sql`${ident(column.name)} = ${given}`
    return sql`${ident(column.name)} = case when ${isPresent(column.name)} then ${given} else ${ident(table, column.name)} end`
  })
  const source = rowSource(info.columns, whole ? [] : [{ name: presentColumn, type: 'text[]' }])
  return sql`update ${tableSql(table)} as ${ident(table)} set ${join(set)} from ${source} where ${ident(table, info.primary.name)} = r.${ident(info.primary.name)}${andRule(info.model, 'update', table, whole ? columns.map(({ name }) => name) : [])}${whole ? raw('') : restrictedColumns(info)} returning ${selectList(shape)}, ${ident(table, info.primary.name)} as ${ident(idColumn)}`
}

/** A restricted column is written only where its rule holds. */
function restrictedColumns({ model, byName }: TableInfo): BoundSql {
  const conditions = (model.rules?.columns ?? [])
    .filter(({ name }) => byName.has(name))
    .map(({ name, rule }) => sql` and (not ${isPresent(name)} or ${raw(ruleSql(rule, model, model.name))})`)
  return join(conditions, '')
}

const compileBulkWrite =
  (whole: boolean) =>
  (context: CompileContext): RecordsAction => {
    const write = new BulkWrite(headTable(context), whole)
    const items = itemsOf(context)
    return (given, frame) => {
      const session = asDatabaseSession(given)
      return write.run(session, items(frame) as Value[], writerOf(frame, session))
    }
  }

/** `db.bulk.update`: whole rows by id. */
export const compileBulkUpdate = compileBulkWrite(true)
/** `db.bulk.patch`: changed columns by id. */
export const compileBulkPatch = compileBulkWrite(false)

/** `db.bulk.delete`: the number of rows deleted. A condition that says nothing is refused. */
export function compileBulkDelete(context: CompileContext): RecordsAction {
  const { args } = context.request
  const expr = args.get('where') ?? args.get('search')
  const needsCondition = (): AppError => fatal('db.bulk.delete needs a where that constrains rows.', { hint: 'To delete every row use db.truncate.' })
  if (expr === undefined || isAbsent(expr)) throw needsCondition()
  const info = headTable(context)
  const inputs = new Inputs()
  const condition = compileCondition(expr, scopeOf(context, info, inputs))
  const { name } = info.model
  const statement = new CachedSql(
    (shape) => sql`delete from ${tableSql(name)} as ${ident(name)}${whereClause(condition(shape))}${andRule(info.model, 'delete', name)}`,
  )
  return async (given, frame) => {
    const session = asDatabaseSession(given)
    const reading = inputs.read(frame)
    if (condition(reading.shape) === null) throw needsCondition()
    return (await session.run(statement.command(reading, session.schema))).count
  }
}

/** `db.truncate`: every row of the table in the current data source. */
export function compileTruncate(context: CompileContext): RecordsAction {
  const info = headTable(context)
  if (info.model.rules !== undefined)
    throw fatal(`The table "${info.model.name}" has rules: it cannot be emptied at once.`, {
      hint: 'Use db.bulk.delete, which deletes what the caller may delete.',
    })
  const reset = boolArgument(context, 'reset')
  const [keep, restart] = ['', ' restart identity'].map((tail) => new CachedSql(() => sql`truncate ${tableSql(info.model.name)}${raw(tail)}`))
  return async (given, frame) => {
    const session = asDatabaseSession(given)
    const statement = (reset(frame) ? restart : keep) as CachedSql
    await session.run(statement.command(encoded([]), session.schema))
    return null
  }
}

/** `db.increment`: adds to a number of every row that satisfies the condition, in one statement. */
export function compileIncrement(whole: CompileContext): RecordsAction {
  const { context, enrich } = compileAddons(whole)
  const { args, compileValue } = context.request
  const expr = args.get('where') ?? args.get('search')
  const needsCondition = (): AppError => fatal('db.increment needs a where that constrains rows.')
  if (expr === undefined || isAbsent(expr)) throw needsCondition()
  const info = headTable(context)
  const column = incrementColumn(context, info)
  const scope = scopeOf(context, info)
  const condition = compileCondition(expr, scope)
  const valueExpr = args.get('value')
  const evaluate = valueExpr === undefined ? (): Value => null : compileValue(valueExpr)
  const operand = scope.inputs.operand((frame) => readAmount(column, evaluate(frame)))
  const { name } = info.model
  const { shape, read } = writtenRow(context, info)
  const amount = sql`${param({ operand, encode: (value: Value) => value })}${raw(`::${column.codec.sqlType}`)}`
  const statement = new CachedSql(
    (at) =>
      sql`update ${tableSql(name)} as ${ident(name)} set ${ident(column.name)} = coalesce(${ident(name, column.name)}, 0) + ${amount}${whereClause(condition(at))}${andRule(info.model, 'update', name, [column.name])} returning ${selectList(shape)}`,
  )
  const returnType = valueArgument(context, 'return_type')
  return async (given, frame) => {
    const session = asDatabaseSession(given)
    const reading = scope.inputs.read(frame)
    if (condition(reading.shape) === null) throw needsCondition()
    const { rows, count } = await session.run(statement.command(reading, session.schema))
    if (returnType(frame) === 'count') return count
    const changed = rows.map(read)
    await enrich?.(session, frame, changed)
    return changed
  }
}

function incrementColumn(context: CompileContext, info: TableInfo): ColumnInfo {
  const expr = context.request.args.get('field_name')
  const name = expr?.type === 'text' || expr?.type === 'word' ? expr.value : ''
  const column = info.byName.get(name)
  if (column === undefined) throw fatal(`Table "${info.model.name}" has no column "${name}".`)
  const isNumeric = !column.model.list && (column.type.name === 'int' || column.type.name === 'decimal')
  if (column.seal !== undefined) throw refuseSealed(column, info.model.name)
  if (!isNumeric || column === info.primary) throw fatal(`"${name}" cannot be incremented.`, { hint: 'Use an int or decimal column other than the id.' })
  return column
}

function readAmount(column: ColumnInfo, value: Value): Value {
  const amount = value === null ? null : unmarked(column.coerce(value, { name: 'value', now: 0, program: true }))
  if (typeof amount !== 'number')
    throw inputError('value', value === null ? 'Missing param: value' : `Input "value" does not fit the ${column.type.name} column "${column.name}".`)
  return amount
}
