/** Reads a table that was made without us, and plans making it a builder's table: its rows stay where they are, its schema changes. */

import { literalOf } from '../../definitions/constant.js'
import type { ColumnModel, TableModel } from '../../definitions/table.js'
import { AppError } from '../../errors.js'
import type { Expr, Field } from '../../lang/tree.js'
import type { Queryable } from '../queryable.js'
import { columnSqlType, defaultSql, enumCheck, isNotNull } from './column.js'
import { doBlock } from './do-block.js'
import { createIndexSql, planIndex } from './index-sql.js'
import { datasourceOf, quote, schemaName } from './names.js'
import type { PlannedOperation, TablePlan } from './plan.js'
import { type PlanOptions, planTable } from './plan-table.js'

interface Found {
  name: string
  type: string
  typtype: string
  not_null: boolean
  initial: string | null
  generated: string
  values: string[] | null
  max: number
}

export interface Adopted {
  fields: Field[]
  indexes: { type: 'btree' | 'unique'; fields: { name: string; op: string }[] }[]
  /** Indexes that come again under our names. */
  replaced: string[]
  notes: string[]
}

const refuse = (column: string, message: string): AppError =>
  new AppError('badRequest', column === '' ? message : `Column "${column}": ${message}`, { payload: { column }, hint: 'Change the table, then adopt it.' })

/** Type in Postgres → ours. */
const types: Readonly<Record<string, string>> = {
  int2: 'int',
  int4: 'int',
  int8: 'int',
  numeric: 'decimal',
  float4: 'decimal',
  float8: 'decimal',
  text: 'text',
  varchar: 'text',
  bpchar: 'text',
  citext: 'text',
  bool: 'bool',
  uuid: 'uuid',
  timestamptz: 'timestamp',
  timestamp: 'timestamp',
  date: 'date',
  json: 'json',
  jsonb: 'json',
}

const oid = `(select c.oid from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = $1 and c.relname = $2)`

/** Throws `notFound`, or `badRequest` naming the column that does not fit. */
export async function readForeignTable(db: Queryable, schema: string, table: string): Promise<Adopted> {
  if (/^(pg_|information_schema$|stackhold$|ws_\d)/.test(schema)) throw refuse('', `Tables of the schema "${schema}" cannot be adopted.`)
  const [kind] = await db.query<{ relkind: string; part: boolean; rls: boolean; inherits: boolean }>(
    `select relkind, relispartition as part, relrowsecurity as rls, exists(select from pg_inherits where inhrelid = c.oid or inhparent = c.oid) as inherits from pg_class c where oid = ${oid}`,
    [schema, table],
  )
  if (kind === undefined) throw new AppError('notFound', `There is no table "${schema}"."${table}".`)
  if (kind.relkind !== 'r') throw refuse('', 'Only ordinary tables can be adopted: no views, foreign or partitioned tables.')
  if (kind.inherits || kind.part) throw refuse('', 'A table that inherits, or is inherited from, cannot be adopted.')
  if (kind.rls) throw refuse('', 'A table with row level security cannot be adopted.')
  const columns = await db.query<Found>(
    `select a.attname as name, t.typname as type, t.typtype, a.attnotnull as not_null, pg_get_expr(d.adbin, d.adrelid) as initial, a.attgenerated as generated,
       (select array_agg(e.enumlabel::text order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid) as values,
       case when t.typname in ('varchar', 'bpchar') and a.atttypmod > 4 then a.atttypmod - 4 else 0 end as max
     from pg_attribute a join pg_type t on t.oid = a.atttypid left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     where a.attrelid = ${oid} and a.attnum > 0 and not a.attisdropped order by a.attnum`,
    [schema, table],
  )
  await assertKey(db, schema, table, columns)
  const id = columns.find(({ name }) => name === 'id') as Found
  const fields = [toKey(id), ...columns.filter((column) => column !== id).map(toField)]
  return { fields, ...(await readIndexes(db, schema, table)) }
}

