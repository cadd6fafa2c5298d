/** PostgreSQL in WebAssembly with pgvector, for what the real servers of the tests do not have. One connection; no LISTEN, no pool. */
import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'
import { Kysely, PostgresDialect } from 'kysely'
import { migrations } from '../../migrations/index.js'
import type { Database, QueryResult, Row, Transaction } from '../../src/db/client.js'

export interface Pglite {
  database: Database
  /** The last statement with its values. */
  last(): { text: string; values: unknown[] }
  close(): Promise<void>
}

/** With the functions of our queries in schema `stackhold`. */
export async function createPglite(): Promise<Pglite> {
  const server = await PGlite.create({ extensions: { vector } })
  let last = { text: '', values: [] as unknown[] }
  const execute = async <R extends object = Row>(text: string, values: readonly unknown[] = []): Promise<QueryResult<R>> => {
    last = { text, values: [...values] }
    const { rows, affectedRows } = await server.query<R>(text, [...values])
    return { rows, count: affectedRows ?? rows.length }
  }
  const queryable = { execute, query: async <R extends object = Row>(text: string, values?: readonly unknown[]) => (await execute<R>(text, values)).rows }
  const withTransaction = async <T>(fn: (transaction: Transaction) => Promise<T>): Promise<T> => {
    await server.exec('begin')
    try {
      const result = await fn({ ...queryable, withTransaction } as unknown as Transaction)
      await server.exec('commit')
      return result
    } catch (error) {
      await server.exec('rollback')
      throw error
    }
  }
  await server.exec('create schema stackhold')
  const pool = {
    connect: async () => ({ query: (text: string, values: unknown[]) => server.query(text, values), release: () => {} }) as never,
    end: async () => {},
  }
  await migrations['002-create-query-functions']?.up(new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) }))
  return { database: { ...queryable, withTransaction } as unknown as Database, last: () => last, close: () => server.close() }
}
