/** Values on their way into columns: coercion, input filters, defaults, and passwords that become hashes on every path. */
import { inputError } from '../../errors.js'
import type { Reading } from '../../fields/read-value.js'
import { hashMembers } from '../../fields/secret-members.js'
import type { Obj, Value } from '../../lib/value.js'
import type { Frame } from '../../runtime/frame.js'
import type { Values } from '../sealed.js'
import type { ColumnInfo, TableInfo } from '../table-info.js'
import { type PasswordWriter, type RowFacts, writePassword } from './password.js'
import type { DatabaseSession } from './session.js'

export type { Values } from '../sealed.js'

/** What writing needs of the run. */
export interface Writer extends PasswordWriter {
  /** Epoch ms. */
  now: number
}

export const writerOf = (frame: Frame, session: DatabaseSession): Writer => {
  const { clock, passwords } = frame.run
  return { now: clock.now(), hash: (text) => passwords.hash(text), judge: (text, rules) => passwords.judge(text, rules), appNames: session.appNames }
}

/** Columns that a statement may write: all but the primary key. */
export const writableColumns = (info: TableInfo): readonly ColumnInfo[] => info.columns.filter((column) => column !== info.primary)

/** Reads one given value; a promise only of a password, whose hash takes its time. Throws `inputError` naming the column. */
export function readWritten(column: ColumnInfo, value: Value, writer: Writer, row: RowFacts): Value | Promise<Value> {
  const { name, model } = column
  // Null in a column that takes none is nothing, as in a call of a function.
  if (value === null) return model.nullable ? null : refuseBlank(column, writer)
  const reading: Reading = { now: writer.now, param: name, path: name, program: true }
  const given = isBlank(column, value) ? null : value
  if (given === null) return model.nullable ? null : refuseBlank(column, writer)
  const read = column.read(given, reading)
  if (column.model.secrets !== undefined) return hashMembers(read, column.model.secrets, writer.hash)
  return isPassword(column) ? writePassword(column, read, writer, row) : read
}

/** `""` in a column that cannot hold text is nothing. */
const isBlank = ({ type, model }: ColumnInfo, value: Value): boolean => value === '' && type.textual !== true && !model.list

function refuseBlank(column: ColumnInfo, { now }: Writer): Value {
  if (column.model.required) throw inputError(column.name, `Missing param: ${column.name}`)
  return column.fallback(now)
}

const isPassword = (column: ColumnInfo): boolean => column.type.name === 'password'

/** What a column holds when nothing was given; a default password is a password. */
const readFallback = (column: ColumnInfo, writer: Writer, row: RowFacts): Value | Promise<Value> => {
  const value = column.fallback(writer.now)
  return isPassword(column) ? writePassword(column, value, writer, row) : value
}

/** A complete new row: given values, defaults for the rest. */
export async function readNewRow(info: TableInfo, data: Obj, writer: Writer): Promise<Values> {
  const facts = { info, data }
  const out = new Map<ColumnInfo, Value>()
  for (const column of writableColumns(info)) {
    const given = data.get(column.name)
    if (given === undefined && column.model.required) throw inputError(column.name, `Missing param: ${column.name}`)
    const value = given === undefined ? readFallback(column, writer, facts) : readWritten(column, given, writer, facts)
    out.set(column, value instanceof Promise ? await value : value)
  }
  return out
}

/** Only the given columns; unknown keys are left out. `stored` reads what is known of the row as it is. */
export async function readChanges(info: TableInfo, data: Obj, writer: Writer, stored?: RowFacts['stored']): Promise<Values> {
  const out = new Map<ColumnInfo, Value>()
  for (const column of writableColumns(info)) {
    const given = data.get(column.name)
    if (given !== undefined) out.set(column, await readWritten(column, given, writer, { info, data, stored }))
  }
  return out
}

/** A whole row in place of another: what is not given becomes empty. */
export async function readReplacement(info: TableInfo, data: Obj, writer: Writer): Promise<Values> {
  const out = new Map<ColumnInfo, Value>()
  for (const column of writableColumns(info)) {
    const given = data.get(column.name)
    const value = given === undefined ? column.zero(writer.now) : await readWritten(column, given, writer, { info, data })
    if (value === null && given === undefined && !column.model.nullable && column.model.required) throw inputError(column.name, `Missing param: ${column.name}`)
    out.set(column, value)
  }
  return out
}
