/** Everything above the database, put together: services, snapshot, Metadata API, the app. */
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { type AppDeps, buildApp, toSettings } from '../app.js'
import { createAdminAccounts } from '../auth/admin-accounts.js'
import { createAdminTokens } from '../auth/admin-tokens.js'
import { withBreaches } from '../auth/breaches.js'
import { createEpochStore } from '../auth/epoch-store.js'
import { deriveKey } from '../auth/keys.js'
import { createPasswords, type PasswordService } from '../auth/passwords.js'
import { createVaults } from '../auth/vault.js'
import type { Config } from '../config.js'
import type { Database } from '../db/client.js'
import { keepInBin } from '../db/ddl/bin.js'
import { allFilters } from '../filters/index.js'
import { metaApi } from '../http/meta/index.js'
import type { HttpSettings } from '../http/settings.js'
import { startHousekeeping } from '../jobs/housekeeping.js'
import { createRegistry } from '../runtime/registry.js'
import { createAuditLog } from '../services/audit-log.js'
import { createAuditRetention } from '../services/audit-retention.js'
import { createCaptcha } from '../services/captcha.js'
import { createChallenges } from '../services/challenge.js'
import { systemClock } from '../services/clock.js'
import { createEgress } from '../services/egress.js'
import { loadPlaces, noPlaces } from '../services/geoip.js'
import { createIdempotencyStore } from '../services/idempotency.js'
import type { Metrics } from '../services/metrics.js'
import type { Observe } from '../services/observe.js'
import { createOutbound, type Outbound } from '../services/outbound/http.js'
import { systemRandom } from '../services/random.js'
import { createRequestHistory } from '../services/request-history.js'
import { followTls } from '../services/tls-files.js'
import { allStatements } from '../statements/index.js'
import type { ChangeContext } from '../workspace/change.js'
import { createCompilers } from '../workspace/compilers.js'
import { createEnvCipher } from '../workspace/env.js'
import { createLiveSnapshot } from '../workspace/reload.js'
import type { Snapshot } from '../workspace/snapshot.js'
import { groupsWithUnsafeCors, unsafeOrigins } from '../workspace/unsafe-cors.js'
import { ensureInstance } from '../workspace/workspaces.js'
import { createCounting } from './counting.js'
import { createRunServices } from './run-services.js'
import { createWatching } from './watching.js'

export interface House {
  app: FastifyInstance
  settings: HttpSettings
  firstAdminToken: string | null
  /** Says 503 on `/health` from now on. */
  drain(): void
  stop(): Promise<void>
}

export interface Ground {
  db: Database
  secret: Buffer
  log: Logger
  metrics: Metrics
}

export interface HouseOptions {
  settings?: Partial<HttpSettings>
  /** Login providers over plain http, for tests. */
  insecureIssuers?: boolean
}

/** A push may be larger than the body of an endpoint. */
const pushLimitBytes = 64 * 1_048_576

