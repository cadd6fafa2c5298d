/** What the query faces of filters share: terms as SQL of a wanted type, and the result as a term. */
import { type AppError, fatal } from '../errors.js'
import { raw, type Sql, sql } from '../lib/sql.js'
import type { SqlFace, SqlTerm } from '../runtime/define.js'

const mismatch = (filter: string, wanted: string, term: SqlTerm): AppError =>
  fatal(`The filter "${filter}" needs ${wanted} in a query; "${term.label ?? 'the value'}" is ${term.type}${term.list ? '[]' : ''}.`)

const jsonTypes = new Set([
  'json',
  'object',
  'image',
  'video',
  'audio',
  'attachment',
  'geo_point',
  'geo_multipoint',
  'geo_linestring',
  'geo_multilinestring',
  'geo_polygon',
  'geo_multipolygon',
])
const textTypes = new Set(['text', 'email', 'enum'])
/** Lists of these are native arrays; lists of anything else are jsonb. */
export const isJsonTerm = (term: SqlTerm): boolean => jsonTypes.has(term.type) || (term.list === true && term.type === 'vector')

export const numberSql = (filter: string, term: SqlTerm): Sql => {
  if (term.bind) return term.bind('decimal')
  if (term.list !== true && (term.type === 'int' || term.type === 'decimal' || term.type === 'number')) return sql`${term.sql}::numeric`
  if (term.list !== true && term.type === 'json') return sql`(${term.sql} #>> '{}')::numeric`
  throw mismatch(filter, 'a number', term)
}

export const intSql = (filter: string, term: SqlTerm): Sql => (term.bind ? term.bind('int') : sql`trunc(${numberSql(filter, term)})::bigint`)

/** The text of any term; lists and JSON as JSON text. A password has none. */
export function textSql(filter: string, term: SqlTerm): Sql {
  if (term.bind) return term.bind('text')
  if (term.type === 'password') throw mismatch(filter, 'text', term)
  if (isJsonTerm(term)) return sql`(${term.sql} #>> '{}')`
  if (term.list) return sql`to_jsonb(${term.sql})::text`
  return textTypes.has(term.type) ? term.sql : sql`(${term.sql})::text`
}

/** An instant: timestamps, days at midnight UTC, ints as epoch ms. */
export function instantSql(filter: string, term: SqlTerm): Sql {
  if (term.bind) return term.bind('timestamp')
  if (term.list !== true) {
    if (term.type === 'timestamp') return term.sql
    if (term.type === 'date') return sql`((${term.sql})::timestamp at time zone 'UTC')`
    if (term.type === 'int') return sql`to_timestamp(${term.sql} / 1000.0)`
  }
  throw mismatch(filter, 'a timestamp', term)
}

export function vectorSql(filter: string, term: SqlTerm): Sql {
  if (term.bind) return sql`${term.bind('vector')}::float8[]`
  if (term.type === 'vector' && term.list !== true) return sql`${term.sql}::float8[]`
  if (term.list === true && (term.type === 'int' || term.type === 'decimal')) return sql`${term.sql}::float8[]`
  throw mismatch(filter, 'a vector', term)
}

/** A place as jsonb `{type, data}`. */
export function placeSql(filter: string, term: SqlTerm): Sql {
  if (term.bind) return term.bind('json')
  if (term.list !== true && (term.type.startsWith('geo_') || term.type === 'json')) return term.sql
  throw mismatch(filter, 'a place', term)
}

/** Another operand as the type of the input. */
export function likeInput(filter: string, input: SqlTerm, term: SqlTerm): Sql {
  if (term.bind) return term.bind(input.type === 'unknown' ? 'text' : input.type, input.list)
  if (term.type === input.type && (term.list === true) === (input.list === true)) return term.sql
  const numbers = new Set(['int', 'decimal', 'number'])
  if (numbers.has(term.type) && numbers.has(input.type)) return term.sql
  throw mismatch(filter, `a value of type ${input.type}`, term)
}

/** The input as SQL with a type: a value takes that of the other operand, or `standard` beside another value. */
export function typedInput(input: SqlTerm, other: SqlTerm, standard = 'text'): SqlTerm {
  if (input.bind === undefined) return input
  const type = other.bind ? standard : other.type
  return { sql: input.bind(type, other.list), type, ...(other.list ? { list: true } : {}) }
}

export const term = (type: string, piece: Sql, list = false): SqlTerm => ({ sql: piece, type, ...(list ? { list } : {}) })

/** The argument at a place. Throws when it is missing. */
export function argument(filter: string, args: readonly SqlTerm[], index: number, name: string): SqlTerm {
  const found = args[index]
  if (found === undefined) throw fatal(`Filter "${filter}" needs the argument "${name}".`)
  return found
}

/** A face over one number. */
export const numberFace =
  (filter: string, type: string, build: (number: Sql) => Sql): SqlFace =>
  (input) =>
    term(type, build(numberSql(filter, input)))

/** A face over two numbers. */
export const arithmeticFace =
  (filter: string, operator: '+' | '-' | '*' | '/'): SqlFace =>
  (input, args) => {
    const right = numberSql(filter, argument(filter, args, 0, 'value'))
    return term('decimal', sql`(${numberSql(filter, input)} ${raw(operator)} ${operator === '/' ? sql`nullif(${right}, 0)` : right})`)
  }

/** A face over one text. */
export const textFace =
  (filter: string, build: (text: Sql) => Sql): SqlFace =>
  (input) =>
    term('text', build(textSql(filter, input)))
