/** Where what belongs to an account is kept: the ids behind the names that stacks use, and the connection of the run. */
import { asDatabaseSession } from '../db/records/session.js'
import type { TableModel } from '../definitions/table.js'
import { AppError } from '../errors.js'
import type { Value } from '../lib/value.js'
import type { Account } from '../runtime/accounts.js'
import type { RecordsSession } from '../runtime/capabilities.js'
import { toTokenId } from './token-claims.js'

/** The workspace a run belongs to. */
export interface AccountScope {
  readonly workspaceId: number
  readonly tables: ReadonlyMap<string, TableModel>
  /** Address of the caller. */
  ip(): string
  /** The session of the run: what is written here is part of its transaction. */
  records(): RecordsSession
}

/** A table with auth, on the data source of the run. */
export interface TablePlace {
  readonly workspaceId: number
  readonly model: TableModel
  readonly datasource: string
  /** Id of a row as stored here (text), in the type the table gives it. */
  toId(text: string): Value
  query<R extends object>(text: string, values: readonly unknown[]): Promise<R[]>
}

export interface AccountPlace extends TablePlace {
  readonly recordId: string
}

/** Throws AppError `fatal` for a table that does not exist or has no auth. */
export function tablePlace(scope: AccountScope, table: string): TablePlace {
  const model = scope.tables.get(table)
  if (model === undefined) throw new AppError('fatal', `The table "${table}" does not exist.`)
  if (!model.auth) throw new AppError('fatal', `The table "${table}" has no accounts.`, { hint: 'Add auth = true to the table.' })
  const session = asDatabaseSession(scope.records())
  const isText = model.columns[0]?.type === 'uuid' || model.columns[0]?.type === 'text'
  return {
    workspaceId: scope.workspaceId,
    model,
    datasource: session.datasource,
    toId: (text) => (isText ? text : Number(text)),
    query: async <R extends object>(text: string, values: readonly unknown[]) => (await session.run({ text, values: [...values] })).rows as R[],
  }
}

/** Throws AppError `fatal` also for an id that names no row. */
export const accountPlace = (scope: AccountScope, { table, id }: Account): AccountPlace => ({
  ...tablePlace(scope, table),
  recordId: String(toTokenId(id)),
})
