/** Serves a list of routes behind the admin bearer token. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError, errorTable } from '../../errors.js'
import { fromPlain } from '../../lib/value.js'
import { stringify } from '../../runtime/serialize.js'
import { bearerToken, unauthorized } from '../authenticate.js'
import { toAppError } from '../error-handler.js'
import { assertJsonBounds } from '../json-guard.js'
import { assertUniqueKeys } from '../json-keys.js'
import { securityHeaders, strictTransport } from '../security-headers.js'
import { absentError } from './absent.js'
import { admit, callerOf, flagOf, singleText } from './admit.js'
import { AuditTrail, actionOf, isRecorded, readBefore } from './audit.js'
import { allowOrigins } from './cross-origin.js'
import type { MetaDeps } from './deps.js'
import { claimMetaKey } from './idempotency.js'
import { AcceptedAnswer, checked, type MetaBody, type MetaCall, type MetaRoute, StreamAnswer, TextAnswer } from './route.js'

/** Bytes of what anybody may send: a login. Reading a push takes seconds, which nobody gets without a token. */
const strangerLimit = 16_384

/** Adds the routes to a scope of their own: body types, errors and headers of the rest of the server stay as they are. */
export function serveMeta(app: FastifyInstance, deps: MetaDeps, routes: readonly MetaRoute[]): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'string', bodyLimit: deps.pushLimit }, (_request, body, done) => {
    try {
      done(null, parseJson(String(body)))
    } catch (error) {
      done(error as Error)
    }
  })
  app.addContentTypeParser(['text/x-xanoscript', 'application/x-xanoscript'], { parseAs: 'string', bodyLimit: deps.pushLimit }, (_request, body, done) =>
    done(null, { kind: 'xanoscript', text: String(body) } satisfies MetaBody),
  )
  // Also on what is refused before the hooks of this scope run: 429, 414.
  const always = { ...securityHeaders, ...(deps.settings.baseUrl.startsWith('https://') ? { 'strict-transport-security': strictTransport } : {}) }
  const crossOrigin = allowOrigins(app, deps.settings.consoleOrigins)
  app.setErrorHandler((error, request, reply) => {
    const known = toAppError(error)
    return answer(reply.code(known.status).headers({ ...always, ...crossOrigin(request), ...headersOf(known) }), errorBody(known, deps.settings.mode))
  })
  app.setNotFoundHandler(() => {
    throw new AppError('notFound', 'Unable to locate request.')
  })
  app.addHook('onRequest', async (request, reply) => {
    reply.headers({ ...securityHeaders, ...crossOrigin(request) })
  })
  app.addHook('onResponse', async (request, reply) => {
    const pattern = request.routeOptions.url?.replace('::', ':') ?? '/api:meta'
    deps.metrics?.countRequest(`${request.method} ${pattern}`, reply.statusCode, reply.elapsedTime)
  })
  const readers = new Map(routes.filter((route) => route.method === 'GET').map((route) => [route.path, route]))
  const add = (scope: FastifyInstance, route: MetaRoute): void => {
    scope.route({
      method: route.method,
      url: route.path,
      exposeHeadRoute: false,
      bodyLimit: route.open === true ? strangerLimit : deps.pushLimit,
      onRequest: async (request) => {
        await admit(request, deps, route)
      },
      handler: async (request, reply) => once(request, reply, deps, route, () => handle(request, deps, route, readers.get(route.path))),
    })
  }
  for (const route of routes) if (route.streams !== true) add(app, route)
  // Whatever else is asked for below the prefix: a stranger is not told that there is nothing.
  app.route({
    method: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    url: '/*',
    onRequest: async (request) => {
      const token = bearerToken(request.raw.headers)
      throw token !== '' && (await deps.adminTokens.verify(token)) !== null ? absentError(pathOf(request)) : unauthorized()
    },
    handler: () => null,
  })
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (request, stream, done) => done(null, { kind: 'stream', stream, ...describeBody(request) } satisfies MetaBody))
    for (const route of routes) if (route.streams === true) add(scope, route)
    done()
  })
}

/** Carries the request out, unless it is the repetition of one that was. What is thrown is the first answer, too. */
async function once(request: FastifyRequest, reply: FastifyReply, deps: MetaDeps, route: MetaRoute, carryOut: () => Promise<unknown>): Promise<FastifyReply> {
  const tell = (error: unknown): void => deps.observe?.({ kind: 'request_failed', status: 200, document: 'idempotency', error })
  const claimed = await claimMetaKey(deps.idempotency, request, route, tell)
  if (claimed === null) return respond(reply, await carryOut())
  if (claimed.replay !== null)
    return reply.code(claimed.replay.status).header('idempotency-replayed', 'true').type('application/json; charset=utf-8').send(claimed.replay.body)
  let result: unknown
  try {
    result = await carryOut()
  } catch (error) {
    const known = toAppError(error)
    await claimed.claim.settle({ status: known.status, body: toJson(errorBody(known, deps.settings.mode)) })
    throw error
  }
  const isKept = !(result instanceof TextAnswer || result instanceof StreamAnswer)
  const status = result instanceof AcceptedAnswer ? 202 : 200
  await claimed.claim.settle(isKept ? { status, body: toJson(result instanceof AcceptedAnswer ? result.body : result) } : null)
  return respond(reply, result)
}

