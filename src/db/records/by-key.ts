/** Statements that look one column up: `db.get`, `db.has`, `db.del`. */
import { AppError, fatal, inputError } from '../../errors.js'
import { Invalid } from '../../fields/field-type.js'
import { literalValue } from '../../fields/literal.js'
import { didYouMean } from '../../lang/suggest.js'
import { ident, param, raw, sql } from '../../lib/sql.js'
import type { Value } from '../../lib/value.js'
import type { RecordsAction } from '../../runtime/capabilities.js'
import type { Frame } from '../../runtime/frame.js'
import { type BoundSql, CachedSql, type Reading, tableSql } from '../inputs.js'
import type { ColumnInfo, TableInfo } from '../table-info.js'
import { boolArgument, type CompileContext, headTable, refuseUnsupported, valueArgument } from './arguments.js'
import { compileRowReader, readOutput, rowShape, selectList } from './row.js'
import { asDatabaseSession, type DatabaseSession } from './session.js'

/** The column a statement looks up. A name computed at run time is looked for among the columns then. */
export function keyColumn(context: CompileContext, info: TableInfo): (frame: Frame) => ColumnInfo {
  const expr = context.request.args.get('field_name')
  if (expr === undefined) {
    const { primary } = info
    return () => primary
  }
  const written = literalValue(expr)
  if (written !== undefined) {
    const column = findKey(info, String(written))
    return () => column
  }
  const evaluate = context.request.compileValue(expr)
  return (frame) => findKey(info, String(evaluate(frame)))
}

function findKey(info: TableInfo, name: string): ColumnInfo {
  const column = info.byName.get(name)
  if (column === undefined)
    throw fatal(`Table "${info.model.name}" has no column "${name}".`, { hint: didYouMean(name, info.byName.keys()) ?? 'Use the name of a column.' })
  return column
}

/** The value looked for, as the driver takes it; `undefined` when the column cannot hold it, so that no row has it. Throws `inputError` for null. */
export function keyValue(column: ColumnInfo, value: Value): { parameter: unknown } | undefined {
  if (value === null) throw inputError('field_value', 'Missing param: field_value')
  const context = { name: column.name, now: Date.now(), program: true }
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

/** A reading of parameters that are already encoded. */
export const encoded = (parameters: readonly unknown[]): Reading => ({ values: parameters as Value[], shape: [], key: '' })

/** `db.get`: the first row with that value, or null. */
export function compileGet(context: CompileContext): RecordsAction {
  refuseUnsupported(context, 'addon')
  const info = headTable(context)
  const alias = info.model.name
  const shape = rowShape(alias, info, readOutput(context.request.args.get('output'), false))
  const read = compileRowReader(shape)
  const build = (lock: string) =>
    new KeyStatements(
      (column, key) =>
        sql`select ${selectList(shape)} from ${tableSql(alias)} as ${ident(alias)} where ${ident(alias, column.name)} = ${key}${info.unique.has(column.name) ? raw('') : sql` order by ${ident(alias, info.primary.name)} limit 1`}${raw(lock)}`,
    )
  const [plain, locking] = [build(''), build(' for update')]
  const columnOf = keyColumn(context, info)
  const givenKey = valueArgument(context, 'field_value')
  const lockOf = boolArgument(context, 'lock')
  return async (given, frame) => {
    const session = asDatabaseSession(given)
    const column = columnOf(frame)
    const key = keyValue(column, givenKey(frame))
    if (key === undefined) return null
    const locks = lockOf(frame)
    const statement = (locks ? locking : plain).for(column)
    const { rows } = await session.run(statement.command(encoded([key.parameter]), session.schema), { fast: !locks && info.unique.has(column.name) })
    return rows[0] === undefined ? null : read(rows[0])
  }
}

/** `db.has`: whether a row has that value. */
export function compileHas(context: CompileContext): RecordsAction {
  const info = headTable(context)
  const statements = new KeyStatements(
    (column, key) => sql`select exists (select from ${tableSql(info.model.name)} where ${ident(column.name)} = ${key}) as "exists"`,
  )
  const columnOf = keyColumn(context, info)
  const givenKey = valueArgument(context, 'field_value')
  return async (given, frame) => {
    const session = asDatabaseSession(given)
    const column = columnOf(frame)
    const key = keyValue(column, givenKey(frame))
    if (key === undefined) return false
    const { rows } = await session.run(statements.for(column).command(encoded([key.parameter]), session.schema), { fast: info.unique.has(column.name) })
    return rows[0]?.['exists'] === true
  }
}

/** `db.del`: deletes the rows with that value; 404 when there is none. */
export function compileDel(context: CompileContext): RecordsAction {
  const info = headTable(context)
  const statements = new KeyStatements((column, key) => sql`delete from ${tableSql(info.model.name)} where ${ident(column.name)} = ${key}`)
  const columnOf = keyColumn(context, info)
  const givenKey = valueArgument(context, 'field_value')
  return async (given, frame) => {
    const session = asDatabaseSession(given)
    const column = columnOf(frame)
    const key = keyValue(column, givenKey(frame))
    const count = key === undefined ? 0 : await runCount(session, statements.for(column), [key.parameter])
    if (count === 0) throw new AppError('notFound')
    return null
  }
}

export async function runCount(session: DatabaseSession, statement: CachedSql, parameters: readonly unknown[]): Promise<number> {
  return (await session.run(statement.command(encoded(parameters), session.schema))).count
}
