/** Statements that look one column up: `db.get`, `db.has`, `db.del`. */
import { AppError, inputError } from '../../errors.js'
import { Invalid } from '../../fields/field-type.js'
import { ident, param, raw, sql } from '../../lib/sql.js'
import { RawJson, type Value } from '../../lib/value.js'
import type { RecordsAction, RecordsSession } from '../../runtime/capabilities.js'
import type { Frame } from '../../runtime/frame.js'
import { type BoundSql, CachedSql, type Command, encoded, tableSql } from '../inputs.js'
import { andRule, readableRows } from '../rules.js'
import type { ColumnInfo, TableInfo } from '../table-info.js'
import { compileAddons } from './addon.js'
import { boolArgument, type CompileContext, headTable, valueArgument } from './arguments.js'
import { keyColumn } from './key-column.js'
import { compileRowReader, readOutput, rowShape, selectList } from './row.js'
import { compileRowText } from './row-text.js'
import { asDatabaseSession, type DatabaseSession } from './session.js'

/** The value looked for, as the driver takes it; `undefined` when the column cannot hold it, so that no row has it. Throws `inputError` for null. */
export function keyValue(column: ColumnInfo, value: Value, now = Date.now()): { parameter: unknown } | undefined {
  if (value === null) throw inputError('field_value', 'Missing param: field_value')
  const context = { name: column.name, now, program: true }
  const coerced = column.model.list && Array.isArray(value) ? value : column.coerce(value, context)
  if (coerced instanceof Invalid) return undefined
  return { parameter: column.codec.encode(column.model.list && !Array.isArray(coerced) ? [coerced] : coerced) }
}

/** A statement per column looked up, made on first use. Operand 0 is the key, already encoded. */
export class KeyStatements {
  readonly #build: (column: ColumnInfo, key: BoundSql) => BoundSql
  readonly #statements = new Map<string, CachedSql>()

  constructor(build: (column: ColumnInfo, key: BoundSql) => BoundSql) {
    this.#build = build
  }

  for(column: ColumnInfo): CachedSql {
    let statement = this.#statements.get(column.name)
    if (statement === undefined) {
      const piece = this.#build(column, boundKey(column))
      statement = new CachedSql(() => piece)
      this.#statements.set(column.name, statement)
    }
    return statement
  }
}

/** Operands of these statements are encoded beforehand. */
const asIs = (value: Value): unknown => value
export const boundKey = (column: ColumnInfo): BoundSql => sql`${param({ operand: 0, encode: asIs })}${raw(`::${column.codec.sqlType}`)}`

/** `db.get`: the first row with that value, or null. */
export function compileGet(given: CompileContext): RecordsAction {
  const { context, enrich } = compileAddons(given)
  const info = headTable(context)
  const shape = rowShape(info.model.name, info, readOutput(context, info))
  const read = compileRowReader(shape)
  const find = compileFind(context, info, selectList(shape))
  const action: RecordsAction = async (session, frame) => {
    const own = asDatabaseSession(session)
    const look = find(own, frame)
    const found = look === undefined ? undefined : (await own.run(look.command, { fast: look.fast })).rows[0]
    if (found === undefined) return null
    const row = read(found)
    if (enrich !== null) await enrich(own, frame, [row])
    return row
  }
  if (enrich !== null) return action
  const rowText = compileRowText(shape)
  if (rowText === null) return action
  const { wrap, text } = rowText
  const findText = compileFind(context, info, selectList(shape), wrap)
  return Object.assign(action, {
    async passThrough(session: RecordsSession, frame: Frame): Promise<Value> {
      const own = asDatabaseSession(session)
      const look = findText(own, frame)
      const found = look === undefined ? undefined : (await own.runTexts(look.command, look.fast))[0]
      return found === undefined ? null : new RawJson(text(found))
    },
  })
}

/** What looks the row up; `undefined` when the column cannot hold such a value. */
function compileFind(context: CompileContext, info: TableInfo, list: BoundSql, wrap: (rows: BoundSql) => BoundSql = (rows) => rows) {
  const alias = info.model.name
  const build = (lock: string) =>
    new KeyStatements((column, key) =>
      wrap(
        sql`select ${list} from ${readableRows(info.model, tableSql(alias), alias)} where ${ident(alias, column.name)} = ${key}${info.unique.has(column.name) ? raw('') : sql` order by ${ident(alias, info.primary.name)} limit 1`}${raw(lock)}`,
      ),
    )
  const [plain, locking] = [build(''), build(' for update')]
  const columnOf = keyColumn(context, info)
  const givenKey = valueArgument(context, 'field_value')
  const lockOf = boolArgument(context, 'lock')
  return (session: DatabaseSession, frame: Frame): { command: Command; fast: boolean } | undefined => {
    const column = columnOf(frame)
    const key = keyValue(column, givenKey(frame), frame.run.clock.now())
    if (key === undefined) return undefined
    const locks = lockOf(frame)
    const statement = (locks ? locking : plain).for(column)
    return { command: statement.command(encoded([key.parameter]), session.schema), fast: !locks && info.unique.has(column.name) }
  }
}

/** `db.has`: whether a row has that value. */
export function compileHas(context: CompileContext): RecordsAction {
  const info = headTable(context)
  const statements = new KeyStatements(
    (column, key) =>
      sql`select exists (select from ${readableRows(info.model, tableSql(info.model.name), info.model.name)} where ${ident(column.name)} = ${key}) as "exists"`,
  )
  const columnOf = keyColumn(context, info)
  const givenKey = valueArgument(context, 'field_value')
  return async (given, frame) => {
    const session = asDatabaseSession(given)
    const column = columnOf(frame)
    const key = keyValue(column, givenKey(frame), frame.run.clock.now())
    if (key === undefined) return false
    const { rows } = await session.run(statements.for(column).command(encoded([key.parameter]), session.schema), { fast: info.unique.has(column.name) })
    return rows[0]?.['exists'] === true
  }
}

/** `db.del`: deletes the rows with that value; 404 when there is none. */
export function compileDel(context: CompileContext): RecordsAction {
  const info = headTable(context)
  const statements = new KeyStatements(
    (column, key) => sql`delete from ${tableSql(info.model.name)} where ${ident(column.name)} = ${key}${andRule(info.model, 'delete', info.model.name)}`,
  )
  const columnOf = keyColumn(context, info)
  const givenKey = valueArgument(context, 'field_value')
  return async (given, frame) => {
    const session = asDatabaseSession(given)
    const column = columnOf(frame)
    const key = keyValue(column, givenKey(frame), frame.run.clock.now())
    const count = key === undefined ? 0 : await runCount(session, statements.for(column), [key.parameter])
    if (count === 0) throw new AppError('notFound')
    return null
  }
}

export async function runCount(session: DatabaseSession, statement: CachedSql, parameters: readonly unknown[]): Promise<number> {
  return (await session.run(statement.command(encoded(parameters), session.schema))).count
}
