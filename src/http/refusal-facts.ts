/** What errors say about the caller: inputs that were not valid, and looking around for paths that do not exist. */
import type { FastifyRequest } from 'fastify'
import { AppError } from '../errors.js'
import type { Observe } from '../services/observe.js'
import { createRateLimiter } from '../services/rate-limit.js'
import { clientKey } from './client-key.js'

/** Paths a person mistypes in a minute. */
const misses = { max: 50, windowMs: 60_000 }
/** Told once, however long it goes on. */
const tellings = { max: 1, windowMs: 600_000 }

/** Told of every error an endpoint, or the lack of one, is answered with. */
export function createRefusalFacts(observe: Observe): (thrown: unknown, request: FastifyRequest) => void {
  const missed = createRateLimiter(misses)
  const told = createRateLimiter(tellings)
  return (thrown, request) => {
    if (!(thrown instanceof AppError)) return
    const endpoint = request.call?.endpoint ?? null
    const plan = request.call?.plan ?? null
    if (thrown.kind === 'input' && endpoint !== null && plan !== null) {
      const { param } = Object(thrown.payload) as { param?: unknown }
      const workspaceId = endpoint.group.branch.workspace.id
      const place = { ip: request.ip, workspaceId, endpoint: plan.label, table: plan.accountTable }
      observe({ kind: 'input_validation_fail', reason: typeof param === 'string' ? param : '', ...place })
    } else if (thrown.status === 404 && endpoint === null) {
      const key = clientKey(request.ip)
      if (missed.take(key) > 0 && told.take(key) === 0) observe({ kind: 'malicious_excess_404', ip: request.ip })
    }
  }
}
