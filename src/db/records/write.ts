/** Values on their way into columns: coercion, input filters, defaults, and passwords that become hashes on every path. */
import { inputError } from '../../errors.js'
import type { Reading } from '../../fields/read-value.js'
import { isList, type Obj, type Value } from '../../lib/value.js'
import type { Frame } from '../../runtime/frame.js'
import type { ColumnInfo, TableInfo } from '../table-info.js'

/** What writing needs of the run. */
export interface Writer {
  /** Epoch ms. */
  now: number
  hash(text: string): Promise<string>
}

export const writerOf = (frame: Frame): Writer => ({ now: frame.run.clock.now(), hash: (text) => frame.run.passwords.hash(text) })

/** Columns that a statement may write: all but the primary key. */
export const writableColumns = (info: TableInfo): readonly ColumnInfo[] => info.columns.filter((column) => column !== info.primary)

/** Reads one given value. Throws `inputError` naming the column. */
export async function readWritten(column: ColumnInfo, value: Value, writer: Writer): Promise<Value> {
  const { name, model } = column
  if (value === null) {
    if (model.nullable) return null
    throw inputError(name, model.required ? `Missing param: ${name}` : `Input "${name}" does not accept null.`)
  }
  const reading: Reading = { now: writer.now, param: name, path: name, program: true }
  const given = isBlank(column, value) ? null : value
  if (given === null) return model.nullable ? null : refuseBlank(column, writer)
  const read = column.read(given, reading)
  return column.type.name === 'password' ? hashed(read, writer) : read
}

/** `""` in a column that cannot hold text is nothing. */
const isBlank = ({ type, model }: ColumnInfo, value: Value): boolean => value === '' && type.textual !== true && !model.list

function refuseBlank(column: ColumnInfo, { now }: Writer): Value {
  if (column.model.required) throw inputError(column.name, `Missing param: ${column.name}`)
  return column.fallback(now)
}

/** Text becomes a hash; no text stays no text, which no password matches. */
async function hashed(value: Value, writer: Writer): Promise<Value> {
  if (isList(value)) return Promise.all(value.map((item) => hashed(item, writer)))
  return typeof value === 'string' && value !== '' ? writer.hash(value) : value
}

export type Values = ReadonlyMap<ColumnInfo, Value>

/** A complete new row: given values, defaults for the rest. */
export async function readNewRow(info: TableInfo, data: Obj, writer: Writer): Promise<Values> {
  const out = new Map<ColumnInfo, Value>()
  for (const column of writableColumns(info)) {
    const given = data.get(column.name)
    if (given === undefined && column.model.required) throw inputError(column.name, `Missing param: ${column.name}`)
    out.set(column, given === undefined ? column.fallback(writer.now) : await readWritten(column, given, writer))
  }
  return out
}

/** Only the given columns; unknown keys are left out. */
export async function readChanges(info: TableInfo, data: Obj, writer: Writer): Promise<Values> {
  const out = new Map<ColumnInfo, Value>()
  for (const column of writableColumns(info)) {
    const given = data.get(column.name)
    if (given !== undefined) out.set(column, await readWritten(column, given, writer))
  }
  return out
}

/** A whole row in place of another: what is not given becomes empty. */
export async function readReplacement(info: TableInfo, data: Obj, writer: Writer): Promise<Values> {
  const out = new Map<ColumnInfo, Value>()
  for (const column of writableColumns(info)) {
    const given = data.get(column.name)
    const value = given === undefined ? column.zero(writer.now) : await readWritten(column, given, writer)
    if (value === null && given === undefined && !column.model.nullable && column.model.required) throw inputError(column.name, `Missing param: ${column.name}`)
    out.set(column, value)
  }
  return out
}
