/** `/health` (ready), `/health/live` (running) and `/metrics`. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { AdminTokens } from '../auth/admin-tokens.js'
import type { Metrics } from '../services/metrics.js'
import { bearerToken } from './authenticate.js'
import { unlocated } from './match.js'
import { jsonAnswer, send } from './respond.js'

export interface HealthDeps {
  adminTokens: Pick<AdminTokens, 'verify'>
  metrics: Metrics
  sharedHeaders: readonly string[]
  /** Whether the database answers. Never throws. */
  healthy(): Promise<boolean>
  /** True from the first SIGTERM on. */
  draining(): boolean
  /** Numbers for administrators. */
  detail(): Record<string, unknown>
}

const cacheMs = 1_000

export function healthRoutes(app: FastifyInstance, deps: HealthDeps): void {
  let asked: { at: number; answer: Promise<boolean> } | undefined
  const ready = (): Promise<boolean> => {
    const now = performance.now()
    if (asked === undefined || now - asked.at >= cacheMs) asked = { at: now, answer: deps.healthy() }
    return asked.answer
  }
  const isAdmin = async (request: FastifyRequest): Promise<boolean> => {
    const token = bearerToken(request.raw.headers)
    // The token lives in the database: while that is away nobody is known.
    return token !== '' && (await deps.adminTokens.verify(token).catch(() => null)) !== null
  }

  app.get('/health/live', async (_request, reply) => send(reply, jsonAnswer(200, '{"status":"ok"}', deps.sharedHeaders, [])))

  app.get('/health', async (request, reply) => {
    const database = await ready()
    const ok = database && !deps.draining()
    const status = deps.draining() ? 'draining' : ok ? 'ok' : 'unavailable'
    const detail = (await isAdmin(request)) ? { database: database ? 'ok' : 'unavailable', uptime: Math.round(process.uptime()), ...deps.detail() } : {}
    send(reply, jsonAnswer(ok ? 200 : 503, JSON.stringify({ status, ...detail }), deps.sharedHeaders, ok ? [] : ['retry-after', '1']))
  })

  app.get('/metrics', async (request, reply) => {
    if (!isLocal(request) && !(await isAdmin(request))) throw unlocated()
    const body = deps.metrics.print()
    const headers = ['content-type', 'text/plain; version=0.0.4; charset=utf-8', ...deps.sharedHeaders, 'content-length', String(Buffer.byteLength(body))]
    send(reply, { status: 200, headers, body })
  })
}

/** From this machine itself, not through a proxy on it. */
function isLocal(request: FastifyRequest): boolean {
  const { headers, socket } = request.raw
  if (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined || headers.via !== undefined || headers['x-real-ip'] !== undefined)
    return false
  return /^(::1|127\.\d+\.\d+\.\d+|::ffff:127\.\d+\.\d+\.\d+)$/.test(socket.remoteAddress ?? '')
}
