/** Limits of single endpoints and API groups, counted over all servers: those their definitions name, and a low one for what costs much. */
import type { FastifyRequest } from 'fastify'
import { type RequestLimit, readRequestLimit } from '../definitions/request-limit.js'
import { stringify } from '../runtime/serialize.js'
import type { Counters } from '../services/counters.js'
import { toVerdict, type Verdict } from '../services/login-limits.js'
import type { Observe } from '../services/observe.js'
import type { RateLimit } from '../services/rate-limit.js'
import type { EndpointSnapshot } from '../workspace/snapshot.js'
import type { Call } from './call.js'
import { clientKey } from './client-key.js'
import { limited, limitHeaders } from './guard.js'

export interface PlannedLimit extends RateLimit {
  per: RequestLimit['per']
  /** Of whom the uses are: an endpoint or a group. */
  scope: string
}

/** What one call of may cost the server, or others, much more than a query. */
const expensiveStatements =
  /^(?:api\.(?:request|stream|lambda|webhook)|webflow\.|db\.direct_query$|db\.external\.|db\.bulk\.|util\.template_engine$|util\.send_email$|storage\.|zip\.|cloud\.|ai\.|security\.create_rsa_key$)/

/** Null when an endpoint has no limit of its own: it then pays nothing. */
export function planLimits(endpoint: EndpointSnapshot, statements: ReadonlySet<string>, expensive: RateLimit): readonly PlannedLimit[] | null {
  const { group } = endpoint
  const ofGroup = group.branch.definitions.find((stored) => stored.kind === 'api_group' && stored.name === group.name)
  const own = readRequestLimit(endpoint.definition)
  const shared = ofGroup === undefined ? null : readRequestLimit(ofGroup.definition)
  const standard = own === null && expensive.max > 0 && [...statements].some((name) => expensiveStatements.test(name))
  const limits: PlannedLimit[] = [
    ...(own === null ? [] : [toPlanned(own, `endpoint ${endpoint.id}`)]),
    ...(shared === null ? [] : [toPlanned(shared, `group ${group.id}`)]),
    ...(standard ? [{ ...expensive, per: 'address' as const, scope: `endpoint ${endpoint.id}` }] : []),
  ]
  return limits.length === 0 ? null : limits
}

const toPlanned = ({ max, seconds, per }: RequestLimit, scope: string): PlannedLimit => ({ max, windowMs: seconds * 1000, per, scope })

/** Counts one call. Throws AppError 429; else the headers of the answer tell the limit that is nearest. */
export async function countUse(counters: Counters, observe: Observe, request: FastifyRequest, call: Call, limits: readonly PlannedLimit[]): Promise<void> {
  let nearest: Verdict | null = null
  for (const limit of limits) {
    const { used, left } = await counters.hit(limit.scope, keyOf(limit, request, call), limit.windowMs)
    const verdict = toVerdict(limit, used, left)
    if (verdict.wait > 0) throw limited(request.ip, 'endpoint', verdict.wait, observe)
    if (nearest === null || verdict.remaining < nearest.remaining) nearest = verdict
  }
  if (nearest !== null) call.headers = [...call.headers, ...limitHeaders(nearest)]
}

function keyOf({ per }: PlannedLimit, request: FastifyRequest, { caller }: Call): string {
  if (per === 'all') return 'all'
  return per === 'caller' && caller.table !== null ? `${caller.table} ${stringify(caller.id)}` : clientKey(request.ip)
}
