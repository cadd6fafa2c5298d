/** Forgets sessions that are over and single-use tokens that expired. */
import type { Queryable } from '../db/client.js'

/** A session is kept for a day after its end: until then a stolen refresh token is recognised. */
const sweeps = [
  `delete from stackhold.auth_session
    where least(expires_at, coalesce(revoked_at, expires_at), last_used_at + make_interval(secs => idle_seconds)) < now() - interval '1 day'`,
  'delete from stackhold.auth_one_time_token where expires_at < now()',
]

export async function forgetOldSignIns(db: Pick<Queryable, 'query'>): Promise<void> {
  for (const text of sweeps) await db.query(text)
}