function describeBody({ headers }: FastifyRequest): { type: string; length: number | null } {
  const length = Number(headers['content-length'])
  return { type: headers['content-type'] ?? '', length: Number.isFinite(length) ? length : null }
}

function respond(reply: FastifyReply, result: unknown): FastifyReply {
  if (result instanceof TextAnswer) return reply.type(`${result.type}; charset=utf-8`).send(result.text)
  if (result instanceof AcceptedAnswer) return answer(reply.code(202), result.body)
  if (!(result instanceof StreamAnswer)) return answer(reply, result)
  const name = result.filename.replace(/[^\w.-]+/g, '_')
  return reply
    .type(result.type)
    .header('content-disposition', `attachment; filename="${name}"; filename*=UTF-8''${encodeURIComponent(result.filename)}`)
    .send(result.stream)
}

const toJson = (body: unknown): string => stringify(fromPlain(body))

const answer = (reply: FastifyReply, body: unknown): FastifyReply => reply.type('application/json; charset=utf-8').send(toJson(body))

function headersOf(error: AppError): Record<string, string> {
  if (error.status === 401) return { 'www-authenticate': 'Bearer', ...error.headers }
  return error.status === 503 || error.status === 429 ? { 'retry-after': '1', ...error.headers } : error.headers
}

/** The caller is an administrator: hints are shown. What broke inside is not, in production. */
function errorBody(error: AppError, mode: 'production' | 'development'): unknown {
  if (error.kind === 'fatal' && mode === 'production' && error.cause !== undefined)
    return { code: errorTable.fatal.code, message: errorTable.fatal.message, payload: '' }
  const { code, message, payload, hint, detail } = error
  return { code, message, payload, hint, ...(mode === 'development' && detail !== undefined ? { detail } : {}) }
}

function parseJson(text: string): MetaBody {
  if (text.trim() === '') return { kind: 'none' }
  assertJsonBounds(text)
  try {
    const value: unknown = JSON.parse(text, dropPrototypeKeys)
    assertUniqueKeys(text)
    return { kind: 'json', value }
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new AppError('badRequest', 'The body is not valid JSON.', { cause })
  }
}

/** `JSON.parse` makes an own property of `__proto__`; no code of ours wants one. */
function dropPrototypeKeys(key: string, value: unknown): unknown {
  return key === '__proto__' ? undefined : value
}

/** Below `/api:meta`, without the query. */
const pathOf = ({ raw }: FastifyRequest): string => (raw.url ?? '').replace(/\?.*$/s, '').replace(/^\/api:meta/, '')

/** Runs the route; what it changed is in the audit log before it is answered. */
async function handle(request: FastifyRequest, deps: MetaDeps, route: MetaRoute, reader: MetaRoute | undefined): Promise<unknown> {
  const workspace = Number((request.params as Record<string, string>)['workspace_id'])
  const object = pathOf(request).slice(1)
  const trail = new AuditTrail(deps.audit, { route, object, ip: request.ip, workspaceId: Number.isInteger(workspace) ? workspace : null })
  const call: MetaCall = createCall(
    request,
    trail.within(deps, () => call),
    trail,
  )
  if (!isRecorded(route, call)) return route.handle(call)
  if (route.method !== 'POST' && route.method !== 'GET') trail.note({ before: await readBefore(reader, call) })
  const result = await route.handle(call)
  await trail.finish(call, result)
  deps.observe?.({ kind: 'authz_admin', ip: request.ip, actor: call.caller.name, endpoint: actionOf(route) })
  return result
}

function createCall(request: FastifyRequest, deps: MetaDeps, trail: AuditTrail): MetaCall {
  const caller = callerOf(request)
  const params = request.params as Record<string, string>
  const query = request.query as Record<string, unknown>
  const header = request.headers['x-data-source']
  const id = (name: string): number => {
    const value = Number(params[name])
    if (!/^\d{1,10}$/.test(params[name] ?? '') || value > 2_147_483_647) throw new AppError('input', `"${name}" must be an id.`, { payload: { param: name } })
    return value
  }
  const call: MetaCall = {
    deps,
    caller,
    ip: request.ip,
    body: (request.body as MetaBody | undefined | null) ?? { kind: 'none' },
    datasource: typeof header === 'string' && header !== '' ? header : 'live',
    param: (name) => params[name] ?? '',
    id,
    get workspaceId() {
      return id('workspace_id')
    },
    query: (name) => singleText(query[name]),
    flag: flagOf(request),
    get branch() {
      return singleText(query['branch']) || null
    },
    json: (schema) => checked(schema, jsonBody(request)),
    note: (notes) => trail.note(notes),
    record: (action, data) => trail.record(call, action, data),
  }
  return call
}

function jsonBody(request: FastifyRequest): unknown {
  const body = (request.body as MetaBody | undefined | null) ?? { kind: 'none' }
  if (body.kind === 'xanoscript') throw new AppError('unsupportedMediaType', 'This endpoint takes application/json.')
  return body.kind === 'json' ? body.value : {}
}
