/** `db.add`: one new row, and the statement that inserts it. */
import { ident, join, param, raw, sql } from '../../lib/sql.js'
import { type Obj, RawJson, type Value } from '../../lib/value.js'
import type { RecordsAction, RecordsSession } from '../../runtime/capabilities.js'
import type { Frame } from '../../runtime/frame.js'
import { type BoundSql, CachedSql, encoded, type Reading, tableSql } from '../inputs.js'
import { newIds, sealValues, type Values } from '../sealed.js'
import type { ColumnInfo, TableInfo } from '../table-info.js'
import { compileAddons, type Enrich } from './addon.js'
import { asData, type CompileContext, checkWrittenKeys, headTable, valueArgument } from './arguments.js'
import { compileRowReader, type RowShape, readOutput, rowShape, selectList } from './row.js'
import { compileRowText } from './row-text.js'
import { asDatabaseSession, type DatabaseSession } from './session.js'
import { readNewRow, writableColumns, writerOf } from './write.js'

const asIs = (value: Value): unknown => value
/** A parameter with the type of its column; values are encoded beforehand. */
export const columnParameter = (column: ColumnInfo, operand: number): BoundSql => sql`${param({ operand, encode: asIs })}${raw(`::${column.codec.sqlType}`)}`

/** `insert into t (…) values (…)` of every column but the primary key. */
export function insertSql(info: TableInfo, columns: readonly ColumnInfo[] = writableColumns(info)): BoundSql {
  const target = sql`insert into ${tableSql(info.model.name)} as ${ident(info.model.name)}`
  if (columns.length === 0) return sql`${target} default values`
  return sql`${target} (${join(columns.map((column) => ident(column.name)))}) values (${join(columns.map(columnParameter))})`
}

export const encodeValues = (columns: readonly ColumnInfo[], values: Values): unknown[] =>
  columns.map((column) => column.codec.encode(values.get(column) ?? null))

/** Columns of an insert: with the primary key where values are sealed for it. */
export const insertColumns = (info: TableInfo): readonly ColumnInfo[] => (info.sealed.length === 0 ? writableColumns(info) : info.columns)

/** A complete new row on its way into those columns. `id` when the caller chose it. */
export async function sealNewRow(session: DatabaseSession, info: TableInfo, values: Values, id?: Value): Promise<Values> {
  if (info.sealed.length === 0) return values
  const own = id ?? (await newIds(session, info, 1))[0] ?? null
  return new Map([...sealValues(values, own), [info.primary, own]])
}

export const returning = (shape: RowShape): BoundSql => sql` returning ${selectList(shape)}`

/** The shape and the reader of the row a write returns. */
export function writtenRow(context: CompileContext, info: TableInfo): { shape: RowShape; read: (row: Record<string, unknown>) => Obj } {
  const shape = rowShape(info.model.name, info, readOutput(context, info))
  return { shape, read: compileRowReader(shape) }
}

export function compileAdd(whole: CompileContext): RecordsAction {
  const { context, enrich } = compileAddons(whole)
  const info = headTable(context)
  checkWrittenKeys(context, info)
  const columns = insertColumns(info)
  const { shape, read } = writtenRow(context, info)
  const insert = sql`${insertSql(info, columns)}${returning(shape)}`
  const statement = new CachedSql(() => insert)
  const dataOf = valueArgument(context, 'data')
  const readRow = async (session: DatabaseSession, frame: Frame): Promise<Reading> => {
    const values = await readNewRow(info, asData(dataOf(frame)), writerOf(frame, session))
    return encoded(encodeValues(columns, info.sealed.length === 0 ? values : await sealNewRow(session, info, values)))
  }
  const action: RecordsAction = async (given, frame) => {
    const session = asDatabaseSession(given)
    const { rows } = await session.run(statement.command(await readRow(session, frame), session.schema))
    return enriched(read(rows[0] ?? {}), enrich, session, frame)
  }
  const rowText = enrich === null ? compileRowText(shape) : null
  if (rowText === null) return action
  const texts = new CachedSql(() => rowText.wrap(insert))
  return Object.assign(action, {
    async passThrough(given: RecordsSession, frame: Frame): Promise<Value> {
      const session = asDatabaseSession(given)
      const [row] = await session.runTexts(texts.command(await readRow(session, frame), session.schema))
      return new RawJson(rowText.text(row ?? []))
    },
  })
}

/** The row with what its addons find. */
export async function enriched(row: Obj, enrich: Enrich | null, session: DatabaseSession, frame: Frame): Promise<Obj> {
  if (enrich !== null) await enrich(session, frame, [row])
  return row
}
