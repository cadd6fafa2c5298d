/** Puts the house together: configuration and services in, a Fastify instance out that does not listen yet. */
import Fastify, { type FastifyBaseLogger, type FastifyInstance, type FastifyPluginAsync, type FastifyReply, type FastifyRequest } from 'fastify'
import type { AdminTokens } from './auth/admin-tokens.js'
import type { Config } from './config.js'
import { AppError } from './errors.js'
import { consoleRoute } from './http/console.js'
import { type Documentation, documentationRoutes } from './http/documentation.js'
import { endpointRoute } from './http/endpoint.js'
import { toAppError, toErrorAnswer } from './http/error-handler.js'
import { guard } from './http/guard.js'
import { healthRoutes } from './http/health.js'
import { limitRoutes } from './http/limit-routes.js'
import { unlocated } from './http/match.js'
import type { RunServices } from './http/request-run.js'
import { send } from './http/respond.js'
import { securityHeaders, strictTransport, toHeaderList } from './http/security-headers.js'
import { toServerOptions } from './http/server-options.js'
import type { HttpSettings } from './http/settings.js'
import { createLocalLoginLimits, type LoginLimits } from './services/login-limits.js'
import { createMetrics, type Metrics } from './services/metrics.js'
import type { Fact, Observe } from './services/observe.js'
import { createRateLimiter } from './services/rate-limit.js'
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
  /** Waits until changed accounts are in force for tokens. */
  settleAccounts?(): Promise<void>
  /** Instead of Fastify's own on standard output. */
  logger?: FastifyBaseLogger
  /** Told of what happened; the log by default. */
  observe?: Observe
  /** Instead of what {@link toSettings} derives. Read at every request: the address may become known on listening. */
  settings?: HttpSettings
}

const minute = 60_000

/** What the HTTP layer takes from the configuration. */
export const toSettings = (config: Config): HttpSettings => ({
  mode: config.env,
  baseUrl: config.http.publicUrl ?? `http://${toUrlHost(config.http.host)}:${config.http.port}`,
  bodyLimit: config.http.bodyLimit,
  run: { maxSteps: config.run.maxSteps, maxMilliseconds: config.run.timeoutMs, maxDepth: config.run.maxDepth },
  requestLimit: { max: config.limits.requestsPerMinute, windowMs: minute },
  authLimit: { max: config.limits.loginsPerMinute, windowMs: minute },
  accountLimit: { max: config.limits.loginsPerAccount, windowMs: 15 * minute },
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
    }),
    ...(deps.logger !== undefined ? { loggerInstance: deps.logger } : { logger: config.logLevel === 'silent' ? false : { level: config.logLevel } }),
    frameworkErrors: (error, request, reply) => answerError(error, request as FastifyRequest, reply as unknown as FastifyReply),
  })
  const tell = deps.observe ?? toLog(app)
  const observe: Observe = (fact) => {
    metrics.countEvent(fact.kind)
    tell(fact)
  }
  const limiter = createRateLimiter(settings.requestLimit)

  const answerError = (thrown: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const error = toAppError(thrown)
    const call = request.call ?? null
    if (error.status >= 500) observe({ kind: 'request_failed', status: error.status, document: call?.plan?.label ?? 'none', error: thrown })
    send(reply, toErrorAnswer(error, settings.mode, sharedHeaders, call?.headers ?? []))
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

  let groupPage: Documentation['page'] | undefined
  const endpoints: FastifyPluginAsync = async (scope) => {
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    endpointRoute(scope, {
      settings,
      services: deps.services,
      snapshot: deps.snapshot,
      loginLimits: deps.loginLimits ?? createLocalLoginLimits({ address: settings.authLimit, account: settings.accountLimit }),
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

/** Security events and failures as log lines; never a token, an input or a payload. */
/** Facts that are part of an ordinary day. */
const unremarkable: ReadonlySet<Fact['kind']> = new Set(['authn_login_success', 'content_exported', 'content_imported'])

const toLog =
  (app: FastifyInstance): Observe =>
  (fact: Fact) => {
    if ('error' in fact) app.log.error({ ...fact, error: describeError(fact.error) }, fact.kind)
    else if (unremarkable.has(fact.kind)) app.log.info(fact, fact.kind)
    else app.log.warn(fact, fact.kind)
  }

const describeError = (error: unknown): object => ({
  message: error instanceof Error ? error.message : String(error),
  ...(error instanceof AppError ? { position: error.position, detail: error.detail } : {}),
  ...(error instanceof Error ? { stack: error.stack, ...(error.cause === undefined ? {} : { cause: String(error.cause) }) } : {}),
})
