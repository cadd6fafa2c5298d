/** The process: database, migrations, snapshot, HTTP; and the way back down. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type pg from 'pg'
import { type Logger, pino } from 'pino'
import { type AppDeps, buildApp, toSettings } from './app.js'
import { createAdminTokens } from './auth/admin-tokens.js'
import { createEpochs } from './auth/epochs.js'
import { deriveKey } from './auth/keys.js'
import { createPasswords } from './auth/passwords.js'
import { createTokenService } from './auth/tokens.js'
import { type Config, loadSecret } from './config.js'
import { type Database, openDatabase } from './db/client.js'
import { type EmbeddedDatabase, startEmbedded } from './db/embedded/supervisor.js'
import { migrateCatalog } from './db/migrate.js'
import { createRecordsSession } from './db/records.js'
import { AppError } from './errors.js'
import { allFilters } from './filters/index.js'
import { metaApi } from './http/meta/index.js'
import type { RunServices } from './http/request-run.js'
import type { HttpSettings } from './http/settings.js'
import { createRegistry } from './runtime/registry.js'
import { systemClock } from './services/clock.js'
import { createMetrics, type Metrics } from './services/metrics.js'
import { systemRandom } from './services/random.js'
import { allStatements } from './statements/index.js'
import type { ChangeContext } from './workspace/change.js'
import { createCompilers } from './workspace/compilers.js'
import { createEnvCipher } from './workspace/env.js'
import { createLiveSnapshot } from './workspace/reload.js'
import { ensureInstance } from './workspace/workspaces.js'

export interface RunningServer {
  app: FastifyInstance
  /** Where it listens. */
  url: string
  /** Made at this start, the first of the instance; null at every other. */
  firstAdminToken: string | null
  /** Says 503 on `/health` from now on, without closing yet. */
  drain(): void
  /** Answers what is under way (for up to `drainMs`, default 30 000), then ends every connection and the embedded database. */
  close(drainMs?: number): Promise<void>
}

export interface ServerOptions {
  settings?: Partial<HttpSettings>
}

/** Errors: `AppError` when the database cannot be reached within a minute, is too old, or is in use by another server. */
export async function startServer(config: Config, options: ServerOptions = {}): Promise<RunningServer> {
  const log: Logger = pino({ level: config.logLevel }, pino.destination(2))
  const cleanup: (() => Promise<void>)[] = []
  const undo = async (): Promise<void> => {
    for (const step of cleanup.splice(0).reverse()) await step().catch((error: unknown) => log.error({ err: error }, 'close'))
  }
  try {
    const secret = Buffer.from(loadSecret(config))
    const connection = await openConnection(config, log, cleanup)
    await withPatience(() => migrateCatalog(connection()), log)
    const metrics = createMetrics()
    const db = openDatabase({
      connection: connection(),
      poolSize: config.database.poolSize,
      statementTimeoutMs: config.database.statementTimeoutMs,
      onError: (error) => {
        metrics.countEvent('connection_lost')
        log.warn({ err: error }, 'connection_lost')
      },
    })
    cleanup.push(() => db.close())
    const house = await buildHouse(config, db, secret, log, metrics, options)
    cleanup.push(() => house.stop())
    await house.app.listen({ host: config.http.host, port: config.http.port })
    const address = house.app.server.address()
    const port = typeof address === 'object' && address !== null ? address.port : config.http.port
    if (config.http.port === 0) house.settings.baseUrl = toSettings({ ...config, http: { ...config.http, port } }).baseUrl
    const url = house.settings.baseUrl
    return {
      app: house.app,
      url,
      firstAdminToken: house.firstAdminToken,
      drain: house.drain,
      async close(drainMs = 30_000) {
        house.drain()
        const late = setTimeout(() => house.app.server.closeAllConnections(), drainMs)
        await house.app.close()
        clearTimeout(late)
        await undo()
      },
    }
  } catch (error) {
    await undo()
    throw error
  }
}

interface House {
  app: FastifyInstance
  settings: HttpSettings
  firstAdminToken: string | null
  drain(): void
  stop(): Promise<void>
}

/** Everything above the database. */
async function buildHouse(config: Config, db: Database, secret: Buffer, log: Logger, metrics: Metrics, options: ServerOptions): Promise<House> {
  const settings: HttpSettings = { ...toSettings(config), ...options.settings }
  const registry = createRegistry(allStatements, allFilters)
  const compilers = createCompilers(registry)
  const cipher = createEnvCipher(deriveKey(secret, 'stackhold/env'))
  const passwords = createPasswords({ cost: { memory: config.argon2.memoryKib, passes: config.argon2.timeCost, lanes: config.argon2.parallelism } })
  const live = await createLiveSnapshot(db, { compilers, cipher, onError: (error) => log.error({ err: error }, 'reload_failed') })
  const context: ChangeContext = { db, live, cipher, compilers, passwords }
  await ensureInstance(db, context)
  const adminTokens = createAdminTokens({ db, clock: systemClock, random: systemRandom, configured: config.adminToken })
  const firstAdminToken = await adminTokens.ensureFirst()
  const services: RunServices = {
    clock: systemClock,
    random: systemRandom,
    passwords,
    tokens: createTokenService({ secrets: [secret], clock: systemClock, random: systemRandom, epochs: createEpochs() }),
    openRecords: (workspace, datasource) => createRecordsSession(db, { workspaceId: workspace.id, datasource, datasources: workspace.datasources }),
  }
  metrics.gauge('stackhold_password_queue', 'Passwords waiting to be hashed.', () => passwords.waiting)
  metrics.gauge('stackhold_database_connections', 'Connections of the pool.', () => db.poolCounts.total)
  let draining = false
  const deps: AppDeps = {
    services,
    adminTokens,
    metrics,
    settings,
    logger: log,
    snapshot: () => live.current,
    healthy: () => db.healthy(),
    draining: () => draining,
    detail: () => ({ pool: db.poolCounts, passwordQueue: passwords.waiting, memory: process.memoryUsage().rss }),
    plugins: config.http.metadataApi ? [metaApi({ ...context, settings, services, adminTokens, instanceName: 'Stackhold', pushLimit: pushLimitBytes })] : [],
  }
  const app = await buildApp(config, deps)
  return {
    app,
    settings,
    firstAdminToken,
    drain() {
      draining = true
    },
    stop: () => live.close(),
  }
}

/** A push may be larger than the body of an endpoint. */
const pushLimitBytes = 64 * 1_048_576

/** How to reach the database; the embedded one is started first. Asked for each time, because a restart may move the socket. */
async function openConnection(config: Config, log: Logger, cleanup: (() => Promise<void>)[]): Promise<() => pg.ClientConfig> {
  if (config.database.url !== undefined) {
    const connectionString = config.database.url
    return () => ({ connectionString })
  }
  const embedded: EmbeddedDatabase = await startEmbedded({ dataDir: config.dataDir, log: (fact) => log.info(fact, fact.kind) })
  cleanup.push(() => embedded.stop())
  return () => embedded.connection
}

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
