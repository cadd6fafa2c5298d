/** The one wildcard route behind which every endpoint of every workspace lives: `/api:<canonical>[:<branch>]/<path>`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { TokenRefusal } from '../auth/tokens.js'
import { AppError } from '../errors.js'
import type { Obj, Value } from '../lib/value.js'
import { createTrace } from '../runtime/trace.js'
import type { CountedScope, LoginLimits } from '../services/login-limits.js'
import type { Metrics } from '../services/metrics.js'
import type { Observe } from '../services/observe.js'
import type { EndpointSnapshot, Snapshot } from '../workspace/snapshot.js'
import { accountHash, accountKey } from './account-key.js'
import { type ApiUrl, parseApiUrl } from './api-url.js'
import { authenticate, bearerToken, unauthorized, unreviewedWarning } from './authenticate.js'
import { Call } from './call.js'
import { clientKey } from './client-key.js'
import { createPlans, type EndpointPlan } from './endpoint-plan.js'
import { limited, limitHeaders } from './guard.js'
import { hideSecrets, type KeepRequest } from './history.js'
import type { Claimed } from './idempotency.js'
import { toLoginFacts, toRefusalFact } from './login-notes.js'
import { findDatasource, findEndpoint, findGroup, unlocated } from './match.js'
import { readRequest } from './read-request.js'
import { HttpFacts } from './request-facts.js'
import { RequestRun, type RunServices } from './request-run.js'
import { type Answer, send, toAnswer } from './respond.js'
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
  loginLimits: LoginLimits
  /** Limits and challenge of an endpoint that has some. Throws AppError 428, 429 or 503. */
  checkPreconditions(request: FastifyRequest, call: Call, plan: EndpointPlan): Promise<void>
  /** The `Idempotency-Key` of a request; absent where nothing is stored. */
  claimKey?(request: FastifyRequest, call: Call, body: Uint8Array | null): Promise<Claimed | null>
  /** Keeps a request for the request history; absent where nothing is stored. */
  keepRequest?: KeepRequest | undefined
  /** Whether one more request would be kept just now. */
  historyHasRoom(): boolean
  /** Waits until what changed of accounts is in force for tokens. */
  settleAccounts(): Promise<void>
  metrics: Metrics
  observe: Observe
  /** Headers of every answer, flat. */
  sharedHeaders: readonly string[]
  /** Answers GET of the group itself, its documentation page. */
  groupPage(request: FastifyRequest, reply: FastifyReply, url: ApiUrl): Promise<void>
  /** Keeps the process alive for work that outlives its response. */
  background(work: Promise<void>): void
}

