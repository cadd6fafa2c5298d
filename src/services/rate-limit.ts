/** Counts what a key did within a window of time, in process and bounded in memory. */

export interface RateLimit {
  /** Uses per window; 0 switches the limit off. */
  max: number
  windowMs: number
}

export interface RateLimiter {
  /** Counts one use. 0 when it is allowed, else the seconds to wait before the next try. */
  take(key: string): number
}

interface Window {
  used: number
  /** Monotonic ms; a clock that jumps must not lock anyone out. */
  endsAt: number
}

/** Keys kept at most; the oldest window goes first. */
const maxKeys = 50_000

export function createRateLimiter(limit: RateLimit, now: () => number = () => performance.now()): RateLimiter {
  if (limit.max <= 0) return { take: () => 0 }
  const windows = new Map<string, Window>()
  const open = (key: string, at: number): void => {
    if (windows.size >= maxKeys) {
      const oldest = windows.keys().next().value
      if (oldest !== undefined) windows.delete(oldest)
    }
    windows.set(key, { used: 1, endsAt: at + limit.windowMs })
  }
  return {
    take(key) {
      const at = now()
      const window = windows.get(key)
      if (window === undefined || window.endsAt <= at) {
        windows.delete(key)
        open(key, at)
        return 0
      }
      if (window.used < limit.max) {
        window.used++
        return 0
      }
      return Math.max(1, Math.ceil((window.endsAt - at) / 1000))
    },
  }
}

/** The limiter, and beside it one for all keys together: what this process takes at most. */
export function withTotal(limiter: RateLimiter, total: RateLimit): RateLimiter {
  if (total.max <= 0) return limiter
  const all = createRateLimiter(total)
  return { take: (key) => limiter.take(key) || all.take('') }
}
