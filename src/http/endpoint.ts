/** The one wildcard route behind which every endpoint of every workspace lives: `/api:<canonical>[:<branch>]/<path>`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Value } from '../lib/value.js'
import type { Metrics } from '../services/metrics.js'
import type { Observe } from '../services/observe.js'
import type { RateLimiter } from '../services/rate-limit.js'
import type { Snapshot } from '../workspace/snapshot.js'
import { type ApiUrl, parseApiUrl } from './api-url.js'
import { authenticate, bearerToken, unauthorized, unreviewedWarning } from './authenticate.js'
import { Call } from './call.js'
import { clientKey } from './client-key.js'
import { createPlans, type EndpointPlan } from './endpoint-plan.js'
import { limited } from './guard.js'
import { findDatasource, findEndpoint, findGroup, unlocated } from './match.js'
import { readRequest } from './read-request.js'
import { HttpFacts } from './request-facts.js'
import { RequestRun, type RunServices } from './request-run.js'
import { send, toAnswer } from './respond.js'
import type { HttpSettings } from './settings.js'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set on requests below `/api:`. */
    call: Call | null
  }
}

export interface EndpointDeps {
  settings: HttpSettings
  services: RunServices
  snapshot(): Snapshot
  /** Counts logins and the like. */
  authLimiter: RateLimiter
  metrics: Metrics
  observe: Observe
  /** Headers of every answer, flat. */
  sharedHeaders: readonly string[]
  /** Answers GET of the group itself, its documentation page. */
  groupPage(request: FastifyRequest, reply: FastifyReply, url: ApiUrl): Promise<void>
  /** Keeps the process alive for work that outlives its response. */
  background(work: Promise<void>): void
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

export function endpointRoute(app: FastifyInstance, deps: EndpointDeps): void {
  const { settings, services, sharedHeaders } = deps
  const plans = createPlans(settings)
  app.decorateRequest('call', null)

  /** Stages that need no body: match, admit, authenticate. A body is read for those only who may send one. */
  const admit = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void => {
    const { raw } = request
    const url = parseApiUrl(raw.url ?? '')
    if (url === null) throw unlocated()
    const call = new Call(url)
    request.call = call
    const group = findGroup(deps.snapshot(), url, raw.headers)
    const groupPlan = group === null ? null : plans.group(group)
    if (raw.method === 'OPTIONS') {
      const headers = groupPlan?.cors.preflightFor(raw.headers.origin) ?? []
      send(reply, { status: 204, headers: [...sharedHeaders, ...headers], body: '' })
      return
    }
    if (group === null || groupPlan === null) throw unlocated()
    call.group = group
    call.headers = groupPlan.cors.headersFor(raw.headers.origin)
    const found = findEndpoint(group, raw.method ?? '', url.path)
    if (found === null) {
      if (url.path.length > 1 || (raw.method !== 'GET' && raw.method !== 'HEAD')) throw unlocated()
      deps.groupPage(request, reply, url).catch(done)
      return
    }
    const datasource = findDatasource(group, raw.headers['x-data-source'], url.query, groupPlan.datasource)
    if (datasource === null) throw unlocated()
    const plan = plans.endpoint(found.endpoint)
    call.endpoint = found.endpoint
    call.params = found.params
    call.plan = plan
    call.datasource = datasource
    call.authToken = bearerToken(raw.headers)
    if (plan.checksCredentials) limitCredentials(request)
    if (plan.exposure === 'token') {
      authenticateCall(request, call, plan).then(() => done(), done)
      return
    }
    if (plan.exposure === 'unreviewed') {
      if (settings.mode === 'production') throw unauthorized()
      call.headers = [...call.headers, ...unreviewedWarning]
    }
    done()
  }

  const limitCredentials = (request: FastifyRequest): void => {
    const wait = deps.authLimiter.take(clientKey(request.ip))
    if (wait > 0) throw limited(request.ip, 'auth', wait, deps.observe)
  }

  const authenticateCall = async (request: FastifyRequest, call: Call, plan: EndpointPlan): Promise<void> => {
    try {
      call.caller = await authenticate(services.tokens, plan, call.authToken, call.datasource)
    } catch (error) {
      const workspaceId = call.group?.branch.workspace.id ?? 0
      deps.observe({ kind: 'authn_login_fail', ip: request.ip, workspaceId, endpoint: plan.label, reason: call.authToken === '' ? 'missing' : 'rejected' })
      throw error
    }
  }

  /** Stages after the body is here: read input, run, respond, record. */
  const handle = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { call, raw } = request
    if (call === null || call.endpoint === null || call.plan === null) throw unlocated()
    const { endpoint, plan } = call
    const body = Buffer.isBuffer(request.body) && request.body.length > 0 ? request.body : null
    const received = readRequest({ params: call.params, query: call.url.query, contentType: raw.headers['content-type'], body }, plan)
    const input = received instanceof Promise ? await received : received
    const facts = new HttpFacts(call, raw, request.ip, settings.baseUrl, body, input)
    const run = new RequestRun(services, settings.run, endpoint.group.branch.workspace, call.datasource, call.caller, facts)
    const value: Value = await endpoint.program().run(run, input)
    const answer = toAnswer(value, run, sharedHeaders, call.headers)
    send(reply, answer)
    deps.metrics.countRequest(plan.label, answer.status, performance.now() - call.startedAt)
    if (run.later !== null) deps.background(runLater(run.later, plan.label))
  }

  /** Post-processing may fail without anyone hearing of it but the log. */
  const runLater = async (works: readonly (() => Promise<void>)[], document: string): Promise<void> => {
    await new Promise<void>((resolve) => setImmediate(resolve))
    for (const work of works) {
      try {
        await work()
      } catch (error) {
        deps.observe({ kind: 'after_response_failed', document, error })
      }
    }
  }

  app.route({ method: methods, url: '/api::*', exposeHeadRoute: false, bodyLimit: settings.bodyLimit, onRequest: admit, handler: handle })
}