/** Refused tokens looked into at once; a flood of more is recorded without a reason of its own. */
const mostExplained = 64

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
    const group = findGroup(deps.snapshot(), url, request)
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
    if (plan.checksCredentials) {
      countTry(request, call, 'address', clientKey(request.ip))
        .then(() => admitCaller(request, call, plan))
        .then(() => done(), done)
      return
    }
    if (plan.exposure === 'token') {
      authenticateCall(request, call, plan).then(() => done(), done)
      return
    }
    assertOpen(call, plan)
    done()
  }

  const admitCaller = async (request: FastifyRequest, call: Call, plan: EndpointPlan): Promise<void> => {
    if (plan.exposure === 'token') await authenticateCall(request, call, plan)
    else assertOpen(call, plan)
  }

  /** The exposure gate of docs/security.md. */
  const assertOpen = (call: Call, plan: EndpointPlan): void => {
    if (plan.exposure !== 'unreviewed') return
    if (settings.mode === 'production') throw unauthorized()
    call.headers = [...call.headers, ...unreviewedWarning]
  }

  /** One try of an endpoint that checks passwords or issues tokens. Throws AppError 429. */
  const countTry = async (request: FastifyRequest, call: Call, scope: CountedScope, key: string): Promise<void> => {
    const verdict = await deps.loginLimits.take(scope, key)
    if (verdict === null) return
    if (verdict.wait > 0) {
      // One event each: the account's limit has a name of its own.
      const kind = 'authn_login_fail_max'
      if (scope === 'account') throw limited(request.ip, 'account', verdict.wait, () => deps.observe({ kind, ...loginFacts(request, call) }))
      throw limited(request.ip, 'auth', verdict.wait, deps.observe)
    }
    // The account's own count is not told: it would say how often others tried.
    if (scope === 'address') call.headers = [...call.headers, ...limitHeaders(verdict)]
  }

  const loginFacts = (request: FastifyRequest, call: Call) => ({
    ip: request.ip,
    workspaceId: call.group?.branch.workspace.id ?? 0,
    endpoint: call.plan?.label ?? '',
    table: call.plan?.accountTable ?? '',
    ...(call.account === null ? {} : { account: accountHash(call.account) }),
  })

  const authenticateCall = async (request: FastifyRequest, call: Call, plan: EndpointPlan): Promise<void> => {
    try {
      call.caller = await authenticate(services.tokens, plan, call.authToken, call.datasource)
    } catch (error) {
      if (call.authToken === '') deps.observe({ kind: 'authn_login_fail', reason: 'missing', ...loginFacts(request, call) })
      else deps.background(explainRefusal(plan, call.authToken, call.datasource, loginFacts(request, call)))
      throw error
    }
  }

  let explaining = 0
  /** Beside the answer, so that neither its bytes nor its time tell what was wrong. */
  const explainRefusal = async (plan: EndpointPlan, token: string, datasource: string, facts: ReturnType<typeof loginFacts>): Promise<void> => {
    await new Promise<void>((resolve) => setImmediate(resolve))
    let reason: TokenRefusal = plan.authTable === null ? 'disabled' : 'rejected'
    if (plan.authTable !== null && explaining < mostExplained) {
      explaining++
      reason = await services.tokens.explain(token, plan.bindingFor(datasource), plan.otherBindings(datasource)).finally(() => explaining--)
    }
    deps.observe({ kind: 'authn_login_fail', reason, ...facts })
  }

  /** Stages after the body is here: read input, run, respond, record. What waits for nothing is answered at once, without a promise. */
  const handle = (request: FastifyRequest, reply: FastifyReply): Promise<void> | undefined => {
    const { call, raw } = request
    if (call === null || call.endpoint === null || call.plan === null) throw unlocated()
    const { plan } = call
    const body = Buffer.isBuffer(request.body) && request.body.length > 0 ? request.body : null
    if (plan.hasPreconditions || plan.checksCredentials || raw.headers['idempotency-key'] !== undefined) return handleCounted(request, reply, call, plan, body)
    const received = receive(request, call, plan, body)
    if (received instanceof Promise) return received.then((input) => serve(request, reply, call, plan, body, input))
    return serve(request, reply, call, plan, body, received)
  }

  const receive = ({ raw }: FastifyRequest, call: Call, plan: EndpointPlan, body: Buffer | null): Obj | Promise<Obj> =>
    readRequest({ params: call.params, query: call.url.query, contentType: raw.headers['content-type'], body }, plan)

  /** Of a request that is counted, challenged or said to be a repetition. */
  const handleCounted = async (request: FastifyRequest, reply: FastifyReply, call: Call, plan: EndpointPlan, body: Buffer | null): Promise<void> => {
    if (plan.hasPreconditions) await deps.checkPreconditions(request, call, plan)
    const input = await receive(request, call, plan, body)
    call.input = input
    if (plan.checksCredentials) {
      call.account = accountKey(call.group?.branch.workspace.id ?? 0, plan.identifiers, input)
      if (call.account !== null) await countTry(request, call, 'account', call.account)
    }
    if (request.raw.headers['idempotency-key'] !== undefined) {
      const claimed = await deps.claimKey?.(request, call, body)
      if (claimed != null && claimed.replay !== null) return send(reply, claimed.replay)
      call.claim = claimed?.claim ?? null
    }
    await serve(request, reply, call, plan, body, input)
  }

  const serve = (request: FastifyRequest, reply: FastifyReply, call: Call, plan: EndpointPlan, body: Buffer | null, input: Obj): Promise<void> | undefined => {
    const { endpoint } = call as { endpoint: EndpointSnapshot }
    call.input = input
    const facts = new HttpFacts(call, request.raw, request.ip, settings.baseUrl, body, input)
    const run = new RequestRun(services, settings.run, endpoint.group.branch.workspace, call.datasource, call.caller, facts)
    // What would not be kept is not recorded either.
    if (plan.statementsKept > 0 && deps.historyHasRoom()) call.trace = run.trace = createTrace(plan.statementsKept, { withoutValues: true })
    const finish = (value: Value): Promise<void> | undefined => {
      const answer = toAnswer(value, run, sharedHeaders, call.headers)
      if (call.claim !== null) return call.claim.settle(answer).then(() => deliver(request, reply, call, plan, run, answer))
      deliver(request, reply, call, plan, run, answer)
      return undefined
    }
    const value = runProgram(request, call, endpoint, plan, run, input)
    return value instanceof Promise ? value.then(finish) : finish(value)
  }

  const deliver = (request: FastifyRequest, reply: FastifyReply, call: Call, plan: EndpointPlan, run: RequestRun, answer: Answer): void => {
    send(reply, answer)
    if (plan.keepsHistory) deps.keepRequest?.(request, call, answer)
    deps.metrics.countRequest(plan.label, answer.status, performance.now() - call.startedAt)
    if (run.later !== null) deps.background(runLater(run.later, call))
  }

  const runProgram = (
    request: FastifyRequest,
    call: Call,
    endpoint: EndpointSnapshot,
    plan: EndpointPlan,
    run: RequestRun,
    input: Obj,
  ): Value | Promise<Value> => {
    let answer: Value | Promise<Value>
    try {
      answer = endpoint.program().answer(run, input)
    } catch (error) {
      answer = Promise.reject(error)
    }
    return answer instanceof Promise || plan.logsIn || plan.changesAccounts ? settle(request, call, plan, run, answer) : answer
  }

  const settle = async (request: FastifyRequest, call: Call, plan: EndpointPlan, run: RequestRun, answer: Value | Promise<Value>): Promise<Value> => {
    try {
      const value = await answer
      if (plan.logsIn) for (const fact of toLoginFacts(run.login, plan.issuesTokens, loginFacts(request, call))) deps.observe(fact)
      return value
    } catch (error) {
      const status = error instanceof AppError ? error.status : 500
      if (plan.checksCredentials && (status === 401 || status === 403)) deps.observe(toRefusalFact(run.login, loginFacts(request, call)))
      else if (status === 403) deps.observe({ kind: 'authz_fail', ...loginFacts(request, call) })
      throw error
    } finally {
      if (plan.changesAccounts) await deps.settleAccounts()
    }
  }

  /** Post-processing may fail without anyone hearing of it but the log. */
  const runLater = async (works: readonly (() => Promise<void>)[], call: Call): Promise<void> => {
    await new Promise<void>((resolve) => setImmediate(resolve))
    for (const work of works) {
      try {
        await work()
      } catch (error) {
        deps.observe({ kind: 'after_response_failed', document: call.plan?.label ?? '', error, hide: hideSecrets(call) })
      }
    }
  }

  app.route({ method: methods, url: '/api::*', exposeHeadRoute: false, bodyLimit: settings.bodyLimit, onRequest: admit, handler: handle })
}
