/** Indexes as Postgres builds them; those it cannot build without an extension are left out with a note. */
import type { ColumnModel, Extensions, IndexModel, TableModel } from '../../definitions/table.js'
import { columnSqlType, textLiteral } from './column.js'
import { spatialIndex, vectorIndex } from './extension-sql.js'
import { indexName, quote } from './names.js'

/** Text search configurations of a plain PostgreSQL. */
const languages = new Set([
  'simple',
  'arabic',
  'armenian',
  'basque',
  'catalan',
  'danish',
  'dutch',
  'english',
  'finnish',
  'french',
  'german',
  'greek',
  'hindi',
  'hungarian',
  'indonesian',
  'irish',
  'italian',
  'lithuanian',
  'nepali',
  'norwegian',
  'portuguese',
  'romanian',
  'russian',
  'serbian',
  'spanish',
  'swedish',
  'tamil',
  'turkish',
  'yiddish',
])

export interface IndexPlan {
  name: string
  /** What follows `on schema.table`; null when nothing is built. */
  body: string | null
  unique: boolean
  /** Why nothing is built. */
  note?: string
  /** Statements that come first: the extension it needs. */
  prelude?: string[]
}

type Columns = ReadonlyMap<string, ColumnModel>

/** How one index is built with the extensions there are. The primary key has its own already. */
export function planIndex(table: TableModel, index: IndexModel, extensions: Extensions = {}): IndexPlan | null {
  if (index.type === 'primary') return null
  const columns: Columns = new Map(table.columns.map((column) => [column.name, column]))
  const build = builders[index.type]
  const name = indexName(table.name, index)
  if (index.fields.some((field) => !columns.has(field.name))) return { name, body: null, unique: false, note: 'It names a column that does not exist.' }
  return { name, unique: index.type === 'unique', ...build(index, columns, extensions) }
}

type Built = Pick<IndexPlan, 'body' | 'note' | 'prelude'>
type Builder = (index: IndexModel, columns: Columns, extensions: Extensions) => Built

const btree: Builder = (index) => ({
  body: ` (${index.fields.map((field) => `${quote(field.name)}${field.op?.toLowerCase() === 'desc' ? ' desc' : ''}`).join(', ')})`,
})

const gin: Builder = (index, columns) => {
  const parts = index.fields.map(({ name, op }) => {
    const type = sqlTypeOf(columns, name)
    if (type === 'jsonb') return `${quote(name)}${op?.startsWith('jsonb_path_op') ? ' jsonb_path_ops' : ''}`
    return type.endsWith('[]') ? quote(name) : null
  })
  if (parts.includes(null)) return { body: null, note: 'A gin index needs list, json or object columns.' }
  return { body: ` using gin (${parts.join(', ')})` }
}

const search: Builder = (index, columns) => {
  const language = (index.lang ?? 'english').toLowerCase()
  if (!languages.has(language)) return { body: null, note: `Unknown text search language: ${index.lang ?? ''}` }
  const unfit = index.fields.find(({ name }) => sqlTypeOf(columns, name) !== 'text')
  if (unfit !== undefined) return { body: null, note: `A search index needs text columns; "${unfit.name}" is none.` }
  return { body: ` using gin ((${searchVector(index, language)}))` }
}

/** The text search configuration of a search index. */
export function searchLanguage(index: IndexModel): string {
  const language = (index.lang ?? 'english').toLowerCase()
  return languages.has(language) ? language : 'english'
}

/** The document a search index holds; the same expression in a query finds the index. `alias`: what the query calls the table. */
export function searchVector(index: IndexModel, language: string, alias?: string): string {
  return index.fields
    .map(({ name, op }) => {
      const weight = op?.toUpperCase() ?? ''
      const vector = `to_tsvector('${language}'::regconfig, coalesce(${alias === undefined ? quote(name) : quote(alias, name)}, ''))`
      return /^[A-D]$/.test(weight) ? `setweight(${vector}, ${textLiteral(weight)})` : vector
    })
    .join(' || ')
}

const sqlTypeOf = (columns: Columns, name: string): string => {
  const column = columns.get(name)
  return column === undefined ? '' : columnSqlType(column)
}

const firstColumn = (index: IndexModel, columns: Columns): ColumnModel | undefined => columns.get(index.fields[0]?.name ?? '')

const builders: Readonly<Record<Exclude<IndexModel['type'], 'primary'>, Builder>> = {
  btree,
  unique: btree,
  gin,
  search,
  spatial: (index, columns, extensions) => spatialIndex(index, firstColumn(index, columns), extensions),
  vector: (index, columns, extensions) => vectorIndex(index, firstColumn(index, columns), extensions),
}

/** `create index …` of a plan; `concurrently`: without blocking writes, outside of any transaction. */
export const createIndexSql = (plan: IndexPlan, target: string, concurrently = false): string =>
  `create ${plan.unique ? 'unique ' : ''}index ${concurrently ? 'concurrently ' : ''}${quote(plan.name)} on ${target}${plan.body ?? ''}`

/** `btree(created_at desc)`: the index in the words of the builder. */
export const indexLabel = (index: IndexModel): string =>
  `${index.type}(${index.fields.map((field) => `${field.name}${field.op === undefined ? '' : ` ${field.op}`}`).join(', ')})`
