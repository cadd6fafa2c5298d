/** `Idempotency-Key` on the Metadata API: a change is carried out once, and its first answer given again. Same store and rules as for endpoints. */
import type { FastifyRequest } from 'fastify'
import { AppError } from '../../errors.js'
import type { ClaimOutcome, IdempotencyStore } from '../../services/idempotency.js'
import { assertKey, refusalOf } from '../idempotency.js'
import { callerOf } from './admit.js'
import { accessOf, type MetaBody, type MetaRoute } from './route.js'

/** An answer as it goes out. */
export interface MetaAnswer {
  status: number
  body: string
}

export interface MetaClaim {
  /** Keeps the first answer; null for one that cannot be given again. */
  settle(answer: MetaAnswer | null): Promise<void>
}

/** The Metadata API belongs to no workspace. */
const noWorkspace = 0
/** A push may take longer than a call of an endpoint. */
const runMs = 300_000

/** Whether a repetition would do something again. */
const isChanging = (route: MetaRoute): boolean => route.method !== 'GET' && route.unrecorded !== true && accessOf(route) === 'write'

/**
 * Null when the request has no key, or changes nothing. A key belongs to the token of its caller; who may not call any more was refused before.
 * Throws AppError 400 (key, or a route that takes none), 409 (running, or an answer that is not kept) or 422 (other parameters).
 */
export async function claimMetaKey(
  store: IdempotencyStore | undefined,
  request: FastifyRequest,
  route: MetaRoute,
  onError: (error: unknown) => void,
): Promise<{ claim: MetaClaim; replay: null } | { claim: null; replay: MetaAnswer } | null> {
  const key = request.raw.headers['idempotency-key']
  if (key === undefined || store === undefined || !isChanging(route)) return null
  assertKey(key)
  const body = (request.body as MetaBody | undefined | null) ?? { kind: 'none' }
  if (body.kind === 'stream')
    throw new AppError('badRequest', 'This endpoint takes no Idempotency-Key: its body is read once, as a stream.', { hint: 'Leave the header out.' })
  const { id, account } = callerOf(request)
  const [path = '', query = ''] = (request.raw.url ?? '').split(/\?(.*)/s)
  const subject = JSON.stringify(['meta', request.method, path, id, account?.id ?? null, key])
  const parameters = JSON.stringify([query, request.headers['x-data-source'] ?? '', body])
  const outcome = await store.claim(noWorkspace, subject, Buffer.from(parameters), { runMs })
  if (outcome.kind === 'claimed') return { claim: toClaim(outcome, route, onError), replay: null }
  if (outcome.kind === 'replay') return { claim: null, replay: { status: outcome.answer.status, body: Buffer.from(outcome.answer.body).toString('utf8') } }
  if (outcome.kind === 'forgotten' && route.answersSecret === true)
    throw new AppError('conflict', 'The request was carried out; its answer holds a secret that is shown once, and was not kept.', {
      hint: 'Revoke what it made, and make a new one with another key.',
    })
  throw refusalOf(outcome)
}

const toClaim = (outcome: Extract<ClaimOutcome, { kind: 'claimed' }>, route: MetaRoute, onError: (error: unknown) => void): MetaClaim => ({
  async settle(answer) {
    try {
      // 429 and 503 ask the caller to try again: the next try is a new one.
      if (answer?.status === 429 || answer?.status === 503) await outcome.release()
      else if (answer === null || (route.answersSecret === true && answer.status < 400)) await outcome.keep(null)
      else await outcome.keep({ status: answer.status, headers: [], body: Buffer.from(answer.body) })
    } catch (error) {
      onError(error)
    }
  },
})
