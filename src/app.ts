/** Puts the house together: configuration and services in, a Fastify instance out that does not listen yet. */
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyPluginAsync, type FastifyReply, type FastifyRequest } from 'fastify'
import type { AdminTokens } from './auth/admin-tokens.js'
import type { Config } from './config.js'
import { AppError } from './errors.js'
import { countFailure, passChallenge } from './http/challenge.js'
import { createConcealment } from './http/conceal.js'
import { consoleRoute } from './http/console.js'
import { type Documentation, documentationRoutes } from './http/documentation.js'
import { endpointRoute } from './http/endpoint.js'
import { countUse } from './http/endpoint-limits.js'
import { toAppError, toErrorAnswer } from './http/error-handler.js'
import { guard } from './http/guard.js'
import { healthRoutes } from './http/health.js'
import { createHistoryKeeper, hideSecrets } from './http/history.js'
import { claimKey } from './http/idempotency.js'
import { limitRoutes } from './http/limit-routes.js'
import { unlocated } from './http/match.js'
import { createRefusalFacts } from './http/refusal-facts.js'
import { createRefusalHeaders } from './http/refusal-headers.js'
import type { RunServices } from './http/request-run.js'
import { send } from './http/respond.js'
import { securityHeaders, strictTransport, toHeaderList } from './http/security-headers.js'
import { toServerOptions } from './http/server-options.js'
import type { HttpSettings } from './http/settings.js'
import type { Captcha } from './services/captcha.js'
import type { Challenges } from './services/challenge.js'
import { type Counters, createLocalCounters } from './services/counters.js'
import { logFacts } from './services/fact-log.js'
import type { IdempotencyStore } from './services/idempotency.js'
import { createLocalLoginLimits, type LoginLimits } from './services/login-limits.js'
import { createMetrics, type Metrics } from './services/metrics.js'
import type { Observe } from './services/observe.js'
import { createRateLimiter, type RateLimiter, withTotal } from './services/rate-limit.js'
import type { RequestHistory } from './services/request-history.js'
import { loadTls } from './services/tls-files.js'
import type { Snapshot } from './workspace/snapshot.js'

export interface AppDeps {
  services: RunServices
  snapshot(): Snapshot
  adminTokens: Pick<AdminTokens, 'verify'>
  /** Whether the database answers; never throws. */
  healthy?(): Promise<boolean>
  /** Numbers of `/health` for administrators. */
  detail?(): Record<string, unknown>
  draining?(): boolean
  /** Further routes, the Metadata API first of all; they bring their own body parsers and get the security headers. */
  plugins?: readonly FastifyPluginAsync[]
  metrics?: Metrics
  /** Counts of logins that all nodes share; in process when absent. */
  loginLimits?: LoginLimits
  /** Requests of an address; absent: this process counts for itself. */
  limiter?: RateLimiter
  /** Calls of endpoints that have limits of their own; absent: in this process. */
  counters?: Counters
  /** Proofs of work and used CAPTCHA tokens; endpoints that ask for one refuse everyone when absent. */
  challenges?: Challenges
  captcha?: Captcha | undefined
  /** First answers to requests with an `Idempotency-Key`; the header is ignored when absent. */
  idempotency?: IdempotencyStore
  /** Waits until changed accounts are in force for tokens. */
  settleAccounts?(): Promise<void>
  /** Instead of Fastify's own on standard output. */
  logger?: FastifyBaseLogger
  /** Keeps requests of endpoints that have a history. */
  history?: RequestHistory
  /** Told of what happened; the log by default. */
  observe?: Observe
  /** Instead of what {@link toSettings} derives. Read at every request: the address may become known on listening. */
  settings?: HttpSettings
}

const minute = 60_000

/** What the HTTP layer takes from the configuration. */
export const toSettings = (config: Config): HttpSettings => ({
  mode: config.env,
  baseUrl: config.http.publicUrl ?? `${config.http.tls === null ? 'http' : 'https'}://${toUrlHost(config.http.host)}:${config.http.port}`,
  bodyLimit: config.http.bodyLimit,
  run: { maxSteps: config.run.maxSteps, maxMilliseconds: config.run.timeoutMs, maxDepth: config.run.maxDepth },
  requestLimit: { max: config.limits.requestsPerMinute, windowMs: minute },
  authLimit: { max: config.limits.loginsPerMinute, windowMs: minute },
  totalLimit: { max: config.limits.totalRequestsPerMinute, windowMs: minute },
  totalAuthLimit: { max: config.limits.totalLoginsPerMinute, windowMs: minute },
  expensiveLimit: { max: config.limits.expensivePerMinute, windowMs: minute },
  accountLimit: { max: config.limits.loginsPerAccount, windowMs: 15 * minute },
  consoleOrigins: config.http.consoleOrigins,
  hideRoutes: config.env === 'production' && config.http.hideRoutes,
  history: config.history,
  publicEndpoints: config.publicEndpoints,
})

/** "Every address" is none that anyone could call. */
function toUrlHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost'
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host
}

