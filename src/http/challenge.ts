/** What a caller does before an endpoint runs: a proof of work, or a CAPTCHA. The refusal carries the challenge, so nothing else has to be asked for. */
import type { FastifyRequest } from 'fastify'
import type { ChallengeModel } from '../definitions/challenge.js'
import { AppError } from '../errors.js'
import type { Captcha } from '../services/captcha.js'
import { type Challenges, challengeSeconds } from '../services/challenge.js'
import type { Counters } from '../services/counters.js'
import type { Call } from './call.js'
import { clientKey } from './client-key.js'

export interface ChallengeDeps {
  /** Absent where nothing can be stored: what asks for a challenge then refuses everyone. */
  challenges: Challenges | undefined
  captcha: Captcha | undefined
  counters: Counters
}

const failureWindowMs = 900_000
const maxTokenLength = 8_192
const scopeOf = (call: Call): string => `failed ${call.endpoint?.id}`
const headerOf = (request: FastifyRequest, name: string): string => {
  const value = request.raw.headers[name]
  return typeof value === 'string' && value.length <= maxTokenLength ? value : ''
}

/** Throws AppError 428 with a challenge, or 503 when there is no verifier. */
export async function passChallenge(deps: ChallengeDeps, request: FastifyRequest, call: Call, model: ChallengeModel): Promise<void> {
  if (model.after > 0 && (await deps.counters.hit(scopeOf(call), clientKey(request.ip), failureWindowMs, 0)).used < model.after) return
  if (deps.challenges === undefined) throw new AppError('unavailable', 'Challenges cannot be checked now.')
  if (model.kind === 'work') return passWork(deps.challenges, request, call, model.difficulty)
  if (deps.captcha === undefined)
    throw new AppError('unavailable', 'No CAPTCHA is configured.', { hint: 'Set STACKHOLD_CAPTCHA_URL and STACKHOLD_CAPTCHA_SECRET.' })
  const token = headerOf(request, 'x-captcha-token')
  if (token !== '' && (await deps.captcha.verify(token, request.ip)) && (await deps.challenges.spendToken(token))) return
  throw required('Solve the CAPTCHA first.', { kind: 'captcha', header: 'X-Captcha-Token' })
}

async function passWork(challenges: Challenges, request: FastifyRequest, call: Call, difficulty: number): Promise<void> {
  const subject = String(call.endpoint?.id)
  const solution = headerOf(request, 'x-proof-of-work')
  if (solution !== '' && (await challenges.spend(subject, solution))) return
  throw required('Solve the challenge first: append "." and a text so that SHA-256 of all begins with that many zero bits.', {
    kind: 'work',
    algorithm: 'SHA-256',
    challenge: challenges.create(subject, difficulty),
    difficulty,
    expires_in: challengeSeconds,
    header: 'X-Proof-Of-Work',
  })
}

const required = (message: string, payload: object): AppError =>
  new AppError('accessDenied', message, { status: 428, payload, hint: 'Send the solution in the header named in the payload.' })

/** A call that was refused by the program itself: after some of them a challenge is asked for. */
export async function countFailure({ counters }: ChallengeDeps, request: FastifyRequest, call: Call): Promise<void> {
  await counters.hit(scopeOf(call), clientKey(request.ip), failureWindowMs)
}