export async function buildHouse(config: Config, { db, secret, log, metrics }: Ground, options: HouseOptions): Promise<House> {
  const settings: HttpSettings = { ...toSettings(config), ...options.settings }
  const previous = config.previousSecrets.map((one) => Buffer.from(one))
  const secrets = [secret, ...previous]
  const envKey = (one: Buffer): Buffer => deriveKey(one, 'stackhold/env')
  const cipher = createEnvCipher(envKey(secret), previous.map(envKey))
  const reportError = (kind: string) => (error: unknown) => log.error({ err: error }, kind)
  const egress = createEgress({ allow: config.egressAllow })
  const outbound = createOutbound(egress)
  const places = config.geoip === undefined ? noPlaces : loadPlaces(config.geoip)
  const { watch, record, observe } = createWatching(config, { db, secret, cipher, outbound, places, metrics, log })
  const passwords = choosePasswords(config, outbound, observe)
  const vaults = createVaults(secrets)
  const compilers = createCompilers(createRegistry(allStatements, allFilters), { directQuery: config.database.directQuery, vaults })
  const live = await createLiveSnapshot(db, { compilers, cipher, onError: reportError('reload_failed') })
  const context: ChangeContext = { db, live, cipher, compilers, passwords, vaults, mode: settings.mode }
  await ensureInstance(db, context)
  if (settings.mode === 'production') {
    tellUnsafeCors(live.current, log)
    live.onSwap((snapshot) => tellUnsafeCors(snapshot, log))
  }
  const adminTokens = createAdminTokens({ db, clock: systemClock, random: systemRandom, configured: config.adminToken })
  const firstAdminToken = await adminTokens.ensureFirst()
  const audit = createAuditLog({ db, clock: systemClock, keys: secrets.map((one) => deriveKey(one, 'stackhold/audit')) })
  await audit.open()
  const epochs = await createEpochStore(db, { maxSeconds: config.tokens.maxSeconds, onError: reportError('epochs_failed') })
  const counting = createCounting(config, settings, db, log)
  const { counters, loginLimits, limiter } = counting
  const challenges = createChallenges(db, deriveKey(secret, 'stackhold/challenge'), Date.now, reportError('challenge_purge_failed'))
  const idempotency = createIdempotencyStore({
    db,
    keyFor: (purpose) => deriveKey(secret, purpose),
    runMs: config.run.timeoutMs + 30_000,
    onError: reportError('idempotency_purge_failed'),
  })
  const insecureIssuers = options.insecureIssuers === true
  const { services, close } = createRunServices(config, { db, secrets, vaults, epochs, passwords, egress, outbound, places, observe, log, insecureIssuers })
  metrics.gauge('stackhold_password_queue', 'Passwords waiting to be hashed.', () => passwords.waiting)
  metrics.gauge('stackhold_database_connections', 'Connections of the pool.', () => db.poolCounts.total)
  await keepInBin(db, config.database.binDays)
  const housekeeping = startHousekeeping(db, {
    onError: reportError('housekeeping_failed'),
    onProblem: (problem) => log.warn({ problem }, 'index_not_built'),
    also: [() => createAuditRetention({ db, clock: systemClock, log: audit, days: config.auditDays }).cut()],
  })
  const history = createRequestHistory({ db, clock: systemClock, onError: reportError('history_failed') })
  metrics.gauge('stackhold_history_dropped', 'Requests that the history left out because too many came at once.', () => history.dropped)
  let draining = false
  const deps: AppDeps = {
    services,
    adminTokens,
    metrics,
    settings,
    loginLimits,
    counters,
    challenges,
    captcha: config.captcha === null ? undefined : createCaptcha(outbound, config.captcha, reportError('captcha_failed')),
    ...(limiter === undefined ? {} : { limiter }),
    idempotency,
    settleAccounts: () => epochs.catchUp(),
    logger: log,
    observe: record,
    history,
    snapshot: () => live.current,
    healthy: () => db.healthy(),
    draining: () => draining,
    detail: () => ({ pid: process.pid, pool: db.poolCounts, passwordQueue: passwords.waiting, memory: process.memoryUsage().rss }),
    plugins: config.http.metadataApi
      ? [
          metaApi({
            ...context,
            observe,
            watch,
            history,
            config,
            settings,
            services,
            epochs,
            idempotency,
            adminTokens,
            accounts: createAdminAccounts(db, passwords),
            audit,
            loginLimits,
            metrics,
            instanceName: 'Stackhold',
            pushLimit: pushLimitBytes,
          }),
        ]
      : [],
  }
  const app = await buildApp(config, deps)
  const stopTls = config.http.tls === null ? undefined : followTls(app.server, config.http.tls, reportError('tls_files_failed'))
  return {
    app,
    settings,
    firstAdminToken,
    drain() {
      draining = true
    },
    stop: async () => {
      await housekeeping.stop()
      idempotency.close()
      challenges.close()
      counting.close()
      stopTls?.()
      close()
      await watch.close()
      await history.close()
      await outbound.close()
      await live.close()
    },
  }
}

/** Hashing, behind the list of breached passwords where one is asked. */
function choosePasswords(config: Config, outbound: Outbound, observe: Observe): PasswordService {
  const hashing = createPasswords({
    processes: config.http.workers,
    cost: { memory: config.argon2.memoryKib, passes: config.argon2.timeCost, lanes: config.argon2.parallelism },
  })
  if (config.breachUrl === undefined) return hashing
  return withBreaches(hashing, { url: config.breachUrl, outbound, onFailure: (error) => observe({ kind: 'breach_check_failed', error }) })
}

/** Groups that are not served for it (R23), however the setting came there. */
function tellUnsafeCors(snapshot: Snapshot, log: Logger): void {
  for (const { name, branch, cors } of groupsWithUnsafeCors(snapshot)) {
    const facts = { workspace: branch.workspace.name, branch: branch.label, api_group: name, origins: unsafeOrigins(cors) }
    log.error(facts, 'unsafe_cors: this API group is NOT SERVED. List the origins of your own front ends in cors.origins instead.')
  }
}
