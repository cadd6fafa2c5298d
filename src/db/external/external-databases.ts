/** Databases that builders name by a connection string. */
import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { fatal } from '../../errors.js'
import type { ExternalDatabases, ExternalEngine } from '../../runtime/capabilities.js'
import type { DirectQueryPolicy } from '../direct/direct-query.js'
import type { OpenConnection } from './connection.js'
import { parseConnectionString } from './connection-string.js'
import { openMysql } from './mysql.js'
import { ExternalPool, type PoolLimits, poolLimits } from './pool.js'
import { openPostgres } from './postgres.js'
import { buildExternalStatement, rawRefused } from './statement.js'

export interface ExternalDatabasesOptions {
  /** A socket that reaches only what the server may reach. */
  openSocket(): Socket
  /** `raw` allows values in the text of a statement. */
  directQuery: DirectQueryPolicy
  /** Default 15 000. */
  statementTimeoutMs?: number
  /** Default 5 000. */
  connectTimeoutMs?: number
  /** Different databases in use at one time; default 50. */
  databases?: number
  pool?: Partial<PoolLimits>
}

export interface OpenExternalDatabases extends ExternalDatabases {
  /** Connections that stand or are being made. */
  readonly connections: number
  close(): void
}

const engines: Readonly<Record<ExternalEngine, OpenConnection>> = { postgres: openPostgres, mysql: openMysql }

/** Grace the server has to cancel a statement by itself before the connection is given up. */
const graceMs = 1_000

export function createExternalDatabases(options: ExternalDatabasesOptions): OpenExternalDatabases {
  const { statementTimeoutMs = 15_000, connectTimeoutMs = 5_000, databases = 50, directQuery } = options
  const pools = new Map<string, ExternalPool>()
  const limits = { ...poolLimits, ...options.pool }

  const poolOf = (engine: ExternalEngine, connectionString: string): ExternalPool => {
    const key = createHash('sha256')
      .update(JSON.stringify([engine, connectionString]))
      .digest('base64')
    const known = pools.get(key)
    if (known !== undefined) return known
    for (const [other, pool] of pools) if (pool.size === 0) pools.delete(other)
    if (pools.size >= databases) throw fatal('Too many external databases are in use at once.', { hint: 'Try again in a moment.' })
    const target = parseConnectionString(engine, connectionString)
    const pool = new ExternalPool(() => engines[engine](target, { openSocket: options.openSocket, statementTimeoutMs, connectTimeoutMs }), limits)
    pools.set(key, pool)
    return pool
  }

  return {
    assertTemplates() {
      if (directQuery !== 'raw') throw rawRefused('Templates as SQL are not allowed on this server.')
    },
    async query({ engine, connectionString, sql, args, milliseconds }) {
      const statement = buildExternalStatement(engine, sql, args, directQuery === 'raw')
      return poolOf(engine, connectionString).run(statement, Math.max(1, Math.min(milliseconds, statementTimeoutMs + graceMs)))
    },
    get connections() {
      return [...pools.values()].reduce((count, pool) => count + pool.size, 0)
    },
    close() {
      for (const pool of pools.values()) pool.close()
      pools.clear()
    },
  }
}
