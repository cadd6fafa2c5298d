/** Looked at before anything else, on every route: headers that may not be doubled, the length of the URL, the rate. */
import type { FastifyRequest } from 'fastify'
import { AppError } from '../errors.js'
import type { Verdict } from '../services/login-limits.js'
import type { LimitScope, Observe } from '../services/observe.js'
import type { RateLimiter } from '../services/rate-limit.js'
import { clientKey } from './client-key.js'

export const maxUrlLength = 8192

/** Of these a second one is an attempt to be read two ways. */
const singular = new Set(['host', 'origin', 'authorization', 'content-type', 'content-length', 'x-branch', 'x-data-source', 'idempotency-key'])
const singularLengths = new Set([...singular].map((name) => name.length))

/** Throws AppError 400, 414, 429 or 505. */
export function guard(request: FastifyRequest, limiter: RateLimiter, observe: Observe): void {
  const { raw } = request
  if ((raw.url?.length ?? 0) > maxUrlLength) throw new AppError('badRequest', 'The URL is too long.', { status: 414 })
  if (raw.httpVersionMajor !== 1) throw new AppError('badRequest', 'Only HTTP/1.1 is spoken here.', { status: 505 })
  if (raw.headers.host === undefined && raw.httpVersionMinor === 1) throw new AppError('badRequest', 'The header host is missing.')
  assertSingular(raw.rawHeaders)
  const wait = limiter.take(clientKey(request.ip))
  if (wait > 0) throw limited(request.ip, 'request', wait, observe)
}

export function limited(ip: string, scope: LimitScope, wait: number, observe: Observe): AppError {
  observe({ kind: 'excess_rate_limit_exceeded', ip, scope })
  return new AppError('tooManyRequests', undefined, { headers: { 'retry-after': String(wait), 'ratelimit-remaining': '0', 'ratelimit-reset': String(wait) } })
}

/** `RateLimit-*` headers (IETF draft 6) as a flat list. */
export const limitHeaders = ({ limit, remaining, reset }: Verdict): string[] => [
  'ratelimit-limit',
  String(limit),
  'ratelimit-remaining',
  String(remaining),
  'ratelimit-reset',
  String(reset),
]

function assertSingular(rawHeaders: readonly string[]): void {
  let seen: string[] | undefined
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const written = rawHeaders[i] ?? ''
    if (!singularLengths.has(written.length)) continue
    const name = written.toLowerCase()
    if (!singular.has(name)) continue
    if (seen?.includes(name) === true) throw new AppError('badRequest', `The header ${name} was sent twice.`)
    if (seen === undefined) seen = [name]
    else seen.push(name)
  }
}
