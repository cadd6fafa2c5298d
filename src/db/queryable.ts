/** What can run SQL: the database and a transaction alike. */
import type { Kysely } from 'kysely'
import type { Catalog } from './catalog.js'

/** A row as the driver gives it: int8 and numeric as numbers where exact, timestamps as epoch ms, dates as text. */
export type Row = Record<string, unknown>

/** The texts of a row's columns, in their order, as Postgres sends them. */
export type TextRow = readonly (string | null)[]

export interface QueryOptions {
  /** Prepare under this name (see `statementName`); only for texts that come again, never for texts made of values. */
  name?: string
  /** The statement is short by construction (one row by a unique key): it may share a pipelined connection. Implies a name. Ignored in transactions. */
  fast?: boolean
  /** In a transaction: how long the client waits for this statement, instead of its usual patience, ms. */
  patienceMs?: number
  /** Rows as lists of the columns' texts ({@link TextRow}), undecoded. */
  texts?: boolean
}

export interface QueryResult<R> {
  rows: R[]
  /** Rows returned or touched. */
  count: number
}

export interface Queryable {
  /** Runs one statement and returns its rows. Throws `AppError` `unavailable` (503) when the database is out of reach, else the driver's `DatabaseError`. */
  query<R extends object = Row>(text: string, values?: readonly unknown[], options?: QueryOptions): Promise<R[]>
  /** As {@link Queryable.query}, with the count of rows touched. */
  execute<R extends object = Row>(text: string, values?: readonly unknown[], options?: QueryOptions): Promise<QueryResult<R>>
  /** Sends a notification; in a transaction it is delivered when that commits. Payload below 8 000 bytes. */
  notify(channel: string, payload: string): Promise<void>
  /** Our own tables, schema `stackhold`. In a transaction it uses the transaction's connection. */
  readonly kysely: Kysely<Catalog>
}

export interface TransactionOptions {
  isolation?: 'read committed' | 'repeatable read' | 'serializable'
  /** Times the whole function is run again after a serialization failure or a deadlock; default 0. */
  retries?: number
}

/** One pinned connection between BEGIN and COMMIT. Statements sent at once run one after the other. */
export interface Transaction extends Queryable {
  /** A savepoint: when `fn` throws, only its own statements are undone. */
  withTransaction<T>(fn: (transaction: Transaction) => Promise<T>): Promise<T>
}
