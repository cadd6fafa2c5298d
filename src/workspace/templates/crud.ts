/**
 * The endpoints of a table: list with pages, read, add, change, delete; and an export, when somebody may. Private. What the rules of the table decide
 * is not asked of callers: a column that the rules tie to the caller is written from the token, and what the rules allow nobody has no endpoint.
 * Without rules, rows with one column that refers to the callers' table are their callers': others' do not exist for them, but where a role is asked for.
 */
import type { Rule, RuleOperation } from '../../definitions/rules.js'
import type { ColumnModel, TableModel } from '../../definitions/table.js'
import { AppError } from '../../errors.js'
import type { Definition, Field } from '../../lang/tree.js'
import { inputOf, parseTemplate, quote } from './template.js'

export interface CrudOptions {
  table: TableModel
  /** Name of the API group the endpoints go into. */
  group: string
  /** Table whose tokens open them. */
  auth: string
  /** Roles that each operation asks for; whatever the role when it is not named. Only with roles is there an export. */
  roles?: CrudRoles
}

export const crudOperations = ['read', 'create', 'update', 'delete', 'export'] as const
export type CrudOperation = (typeof crudOperations)[number]
export type CrudRoles = { readonly [operation in CrudOperation]?: readonly string[] | undefined }

const maxPerPage = 100
const maxPerExport = 1000

/** The endpoints. */
export function crudEndpoints({ table, group, auth, roles = {} }: CrudOptions): Definition[] {
  const path = table.name.replace(/[^A-Za-z0-9_-]+/g, '_').replace(/^_+|_+$/g, '')
  if (path === '') throw new AppError('badRequest', `The table "${table.name}" has no name that fits a URL.`)
  const id = `${path.replaceAll('-', '_').replace(/^(?=\d)/, '_')}_id`
  const writable = table.columns.filter((column, i) => i > 0 && column.name !== 'created_at' && column.name !== id && isWritable(column))
  const owner = ownerOf(table, auth)
  const parts: Parts = {
    table: quote(table.name),
    path,
    id,
    one: `${path}/{${id}}`,
    row: `$db.${table.name}`,
    own: (operation) => (roles[operation] === undefined ? owner : null),
    head(operation) {
      const names = roles[operation]
      const asked = names === undefined ? '' : `\n      roles = ${JSON.stringify(names)}`
      return `api_group = ${quote(group)}\n      auth = ${quote(auth)}${asked}`
    },
  }
  const key: Field = { name: id, type: table.columns[0]?.type === 'uuid' ? 'uuid' : 'int', filters: [], options: [] }
  const { rules } = table
  const isOwn = (operation: RuleOperation) => (column: ColumnModel) =>
    rules === undefined ? column.name === owner && roles[operation] === undefined : isCallers(rules[operation], column.name, auth)
  const may = (operation: RuleOperation): boolean => rules === undefined || !isNobodys(rules[operation])
  const [added, changed] = [writable.filter((column) => !isOwn('create')(column)), writable.filter((column) => !isOwn('update')(column))]
  if (!may('read')) throw new AppError('badRequest', `The rules of the table "${table.name}" let nobody read it.`, { hint: 'Add read to its rules.' })
  return [
    list(parts),
    ...(roles.export === undefined ? [] : [exportAll(parts)]),
    withInput(read(parts), [key]),
    ...(may('create') ? [withInput(add(parts, added, writable.filter(isOwn('create'))), added.map(inputOf))] : []),
    ...(may('update') ? [withInput(change(parts, changed), [key, ...changed.map(optional)])] : []),
    ...(may('delete') ? [withInput(remove(parts), [key])] : []),
  ]
}

/** The column that says whose a row is, where no rules do. */
function ownerOf({ name, columns, rules }: TableModel, auth: string): string | null {
  if (rules !== undefined || name === auth || !/^[A-Za-z_]\w*$/.test(name)) return null
  const [column, ...others] = columns.filter(({ references, list }) => references === auth && !list)
  return column === undefined || others.length > 0 || !isWritable(column) ? null : column.name
}

/** The rule holds for no row, whoever asks. */
const isNobodys = (rule: Rule): boolean => rule.kind === 'constant' && !rule.value

/** The rule holds only for rows with the caller in the column. */
function isCallers(rule: Rule, column: string, auth: string): boolean {
  if (rule.kind === 'all') return rule.parts.some((part) => isCallers(part, column, auth))
  if (rule.kind === 'any') return rule.parts.length > 0 && rule.parts.every((part) => isCallers(part, column, auth))
  return rule.kind === 'owner' && rule.column === column && rule.table === auth
}

interface Parts {
  table: string
  path: string
  id: string
  one: string
  /** Group and access of the endpoint of an operation. */
  head(operation: CrudOperation): string
  /** How conditions name a row. */
  row: string
  /** The column that must hold the caller for the operation; null when any row will do. */
  own(operation: CrudOperation): string | null
}

