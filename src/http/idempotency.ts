/** `Idempotency-Key`: the first answer to a changing request is given again to its repetitions (as Stripe documents it; draft-ietf-httpapi-idempotency-key-header). */
import type { FastifyRequest } from 'fastify'
import { AppError } from '../errors.js'
import { stringify } from '../runtime/serialize.js'
import type { ClaimOutcome, IdempotencyStore } from '../services/idempotency.js'
import type { Call } from './call.js'
import { clientKey } from './client-key.js'
import type { Answer } from './respond.js'

/** A request that was the first with its key. */
export interface Claim {
  /** Stores the answer before it is sent; an answer that says "try again" is not stored, and the key is free again. */
  settle(answer: Answer): Promise<void>
}

export type Claimed = { claim: Claim; replay: null } | { claim: null; replay: Answer }

export interface IdempotencyDeps {
  store: IdempotencyStore
  /** Headers of every answer, flat. */
  sharedHeaders: readonly string[]
  /** An answer could not be stored; the request was carried out. */
  onError(error: unknown): void
}

const keyPattern = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/
const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])
/** Depend on the repetition, not on the first request. */
const perRequest = /^(?:access-control-|ratelimit-)|^(?:vary|content-length|date|x-stackhold-warning)$/

/** Null when the request is one that changes nothing. Throws AppError 400 (key), 409 (running) or 422 (other parameters). */
export async function claimKey(deps: IdempotencyDeps, request: FastifyRequest, call: Call, body: Uint8Array | null): Promise<Claimed | null> {
  const { raw } = request
  const key = raw.headers['idempotency-key']
  if (key === undefined || safeMethods.has(raw.method ?? '')) return null
  assertKey(key)
  const workspaceId = call.group?.branch.workspace.id ?? 0
  const subject = JSON.stringify([call.endpoint?.id, raw.method, call.datasource, callerOf(request, call), key])
  const outcome = await deps.store.claim(workspaceId, subject, parametersOf(request, call, body))
  if (outcome.kind === 'claimed') return { claim: toClaim(outcome, deps), replay: null }
  if (outcome.kind === 'replay') return { claim: null, replay: toReplay(outcome.answer, [...deps.sharedHeaders, ...call.headers]) }
  throw refusalOf(outcome)
}

/** Throws AppError 400 for what is no key. */
export function assertKey(key: string | readonly string[]): asserts key is string {
  if (typeof key !== 'string' || !keyPattern.test(key)) throw new AppError('badRequest', 'Idempotency-Key must be 1 to 255 visible ASCII characters.')
}

/** Strangers are told apart by their address, so that a key that two of them think of gives neither the other's answer. */
const callerOf = (request: FastifyRequest, { caller }: Call): unknown[] =>
  caller.table === null ? ['', clientKey(request.ip)] : [caller.table, stringify(caller.id)]

/** Everything else of the request that decides its result. A new boundary of a form makes no new request. */
function parametersOf({ raw }: FastifyRequest, { url, params }: Call, body: Uint8Array | null): Uint8Array {
  const type = raw.headers['content-type'] ?? ''
  const boundary = /;\s*boundary="?([^";\s]+)/i.exec(type)?.[1]
  const content = body === null ? '' : Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')
  const plain = boundary === undefined ? [type, content] : [type.replace(boundary, ''), content.replaceAll(boundary, '')]
  return Buffer.from(JSON.stringify([url.path, params, url.query, ...plain]))
}

function toClaim(outcome: Extract<ClaimOutcome, { kind: 'claimed' }>, deps: IdempotencyDeps): Claim {
  return {
    async settle({ status, headers, body }) {
      try {
        // 429 and 503 ask the caller to try again: the next try is a new one.
        if (status === 429 || status === 503) await outcome.release()
        else await outcome.keep({ status, headers: ownHeaders(headers, deps.sharedHeaders), body: typeof body === 'string' ? Buffer.from(body) : body })
      } catch (error) {
        deps.onError(error)
      }
    },
  }
}

/** What the program said, without what every answer says. */
function ownHeaders(headers: readonly string[], shared: readonly string[]): string[] {
  const common = new Map<string, string>()
  for (let i = 0; i < shared.length; i += 2) common.set(shared[i] ?? '', shared[i + 1] ?? '')
  const own: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    const [name = '', value = ''] = [headers[i]?.toLowerCase(), headers[i + 1]]
    if (common.get(name) !== value && !perRequest.test(name)) own.push(name, value)
  }
  return own
}

function toReplay({ status, headers, body }: { status: number; headers: readonly string[]; body: Uint8Array }, around: readonly string[]): Answer {
  const own = new Set(headers.filter((_, i) => i % 2 === 0))
  const rest: string[] = []
  for (let i = 0; i < around.length; i += 2) if (!own.has(around[i] ?? '')) rest.push(around[i] ?? '', around[i + 1] ?? '')
  const length = status === 204 || status === 205 || status === 304 ? [] : ['content-length', String(body.length)]
  return { status, headers: [...headers, ...rest, 'idempotency-replayed', 'true', ...length], body }
}

/** What the caller of a repetition is told. */
export function refusalOf(outcome: Exclude<ClaimOutcome, { kind: 'claimed' | 'replay' }>): AppError {
  if (outcome.kind === 'mismatch')
    return new AppError('badRequest', 'This Idempotency-Key was used for a request with other parameters.', {
      status: 422,
      hint: 'Use a new key for a new request.',
    })
  if (outcome.kind === 'forgotten')
    return new AppError('conflict', 'The request was carried out; its answer was too large to be kept.', {
      hint: 'Read what it changed instead of repeating it.',
    })
  return new AppError('conflict', 'A request with this Idempotency-Key is being carried out.', {
    hint: 'Try again after the seconds named in Retry-After.',
    headers: { 'retry-after': String(Math.min(outcome.seconds, 5)) },
  })
}
