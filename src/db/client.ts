/** The database as the rest of the server sees it. It survives the loss of Postgres and answers 503 until that is back. */
import { Kysely, PostgresDialect } from 'kysely'
import type pg from 'pg'
import type { Catalog } from './catalog.js'
import { type SessionLimits, toClientConfig } from './connection-options.js'
import { isConnectionFailure, toDatabaseError } from './failure.js'
import { createListener, type ListenHandlers } from './listener.js'
import { holdLock } from './lock.js'
import { createPipeline } from './pipeline.js'
import { createPool, type DriverResult, type Pool, type PoolCounts } from './pool.js'
import type { Queryable, QueryOptions, Transaction, TransactionOptions } from './queryable.js'
import { statementName } from './statement-name.js'
import { runTransaction } from './transaction.js'

export type { Queryable, QueryOptions, QueryResult, Row, Transaction, TransactionOptions } from './queryable.js'
export { statementName } from './statement-name.js'

export interface DatabaseOptions extends SessionLimits {
  /** A unix socket, host or `connectionString`, as `pg` takes it. */
  connection: pg.ClientConfig
  /** Connections for general use; default 10. */
  poolSize?: number
  /** Pipelined connections for short statements; default 2, 0 sends those to the pool. */
  fastConnections?: number
  applicationName?: string
  /** Told of every connection lost and of every listener that threw; for the log and the metrics. */
  onError?: (error: Error) => void
}

export interface Database extends Queryable {
  /** Runs `fn` in one transaction: committed when it resolves, rolled back when it throws. */
  withTransaction<T>(fn: (transaction: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>
  /** Calls the handlers for every notification of a channel, over reconnects; the result stops listening. */
  listen(channel: string, handlers: ListenHandlers | ((payload: string) => void)): Promise<() => Promise<void>>
  /** Runs a statement that may take long and belongs to no transaction, on a connection of its own: index builds. */
  runLong(text: string, timeoutMs: number): Promise<void>
  /** Runs `fn` while this process alone, of all on the database, holds the named lock; null when it was not free within `waitMs`. */
  withLock<T>(name: string, waitMs: number, fn: () => Promise<T>): Promise<T | null>
  /** Whether Postgres answers within 2 s, asked beside the pool so that a full pool does not count as ill. Never throws. */
  healthy(): Promise<boolean>
  readonly poolCounts: PoolCounts
  /** Connections for general use there can be. */
  readonly poolSize: number
  /** Waits for statements under way but those of `runLong`, then ends every connection. */
  close(): Promise<void>
}

/** Makes the database without connecting yet. */
export function openDatabase(options: DatabaseOptions): Database {
  const onError = options.onError ?? (() => {})
  const config = toClientConfig(options.connection, options, options.applicationName ?? 'stackhold')
  const pool = createPool(config, options.poolSize ?? 10, onError)
  const pipelines = Array.from({ length: options.fastConnections ?? 2 }, () => createPipeline(config, onError))
  const listener = createListener(config, onError)
  const long = new Set<pg.PoolClient>()
  let turn = 0

  const runFast = async (text: string, values: readonly unknown[] | undefined, name: string, texts?: boolean): Promise<DriverResult> => {
    for (let i = 0; i < pipelines.length; i++) {
      turn = (turn + 1) % pipelines.length
      const pipeline = pipelines[turn]
      if (pipeline?.ready !== true) continue
      const result = await pipeline.run(text, values, name, texts)
      if (result !== undefined) return result
      break
    }
    return pool.run(text, values, name, texts)
  }

  const ping = async (): Promise<boolean> => {
    const [pipeline] = pipelines
    if (pipeline === undefined) return pool.run('select 1', [], undefined).then(() => true)
    await pipeline.connect()
    return (await pipeline.run('select 1', [], statementName('select 1'))) !== undefined
  }

  const run = (text: string, values?: readonly unknown[], { name, fast, texts }: QueryOptions = {}): Promise<DriverResult> =>
    fast === true ? runFast(text, values, name ?? statementName(text), texts) : pool.run(text, values, name, texts)

  return {
    async query(text, values, queryOptions) {
      return (await run(text, values, queryOptions)).rows
    },
    async execute(text, values, queryOptions) {
      const { rows, rowCount } = await run(text, values, queryOptions)
      return { rows, count: rowCount ?? 0 }
    },
    async notify(channel, payload) {
      await run('select pg_notify($1, $2)', [channel, payload], { fast: true })
    },
    withTransaction: (fn, transactionOptions) => runTransaction(pool, fn, transactionOptions),
    listen: (channel, handlers) => listener.listen(channel, typeof handlers === 'function' ? { onMessage: handlers } : handlers),
    kysely: new Kysely<Catalog>({ dialect: new PostgresDialect({ pool: toKyselyPool(pool) }) }).withSchema('stackhold'),
    async runLong(text, timeoutMs) {
      const client = await pool.acquire()
      long.add(client)
      const query = (statement: string) => client.query({ text: statement, query_timeout: timeoutMs + 2_000 } as pg.QueryConfig)
      let failed = true
      try {
        await query(`set statement_timeout = ${Math.trunc(timeoutMs)}`)
        await query(text)
        await query('reset statement_timeout')
        failed = false
      } catch (error) {
        throw toDatabaseError(error)
      } finally {
        long.delete(client)
        // A connection whose settings are not what they were does not go back.
        client.release(failed)
      }
    },
    withLock: (name, waitMs, fn) => holdLock(config, name, waitMs, fn),
    async healthy() {
      const answer = ping().catch(() => false)
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<boolean>((resolve) => {
        timer = setTimeout(resolve, 2_000, false)
      })
      return Promise.race([answer, late]).finally(() => clearTimeout(timer))
    },
    poolSize: options.poolSize ?? 10,
    get poolCounts() {
      return pool.counts
    },
    async close() {
      await listener.close()
      // Postgres finishes such a statement by itself; nobody waits for it here.
      for (const client of long) void (client as pg.ClientBase & { end(): Promise<void> }).end().catch(() => {})
      await Promise.all([...pipelines.map((pipeline) => pipeline.close()), pool.close()])
    },
  }
}

/** The pool as Kysely wants it, with our errors, and without giving broken connections back. */
const toKyselyPool = (pool: Pool) => ({
  async connect() {
    const client = await pool.acquire()
    let broken = false
    return {
      async query(text: string, values: readonly unknown[]) {
        try {
          return await client.query(text, [...values])
        } catch (error) {
          broken ||= isConnectionFailure(error)
          throw toDatabaseError(error)
        }
      },
      release: () => client.release(broken),
    } as never
  },
  async end() {},
})
