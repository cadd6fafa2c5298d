/** Counters in Redis or Valkey, shared by all servers. While it is away the fallback counts, so that no limit is ever off. */
import { type Counters, counterId } from './counters.js'
import type { RateLimit, RateLimiter } from './rate-limit.js'
import type { RedisLink } from './redis.js'

const prefix = 'stackhold:count:'

const hitScript = `local used = redis.call('incrby', KEYS[1], ARGV[2])
if used == tonumber(ARGV[2]) then redis.call('pexpire', KEYS[1], ARGV[1]) end
local left = redis.call('pttl', KEYS[1])
if left < 0 then redis.call('pexpire', KEYS[1], ARGV[1]) left = tonumber(ARGV[1]) end
return {used, left}`

/** A change of the store begins a new window: around an outage of Redis a limit lets through twice its number at most. */
export function createRedisCounters(redis: RedisLink, fallback: Counters): Counters {
  return {
    async hit(scope, key, windowMs, by = 1) {
      if (!redis.ready) return fallback.hit(scope, key, windowMs, by)
      try {
        const [used, left] = (await redis.run(hitScript, [prefix + counterId(scope, key).toString('base64url')], [windowMs, by])) as [number, number]
        return { used, left: left / 1000 }
      } catch {
        return fallback.hit(scope, key, windowMs, by)
      }
    },
    close: () => fallback.close(),
  }
}

const syncMs = 250

interface Shared {
  /** Uses told to Redis and by it: those of all servers. */
  known: number
  /** Uses here that Redis does not know yet. */
  fresh: number
  endsAt: number
}

/**
 * The limit of requests over all servers. Asking costs nothing: this process counts, and tells Redis every {@link syncMs}; a limit may so be
 * passed by what arrives within that time. While Redis is away each process counts for itself.
 */
export function createSharedRateLimiter(limit: RateLimit, redis: RedisLink, now: () => number = Date.now): RateLimiter & { close(): void } {
  if (limit.max <= 0) return { take: () => 0, close() {} }
  const windows = new Map<string, Shared>()
  let syncing = false

  const tell = async (key: string, window: Shared): Promise<void> => {
    const { fresh } = window
    const id = prefix + counterId('request', `${key}|${window.endsAt}`).toString('base64url')
    const [used] = (await redis.run(hitScript, [id], [Math.max(1_000, window.endsAt - now() + 1_000), fresh])) as [number]
    window.known = used
    window.fresh -= fresh
  }
  const sync = async (): Promise<void> => {
    if (syncing) return
    syncing = true
    const at = now()
    for (const [key, window] of windows) if (window.endsAt <= at) windows.delete(key)
    if (redis.ready) await Promise.all([...windows].filter(([, window]) => window.fresh > 0).map(([key, window]) => tell(key, window).catch(() => {})))
    syncing = false
  }
  const timer = setInterval(() => void sync(), syncMs)
  timer.unref()

  return {
    take(key) {
      const at = now()
      let window = windows.get(key)
      if (window === undefined || window.endsAt <= at) {
        // The same windows everywhere: they begin by the clock, not by the first request.
        window = { known: 0, fresh: 0, endsAt: (Math.floor(at / limit.windowMs) + 1) * limit.windowMs }
        if (windows.size >= maxKeys) windows.delete(windows.keys().next().value ?? '')
        windows.set(key, window)
      }
      if (window.known + window.fresh >= limit.max) return Math.max(1, Math.ceil((window.endsAt - at) / 1000))
      window.fresh++
      return 0
    },
    close: () => clearInterval(timer),
  }
}

const maxKeys = 50_000
