/** The process: database, migrations, snapshot, HTTP; and the way back down. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type pg from 'pg'
import { type Logger, pino } from 'pino'
import { type AppDeps, buildApp, toSettings } from './app.js'
import { createAdminTokens } from './auth/admin-tokens.js'
import { createEpochStore } from './auth/epoch-store.js'
import { deriveKey } from './auth/keys.js'
import { createPasswords } from './auth/passwords.js'
import { createRehash } from './auth/rehash.js'
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
import { loadPlaces, noPlaces } from './services/geoip.js'
import { createLoginLimits } from './services/login-limits.js'
import { createMetrics, type Metrics } from './services/metrics.js'
import { systemRandom } from './services/random.js'
import { createTemplates } from './services/template.js'
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
  /** Made by another process that keeps the database; absent: this one does all by itself. */
  foundation?: Foundation
}

/** What one process of several prepares for all: the database runs and is migrated. */
export interface Foundation {
  connection: pg.ClientConfig
  secret: string
}

type Cleanup = (() => Promise<void>)[]

const createLog = (config: Config): Logger => pino({ level: config.logLevel }, pino.destination(2))

async function undoAll(cleanup: Cleanup, log: Logger): Promise<void> {
  for (const step of cleanup.splice(0).reverse()) await step().catch((error: unknown) => log.error({ err: error }, 'close'))
}

async function prepare(config: Config, log: Logger, cleanup: Cleanup): Promise<Foundation> {
  const secret = loadSecret(config)
  const connection = await openConnection(config, log, cleanup)
  await withPatience(() => migrateCatalog(connection()), log)
  return { connection: connection(), secret }
}

/** Starts what several processes share, for the one that keeps it. Errors: as {@link startServer}. */
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

/** Errors: `AppError` when the database cannot be reached within a minute, is too old, or is in use by another server. */
export async function startServer(config: Config, options: ServerOptions = {}): Promise<RunningServer> {
  const log = createLog(config)
  const cleanup: Cleanup = []
  const undo = (): Promise<void> => undoAll(cleanup, log)
  try {
    const { connection, secret } = options.foundation ?? (await prepare(config, log, cleanup))
    const metrics = createMetrics()
    const db = openDatabase({
      connection,
      poolSize: config.database.poolSize,
      statementTimeoutMs: config.database.statementTimeoutMs,
      onError: (error) => {
        metrics.countEvent('connection_lost')
        log.warn({ err: error }, 'connection_lost')
      },
    })
    cleanup.push(() => db.close())
    const house = await buildHouse(config, db, Buffer.from(secret), log, metrics, options)
    cleanup.push(() => house.stop())
    await house.app.listen({ host: config.http.host, port: config.http.port })
    const address = house.app.server.address()
    const port = typeof address === 'object' && address !== null ? address.port : config.http.port
    if (config.http.port === 0) house.settings.baseUrl = toSettings({ ...config, http: { ...config.http, port } }).baseUrl
    const url = toSettings({ ...config, http: { ...config.http, port, publicUrl: undefined } }).baseUrl
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
  const compilers = createCompilers(registry, { directQuery: config.database.directQuery })
  const cipher = createEnvCipher(deriveKey(secret, 'stackhold/env'))
  const reportError = (kind: string) => (error: unknown) => log.error({ err: error }, kind)
  const passwords = createPasswords({
    processes: config.http.workers,
    cost: { memory: config.argon2.memoryKib, passes: config.argon2.timeCost, lanes: config.argon2.parallelism },
  })
  const live = await createLiveSnapshot(db, { compilers, cipher, onError: reportError('reload_failed') })
  const context: ChangeContext = { db, live, cipher, compilers, passwords }
  await ensureInstance(db, context)
  const adminTokens = createAdminTokens({ db, clock: systemClock, random: systemRandom, configured: config.adminToken })
  const firstAdminToken = await adminTokens.ensureFirst()
  const templates = createTemplates()
  const epochs = await createEpochStore(db, { maxSeconds: config.tokens.maxSeconds, onError: reportError('epochs_failed') })
  const loginLimits = createLoginLimits(db, { address: settings.authLimit, account: settings.accountLimit }, reportError('login_limits_failed'))
  const services: RunServices = {
    clock: systemClock,
    random: systemRandom,
    passwords,
    tokens: createTokenService({ secrets: [secret], clock: systemClock, random: systemRandom, epochs, ...config.tokens }),
    rehash: createRehash({ db, passwords }),
    templates,
    places: config.geoip === undefined ? noPlaces : loadPlaces(config.geoip),
    openRecords: (workspace, datasource, options) =>
      createRecordsSession(db, { workspaceId: workspace.id, datasource, datasources: workspace.datasources, appName: workspace.name, ...options }),
  }
  metrics.gauge('stackhold_password_queue', 'Passwords waiting to be hashed.', () => passwords.waiting)
  metrics.gauge('stackhold_database_connections', 'Connections of the pool.', () => db.poolCounts.total)
  let draining = false
  const deps: AppDeps = {
    services,
    adminTokens,
    metrics,
    settings,
    loginLimits,
    settleAccounts: () => epochs.catchUp(),
    logger: log,
    snapshot: () => live.current,
    healthy: () => db.healthy(),
    draining: () => draining,
    detail: () => ({ pid: process.pid, pool: db.poolCounts, passwordQueue: passwords.waiting, memory: process.memoryUsage().rss }),
    plugins: config.http.metadataApi
      ? [
          metaApi({
            ...context,
            observe: (fact) => log.info(fact, fact.kind),
            config,
            settings,
            services,
            epochs,
            adminTokens,
            instanceName: 'Stackhold',
            pushLimit: pushLimitBytes,
          }),
        ]
      : [],
  }
  const app = await buildApp(config, deps)
  return {
    app,
    settings,
    firstAdminToken,
    drain() {
      draining = true
    },
    stop: async () => {
      templates.close()
      await live.close()
    },
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
