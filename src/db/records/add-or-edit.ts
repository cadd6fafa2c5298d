/** `db.add_or_edit`: writes into the row with a value, or makes that row; two callers at once end with one row. */
import { AppError, inputError } from '../../errors.js'
import { ident, join, param, raw, sql } from '../../lib/sql.js'
import type { Obj, Value } from '../../lib/value.js'
import type { RecordsAction } from '../../runtime/capabilities.js'
import { type BoundSql, type CachedSql, constantCommand, encoded, StatementCache } from '../inputs.js'
import { rowRule } from '../rules.js'
import type { ColumnInfo, TableInfo } from '../table-info.js'
import { whereClause } from '../where.js'
import { enriched, insertColumns, insertSql, returning, sealNewRow, writtenRow } from './add.js'
import { compileAddons } from './addon.js'
import { asData, type CompileContext, checkWrittenKeys, headTable, valueArgument } from './arguments.js'
import { keyValue } from './by-key.js'
import { UpdateStatements, updateRow } from './edit.js'
import { keyColumn } from './key-column.js'
import { storedOwner } from './password.js'
import type { RowShape } from './row.js'
import { asDatabaseSession, type DatabaseSession } from './session.js'
import { readChanges, readNewRow, type Writer, writerOf } from './write.js'

export function compileAddOrEdit(whole: CompileContext): RecordsAction {
  const { context, enrich } = compileAddons(whole)
  const info = headTable(context)
  checkWrittenKeys(context, info)
  const { shape, read } = writtenRow(context, info)
  const upsert = compileUpsert(info, shape)
  const columnOf = keyColumn(context, info)
  const givenKey = valueArgument(context, 'field_value')
  const dataOf = valueArgument(context, 'data')
  return async (given, frame) => {
    const column = columnOf(frame)
    const session = asDatabaseSession(given)
    const row = await upsert(session, { column, value: givenKey(frame), data: asData(dataOf(frame)), writer: writerOf(frame, session) })
    return enriched(read(row), enrich, session, frame)
  }
}

interface Upsert {
  column: ColumnInfo
  value: Value
  data: Obj
  writer: Writer
}

function compileUpsert(info: TableInfo, shape: RowShape): (session: DatabaseSession, upsert: Upsert) => Promise<Record<string, unknown>> {
  const updates = new UpdateStatements(info, shape)
  const inserts = new InsertStatements(info, shape)
  return async (session, { column, value, data, writer }) => {
    const key = keyValue(column, value, writer.now)
    const isPrimary = column === info.primary
    if (key === undefined && !isPrimary) throw inputError('field_value', `Input "field_value" is not a value of ${column.name}.`)
    const hashing = hashOnce(writer)
    const update = async (on: DatabaseSession): Promise<Record<string, unknown> | undefined> => {
      if (key === undefined) return undefined
      const changes = await readChanges(info, data, hashing, storedOwner(on, info, column, key.parameter))
      return updateRow(on, updates, info, { column, parameter: key.parameter, values: changes })
    }
    const insert = async (on: DatabaseSession): Promise<Record<string, unknown>> => {
      const complete = isPrimary || data.has(column.name) ? data : new Map([...data, [column.name, value]])
      const values = await readNewRow(info, complete, hashing)
      const written = [...(await readChanges(info, data, hashing)).keys()]
      // A new int id comes from the sequence; a uuid is as good as any that we would make.
      const id = isPrimary && column.type.name === 'uuid' && key !== undefined ? key.parameter : undefined
      const row = await sealNewRow(on, info, values, id as Value | undefined)
      const { text, columns } = inserts.for(column, written, id !== undefined)
      const parameters = columns.map((one) => (one === info.primary && id !== undefined ? id : one.codec.encode(row.get(one) ?? null)))
      const [inserted] = (await on.run(text.command(encoded(parameters), on.schema))).rows
      if (inserted === undefined) throw new AppError('notFound')
      return inserted
    }
    // A value sealed for a new row cannot become one of the row that was there.
    const settles = info.sealed.length === 0 && info.unique.has(column.name)
    if (isPrimary || settles) return (await update(session)) ?? (await insert(session))
    // Without a unique index only a lock keeps two callers from adding the same row.
    return session.atomically(async (inner) => {
      await inner.run(lockCommand(info, inner.schema, JSON.stringify([column.name, key?.parameter])))
      return (await update(inner)) ?? (await insert(inner))
    })
  }
}

/** The same text has one hash within one statement, whether it ends as an update or an insert. */
function hashOnce(writer: Writer): Writer {
  const hashes = new Map<string, Promise<string>>()
  return {
    ...writer,
    hash(text) {
      const found = hashes.get(text) ?? writer.hash(text)
      hashes.set(text, found)
      return found
    },
  }
}

const lockCommand = (info: TableInfo, schema: string, value: string) =>
  constantCommand(sql`select pg_advisory_xact_lock(hashtext(${param(`${schema}.${info.model.name}`)}), hashtext(${param(value)}))`, schema)

class InsertStatements {
  readonly #info: TableInfo
  readonly #shape: RowShape
  readonly #statements = new StatementCache()

  constructor(info: TableInfo, shape: RowShape) {
    this.#info = info
    this.#shape = shape
  }

  /** `insert … on conflict (key) do update set` the columns that data names. */
  for(key: ColumnInfo, written: readonly ColumnInfo[], withId: boolean): { text: CachedSql; columns: readonly ColumnInfo[] } {
    const columns = withId ? this.#info.columns : insertColumns(this.#info)
    const name = JSON.stringify([key.name, withId, ...written.map((column) => column.name)])
    const build = (): BoundSql => sql`${insertSql(this.#info, columns)}${this.#conflict(key, written, withId)}${returning(this.#shape)}`
    return { text: this.#statements.for(name, build), columns }
  }

  #conflict(key: ColumnInfo, written: readonly ColumnInfo[], withId: boolean): BoundSql {
    const info = this.#info
    if (!info.unique.has(key.name) || (key === info.primary && !withId) || (info.sealed.length > 0 && key !== info.primary)) return raw('')
    const columns = written.length === 0 ? [info.primary] : written
    const set = columns.map((column) =>
      column === info.primary
        ? sql`${ident(column.name)} = ${ident(info.model.name, column.name)}`
        : sql`${ident(column.name)} = excluded.${ident(column.name)}`,
    )
    const rule = rowRule(
      info.model,
      'update',
      info.model.name,
      columns.map((column) => column.name),
    )
    return sql` on conflict (${ident(key.name)}) do update set ${join(set)}${whereClause(rule)}`
  }
}
