/** Ways to rest in a column that several types share. */
import { decimalOf, fromPlain, type Json, toPlain, unmarked, type Value } from '../lib/value.js'
import type { ColumnStorage } from './field-type.js'

/** Text and its kin: the driver's value is the value. */
export const plainStorage = (sqlType: string): ColumnStorage => ({ sqlType, array: true, encode: (value) => value, encodeJson: (value) => value as Json })

/** Numbers; the driver gives text where a double cannot hold every digit. */
export const numberStorage = (sqlType: string): ColumnStorage => ({ ...plainStorage(sqlType), decode: (raw) => (typeof raw === 'number' ? raw : Number(raw)) })

/** The same for decimals. */
export const decimalStorage: ColumnStorage = {
  sqlType: 'numeric',
  array: true,
  encode: unmarked,
  encodeJson: (value) => unmarked(value) as Json,
  decode: (raw) => decimalOf(Number(raw)),
}

/** Anything of several parts. */
export const jsonStorage: ColumnStorage = {
  sqlType: 'jsonb',
  array: false,
  encode: (value) => JSON.stringify(toPlain(value)),
  encodeJson: toPlain,
  decode: (raw): Value => fromPlain(raw),
}
