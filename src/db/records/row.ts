/** Rows: which columns a statement returns, and how driver rows become objects. */
import { fatal } from '../../errors.js'
import { didYouMean } from '../../lang/suggest.js'
import type { Expr } from '../../lang/tree.js'
import { ident, join, sql } from '../../lib/sql.js'
import { isList, isObj, type Obj, type Value } from '../../lib/value.js'
import type { BoundSql } from '../inputs.js'
import { masked } from '../rules.js'
import { sealedSql } from '../sealed.js'
import type { ColumnInfo, TableInfo } from '../table-info.js'
import { type TextFace, textFace } from '../text-face.js'
import { constantValue } from './arguments.js'

type Decode = (raw: unknown) => Value

/** One member of a result row. */
export interface Selected {
  name: string
  sql: BoundSql
  decode: Decode
  /** Makes JSON of Postgres's text, the same as {@link decode} and our own writer; absent when that takes a value. */
  text?: TextFace
}

export interface RowShape {
  selected: readonly Selected[]
  /** Paths to keep inside a member; absent = whole. */
  prune: ReadonlyMap<string, readonly string[][]>
}

/** Columns of a table under an alias. Encrypted ones bring the id of their row and are opened by their codec. */
export const selectColumns = (alias: string, info: TableInfo, columns: readonly ColumnInfo[]): Selected[] =>
  columns.map((column) => {
    const rest = column.seal === undefined ? ident(alias, column.name) : sealedSql(alias, info, column.name)
    const piece = masked(info.model, column.name, alias, rest)
    if (column.seal !== undefined) return { name: column.name, sql: piece, decode: column.codec.decode }
    return {
      name: column.name,
      sql: piece,
      decode: column.codec.decode,
      ...textFace({ type: column.type.name, list: column.model.list, sqlType: column.codec.sqlType }),
    }
  })

export const visibleColumns = (info: TableInfo): ColumnInfo[] => info.columns.filter((column) => column.model.access !== 'internal')

/** Names of computed members and aliases of joins: Postgres cuts longer ones. */
export function checkMemberName(name: string): string {
  if (name === '' || name === '__proto__' || name.includes('\0') || Buffer.byteLength(name) > 63)
    throw fatal(`"${name.replaceAll('\0', '\\0')}" cannot be a name in a query.`, { hint: 'Use up to 63 bytes.' })
  return name
}

/** Paths of an `output` argument; null when there is none. `items.` of a paged result is taken off. */
export function readOutput(expr: Expr | undefined, paged: boolean): string[][] | null {
  const value = expr === undefined ? null : constantValue(expr, 'output')
  if (value === null) return null
  if (!isList(value)) throw fatal('"output" must be a list of column names.')
  const paths = value.map((item) => String(item).split('.'))
  return paged ? paths.flatMap(pathInItems) : paths
}

/** With paging the envelope's own members stay; only paths below `items` choose columns. */
function pathInItems(path: string[]): string[][] {
  if (path[0] !== 'items') return envelopeNames.has(path[0] ?? '') ? [] : [path]
  return path.length > 1 ? [path.slice(1)] : []
}
const envelopeNames = new Set(['itemsReceived', 'curPage', 'nextPage', 'prevPage', 'offset', 'perPage', 'itemsTotal', 'pageTotal'])

/** What a statement returns: the visible columns, or those that `output` names. `extra` are computed members. */
export function rowShape(alias: string, info: TableInfo, output: readonly string[][] | null, extra: readonly Selected[] = []): RowShape {
  const extraNames = new Set(extra.map((member) => member.name))
  if (output === null || output.length === 0)
    return { selected: [...selectColumns(alias, info, visibleColumns(info)).filter((member) => !extraNames.has(member.name)), ...extra], prune: new Map() }
  const available = new Map([...selectColumns(alias, info, info.columns), ...extra].map((member) => [member.name, member]))
  const chosen = new Map<string, string[][] | null>()
  for (const [name = '', ...rest] of output) {
    if (!available.has(name)) throw unknownOutput(name, info, available.keys())
    const before = chosen.get(name)
    chosen.set(name, rest.length === 0 || before === null ? null : [...(before ?? []), rest])
  }
  const selected = [...chosen.keys()].map((name) => available.get(name) as Selected)
  return { selected, prune: new Map([...chosen].filter((entry): entry is [string, string[][]] => entry[1] !== null)) }
}

function unknownOutput(name: string, info: TableInfo, known: Iterable<string>): Error {
  return fatal(`"output" names an unknown column of table "${info.model.name}": ${name}`, { hint: didYouMean(name, known) ?? 'Use the names of the columns.' })
}

/** `a, b, (expr) as "name"`. */
export const selectList = (shape: RowShape): BoundSql => join(shape.selected.map((member) => sql`${member.sql} as ${ident(member.name)}`))

/** Compiles the function that turns a driver row into an object. */
export function compileRowReader({ selected, prune }: RowShape): (row: Record<string, unknown>) => Obj {
  const members = selected.map(({ name, decode }): [string, Decode] => {
    const paths = prune.get(name)
    return [name, paths === undefined ? decode : (raw) => keepPaths(decode(raw), paths)]
  })
  return (row) => {
    const out: Obj = new Map()
    for (const [name, decode] of members) out.set(name, decode(row[name]))
    return out
  }
}

/** Only the members that paths lead to; lists are walked item by item. */
export function keepPaths(value: Value, paths: readonly string[][]): Value {
  if (isList(value)) return value.map((item) => keepPaths(item, paths))
  if (!isObj(value)) return value
  const out: Obj = new Map()
  for (const [key, member] of value) {
    const rest = paths.filter((path) => path[0] === key).map((path) => path.slice(1))
    if (rest.length > 0) out.set(key, rest.some((path) => path.length === 0) ? member : keepPaths(member, rest))
  }
  return out
}
