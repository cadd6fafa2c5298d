/** The five endpoints of a table: list with pages, read, add, change, delete. Private unless a reason is given. */
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
}

const maxPerPage = 100

/** The endpoints. */
export function crudEndpoints({ table, group, auth }: CrudOptions): Definition[] {
  const path = table.name.replace(/[^A-Za-z0-9_-]+/g, '_').replace(/^_+|_+$/g, '')
  if (path === '') throw new AppError('badRequest', `The table "${table.name}" has no name that fits a URL.`)
  const id = `${path.replaceAll('-', '_').replace(/^(?=\d)/, '_')}_id`
  const writable = table.columns.filter((column, i) => i > 0 && column.name !== 'created_at' && column.name !== id && isWritable(column))
  const parts: Parts = { table: quote(table.name), path, id, one: `${path}/{${id}}`, head: `api_group = ${quote(group)}\n      auth = ${quote(auth)}` }
  const key: Field = { name: id, type: table.columns[0]?.type === 'uuid' ? 'uuid' : 'int', filters: [], options: [] }
  return [
    list(parts),
    withInput(read(parts), [key]),
    withInput(add(parts, writable), writable.map(inputOf)),
    withInput(change(parts, writable), [key, ...writable.map(optional)]),
    withInput(remove(parts), [key]),
  ]
}

interface Parts {
  table: string
  path: string
  id: string
  one: string
  head: string
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
      ${parts.head}
      input {
        // From 1.
        int page?=1 filters=min:1
        // At most ${maxPerPage}.
        int per_page?=20 filters=min:1|max:${maxPerPage}
      }
      stack {
        db.query ${parts.table} {
          sort = {id: "desc"}
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
      ${parts.head}
      input {
      }
      stack {
        db.get ${parts.table} {
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

const add = (parts: Parts, columns: readonly ColumnModel[]): Definition =>
  parseTemplate(`
    // Adds a row.
    query ${quote(parts.path)} verb=POST {
      ${parts.head}
      input {
      }
      stack {
        db.add ${parts.table} {
          data = {
${columns.map((column) => `            ${quote(column.name)}: $input.${column.name}`).join('\n')}
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
      ${parts.head}
      input {
      }
      stack {
        db.patch ${parts.table} {
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
      ${parts.head}
      input {
      }
      stack {
        db.del ${parts.table} {
          field_name = "id"
          field_value = $input.${parts.id}
        }
      }
      response = null
    }
  `)
