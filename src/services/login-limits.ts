/** Counts tries of an address and of an account in Postgres, so that all nodes count together and a restart forgets nothing. */
import { createHash } from 'node:crypto'
import type { Database } from '../db/client.js'
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

export type LoginLimitSet = Readonly<Record<CountedScope, RateLimit>>

const upsert = `insert into stackhold.login_count as known (key, used, ends_at)
  values ($1, 1, clock_timestamp() + make_interval(secs => $2))
  on conflict (key) do update set
    used = case when known.ends_at <= clock_timestamp() then 1 else known.used + 1 end,
    ends_at = case when known.ends_at <= clock_timestamp() then excluded.ends_at else known.ends_at end
  returning used, extract(epoch from ends_at - clock_timestamp())::float8 as left`

const housekeepingMs = 600_000

const toVerdict = ({ max }: RateLimit, used: number, secondsLeft: number): Verdict => {
  const reset = Math.max(1, Math.ceil(secondsLeft))
  return { wait: used > max ? reset : 0, limit: max, remaining: Math.max(0, max - used), reset }
}

export function createLoginLimits(db: Pick<Database, 'query'>, limits: LoginLimitSet, onError: (error: unknown) => void = () => {}): LoginLimits {
  const sweep = setInterval(() => void db.query('delete from stackhold.login_count where ends_at < now()').catch(onError), housekeepingMs)
  sweep.unref()
  return {
    async take(scope, key) {
      const limit = limits[scope]
      if (limit.max <= 0) return null
      const hash = createHash('sha256').update(`${scope}|${key}`).digest()
      const [row] = await db.query<{ used: number; left: number }>(upsert, [hash, limit.windowMs / 1000], { fast: true })
      return toVerdict(limit, row?.used ?? limit.max + 1, row?.left ?? limit.windowMs / 1000)
    },
    close: () => clearInterval(sweep),
  }
}

/** The same within one process, for servers without a database: tests of the HTTP layer alone. */
export function createLocalLoginLimits(limits: LoginLimitSet): LoginLimits {
  const limiters = { address: createRateLimiter(limits.address), account: createRateLimiter(limits.account) }
  return {
    async take(scope, key) {
      const limit = limits[scope]
      if (limit.max <= 0) return null
      const wait = limiters[scope].take(key)
      return { wait, limit: limit.max, remaining: 0, reset: wait === 0 ? limit.windowMs / 1000 : wait }
    },
    close() {},
  }
}
