/** The pool for general use: lists, counts, builders' SQL, transactions. A bad connection never comes back to it. */
import pg from 'pg'
import { isConnectionFailure, isStalePlan, toDatabaseError, unavailable } from './failure.js'
import { runTextQuery } from './text-query.js'

/** A connection that has prepared this many statements is replaced, which bounds the server's memory. */
export const preparedStatementsMax = 512

/** Counts the distinct names a connection has prepared. */
export class PreparedNames {
  readonly #names = new WeakMap<pg.ClientBase, Set<string>>()

  add(client: pg.ClientBase, name: string): void {
    const names = this.#names.get(client)
    if (names === undefined) this.#names.set(client, new Set([name]))
    else names.add(name)
  }

  isFull(client: pg.ClientBase): boolean {
    return (this.#names.get(client)?.size ?? 0) >= preparedStatementsMax
  }
}

/** What the rest needs of the driver's answer. */
export type DriverResult = Pick<pg.QueryResult, 'rows' | 'rowCount'>

export interface Pool {
  /** `texts`: see QueryOptions. */
  run(text: string, values: readonly unknown[] | undefined, name: string | undefined, texts?: boolean): Promise<DriverResult>
  acquire(): Promise<pg.PoolClient>
  readonly counts: PoolCounts
  close(): Promise<void>
}

export interface PoolCounts {
  total: number
  idle: number
  waiting: number
}

export function createPool(config: pg.ClientConfig, size: number, onError: (error: Error) => void): Pool {
  const pool = new pg.Pool({ ...config, max: size, idleTimeoutMillis: 30_000 } as pg.PoolConfig)
  const prepared = new PreparedNames()
  pool.on('error', onError)
  // The pool listens only while a client is idle; one that dies in use must not end the process.
  pool.on('connect', (client) => client.on('error', () => {}))

  const acquire = async (): Promise<pg.PoolClient> => {
    try {
      return await pool.connect()
    } catch (error) {
      throw toDatabaseError(isConnectionFailure(error) ? error : unavailable(error))
    }
  }

  const runOnce = async (text: string, values: readonly unknown[] | undefined, name: string | undefined, texts?: boolean): Promise<DriverResult> => {
    const client = await acquire()
    try {
      const result = await runOn(client, text, values, name, texts)
      if (name !== undefined) prepared.add(client, name)
      client.release(prepared.isFull(client))
      return result
    } catch (error) {
      client.release(isConnectionFailure(error) || isStalePlan(error))
      throw error
    }
  }

  return {
    acquire,
    async run(text, values, name, texts) {
      try {
        return await runOnce(text, values, name, texts)
      } catch (error) {
        // Nothing ran, so trying again is safe; unnamed, because every other connection may hold the same stale plan.
        if (name !== undefined && isStalePlan(error)) return runOnce(text, values, undefined, texts).catch(rethrowMapped)
        throw toDatabaseError(error)
      }
    },
    get counts() {
      return { total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }
    },
    async close() {
      if (!pool.ending) await pool.end()
    },
  }
}

const rethrowMapped = (error: unknown): never => {
  throw toDatabaseError(error)
}

const asIs = (text: string): string => text
const asTexts = { getTypeParser: () => asIs } as unknown as pg.CustomTypesConfig

/** Runs a statement on a connection; {@link toQueryConfig} says how. */
export const runOn = (
  client: pg.ClientBase,
  text: string,
  values: readonly unknown[] | undefined,
  name: string | undefined,
  texts: boolean | undefined,
): Promise<DriverResult> =>
  name !== undefined && texts === true ? runTextQuery(client, text, values ?? [], name) : client.query(toQueryConfig(text, values, name, texts))

/** The driver's form of a statement; unnamed ones use the extended protocol too, so that one text is one statement. */
export const toQueryConfig = (text: string, values: readonly unknown[] | undefined, name: string | undefined, texts?: boolean): pg.QueryConfig => {
  const config: pg.QueryConfig & { queryMode?: string; rowMode?: 'array' } = { text, values: (values ?? []) as unknown[] }
  if (texts === true) {
    config.rowMode = 'array'
    config.types = asTexts
  }
  if (name === undefined) config.queryMode = 'extended'
  else config.name = name
  return config
}