export async function buildApp(config: Config, deps: AppDeps): Promise<FastifyInstance> {
  const settings = deps.settings ?? toSettings(config)
  const sharedHeaders = toHeaderList(settings.baseUrl)
  const metrics = deps.metrics ?? createMetrics()
  const app: FastifyInstance = Fastify({
    ...toServerOptions({
      bodyLimit: settings.bodyLimit,
      requestTimeoutMs: config.http.requestTimeoutMs,
      runTimeoutMs: settings.run.maxMilliseconds,
      trustProxy: config.http.trustProxy,
      tls: config.http.tls === null ? undefined : loadTls(config.http.tls),
    }),
    ...(deps.logger !== undefined ? { loggerInstance: deps.logger } : { logger: config.logLevel === 'silent' ? false : { level: config.logLevel } }),
    frameworkErrors: (error, request, reply) => answerError(error, request as FastifyRequest, reply as unknown as FastifyReply),
  })
  const tell = deps.observe ?? logFacts(app.log)
  const observe: Observe = (fact) => {
    metrics.countEvent(fact.kind)
    tell(fact)
  }
  const limiter = withTotal(deps.limiter ?? createRateLimiter(settings.requestLimit), settings.totalLimit)
  const counters = deps.counters ?? createLocalCounters()

  const conceal = createConcealment({ hideRoutes: settings.hideRoutes, snapshot: deps.snapshot, tokens: deps.services.tokens })
  const noteRefusal = createRefusalFacts(observe)
  const keepRequest = deps.history === undefined ? undefined : createHistoryKeeper(deps.history, settings, () => deps.services.clock.now())
  const refusalHeaders = createRefusalHeaders(deps.snapshot, settings.mode)
  const answerError = (thrown: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const shown = conceal(toAppError(thrown), request)
    if (shown instanceof AppError) sendError(shown, thrown, request, reply)
    else
      shown.then(
        (error) => sendError(error, thrown, request, reply),
        (failure: unknown) => sendError(toAppError(failure), failure, request, reply),
      )
  }
  const sendError = (error: AppError, thrown: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const call = request.call ?? null
    if (error.status >= 500)
      observe({ kind: 'request_failed', status: error.status, document: call?.plan?.label ?? 'none', error: thrown, hide: hideSecrets(call) })
    else noteRefusal(thrown, request)
    const answer = toErrorAnswer(error, settings.mode, sharedHeaders, call?.headers ?? refusalHeaders(request))
    const before: Promise<void>[] = []
    if (call?.claim != null) before.push(call.claim.settle(answer))
    // Whoever has this answer and tries again finds it counted.
    if (call?.plan?.challenge != null && (error.status === 401 || error.status === 403)) before.push(countFailure(challengeDeps, request, call).catch(() => {}))
    if (before.length === 0) send(reply, answer)
    else void Promise.all(before).then(() => send(reply, answer))
    if (call?.plan?.keepsHistory === true) keepRequest?.(request, call, answer)
    metrics.countRequest(call?.plan?.label ?? 'none', error.status, call === null ? 0 : performance.now() - call.startedAt)
  }

  // One logger for all: a child for each request is more than most requests cost.
  app.setChildLoggerFactory((logger) => logger)
  app.removeAllContentTypeParsers()
  for (const method of ['GET', 'HEAD']) app.addHttpMethod(method, { hasBody: true, overrideExisting: true })
  app.setErrorHandler(answerError)
  app.setNotFoundHandler((request, reply) => answerError(unlocated(), request, reply))
  app.addHook('onRequest', (request, _reply, done) => {
    guard(request, limiter, observe)
    done()
  })

  const background = new Set<Promise<void>>()
  app.addHook('onClose', async () => void (await Promise.allSettled(background)))

  const challengeDeps = { challenges: deps.challenges, captcha: deps.captcha, counters }
  const { idempotency } = deps
  const idempotencyDeps =
    idempotency === undefined
      ? undefined
      : { store: idempotency, sharedHeaders, onError: (error: unknown) => observe({ kind: 'request_failed', status: 200, document: 'idempotency', error }) }

  let groupPage: Documentation['page'] | undefined
  const endpoints: FastifyPluginAsync = async (scope) => {
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    endpointRoute(scope, {
      settings,
      services: deps.services,
      snapshot: deps.snapshot,
      loginLimits: deps.loginLimits ?? createLocalLoginLimits({ address: settings.authLimit, account: settings.accountLimit, total: settings.totalAuthLimit }),
      ...(idempotencyDeps === undefined ? {} : { claimKey: (request, call, body) => claimKey(idempotencyDeps, request, call, body) }),
      keepRequest,
      historyHasRoom: () => deps.history?.hasRoom === true,
      async checkPreconditions(request, call, { limits, challenge }) {
        if (limits !== null) await countUse(counters, observe, request, call, limits)
        if (challenge !== null) await passChallenge(challengeDeps, request, call, challenge)
      },
      settleAccounts: deps.settleAccounts ?? (async () => {}),
      metrics,
      observe,
      sharedHeaders,
      groupPage: (request, reply, url) => groupPage?.(request, reply, url) ?? Promise.reject(unlocated()),
      background(work) {
        background.add(work)
        void work.finally(() => background.delete(work))
      },
    })
  }
  await app.register(endpoints)
  const others: FastifyPluginAsync = async (scope) => {
    const headers = { ...securityHeaders, ...(settings.baseUrl.startsWith('https://') ? { 'strict-transport-security': strictTransport } : {}) }
    scope.addHook('onRequest', (_request, reply, done) => {
      reply.headers(headers)
      done()
    })
    for (const plugin of deps.plugins ?? []) await scope.register(plugin)
  }
  const fixed: FastifyPluginAsync = async (scope) => {
    await limitRoutes(scope, settings.requestLimit, observe)
    groupPage = documentationRoutes(scope, { snapshot: deps.snapshot, adminTokens: deps.adminTokens, settings, sharedHeaders }).page
    healthRoutes(scope, {
      adminTokens: deps.adminTokens,
      metrics,
      sharedHeaders,
      healthy: deps.healthy ?? (async () => true),
      draining: deps.draining ?? (() => false),
      detail: deps.detail ?? (() => ({})),
    })
    consoleRoute(scope, { settings, snapshot: deps.snapshot, sharedHeaders })
    await scope.register(others)
  }
  await app.register(fixed)
  return app
}
