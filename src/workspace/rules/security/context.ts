/** What rules know of the workspace around a definition. */
import { readQuery } from '../../../definitions/query.js'
import { readTable } from '../../../definitions/read-table.js'
import type { ColumnModel, TableModel } from '../../../definitions/table.js'
import type { Definition } from '../../../lang/tree.js'
import { snakeCase } from './syntax.js'

export interface SecurityContext {
  /** By name. */
  readonly tables: ReadonlyMap<string, TableModel>
  readonly functions: ReadonlyMap<string, Definition>
  readonly addons: ReadonlyMap<string, Definition>
  /** API groups by name. */
  readonly groups: ReadonlyMap<string, Definition>
  /** Settings of the workspace. */
  readonly workspace: Definition | undefined
}

export function createContext(definitions: readonly Definition[]): SecurityContext {
  const of = (kind: string): Definition[] => definitions.filter((definition) => definition.kind === kind)
  return {
    tables: new Map(of('table').map((definition) => [definition.name, readTable(definition, 0, '').table])),
    functions: new Map(of('function').map((definition) => [definition.name, definition])),
    addons: new Map(of('addon').map((definition) => [definition.name, definition])),
    groups: new Map(of('api_group').map((definition) => [definition.name, definition])),
    workspace: of('workspace')[0],
  }
}

/** The table whose tokens open an endpoint; null for everything else. */
export const authTableOf = (definition: Definition): string | null => (definition.kind === 'query' ? readQuery(definition).query.auth : null)

const ownerLike =
  /^(?:(?:owner_|owning_|created_by_)?user|owner|account|author|creator|customer|member|profile|person|uid|created_by|owned_by|posted_by|belongs_to)(?:_?id)?$/

/** Columns that say whom a row belongs to: they reference an auth table, or are called as if they did. */
export function ownerColumns(table: TableModel, { tables }: SecurityContext): ColumnModel[] {
  if (![...tables.values()].some((one) => one.auth)) return []
  const [primary] = table.columns
  const own = table.auth && primary !== undefined ? [primary] : []
  return [...own, ...table.columns.filter((column) => column !== primary && isOwner(column, tables))]
}

function isOwner(column: ColumnModel, tables: SecurityContext['tables']): boolean {
  if (column.references !== undefined) return tables.get(column.references)?.auth === true
  return ownerLike.test(snakeCase(column.name)) && (column.type === 'int' || column.type === 'uuid' || column.type === 'text')
}

/** Those that can hold the id of a caller of this auth table. */
export const ownerColumnsOf = (table: TableModel, context: SecurityContext, authTable: string | null): ColumnModel[] =>
  ownerColumns(table, context).filter((column) =>
    column === table.columns[0] ? table.name === authTable : column.references === undefined || column.references === authTable,
  )

/** Rows of this table belong to someone. */
export const isOwned = (table: TableModel, context: SecurityContext): boolean => ownerColumns(table, context).length > 0

/** It refers, over any number of tables, to one whose rows belong to someone. */
export function isIndirectlyOwned(table: TableModel, context: SecurityContext, seen: ReadonlySet<string> = new Set()): boolean {
  if (isOwned(table, context)) return true
  return table.columns.some((column) => {
    const target = column.references === undefined || seen.has(column.references) ? undefined : context.tables.get(column.references)
    return target !== undefined && isIndirectlyOwned(target, context, new Set([...seen, table.name]))
  })
}

/** Columns by which one row, or the rows of one owner, are picked. */
export function isKeyColumn(column: ColumnModel, table: TableModel, context: SecurityContext): boolean {
  if (column === table.columns[0] || ownerColumns(table, context).includes(column)) return true
  if (table.indexes.some((index) => index.type === 'unique' && index.fields.length === 1 && index.fields[0]?.name === column.name)) return true
  const target = column.references === undefined ? undefined : context.tables.get(column.references)
  return target !== undefined && isIndirectlyOwned(target, context)
}

/** Whoever knows the value of such a column is meant to have the row. */
export const isCapabilityColumn = (name: string): boolean => /(?:token|secret|nonce|otp|magic|(?:^|_)code|_key$|^key$|hash)/i.test(name)

/** Columns that decide what an account may do. */
export const isPrivileged = (name: string): boolean =>
  /^(?:.*_)?(?:roles?|permissions?|scopes?|privileges?|access_level|admin|is_admin|is_staff|superuser|is_superuser|verified|is_verified|email_verified|plan|credits?|balance)$/.test(
    snakeCase(name),
  )
