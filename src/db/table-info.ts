/** What the data layer knows of a table beyond its definition: how each column is read, written and found. Derived once per model. */
import type { ColumnModel, TableModel } from '../definitions/table.js'
import { type ColumnCodec, columnCodec } from '../fields/column-codec.js'
import type { CoerceContext, Coerced, FieldType, TypeOptions } from '../fields/field-type.js'
import { getFieldType } from '../fields/index.js'
import { compileFallback, compileValueReader, typeOf, type ValueReader } from '../fields/read-value.js'
import type { Value } from '../lib/value.js'
import type { Vault } from '../runtime/capabilities.js'
import { type ColumnSeal, sealedCodec } from './sealed.js'

export interface ColumnInfo {
  name: string
  model: ColumnModel
  type: FieldType
  codec: ColumnCodec
  /** Of encrypted columns: the codec takes what this sealed. */
  seal?: ColumnSeal
  /** Judges a value a program compares with the column; elements one by one for lists. */
  coerce(value: Value, context: CoerceContext): Coerced
  /** Reads a value to be written: coercion, list bounds, filters. Throws `inputError`. */
  read: ValueReader
  /** What an insert writes when nothing was given: the default, else null, else the empty value. */
  fallback(now: number): Value
  /** What a replacement writes when nothing was given. */
  zero(now: number): Value
}

export interface TableInfo {
  model: TableModel
  columns: readonly ColumnInfo[]
  byName: ReadonlyMap<string, ColumnInfo>
  primary: ColumnInfo
  /** Columns that identify at most one row. */
  unique: ReadonlySet<string>
  /** Encrypted columns; empty for most tables. */
  sealed: readonly ColumnInfo[]
}

const known = new WeakMap<TableModel, TableInfo>()

/** The info of a table; the same object for the same model. `vault` holds the key of its encrypted columns, without which they cannot be read or written. */
export function tableInfo(model: TableModel, vault?: Vault): TableInfo {
  const found = known.get(model)
  if (found !== undefined) return found
  const info = createInfo(model, vault)
  if (vault !== undefined || !info.columns.some((column) => column.seal !== undefined)) known.set(model, info)
  return info
}

function createInfo(model: TableModel, vault: Vault | undefined): TableInfo {
  const columns = model.columns.map((column) => toColumnInfo(model, column, vault))
  const primary = columns[0]
  if (primary === undefined) throw new TypeError(`Table ${model.name} has no columns`)
  const unique = new Set([primary.name])
  for (const index of model.indexes) if (index.type === 'unique' && index.fields.length === 1 && index.fields[0] !== undefined) unique.add(index.fields[0].name)
  return { model, columns, byName: new Map(columns.map((column) => [column.name, column])), primary, unique, sealed: columns.filter((column) => column.seal) }
}

function toColumnInfo(table: TableModel, model: ColumnModel, vault: Vault | undefined): ColumnInfo {
  const { field } = model
  const type = getFieldType(model.type)
  const options: TypeOptions = { ...(model.values === undefined ? {} : { values: model.values }), ...(model.size === undefined ? {} : { size: model.size }) }
  const fallback = compileFallback(field)
  const empty: Value = model.nullable ? null : model.list ? [] : typeOf(field).empty
  const codec = columnCodec(type, model.list)
  const zero = (now: number): Value => (empty === null && !model.nullable ? fallback({ now }) : empty)
  return {
    name: model.name,
    model,
    type,
    codec,
    coerce: (value, context) => type.coerce(value, context, options),
    read: compileValueReader(field),
    fallback: (now) => fallback({ now }),
    zero,
    ...(model.encrypted === true ? sealedCodec(table, model.name, model.nullable ? null : fallback({ now: 0 }), codec, vault) : {}),
  }
}