/** For a list: only the rows of the caller. */
const ownRows = ({ row, own }: Parts): string => (own('read') === null ? '' : `where = ${row}.${own('read')} == $auth.id\n          `)

/** For one row: it is the caller's, or does not exist for them. */
function ownRow({ table, row, id, own }: Parts, operation: CrudOperation): string {
  const column = own(operation)
  if (column === null) return ''
  return `db.query ${table} {
          where = ${row}.id == $input.${id} && ${row}.${column} == $auth.id
          return = {type: "exists"}
        } as $own

        precondition ($own) {
          error_type = "notfound"
          error = "Not Found."
        }

        `
}

/** Files have endpoints of their own; what is computed or hidden is not written by callers. */
const isWritable = (column: ColumnModel): boolean =>
  (column.access !== 'internal' || column.type === 'password') &&
  !['image', 'video', 'audio', 'attachment', 'vector'].includes(column.type) &&
  /^[A-Za-z_]\w*$/.test(column.name)

/** May be left out; what is left out stays as it is. */
const optional = (column: ColumnModel): Field => {
  const { default: _unused, ...field } = inputOf(column)
  return column.type === 'object' ? { ...field, optional: true } : { ...field, optional: true, nullable: true }
}

const withInput = (definition: Definition, input: Field[]): Definition => ({ ...definition, input })

const list = (parts: Parts): Definition =>
  parseTemplate(`
    // Rows, newest first, in pages.
    query ${quote(parts.path)} verb=GET {
      ${parts.head('read')}
      input {
        // From 1.
        int page?=1 filters=min:1
        // At most ${maxPerPage}.
        int per_page?=20 filters=min:1|max:${maxPerPage}
      }
      stack {
        db.query ${parts.table} {
          ${ownRows(parts)}sort = {id: "desc"}
          return = {type: "list", paging: {page: $input.page, per_page: $input.per_page, totals: true, metadata: true}}
        } as $rows
      }
      response = $rows
    }
  `)

const exportAll = (parts: Parts): Definition =>
  parseTemplate(`
    // Many rows at once, oldest first, in pages.
    query ${quote(`${parts.path}_export`)} verb=GET {
      ${parts.head('export')}
      input {
        // From 1.
        int page?=1 filters=min:1
        // At most ${maxPerExport}.
        int per_page?=${maxPerExport} filters=min:1|max:${maxPerExport}
      }
      stack {
        db.query ${parts.table} {
          sort = {id: "asc"}
          return = {type: "list", paging: {page: $input.page, per_page: $input.per_page, totals: true, metadata: true}}
        } as $rows
      }
      response = $rows
    }
  `)

const read = (parts: Parts): Definition =>
  parseTemplate(`
    // One row.
    query ${quote(parts.one)} verb=GET {
      ${parts.head('read')}
      input {
      }
      stack {
        ${ownRow(parts, 'read')}db.get ${parts.table} {
          field_name = "id"
          field_value = $input.${parts.id}
        } as $row

        precondition ($row != null) {
          error_type = "notfound"
          error = "Not Found."
        }
      }
      response = $row
    }
  `)

const add = (parts: Parts, columns: readonly ColumnModel[], own: readonly ColumnModel[]): Definition =>
  parseTemplate(`
    // Adds a row.
    query ${quote(parts.path)} verb=POST {
      ${parts.head('create')}
      input {
      }
      stack {
        db.add ${parts.table} {
          data = {
${[...columns.map((column) => `${quote(column.name)}: $input.${column.name}`), ...own.map((column) => `${quote(column.name)}: $auth.id`)].map((line) => `            ${line}`).join('\n')}
          }
        } as $row
      }
      response = $row
    }
  `)

const change = (parts: Parts, columns: readonly ColumnModel[]): Definition =>
  parseTemplate(`
    // Changes the columns that are sent and leaves the others.
    query ${quote(parts.one)} verb=PATCH {
      ${parts.head('update')}
      input {
      }
      stack {
        ${ownRow(parts, 'update')}db.patch ${parts.table} {
          field_name = "id"
          field_value = $input.${parts.id}
          data = $input|pick:[${columns.map((column) => quote(column.name)).join(', ')}]|filter_null
        } as $row
      }
      response = $row
    }
  `)

const remove = (parts: Parts): Definition =>
  parseTemplate(`
    // Deletes a row.
    query ${quote(parts.one)} verb=DELETE {
      ${parts.head('delete')}
      input {
      }
      stack {
        ${ownRow(parts, 'delete')}db.del ${parts.table} {
          field_name = "id"
          field_value = $input.${parts.id}
        }
      }
      response = null
    }
  `)
