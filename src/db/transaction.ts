/** Transactions and savepoints over one pinned connection. */
import { Kysely, PostgresDialect } from 'kysely'
import type pg from 'pg'
import { AppError } from '../errors.js'
import type { Catalog } from './catalog.js'
import { isConnectionFailure, sqlState, toDatabaseError } from './failure.js'
import { type Pool, toQueryConfig } from './pool.js'
import type { QueryOptions, QueryResult, Row, Transaction, TransactionOptions } from './queryable.js'

/** Runs `fn` between BEGIN and COMMIT; whatever it throws rolls everything back and is thrown on. */
export async function runTransaction<T>(pool: Pool, fn: (transaction: Transaction) => Promise<T>, options: TransactionOptions = {}): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await attemptTransaction(pool, fn, options)
    } catch (error) {
      if (attempt >= (options.retries ?? 0) || !/^(40001|40P01)$/.test(sqlState(error))) throw error
      await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 20 * (attempt + 1)))
    }
  }
}

async function attemptTransaction<T>(pool: Pool, fn: (transaction: Transaction) => Promise<T>, options: TransactionOptions): Promise<T> {
  const client = await pool.acquire()
  const pinned = new PinnedClient(client)
  let committed = false
  try {
    await pinned.run(options.isolation === undefined ? 'begin' : `begin isolation level ${options.isolation}`)
    const result = await fn(new PinnedTransaction(pinned))
    const end = await pinned.run('commit')
    // After a failed statement COMMIT answers ROLLBACK without an error, even when the failure was caught.
    if (end.command === 'ROLLBACK') throw new AppError('fatal', 'The transaction was rolled back because a statement in it failed.')
    committed = true
    return result
  } finally {
    if (!committed) await pinned.run('rollback').catch(() => {})
    pinned.close()
    client.release(pinned.broken)
  }
}

/** The connection of a transaction: one statement at a time, none after the end. */
class PinnedClient {
  readonly #client: pg.PoolClient
  #tail: Promise<unknown> = Promise.resolve()
  #closed = false
  savepoints = 0
  /** The connection cannot go back to the pool. */
  broken = false

  constructor(client: pg.PoolClient) {
    this.#client = client
  }

  run(text: string, values?: readonly unknown[], options: QueryOptions = {}): Promise<pg.QueryResult> {
    const result = this.#tail.then(() => this.#runNow(text, values, options))
    this.#tail = result.catch(() => {})
    return result
  }

  async #runNow(text: string, values: readonly unknown[] | undefined, { patienceMs, texts }: QueryOptions): Promise<pg.QueryResult> {
    if (this.#closed) throw new AppError('fatal', 'The transaction has ended.')
    try {
      // Unnamed on purpose: a stale prepared plan would abort the transaction, and nothing can be retried inside one.
      return await this.#client.query({ ...toQueryConfig(text, values, undefined, texts), ...(patienceMs === undefined ? {} : { query_timeout: patienceMs }) })
    } catch (error) {
      if (isConnectionFailure(error)) this.broken = true
      throw toDatabaseError(error)
    }
  }

  close(): void {
    this.#closed = true
  }
}

class PinnedTransaction implements Transaction {
  readonly #pinned: PinnedClient
  #kysely: Kysely<Catalog> | undefined

  constructor(pinned: PinnedClient) {
    this.#pinned = pinned
  }

  async query<R extends object = Row>(text: string, values?: readonly unknown[], options?: QueryOptions): Promise<R[]> {
    return (await this.#pinned.run(text, values, options)).rows as R[]
  }

  async execute<R extends object = Row>(text: string, values?: readonly unknown[], options?: QueryOptions): Promise<QueryResult<R>> {
    const result = await this.#pinned.run(text, values, options)
    return { rows: result.rows as R[], count: result.rowCount ?? 0 }
  }

  async notify(channel: string, payload: string): Promise<void> {
    await this.#pinned.run('select pg_notify($1, $2)', [channel, payload])
  }

  async withTransaction<T>(fn: (transaction: Transaction) => Promise<T>): Promise<T> {
    const name = `sp_${++this.#pinned.savepoints}`
    await this.#pinned.run(`savepoint ${name}`)
    try {
      const result = await fn(this)
      await this.#pinned.run(`release savepoint ${name}`)
      return result
    } catch (error) {
      await this.#pinned.run(`rollback to savepoint ${name}`).catch(() => {})
      throw error
    }
  }

  get kysely(): Kysely<Catalog> {
    const connection = { query: (text: string, values: readonly unknown[]) => this.#pinned.run(text, values), release: () => {} }
    this.#kysely ??= new Kysely<Catalog>({
      dialect: new PostgresDialect({ pool: { connect: async () => connection as never, end: async () => {} } }),
    }).withSchema('stackhold')
    return this.#kysely
  }
}
