/** The rate of our own routes: Metadata API, documents, health; with headers that tell it. Beside it `guard` counts every route together. */
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance } from 'fastify'
import type { Observe } from '../services/observe.js'
import type { RateLimit } from '../services/rate-limit.js'
import { clientKey } from './client-key.js'
import { limited } from './guard.js'

/** Uses per client address over all routes of the scope. */
export async function limitRoutes(scope: FastifyInstance, { max, windowMs }: RateLimit, observe: Observe): Promise<void> {
  if (max <= 0) return
  await scope.register(rateLimit, {
    global: false,
    max,
    timeWindow: windowMs,
    cache: 50_000,
    enableDraftSpec: true,
    keyGenerator: (request) => clientKey(request.ip),
    errorResponseBuilder: (request, { ttl }) => limited(request.ip, 'request', Math.max(1, Math.ceil(ttl / 1000)), observe),
  })
  // A hook of the scope comes before those of its routes, which look at tokens: a guess counts.
  scope.addHook('onRequest', scope.rateLimit())
}