async function assertKey(db: Queryable, schema: string, table: string, columns: readonly Found[]): Promise<void> {
  const [key] = await db.query<{ columns: string[] }>(
    `select array(select a.attname::text from pg_attribute a where a.attrelid = i.indrelid and a.attnum = any(i.indkey)) as columns from pg_index i where i.indrelid = ${oid} and i.indisprimary`,
    [schema, table],
  )
  if (key === undefined || key.columns.length !== 1 || key.columns[0] !== 'id')
    throw refuse(key?.columns.join(', ') ?? '', 'The primary key must be one column named "id".')
  const type = columns.find(({ name }) => name === 'id')?.type ?? ''
  if (!/^(int[248]|uuid)$/.test(type)) throw refuse('id', `The primary key must be an integer or a uuid, not ${type}.`)
}

const toKey = ({ type }: Found): Field => ({ name: 'id', type: type === 'uuid' ? 'uuid' : 'int', filters: [], options: [] })

function toField(column: Found): Field {
  const { name, type, values, generated } = column
  if (generated !== '') throw refuse(name, 'Generated columns are not supported.')
  if (name.startsWith('~')) throw refuse(name, 'A name that begins with "~" is reserved.')
  const list = type.startsWith('_')
  const ours = values !== null ? 'enum' : types[list ? type.slice(1) : type]
  if (ours === undefined || (list && ours === 'json')) throw refuse(name, `The type ${list ? `${type.slice(1)}[]` : type} has no counterpart.`)
  const initial = readDefault(column, ours, list)
  return {
    name,
    type: ours,
    ...(list ? { list: {} } : {}),
    ...(column.not_null ? {} : { nullable: true as const }),
    ...(column.not_null && column.initial === null ? {} : { optional: true as const }),
    ...(initial === undefined ? {} : { default: initial }),
    filters: column.max > 0 ? [{ name: 'max', args: [{ text: String(column.max), style: 'raw' }] }] : [],
    options: values === null ? [] : [{ name: 'values', value: { type: 'list', items: values.map((value) => ({ type: 'text', value })) } as Expr }],
  }
}

function readDefault({ name, initial }: Found, type: string, list: boolean): Expr | undefined {
  if (initial === null || /^NULL(::|$)/i.test(initial)) return undefined
  if (/^(now\(\)|CURRENT_TIMESTAMP(\(\d\))?|CURRENT_DATE|transaction_timestamp\(\))$/i.test(initial) && (type === 'timestamp' || type === 'date'))
    return { type: 'constant', name: 'now' }
  const text = /^\(?'((?:[^'\\]|'')*)'(?:::[\w ".]+(?:\(\d+\))?(?:\[\])?)?\)?$/.exec(initial)?.[1]?.replaceAll("''", "'")
  if (list && (text === '{}' || initial.startsWith('ARRAY[]'))) return undefined
  if (!list && text !== undefined && /^(text|enum|uuid|date|timestamp)$/.test(type)) return { type: 'text', value: text }
  const plain = text ?? /^\(?(-?\d+(?:\.\d+)?)\)?(?:::[\w ]+)?$/.exec(initial)?.[1]
  if (!list && plain !== undefined && /^(int|decimal)$/.test(type)) return literalNumber(plain)
  if (!list && type === 'bool' && /^(true|false)$/.test(initial)) return { type: 'constant', name: initial as 'true' | 'false' }
  throw refuse(name, `Its default ${initial} cannot be expressed.`)
}

const literalNumber = (text: string): Expr => literalOf(Number(text))

async function readIndexes(db: Queryable, schema: string, table: string): Promise<Omit<Adopted, 'fields'>> {
  const rows = await db.query<{ name: string; unique: boolean; method: string; special: boolean; columns: string[]; options: number[] }>(
    `select ic.relname as name, i.indisunique as unique, am.amname as method, (i.indpred is not null or i.indexprs is not null or i.indnatts <> i.indnkeyatts) as special,
       array(select a.attname::text from unnest(i.indkey::int[]) with ordinality k(n, o) join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.n order by k.o) as columns,
       i.indoption::int[] as options
     from pg_index i join pg_class ic on ic.oid = i.indexrelid join pg_am am on am.oid = ic.relam where i.indrelid = ${oid} and not i.indisprimary`,
    [schema, table],
  )
  const out: Omit<Adopted, 'fields'> = { indexes: [], replaced: [], notes: [] }
  for (const row of rows) {
    if (row.method !== 'btree' || row.special) {
      out.notes.push(`The index "${row.name}" stays in the database; definitions cannot express it.`)
      continue
    }
    out.replaced.push(row.name)
    out.indexes.push({
      type: row.unique ? 'unique' : 'btree',
      fields: row.columns.map((name, i) => ({ name, op: ((row.options[i] ?? 0) & 1) === 1 ? 'desc' : 'asc' })),
    })
  }
  return out
}

