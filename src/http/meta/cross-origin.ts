/** Websites that may call the Metadata API from a browser: those of `STACKHOLD_CONSOLE_ORIGINS`, none by default. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { planCors } from '../cors.js'

/** Answers preflights below the scope; what it returns are the headers of an answer to a request, refusals included. */
export function allowOrigins(app: FastifyInstance, origins: readonly string[]): (request: FastifyRequest) => Record<string, string> {
  if (origins.length === 0) return () => ({})
  // The bearer header is sent by the page itself: credentials of the browser are never asked for.
  const policy = {
    mode: 'custom' as const,
    origins: [...origins],
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    headers: ['Authorization', 'Content-Type', 'Idempotency-Key', 'X-Data-Source'],
    credentials: false,
    maxAge: 600,
  }
  const cors = planCors(policy, 'production')
  app.options('/*', async (request, reply) =>
    reply
      .code(204)
      .headers(toObject(cors.preflightFor(request.raw.headers.origin)))
      .send(),
  )
  return (request) => toObject(cors.headersFor(request.raw.headers.origin))
}

function toObject(flat: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (let i = 0; i < flat.length; i += 2) headers[flat[i] ?? ''] = flat[i + 1] ?? ''
  return headers
}
