/** Limits of tries, of an address and of an account; all servers count together. */
import { type Counters, createLocalCounters } from './counters.js'
import { createRateLimiter, type RateLimit } from './rate-limit.js'

export interface Verdict {
  /** Seconds to wait before the next try; 0 when this one is allowed. */
  wait: number
  limit: number
  remaining: number
  /** Seconds until the window ends. */
  reset: number
}

/** What a key stands for; each has a limit of its own. */
export type CountedScope = 'address' | 'account'

export interface LoginLimits {
  /** Counts one try. Null when the limit is off. */
  take(scope: CountedScope, key: string): Promise<Verdict | null>
  close(): void
}

export interface LoginLimitSet extends Readonly<Record<CountedScope, RateLimit>> {
  /** Of everyone together, in this process. */
  readonly total?: RateLimit
}

export const toVerdict = ({ max }: RateLimit, used: number, secondsLeft: number): Verdict => {
  const reset = Math.max(1, Math.ceil(secondsLeft))
  return { wait: used > max ? reset : 0, limit: max, remaining: Math.max(0, max - used), reset }
}

/** Over counters that all servers share. */
export function createLoginLimits(counters: Counters, limits: LoginLimitSet): LoginLimits {
  const everyone = createRateLimiter(limits.total ?? { max: 0, windowMs: 1 })
  return {
    async take(scope, key) {
      const limit = limits[scope]
      const wait = scope === 'address' ? everyone.take('') : 0
      if (wait > 0) return { wait, limit: limit.max, remaining: 0, reset: wait }
      if (limit.max <= 0) return null
      const { used, left } = await counters.hit(scope, key, limit.windowMs)
      return toVerdict(limit, used, left)
    },
    close: () => counters.close(),
  }
}

/** The same within one process, for servers without a database: tests of the HTTP layer alone. */
export const createLocalLoginLimits = (limits: LoginLimitSet): LoginLimits => createLoginLimits(createLocalCounters(), limits)
