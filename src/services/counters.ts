/** Counters that all servers share: how often something was done within a window of time. */
import { createHash } from 'node:crypto'
import type { Database } from '../db/client.js'

export interface Count {
  /** Uses within the window, this one included. */
  used: number
  /** Seconds until the window ends. */
  left: number
}

export interface Counters {
  /** Counts one use, or as many as `by` says: 0 asks only. `scope` keeps keys of different limits apart; neither is stored readably. */
  hit(scope: string, key: string, windowMs: number, by?: number): Promise<Count>
  close(): void
}

export const counterId = (scope: string, key: string): Buffer => createHash('sha256').update(`${scope}|${key}`).digest()

const upsert = `insert into stackhold.login_count as known (key, used, ends_at)
  values ($1, $3, clock_timestamp() + make_interval(secs => $2))
  on conflict (key) do update set
    used = case when known.ends_at <= clock_timestamp() then $3 else known.used + $3 end,
    ends_at = case when known.ends_at <= clock_timestamp() then excluded.ends_at else known.ends_at end
  returning used, extract(epoch from ends_at - clock_timestamp())::float8 as left`

const housekeepingMs = 600_000

/** In Postgres: a restart forgets nothing. */
export function createPostgresCounters(db: Pick<Database, 'query'>, onError: (error: unknown) => void = () => {}): Counters {
  const sweep = setInterval(() => void db.query('delete from stackhold.login_count where ends_at < now()').catch(onError), housekeepingMs)
  sweep.unref()
  return {
    async hit(scope, key, windowMs, by = 1) {
      const [row] = await db.query<Count>(upsert, [counterId(scope, key), windowMs / 1000, by], { fast: true })
      // No row is no permission.
      return row ?? { used: Number.MAX_SAFE_INTEGER, left: windowMs / 1000 }
    },
    close: () => clearInterval(sweep),
  }
}

const maxKeys = 50_000

/** In this process alone, bounded in memory. */
export function createLocalCounters(now: () => number = () => performance.now()): Counters {
  const windows = new Map<string, { used: number; endsAt: number }>()
  return {
    async hit(scope, key, windowMs, by = 1) {
      const id = `${scope}|${key}`
      const at = now()
      let window = windows.get(id)
      if (window === undefined || window.endsAt <= at) {
        windows.delete(id)
        const oldest = windows.size >= maxKeys ? windows.keys().next().value : undefined
        if (oldest !== undefined) windows.delete(oldest)
        window = { used: 0, endsAt: at + windowMs }
        windows.set(id, window)
      }
      window.used += by
      return { used: window.used, left: (window.endsAt - at) / 1000 }
    },
    close() {},
  }
}
