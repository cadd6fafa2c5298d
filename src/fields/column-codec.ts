/** How a column's values travel to and from Postgres. */
import type { Json, Value } from '../lib/value.js'
import type { ColumnStorage, FieldType } from './field-type.js'

export interface ColumnCodec {
  /** Type of the whole column: `bigint`, `text[]`, `jsonb`. Lists of plain types are native arrays, lists of anything else one jsonb. */
  sqlType: string
  encode(value: Value): unknown
  encodeJson(value: Value): Json
  decode(raw: unknown): Value
}

/** The codec of a column. Null is SQL NULL both ways. */
export function columnCodec(type: FieldType, list: boolean): ColumnCodec {
  const storage = type.column
  if (storage === undefined) throw new TypeError(`${type.name} is not a column type`)
  return list ? listCodec(storage) : scalarCodec(storage)
}

const isNull = (raw: unknown): raw is null | undefined => raw === null || raw === undefined

function scalarCodec(storage: ColumnStorage): ColumnCodec {
  const decode = storage.decode ?? ((raw: unknown) => raw as Value)
  return {
    sqlType: storage.sqlType,
    encode: (value) => (value === null ? null : storage.encode(value)),
    encodeJson: (value) => (value === null ? null : storage.encodeJson(value)),
    decode: (raw) => (isNull(raw) ? null : decode(raw)),
  }
}

function listCodec(storage: ColumnStorage): ColumnCodec {
  const item = scalarCodec(storage)
  const toJson = (value: Value): Json => (Array.isArray(value) ? value.map(item.encodeJson) : null)
  return {
    sqlType: storage.array ? `${storage.sqlType}[]` : 'jsonb',
    encode: storage.array
      ? (value) => (Array.isArray(value) ? value.map(item.encode) : null)
      : (value) => (value === null ? null : JSON.stringify(toJson(value))),
    encodeJson: toJson,
    decode: (raw) => (isNull(raw) ? null : Array.isArray(raw) ? raw.map(item.decode) : item.decode(raw)),
  }
}
