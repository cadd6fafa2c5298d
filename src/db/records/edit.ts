/** `db.edit` and `db.patch`: only the columns present in data are written. */
import { AppError } from '../../errors.js'
import { ident, join, param, raw, sql } from '../../lib/sql.js'
import type { Value } from '../../lib/value.js'
import type { RecordsAction } from '../../runtime/capabilities.js'
import { type BoundSql, type CachedSql, constantCommand, encoded, StatementCache, tableSql } from '../inputs.js'
import { andRule } from '../rules.js'
import { needsSeal, sealValues, type Values } from '../sealed.js'
import type { ColumnInfo, TableInfo } from '../table-info.js'
import { columnParameter, encodeValues, enriched, returning, writtenRow } from './add.js'
import { compileAddons } from './addon.js'
import { asData, type CompileContext, checkWrittenKeys, headTable, valueArgument } from './arguments.js'
import { boundKey, keyValue } from './by-key.js'
import { keyColumn } from './key-column.js'
import { storedOwner } from './password.js'
import type { RowShape } from './row.js'
import { asDatabaseSession, type DatabaseSession } from './session.js'
import { readChanges, writerOf } from './write.js'

/** The statements that write a set of columns into the first row with a key. Operand 0 is the key, the values follow. */
export class UpdateStatements {
  readonly #info: TableInfo
  readonly #shape: RowShape
  readonly #statements = new StatementCache()

  constructor(info: TableInfo, shape: RowShape) {
    this.#info = info
    this.#shape = shape
  }

  for(key: ColumnInfo, columns: readonly ColumnInfo[]): CachedSql {
    const name = JSON.stringify([key.name, ...columns.map((column) => column.name)])
    return this.#statements.for(name, () => sql`${updateSql(this.#info, key, columns)}${returning(this.#shape)}`)
  }
}

/** With nothing to write the row is only locked and returned. */
function updateSql(info: TableInfo, key: ColumnInfo, columns: readonly ColumnInfo[]): BoundSql {
  const { name: table } = info.model
  const written =
    columns.length === 0
      ? [sql`${ident(info.primary.name)} = ${ident(table, info.primary.name)}`]
      : columns.map((column, i) => sql`${ident(column.name)} = ${columnParameter(column, i + 1)}`)
  return sql`update ${tableSql(table)} as ${ident(table)} set ${join(written)} where ${firstRowWith(info, key)}${andRule(
    info.model,
    'update',
    table,
    columns.map((column) => column.name),
  )}`
}

/** A column that is not unique may have several rows: the first one is meant. */
function firstRowWith(info: TableInfo, key: ColumnInfo): BoundSql {
  const { name: table } = info.model
  if (info.unique.has(key.name)) return sql`${ident(table, key.name)} = ${boundKey(key)}`
  const primary = ident(info.primary.name)
  return sql`${ident(table, info.primary.name)} = (select ${primary} from ${tableSql(table)} where ${ident(key.name)} = ${boundKey(key)}${andRule(info.model, 'read', table)} order by ${primary} limit 1 for update)`
}

/** A key, and the values for the row that it finds. */
export interface Change {
  column: ColumnInfo
  parameter: unknown
  values: Values
}

/** Writes values into the first row with a key; `undefined` when there is none. */
export async function updateRow(session: DatabaseSession, statements: UpdateStatements, info: TableInfo, given: Change) {
  const change = needsSeal(given.values) ? await sealChange(session, info, given) : given
  if (change === undefined) return undefined
  const columns = [...change.values.keys()]
  const command = statements.for(change.column, columns).command(encoded([change.parameter, ...encodeValues(columns, change.values)]), session.schema)
  return (await session.run(command)).rows[0]
}

/** The values are sealed for the row that the key finds, which is then written by its id. */
async function sealChange(session: DatabaseSession, info: TableInfo, { column, parameter, values }: Change): Promise<Change | undefined> {
  const { primary, model } = info
  if (column === primary) return { column, parameter, values: sealValues(values, parameter as Value) }
  const statement = sql`select ${ident(primary.name)} as id from ${tableSql(model.name)} where ${ident(column.name)} = ${param(parameter)}${raw(`::${column.codec.sqlType}`)} order by ${ident(primary.name)} limit 1`
  const [row] = (await session.run(constantCommand(statement, session.schema))).rows
  if (row === undefined) return undefined
  const id = primary.codec.decode(row['id'])
  return { column: primary, parameter: primary.codec.encode(id), values: sealValues(values, id) }
}

export function compileEdit(whole: CompileContext): RecordsAction {
  const { context, enrich } = compileAddons(whole)
  const info = headTable(context)
  checkWrittenKeys(context, info)
  const { shape, read } = writtenRow(context, info)
  const statements = new UpdateStatements(info, shape)
  const columnOf = keyColumn(context, info)
  const givenKey = valueArgument(context, 'field_value')
  const dataOf = valueArgument(context, 'data')
  return async (given, frame) => {
    const session = asDatabaseSession(given)
    const column = columnOf(frame)
    const key = keyValue(column, givenKey(frame), frame.run.clock.now())
    const stored = key === undefined ? undefined : storedOwner(session, info, column, key.parameter)
    const changes = await readChanges(info, asData(dataOf(frame)), writerOf(frame, session), stored)
    if (key === undefined) throw new AppError('notFound')
    const row = await updateRow(session, statements, info, { column, parameter: key.parameter, values: changes })
    if (row === undefined) throw new AppError('notFound')
    return enriched(read(row), enrich, session, frame)
  }
}
