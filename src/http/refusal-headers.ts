/** CORS headers of answers that were refused before routing began (429, 414, 400), so that a listed website may read why. */
import type { FastifyRequest } from 'fastify'
import type { GroupSnapshot, Snapshot } from '../workspace/snapshot.js'
import { parseApiUrl } from './api-url.js'
import { type CorsPlan, planCors } from './cors.js'
import { findGroup } from './match.js'

export function createRefusalHeaders(snapshot: () => Snapshot, mode: 'production' | 'development'): (request: FastifyRequest) => readonly string[] {
  const plans = new WeakMap<GroupSnapshot, CorsPlan>()
  return (request) => {
    const url = parseApiUrl(request.raw.url ?? '')
    const group = url === null ? null : findGroup(snapshot(), url, request)
    if (group === null) return []
    const plan = plans.get(group) ?? planCors(group.cors, mode)
    plans.set(group, plan)
    return plan.headersFor(request.raw.headers.origin)
  }
}
