/** Bearer tokens of administrators for the Metadata API: 256 random bits, stored as SHA-256 only. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Database } from '../db/client.js'
import type { Clock, Random } from '../runtime/capabilities.js'

export interface AdminCaller {
  readonly id: number
  readonly name: string
  readonly scopes: readonly string[]
}

export interface AdminTokens {
  /** Makes a token; its text is never shown again. `expiresAt` in epoch ms. */
  issue(name: string, scopes: readonly string[], expiresAt?: number): Promise<{ id: number; token: string }>
  /** Null for anything that is not a live token. */
  verify(token: string): Promise<AdminCaller | null>
  /** Stored tokens that have not expired; `expiresAt` in epoch ms, null = never. */
  list(): Promise<{ name: string; scopes: readonly string[]; expiresAt: number | null }[]>
  /** Makes the first token of a new installation; null when there is one already, or one is configured. */
  ensureFirst(): Promise<string | null>
}

/** Recognisable by secret scanners. */
const prefix = 'shk_'
const pattern = /^shk_[A-Za-z0-9_-]{43}$/
const touchEveryMs = 60_000
const maxLength = 1024

interface TokenRow {
  id: number
  name: string
  hash: Uint8Array
  scopes: unknown
  expires_at: number | null
}

const digest = (token: string): Buffer => createHash('sha256').update(token, 'utf8').digest()

export interface AdminTokenOptions {
  db: Pick<Database, 'query' | 'withTransaction'>
  clock: Clock
  random: Random
  /** A token given by configuration; it has every scope and is not stored. */
  configured?: string | undefined
}

export function createAdminTokens({ db, clock, random, configured }: AdminTokenOptions): AdminTokens {
  const configuredHash = configured === undefined ? null : digest(configured)
  const touched = new Map<number, number>()
  const create = (): string => prefix + Buffer.from(random.bytes(32)).toString('base64url')

  const touch = (id: number): void => {
    const now = clock.now()
    if (now - (touched.get(id) ?? Number.NEGATIVE_INFINITY) < touchEveryMs) return
    touched.set(id, now)
    // Nobody waits for it, and a failure shows in the next statement anyway.
    db.query('update stackhold.admin_token set last_used_at = now() where id = $1', [id], { fast: true }).catch(() => touched.delete(id))
  }

  return {
    async issue(name, scopes, expiresAt) {
      const token = create()
      const [row] = await db.query<{ id: number }>(
        'insert into stackhold.admin_token (name, hash, scopes, expires_at) values ($1, $2, $3, to_timestamp($4::float8 / 1000)) returning id',
        [name, digest(token), JSON.stringify(scopes), expiresAt ?? null],
      )
      return { id: row?.id ?? 0, token }
    },
    async verify(token) {
      if (token.length > maxLength) return null
      const wanted = digest(token)
      if (configuredHash !== null && timingSafeEqual(configuredHash, wanted)) return { id: 0, name: 'configured', scopes: ['*'] }
      if (!pattern.test(token)) return null
      const [row] = await db.query<TokenRow>('select id, name, hash, scopes, expires_at from stackhold.admin_token where hash = $1', [wanted], { fast: true })
      if (row === undefined || row.hash.length !== wanted.length || !timingSafeEqual(row.hash, wanted)) return null
      if (row.expires_at !== null && row.expires_at <= clock.now()) return null
      touch(row.id)
      return { id: row.id, name: row.name, scopes: Array.isArray(row.scopes) ? row.scopes.map(String) : [] }
    },
    async list() {
      const rows = await db.query<TokenRow>('select id, name, hash, scopes, expires_at from stackhold.admin_token order by id')
      return rows
        .filter((row) => row.expires_at === null || row.expires_at > clock.now())
        .map((row) => ({ name: row.name, scopes: Array.isArray(row.scopes) ? row.scopes.map(String) : [], expiresAt: row.expires_at }))
    },
    async ensureFirst() {
      if (configuredHash !== null) return null
      const token = create()
      const made = await db.withTransaction(async (transaction) => {
        // Two servers may start at once: the later one sees the earlier one's row.
        await transaction.query(`select pg_advisory_xact_lock(hashtext('stackhold.admin_token'))`)
        return transaction.query(
          'insert into stackhold.admin_token (name, hash, scopes) select $1, $2, $3 where not exists (select from stackhold.admin_token) returning id',
          ['first', digest(token), JSON.stringify(['*'])],
        )
      })
      return made.length === 0 ? null : token
    },
  }
}