/** Live gets the table itself, made ours; the other data sources an empty one. */
export function planAdoption(after: TableModel, from: { schema: string; table: string; replaced: readonly string[] }, options: PlanOptions): TablePlan {
  const plan = planTable(null, after, options)
  const operations = plan.operations.map(
    (operation): PlannedOperation => ({
      ...operation,
      details: `${operation.details}, adopted from ${from.schema}.${from.table}`,
      parts: operation.parts.map((part) =>
        datasourceOf(part.datasource).label === 'live' ? { ...part, sql: adoptionSql(after, from, part.datasource, options) } : part,
      ),
    }),
  )
  return { ...plan, operations }
}

function adoptionSql(
  after: TableModel,
  from: { schema: string; table: string; replaced: readonly string[] },
  place: string,
  { workspaceId, extensions }: PlanOptions,
): string[] {
  const schema = schemaName(workspaceId, place)
  const target = quote(schema, after.name)
  const [primary, ...columns] = after.columns
  return [
    `create schema if not exists ${quote(schema)}`,
    `alter table ${quote(from.schema, from.table)} set schema ${quote(schema)}`,
    ...(from.table === after.name ? [] : [`alter table ${quote(schema, from.table)} rename to ${quote(after.name)}`]),
    ...from.replaced.map((name) => dropIndex(schema, target, name)),
    ...(primary === undefined ? [] : keySql(primary, target)),
    ...columns.flatMap((column) => columnSql(column, target)),
    ...after.indexes.flatMap((index) => {
      const plan = planIndex(after, index, extensions)
      return plan === null || plan.body === null ? [] : [...(plan.prelude ?? []), createIndexSql(plan, target)]
    }),
  ]
}

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`

/** A unique constraint owns its index. */
const dropIndex = (schema: string, target: string, name: string): string =>
  doBlock(`begin
  if exists (select from pg_constraint where conrelid = ${text(target)}::regclass and conname = ${text(name)} and contype = 'u') then
    alter table ${target} drop constraint ${quote(name)};
  else
    drop index if exists ${quote(schema, name)};
  end if;
end`)

/** Ints count on by themselves behind the largest. */
function keySql(primary: ColumnModel, target: string): string[] {
  const id = quote(primary.name)
  if (primary.type === 'uuid') return [`alter table ${target} alter column ${id} set default gen_random_uuid()`]
  return [
    doBlock(`begin
  if (select attidentity from pg_attribute where attrelid = ${text(target)}::regclass and attname = 'id') <> '' then
    alter table ${target} alter column ${id} drop identity;
  end if;
end`),
    `alter table ${target} alter column ${id} drop default`,
    `alter table ${target} alter column ${id} type bigint`,
    doBlock(`declare s text := pg_get_serial_sequence(${text(target)}, 'id'); begin
  if s is not null then execute 'drop sequence ' || s; end if;
end`),
    `alter table ${target} alter column ${id} add generated by default as identity`,
    `select setval(pg_get_serial_sequence(${text(target)}, 'id'), coalesce((select max(${id}) from ${target}), 0) + 1, false)`,
  ]
}

function columnSql(column: ColumnModel, target: string): string[] {
  const name = quote(column.name)
  const type = columnSqlType(column)
  const initial = defaultSql(column)
  const check = enumCheck(column)
  // A timestamp without a zone is taken for UTC.
  const using = column.type === 'timestamp' && !column.list ? ` using ${name}::text::timestamptz` : ` using ${name}::${type}`
  return [
    `alter table ${target} alter column ${name} drop default`,
    `alter table ${target} alter column ${name} type ${type}${using}`,
    ...(initial === null ? [] : [`alter table ${target} alter column ${name} set default ${initial}`]),
    ...(isNotNull(column) ? [`alter table ${target} alter column ${name} set not null`] : []),
    ...(check === null ? [] : [`alter table ${target} add constraint ${quote(check.name)} check (${check.sql})`]),
  ]
}
