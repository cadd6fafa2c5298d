/** Serves a list of routes behind the admin bearer token. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError, errorTable } from '../../errors.js'
import { fromPlain } from '../../lib/value.js'
import { stringify } from '../../runtime/serialize.js'
import { bearerToken } from '../authenticate.js'
import { toAppError } from '../error-handler.js'
import { assertJsonBounds } from '../json-guard.js'
import { securityHeaders } from '../security-headers.js'
import type { MetaDeps } from './deps.js'
import { AcceptedAnswer, checked, isAllowed, type MetaBody, type MetaCall, type MetaRoute, StreamAnswer, TextAnswer } from './route.js'

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
  app.setErrorHandler((error, _request, reply) => {
    const known = toAppError(error)
    return answer(reply.code(known.status).headers(headersOf(known)), errorBody(known, deps.settings.mode))
  })
  app.setNotFoundHandler(() => {
    throw new AppError('notFound', 'Unable to locate request.')
  })
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers(securityHeaders)
  })
  const add = (scope: FastifyInstance, route: MetaRoute): void => {
    scope.route({
      method: route.method,
      url: route.path,
      exposeHeadRoute: false,
      bodyLimit: deps.pushLimit,
      onRequest: async (request) => {
        await admit(request, deps, route)
      },
      handler: async (request, reply) => respond(reply, await route.handle(createCall(request, deps))),
    })
  }
  for (const route of routes) if (route.streams !== true) add(app, route)
  void app.register((scope, _options, done) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (request, stream, done) => done(null, { kind: 'stream', stream, ...describeBody(request) } satisfies MetaBody))
    for (const route of routes) if (route.streams === true) add(scope, route)
    done()
  })
}

function describeBody({ headers }: FastifyRequest): { type: string; length: number | null } {
  const length = Number(headers['content-length'])
  return { type: headers['content-type'] ?? '', length: Number.isFinite(length) ? length : null }
}

function respond(reply: FastifyReply, result: unknown): FastifyReply {
  if (result instanceof TextAnswer) return reply.type('text/x-xanoscript; charset=utf-8').send(result.text)
  if (result instanceof AcceptedAnswer) return answer(reply.code(202), result.body)
  if (!(result instanceof StreamAnswer)) return answer(reply, result)
  const name = result.filename.replace(/[^\w.-]+/g, '_')
  return reply
    .type(result.type)
    .header('content-disposition', `attachment; filename="${name}"; filename*=UTF-8''${encodeURIComponent(result.filename)}`)
    .send(result.stream)
}

const answer = (reply: FastifyReply, body: unknown): FastifyReply => reply.type('application/json; charset=utf-8').send(stringify(fromPlain(body)))

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
    return { kind: 'json', value: JSON.parse(text, dropPrototypeKeys) }
  } catch (cause) {
    throw new AppError('badRequest', 'The body is not valid JSON.', { cause })
  }
}

/** `JSON.parse` makes an own property of `__proto__`; no code of ours wants one. */
function dropPrototypeKeys(key: string, value: unknown): unknown {
  return key === '__proto__' ? undefined : value
}

const callers = new WeakMap<FastifyRequest, MetaCall['caller']>()

async function admit(request: FastifyRequest, deps: MetaDeps, route: MetaRoute): Promise<void> {
  const token = bearerToken(request.raw.headers)
  const caller = token === '' ? null : await deps.adminTokens.verify(token)
  if (caller === null) throw new AppError('unauthorized', token === '' ? 'Unauthorized - Authentication Required' : 'Invalid token')
  if (!isAllowed(caller.scopes, route.area, route.access ?? (route.method === 'GET' ? 'read' : 'write'))) throw new AppError('accessDenied')
  callers.set(request, caller)
}

function createCall(request: FastifyRequest, deps: MetaDeps): MetaCall {
  const caller = callers.get(request)
  if (caller === undefined) throw new AppError('unauthorized')
  const params = request.params as Record<string, string>
  const query = request.query as Record<string, unknown>
  const text = (value: unknown): string => (Array.isArray(value) ? String(value.at(-1)) : value === undefined ? '' : String(value))
  const header = request.headers['x-data-source']
  const id = (name: string): number => {
    const value = Number(params[name])
    if (!/^\d{1,10}$/.test(params[name] ?? '') || value > 2_147_483_647) throw new AppError('input', `"${name}" must be an id.`, { payload: { param: name } })
    return value
  }
  return {
    deps,
    caller,
    body: (request.body as MetaBody | undefined | null) ?? { kind: 'none' },
    datasource: typeof header === 'string' && header !== '' ? header : 'live',
    param: (name) => params[name] ?? '',
    id,
    get workspaceId() {
      return id('workspace_id')
    },
    query: (name) => text(query[name]),
    flag: (name) => ['true', '1', 'yes'].includes(text(query[name]).toLowerCase()),
    get branch() {
      return text(query['branch']) || null
    },
    json: (schema) => checked(schema, jsonBody(request)),
  }
}

function jsonBody(request: FastifyRequest): unknown {
  const body = (request.body as MetaBody | undefined | null) ?? { kind: 'none' }
  if (body.kind === 'xanoscript') throw new AppError('unsupportedMediaType', 'This endpoint takes application/json.')
  return body.kind === 'json' ? body.value : {}
}
