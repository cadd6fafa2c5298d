/** Rows: which columns a statement returns, and how driver rows become objects. */
import { fatal } from '../../errors.js'
import { didYouMean } from '../../lang/suggest.js'
import { ident, join, raw, type Sql, sql } from '../../lib/sql.js'
import { isList, isObj, type Obj, type Value } from '../../lib/value.js'
import type { BoundSql } from '../inputs.js'
import { masked } from '../rules.js'
import { sealedSql } from '../sealed.js'
import type { ColumnInfo, TableInfo } from '../table-info.js'
import { type TextFace, textFace } from '../text-face.js'
import { withoutMembers } from '../without-members.js'
import { type CompileContext, constantValue } from './arguments.js'

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

/**
 * Columns of a table under an alias. Encrypted ones bring the id of their row and are opened by their codec; passwords inside objects are taken
 * out, except of the columns in `whole`.
 */
export const selectColumns = (alias: string, info: TableInfo, columns: readonly ColumnInfo[], whole?: ReadonlySet<string>): Selected[] =>
  columns.map((column) => {
    const rest = column.seal === undefined ? openSql(alias, column, whole) : sealedSql(alias, info, column.name)
    const piece = masked(info.model, column.name, alias, rest)
    if (column.seal !== undefined) return { name: column.name, sql: piece, decode: column.codec.decode }
    return {
      name: column.name,
      sql: piece,
      decode: column.codec.decode,
      ...textFace({ type: column.type.name, list: column.model.list, sqlType: column.codec.sqlType }),
    }
  })

function openSql(alias: string, { name, model }: ColumnInfo, whole: ReadonlySet<string> | undefined): Sql<never> {
  const plain = ident(alias, name)
  if (model.secrets === undefined || whole?.has(name) === true) return plain
  return raw(withoutMembers(plain.chunks.join(''), model.secrets))
}

export const visibleColumns = (info: TableInfo): ColumnInfo[] => info.columns.filter((column) => column.model.access !== 'internal')

/** Names of computed members and aliases of joins: Postgres cuts longer ones. */
export function checkMemberName(name: string): string {
  if (name === '' || name === '__proto__' || name.includes('\0') || Buffer.byteLength(name) > 63)
    throw fatal(`"${name.replaceAll('\0', '\\0')}" cannot be a name in a query.`, { hint: 'Use up to 63 bytes.' })
  return name
}

interface OutputOptions {
  /** `items.` is taken off. */
  paged?: boolean
  /** Computed members. */
  extra?: readonly Selected[]
}

/** Paths of the `output` argument; null when there is none. What names no column is told when saving and left out; the primary key stands for nothing at all. */
export function readOutput({ request }: CompileContext, info: TableInfo, { paged = false, extra = [] }: OutputOptions = {}): string[][] | null {
  const expr = request.args.get('output')
  const value = expr === undefined ? null : constantValue(expr, 'output')
  if (value === null) return null
  if (!isList(value)) throw fatal('"output" must be a list of column names.')
  const written = value.map((item) => String(item).split('.'))
  const paths = paged ? written.flatMap(pathInItems) : written
  const names = new Set([...info.byName.keys(), ...extra.map((member) => member.name)])
  const known = paths.filter(([name = '']) => names.has(name))
  for (const [name = ''] of paths) if (!names.has(name)) request.warn(...unknownOutput(name, info, names))
  return known.length === 0 && paths.length > 0 ? [[info.primary.name]] : known
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
  const available = new Map([...selectColumns(alias, info, info.columns, namedSecrets(info, output)), ...extra].map((member) => [member.name, member]))
  const chosen = new Map<string, string[][] | null>()
  for (const [name = '', ...rest] of output) {
    if (!available.has(name)) {
      const [message, hint] = unknownOutput(name, info, available.keys())
      throw fatal(message, { hint })
    }
    const before = chosen.get(name)
    chosen.set(name, rest.length === 0 || before === null ? null : [...(before ?? []), rest])
  }
  const selected = [...chosen.keys()].map((name) => available.get(name) as Selected)
  return { selected, prune: new Map([...chosen].filter((entry): entry is [string, string[][]] => entry[1] !== null)) }
}

/** Columns whose password members `output` names one by one: `password_reset.token`. */
const namedSecrets = (info: TableInfo, output: readonly string[][]): ReadonlySet<string> =>
  new Set(
    output.flatMap(([name = '', ...rest]) => {
      const secrets = info.byName.get(name)?.model.secrets ?? []
      return secrets.some((path) => path.join('.') === rest.join('.')) ? [name] : []
    }),
  )

const unknownOutput = (name: string, info: TableInfo, known: Iterable<string>): [message: string, hint: string] => [
  `"output" names an unknown column of table "${info.model.name}": ${name}`,
  didYouMean(name, known) ?? 'Use the names of the columns.',
]

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
