/** A table as the data layer reads it. */
import type { Expr, Field } from '../lang/tree.js'
import type { TableRules } from './rules.js'

export interface ColumnModel {
  name: string
  /** Type name of the reference: `int`, `text`, `geo_point` … */
  type: string
  /** Column of lists; stored as jsonb or an array. */
  list: boolean
  nullable: boolean
  /** False when an insert may leave it out. */
  required: boolean
  /** Constant default; `now` for timestamps. Absent = the type's empty value, or null when nullable. */
  default?: Expr
  sensitive: boolean
  /** Encrypted at rest for its row; read whole, never searched. */
  encrypted?: true
  /** Paths of password members inside an object: hashed when written, left out of rows unless `output` names them. */
  secrets?: string[][]
  /** `internal` columns never appear in rows unless named in `output`. Password and encrypted columns are internal by default. */
  access: 'public' | 'private' | 'internal'
  /** Name of the table a foreign key points to. */
  references?: string
  /** Values of an enum. */
  values?: string[]
  /** Dimensions of a vector. */
  size?: number
  description: string
  /** The field as written: input filters and nested schema. */
  field: Field
}

export interface IndexModel {
  type: 'primary' | 'btree' | 'unique' | 'gin' | 'search' | 'spatial' | 'vector'
  fields: { name: string; op?: string }[]
  name?: string
  /** Text search language. */
  lang?: string
}

export interface ViewModel {
  name: string
  alias?: string
  search?: Expr
  hide: string[]
  sort: { column: string; order: 'asc' | 'desc' | 'rand' }[]
}

/** An extension of the database by the schema of its types and operators. */
export interface ExtensionModel {
  schema: string
  /** False: the server has its files and we may create it. */
  installed: boolean
}

/** Extensions that make searching faster. Absent: the database does not have it, or we may not create it. */
export type Extensions = Readonly<Partial<Record<'vector' | 'postgis', ExtensionModel>>>

export interface TableModel {
  /** Id of the definition in the catalog. */
  id: number
  guid: string
  name: string
  description: string
  auth: boolean
  /** The first is the primary key `id`. */
  columns: ColumnModel[]
  indexes: IndexModel[]
  views: ViewModel[]
  /** Who may do what with which rows; absent = the stacks decide. */
  rules?: TableRules
  /** Rows seeded when the table is created, as literals. */
  items: Expr | null
  /** What queries over the table may use besides plain Postgres. */
  extensions?: Extensions
}

/** The table for those whom its rules do not concern. */
export function withoutRules(table: TableModel): TableModel {
  if (table.rules === undefined) return table
  const { rules: _rules, ...rest } = table
  return rest
}
