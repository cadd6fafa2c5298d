/** Changing the type of a column: how values are converted, and which rows would not survive it. */
import type { ColumnModel } from '../../definitions/table.js'
import { columnSqlType } from './column.js'
import { quote } from './names.js'

export interface Conversion {
  /** Expression over the old column; null when nothing is to be done. */
  using: string | null
  /** True for rows whose value converts; null when all do. Null values always do. */
  converts: string | null
}

/** Whether text can be read as a type; made once per session by {@link convertsFunction}. */
const readable = (text: string, type: string): string => `pg_temp.stackhold_converts(${text}, '${type}')`

/** Postgres 14 has no `pg_input_is_valid`. */
export const convertsFunction = `create or replace function pg_temp.stackhold_converts(value text, type text) returns boolean language plpgsql as $$
begin
  execute format('select %L::%s', value, type);
  return true;
exception when others then
  return false;
end $$`

const textual = new Set(['text', 'email', 'enum'])
const files = new Set(['image', 'video', 'audio', 'attachment'])

/** How a column changes its type; null when that is refused. */
export function planConversion(before: ColumnModel, after: ColumnModel): Conversion | null {
  if (before.list !== after.list) return planListChange(before, after)
  if (before.type === after.type) return { using: null, converts: null }
  if (before.type === 'password' || after.type === 'password') return null
  const column = quote(before.name)
  if (before.list) return textual.has(before.type) && textual.has(after.type) ? { using: null, converts: null } : null
  if (files.has(before.type) && files.has(after.type)) return { using: null, converts: null }
  return scalar(before.type, after.type, column)
}

function scalar(from: string, to: string, column: string): Conversion | null {
  if (textual.has(from) && textual.has(to)) return { using: null, converts: null }
  const direct = conversions[`${from} ${to}`]
  if (direct !== undefined) return direct(column)
  if (to === 'json') return { using: `to_jsonb(${column})`, converts: null }
  if (textual.has(to)) return viaText.has(from) ? { using: `${column}::text`, converts: null } : null
  const type = readableTypes[to]
  if (type === undefined) return null
  if (textual.has(from)) return { using: `${column}::${type}`, converts: readable(column, type) }
  if (from === 'json') return { using: `(${column} #>> '{}')::${type}`, converts: readable(`(${column} #>> '{}')`, type) }
  return null
}

const viaText = new Set(['int', 'decimal', 'bool', 'uuid', 'date', 'timestamp'])
const readableTypes: Readonly<Record<string, string>> = {
  int: 'bigint',
  decimal: 'numeric',
  bool: 'boolean',
  uuid: 'uuid',
  date: 'date',
  timestamp: 'timestamptz',
}

const conversions: Readonly<Record<string, (column: string) => Conversion>> = {
  'int decimal': (column) => ({ using: `${column}::numeric`, converts: null }),
  'decimal int': (column) => ({ using: `${column}::bigint`, converts: `(${column} = trunc(${column}) and abs(${column}) < 9223372036854775807)` }),
  'int bool': (column) => ({ using: `${column} <> 0`, converts: null }),
  'bool int': (column) => ({ using: `${column}::int::bigint`, converts: null }),
  'int timestamp': (column) => ({ using: `to_timestamp(${column} / 1000.0)`, converts: `${column} between -62135596800000 and 253402300799999` }),
  'timestamp int': (column) => ({ using: `(extract(epoch from ${column}) * 1000)::bigint`, converts: null }),
  'timestamp date': (column) => ({ using: `(${column} at time zone 'UTC')::date`, converts: null }),
  'date timestamp': (column) => ({ using: `${column}::timestamp at time zone 'UTC'`, converts: null }),
  'json text': (column) => ({ using: `${column} #>> '{}'`, converts: null }),
  'json object': (column) => ({ using: null, converts: `jsonb_typeof(${column}) = 'object'` }),
  'object json': () => ({ using: null, converts: null }),
}

/** A single value becomes a list of one; a list becomes its only item. */
function planListChange(before: ColumnModel, after: ColumnModel): Conversion | null {
  if (before.type !== after.type || before.type === 'password') return null
  const column = quote(before.name)
  const isArray = columnSqlType(before.list ? before : after).endsWith('[]') && before.type !== 'vector'
  if (after.list)
    return { using: `case when ${column} is null then null else ${isArray ? `array[${column}]` : `jsonb_build_array(${column})`} end`, converts: null }
  return isArray
    ? { using: `${column}[1]`, converts: `cardinality(${column}) <= 1` }
    : { using: `${column} -> 0`, converts: `jsonb_array_length(case when jsonb_typeof(${column}) = 'array' then ${column} else '[]' end) <= 1` }
}
