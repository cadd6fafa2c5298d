/** What stands below every process: a database that answers and is migrated, and the secret. */
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import { type Logger, pino } from 'pino'
import { loadSecret } from '../config/secret.js'
import type { Config } from '../config.js'
import { type EmbeddedDatabase, startEmbedded } from '../db/embedded/supervisor.js'
import { migrateCatalog } from '../db/migrate.js'
import { AppError } from '../errors.js'

/** What one process of several prepares for all: the database runs and is migrated. */
export interface Foundation {
  connection: pg.ClientConfig
  secret: string
}

/** What undoes a start, in the order it was done. */
export type Cleanup = (() => Promise<void>)[]

export const createLog = (config: Config): Logger => pino({ level: config.logLevel }, pino.destination(2))

export async function undoAll(cleanup: Cleanup, log: Logger): Promise<void> {
  for (const step of cleanup.splice(0).reverse()) await step().catch((error: unknown) => log.error({ err: error }, 'close'))
}

/** Errors: `AppError` when the database cannot be reached within a minute, is too old, or is in use by another server. */
export async function prepare(config: Config, log: Logger, cleanup: Cleanup): Promise<Foundation> {
  const secret = loadSecret(config)
  const connection = await openConnection(config, log, cleanup)
  await withPatience(() => migrateCatalog(connection()), log)
  return { connection: connection(), secret }
}

/** Starts what several processes share, for the one that keeps it. Errors: as {@link prepare}. */
export async function layFoundation(config: Config): Promise<Foundation & { close(): Promise<void> }> {
  const log = createLog(config)
  const cleanup: Cleanup = []
  try {
    return { ...(await prepare(config, log, cleanup)), close: () => undoAll(cleanup, log) }
  } catch (error) {
    await undoAll(cleanup, log)
    throw error
  }
}

/** How to reach the database; the embedded one is started first. Asked for each time, because a restart may move the socket. */
async function openConnection(config: Config, log: Logger, cleanup: Cleanup): Promise<() => pg.ClientConfig> {
  if (config.database.url !== undefined) {
    const connectionString = config.database.url
    return () => ({ connectionString })
  }
  const embedded: EmbeddedDatabase = await startEmbedded({
    dataDir: config.dataDir,
    settings: { max_connections: String(connectionsFor(config)) },
    log: (fact) => log.info(fact, fact.kind),
  })
  cleanup.push(() => embedded.stop())
  return () => embedded.connection
}

/** Pool, pipelines and listener of every process, and some for people with other tools. */
const connectionsFor = ({ http, database }: Config): number => Math.max(100, http.workers * (database.poolSize + 5) + 20)

const patienceMs = 60_000

/** A database that is still starting is waited for. */
async function withPatience<T>(work: () => Promise<T>, log: Logger): Promise<T> {
  const began = performance.now()
  for (let wait = 250; ; wait = Math.min(wait * 2, 5_000)) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof AppError) || error.kind !== 'unavailable' || performance.now() - began + wait > patienceMs) throw error
      log.warn({ err: error, retryInMs: wait }, 'database_unreachable')
      await sleep(wait)
    }
  }
}
