/** Rows in documents: written when a table is created or a push asks for it, read back by a pull with `records`. */
import { randomBytes } from 'node:crypto'
import type { Database, Queryable, Transaction } from '../db/client.js'
import { type Content, type ContentOptions, createContent } from '../db/content.js'
import { constantOf } from '../definitions/constant.js'
import type { TableModel } from '../definitions/table.js'
import { AppError } from '../errors.js'
import type { Expr } from '../lang/tree.js'
import { isList, isObj, type Obj, type Value } from '../lib/value.js'
import type { Passwords, Vault } from '../runtime/capabilities.js'
import { systemClock } from '../services/clock.js'

/** Documents speak of the rows of this data source. */
const datasource = 'live'
const pageSize = 10_000

/** Whose tables: of the workspace, or the own ones of a branch. */
export interface TableSpace {
  workspaceId: number
  tablesOf: number | null
}

/** Content over a transaction: it runs statements and opens savepoints, which is all that rows need. */
const contentOf = (db: Queryable, space: TableSpace, secrets: Pick<ContentOptions, 'hash' | 'judge' | 'vault'>): Content =>
  createContent(db as unknown as Database, { ...space, datasource, datasources: [datasource], clock: systemClock, ...secrets })

export interface SeedOptions {
  items: Expr | null
  truncate: boolean
}

/** Empties the table when asked, then writes the items: rows with a known id are changed, the others added. Throws `input` for items that are not constant or do not fit. */
export async function seedRows(
  transaction: Transaction,
  { passwords, vault }: { passwords: Passwords; vault: Vault },
  space: TableSpace,
  table: TableModel,
  { items, truncate }: SeedOptions,
): Promise<void> {
  // Text no one knows stands in for a password that was not exported; it is stored as no hash at all.
  const unknown = `aA1!${randomBytes(24).toString('base64url')}`
  const content = contentOf(transaction, space, {
    hash: async (text) => (text === unknown ? '' : passwords.hash(text)),
    judge: async (text, rules) => (text === unknown ? null : passwords.judge(text, rules)),
    vault,
  })
  if (truncate) await content.truncate(table)
  if (items === null) return
  const rows = rowsOf(table, items)
  const known = truncate ? new Set<Value>() : await changeKnown(content, table, rows)
  const added = rows.filter((row) => !known.has(row.get('id') ?? null)).map((row) => withPasswords(table, row, unknown))
  try {
    await content.bulkAdd(table, added, { allowIds: true })
  } catch (error) {
    if (error instanceof AppError && error.kind === 'input')
      throw new AppError('input', `Table "${table.name}", ${error.message}`, { payload: error.payload, cause: error })
    throw error
  }
}

function rowsOf(table: TableModel, items: Expr): Obj[] {
  const value = constantOf(items)
  if (!isList(value) || !value.every(isObj))
    throw new AppError('input', `The items of table "${table.name}" must be a list of objects with constant values.`, { payload: { param: 'items' } })
  return value
}

/** Ids of the rows that were there and have the values of the items now. */
async function changeKnown(content: Content, table: TableModel, rows: readonly Obj[]): Promise<Set<Value>> {
  const withId = rows.flatMap((row) => (row.get('id') === undefined ? [] : [{ rowId: row.get('id') ?? null, updates: row }]))
  if (withId.length === 0) return new Set()
  const { success } = await content.bulkPatch(table, withId)
  return new Set(success)
}

function withPasswords(table: TableModel, row: Obj, stand: string): Obj {
  const missing = table.columns.filter((column) => column.type === 'password' && !column.list && !row.has(column.name) && !column.nullable)
  return missing.length === 0 ? row : new Map<string, Value>([...row, ...missing.map((column): [string, Value] => [column.name, stand])])
}

const writesNothing = (): Promise<never> => Promise.reject(new TypeError('Reading hashes nothing'))

/** All rows of a table in the order of their ids; without passwords and encrypted columns. */
export async function exportRows(db: Queryable, space: TableSpace, table: TableModel): Promise<Value[]> {
  const content = contentOf(db, space, { hash: writesNothing, judge: writesNothing })
  const rows: Value[] = []
  for (let page = 1; ; page++) {
    const result = await content.browse(table, { page, perPage: pageSize, sort: new Map<string, Value>([['id', 'asc']]) })
    const items = isObj(result) ? result.get('items') : null
    if (!isList(items)) return rows
    rows.push(...items)
    if (items.length < pageSize) return rows
  }
}
