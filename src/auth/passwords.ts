/** Passwords: argon2id behind a semaphore, so that a flood of logins cannot starve everything else. */
import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import argon2 from 'argon2'
import { AppError } from '../errors.js'
import type { Passwords } from '../runtime/capabilities.js'
import { type LoadBlockList, loadCommonPasswords } from '../services/block-list.js'
import { type Argon2Cost, parseArgon2, workOf } from './argon2-text.js'
import { judgePassword } from './policies.js'
import { createSemaphore } from './semaphore.js'
import { spareCores } from './spare-cores.js'

/** OWASP's second choice for argon2id: 19 MiB, 2 passes, 1 lane. */
export const defaultCost: Argon2Cost = { memory: 19_456, passes: 2, lanes: 1 }

export interface PasswordOptions {
  cost?: Argon2Cost
  /** Hashes at once; default: every core while the event loop is idle, else one less. */
  concurrency?: number
  /** Processes that share the cores; default 1. */
  processes?: number
  /** Hashes that may wait; one more is answered 503. Default 64. */
  maxWaiting?: number
  /** Passwords no one may choose; default the list that ships with the server. */
  blockList?: LoadBlockList
}

export interface PasswordService extends Passwords {
  /** True when the hash was made with other parameters than today's: hash again after the next successful login. */
  needsRehash(hash: string): boolean
  /** For metrics. */
  readonly waiting: number
}

const busy = (): AppError =>
  new AppError('unavailable', 'Too many passwords are being checked at once.', {
    hint: 'Try again after the seconds named in Retry-After.',
    headers: { 'retry-after': '2' },
  })

export function createPasswords(options: PasswordOptions = {}): PasswordService {
  const cost = options.cost ?? defaultCost
  const { concurrency } = options
  const room = concurrency === undefined ? spareCores(Math.floor(availableParallelism() / (options.processes ?? 1))) : () => concurrency
  const gate = createSemaphore(room, options.maxWaiting ?? 64, busy)
  const loadBlockList = options.blockList ?? loadCommonPasswords
  const settings = { type: argon2.argon2id, memoryCost: cost.memory, timeCost: cost.passes, parallelism: cost.lanes }
  // Made on first need: a start should not pay for it.
  let dummy: Promise<string> | undefined
  const dummyHash = (): Promise<string> => {
    dummy ??= argon2.hash(randomBytes(16), settings)
    return dummy
  }

  // Every answer takes at least this long: what a hash of other parameters costs more or less than one of today drowns in it.
  let floor: Promise<number> | undefined
  const floorMs = (): Promise<number> => {
    floor ??= gate
      .run(async () => floorFactor * (await fastest(3, async () => argon2.verify(await dummyHash(), ''))))
      .catch((error: unknown) => {
        floor = undefined
        throw error
      })
    return floor
  }

  /** An old, cheaper hash costs as much as one of today: otherwise its owner's existence shows in the time. */
  const payDifference = async (text: string, spent: Argon2Cost): Promise<void> => {
    const missing = Math.floor((workOf(cost) - workOf(spent)) / cost.passes)
    if (missing < 8 * cost.lanes) return
    await argon2.hash(text, { ...settings, memoryCost: missing })
  }

  const verifyNow = async (text: string, hash: string): Promise<boolean> => {
    const spare = await dummyHash()
    const known = parseArgon2(hash)
    if (known === null) {
      await argon2.verify(spare, text)
      return false
    }
    const matches = await argon2.verify(hash, text).catch(() => false)
    await payDifference(text, known)
    return matches
  }

  return {
    hash: (text) => gate.run(() => argon2.hash(normalize(text), settings)),
    judge: async (text, rules) => judgePassword(text, rules, await loadBlockList()),
    async verify(text, hash) {
      const least = await floorMs()
      const { matches, spent } = await gate.run(async () => {
        const began = performance.now()
        return { matches: await verifyNow(normalize(text), typeof hash === 'string' ? hash : ''), spent: performance.now() - began }
      })
      await sleep(Math.max(0, least - spent))
      return matches
    },
    needsRehash(hash) {
      const known = parseArgon2(hash)
      return known === null || known.variant !== 'argon2id' || known.memory !== cost.memory || known.passes !== cost.passes || known.lanes !== cost.lanes
    },
    get waiting() {
      return gate.waiting
    },
  }
}

const floorFactor = 1.5

/** Ms of the fastest of several runs; the first one only warms up. */
async function fastest(runs: number, work: () => Promise<unknown>): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  await work()
  for (let i = 0; i < runs; i++) {
    const began = performance.now()
    await work()
    best = Math.min(best, performance.now() - began)
  }
  return best
}

/** The same password typed on another keyboard has the same bytes (NIST SP 800-63B). */
const normalize = (text: string): string => String(text).normalize('NFKC')
