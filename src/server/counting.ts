/** What limits are counted in: Redis where there is one, else Postgres and this process. */
import type { Logger } from 'pino'
import type { Config } from '../config.js'
import type { Database } from '../db/client.js'
import type { HttpSettings } from '../http/settings.js'
import { type Counters, createPostgresCounters } from '../services/counters.js'
import { createLoginLimits, type LoginLimits } from '../services/login-limits.js'
import type { RateLimiter } from '../services/rate-limit.js'
import { createRedis } from '../services/redis.js'
import { createRedisCounters, createSharedRateLimiter } from '../services/redis-counters.js'

export interface Counting {
  counters: Counters
  loginLimits: LoginLimits
  /** Requests of an address over all nodes; absent: every process counts for itself. */
  limiter: RateLimiter | undefined
  close(): void
}

export function createCounting(config: Config, settings: HttpSettings, db: Database, log: Logger): Counting {
  const inPostgres = createPostgresCounters(db, (error) => log.error({ err: error }, 'login_limits_failed'))
  const redis =
    config.redisUrl === undefined
      ? undefined
      : createRedis(config.redisUrl, (state, error) =>
          state === 'lost' ? log.warn({ err: error }, 'redis_lost: limits are counted without it') : log.info('redis_ready'),
        )
  const counters = redis === undefined ? inPostgres : createRedisCounters(redis, inPostgres)
  const limiter = redis === undefined ? undefined : createSharedRateLimiter(settings.requestLimit, redis)
  return {
    counters,
    loginLimits: createLoginLimits(counters, { address: settings.authLimit, account: settings.accountLimit, total: settings.totalAuthLimit }),
    limiter,
    close() {
      counters.close()
      limiter?.close()
      redis?.close()
    },
  }
}
