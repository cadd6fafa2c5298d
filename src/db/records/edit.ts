/** `db.edit` and `db.patch`: only the columns present in data are written. */
import { AppError } from '../../errors.js'
import { ident, join, sql } from '../../lib/sql.js'
import type { RecordsAction } from '../../runtime/capabilities.js'
import { type BoundSql, CachedSql, encoded, tableSql } from '../inputs.js'
import type { ColumnInfo, TableInfo } from '../table-info.js'
import { columnParameter, encodeValues, enriched, returning, writtenRow } from './add.js'
import { compileAddons } from './addon.js'
import { asData, type CompileContext, checkWrittenKeys, headTable, valueArgument } from './arguments.js'
import { boundKey, keyValue } from './by-key.js'
import { keyColumn } from './key-column.js'
import { storedOwner } from './password.js'
import type { RowShape } from './row.js'
import { asDatabaseSession } from './session.js'
import { readChanges, writerOf } from './write.js'

/** Texts kept per statement: one for each set of columns written together. */
const keptMax = 64

/** The statements that write a set of columns into the first row with a key. Operand 0 is the key, the values follow. */
export class UpdateStatements {
  readonly #info: TableInfo
  readonly #shape: RowShape
  readonly #statements = new Map<string, CachedSql>()

  constructor(info: TableInfo, shape: RowShape) {
    this.#info = info
    this.#shape = shape
  }

  for(key: ColumnInfo, columns: readonly ColumnInfo[]): CachedSql {
    const name = JSON.stringify([key.name, ...columns.map((column) => column.name)])
    const found = this.#statements.get(name)
    if (found !== undefined) return found
    const kept = this.#statements.size < keptMax
    const statement = new CachedSql(() => sql`${updateSql(this.#info, key, columns)}${returning(this.#shape)}`, { once: !kept })
    if (kept) this.#statements.set(name, statement)
    return statement
  }
}

/** With nothing to write the row is only locked and returned. */
function updateSql(info: TableInfo, key: ColumnInfo, columns: readonly ColumnInfo[]): BoundSql {
  const { name: table } = info.model
  const written =
    columns.length === 0
      ? [sql`${ident(info.primary.name)} = ${ident(table, info.primary.name)}`]
      : columns.map((column, i) => sql`${ident(column.name)} = ${columnParameter(column, i + 1)}`)
  return sql`update ${tableSql(table)} as ${ident(table)} set ${join(written)} where ${firstRowWith(info, key)}`
}

/** A column that is not unique may have several rows: the first one is meant. */
function firstRowWith(info: TableInfo, key: ColumnInfo): BoundSql {
  const { name: table } = info.model
  if (info.unique.has(key.name)) return sql`${ident(table, key.name)} = ${boundKey(key)}`
  const primary = ident(info.primary.name)
  return sql`${ident(table, info.primary.name)} = (select ${primary} from ${tableSql(table)} where ${ident(key.name)} = ${boundKey(key)} order by ${primary} limit 1 for update)`
}

export function compileEdit(whole: CompileContext): RecordsAction {
  const { context, enrich } = compileAddons(whole)
  const info = headTable(context)
  checkWrittenKeys(context.request.args.get('data'), info)
  const { shape, read } = writtenRow(context, info)
  const statements = new UpdateStatements(info, shape)
  const columnOf = keyColumn(context, info)
  const givenKey = valueArgument(context, 'field_value')
  const dataOf = valueArgument(context, 'data')
  return async (given, frame) => {
    const session = asDatabaseSession(given)
    const column = columnOf(frame)
    const key = keyValue(column, givenKey(frame))
    const stored = key === undefined ? undefined : storedOwner(session, info, column, key.parameter)
    const changes = await readChanges(info, asData(dataOf(frame)), writerOf(frame, session), stored)
    if (key === undefined) throw new AppError('notFound')
    const columns = [...changes.keys()]
    const { rows } = await session.run(statements.for(column, columns).command(encoded([key.parameter, ...encodeValues(columns, changes)]), session.schema))
    if (rows[0] === undefined) throw new AppError('notFound')
    return enriched(read(rows[0]), enrich, session, frame)
  }
}
