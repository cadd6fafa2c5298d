/** Bearer tokens of administrators for the Metadata API: 256 random bits, stored as SHA-256 only. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Database } from '../db/client.js'
import type { Clock, Random } from '../runtime/capabilities.js'
import type { Role } from './roles.js'

export interface AdminCaller {
  /** Id of the token; 0 for the configured one. */
  readonly id: number
  /** Of the account, else of the token. */
  readonly name: string
  readonly scopes: readonly string[]
  /** Of the account, as it is now; tokens of the installation itself are the owner's. */
  readonly role: Role
  /** Made by a login, not issued for a program. */
  readonly session?: boolean
  readonly account?: { readonly id: number; readonly email: string; readonly createdAt: number }
}

export interface AdminToken {
  id: number
  name: string
  kind: 'token' | 'session'
  scopes: readonly string[]
  accountId: number | null
  createdAt: number
  /** Epoch ms; null = never. */
  expiresAt: number | null
  lastUsedAt: number | null
}

export interface IssueOptions {
  /** Epoch ms; absent = never. */
  expiresAt?: number | undefined
  accountId?: number | undefined
  kind?: 'token' | 'session'
}

/** Why a token is not good, for events; callers of the API learn nothing of it. */
export type TokenRefusal = 'rejected' | 'expired' | 'revoked' | 'disabled'

export interface AdminTokens {
  /** Makes a token; its text is never shown again. */
  issue(name: string, scopes: readonly string[], options?: IssueOptions): Promise<{ id: number; token: string }>
  /** Null for anything that is not a live token; `onRefused` hears why. */
  verify(token: string, onRefused?: (why: TokenRefusal) => void): Promise<AdminCaller | null>
  /** Stored tokens that are live. */
  list(): Promise<AdminToken[]>
  /** False when there is no such live token. */
  revoke(id: number): Promise<boolean>
  /** Every token of an account but one, sessions only when said so. */
  revokeOf(accountId: number, options?: { except?: number; sessionsOnly?: boolean }): Promise<void>
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
  kind: 'token' | 'session'
  hash: Uint8Array
  scopes: unknown
  created_at: number
  expires_at: number | null
  last_used_at: number | null
  revoked_at: number | null
  account_id: number | null
  email: string | null
  account_name: string | null
  role: Role | null
  active: boolean | null
  account_created_at: number | null
}

const select = `select t.id, t.name, t.kind, t.hash, t.scopes, t.created_at, t.expires_at, t.last_used_at, t.revoked_at, t.account_id,
  a.email, a.name as account_name, a.role, a.active, a.created_at as account_created_at
  from stackhold.admin_token t left join stackhold.admin_account a on a.id = t.account_id`

const digest = (token: string): Buffer => createHash('sha256').update(token, 'utf8').digest()
const textsOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [])

function refusalOf(row: TokenRow, now: number): TokenRefusal | null {
  if (row.revoked_at !== null) return 'revoked'
  if (row.expires_at !== null && row.expires_at <= now) return 'expired'
  return row.account_id !== null && row.active !== true ? 'disabled' : null
}

function toCaller({ id, name, kind, scopes, role, account_id, email, account_name, account_created_at }: TokenRow): AdminCaller {
  const caller = { id, name, scopes: textsOf(scopes), role: role ?? 'owner' } as const
  if (account_id === null) return caller
  return {
    ...caller,
    session: kind === 'session',
    name: account_name || (email ?? name),
    account: { id: account_id, email: email ?? '', createdAt: account_created_at ?? 0 },
  }
}

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
    async issue(name, scopes, { expiresAt, accountId, kind = 'token' } = {}) {
      const token = create()
      const [row] = await db.query<{ id: number }>(
        `insert into stackhold.admin_token (name, hash, scopes, expires_at, account_id, kind)
         values ($1, $2, $3, to_timestamp($4::float8 / 1000), $5, $6) returning id`,
        [name, digest(token), JSON.stringify(scopes), expiresAt ?? null, accountId ?? null, kind],
      )
      return { id: row?.id ?? 0, token }
    },
    async verify(token, onRefused = () => {}) {
      const refuse = (why: TokenRefusal): null => {
        onRefused(why)
        return null
      }
      if (token.length > maxLength) return refuse('rejected')
      const wanted = digest(token)
      if (configuredHash !== null && timingSafeEqual(configuredHash, wanted)) return { id: 0, name: 'configured', scopes: ['*'], role: 'owner' }
      if (!pattern.test(token)) return refuse('rejected')
      const [row] = await db.query<TokenRow>(`${select} where t.hash = $1`, [wanted], { fast: true })
      if (row === undefined || row.hash.length !== wanted.length || !timingSafeEqual(row.hash, wanted)) return refuse('rejected')
      const refusal = refusalOf(row, clock.now())
      if (refusal !== null) return refuse(refusal)
      touch(row.id)
      return toCaller(row)
    },
    async list() {
      const rows = await db.query<TokenRow>(`${select} order by t.id`)
      return rows
        .filter((row) => refusalOf(row, clock.now()) === null)
        .map((row) => ({
          id: row.id,
          name: row.name,
          kind: row.kind,
          scopes: textsOf(row.scopes),
          accountId: row.account_id,
          createdAt: row.created_at,
          expiresAt: row.expires_at,
          lastUsedAt: row.last_used_at,
        }))
    },
    async revoke(id) {
      const rows = await db.query('update stackhold.admin_token set revoked_at = now() where id = $1 and revoked_at is null returning id', [id])
      return rows.length > 0
    },
    async revokeOf(accountId, { except = 0, sessionsOnly = false } = {}) {
      await db.query(
        `update stackhold.admin_token set revoked_at = now()
         where account_id = $1 and id <> $2 and revoked_at is null and (not $3::boolean or kind = 'session')`,
        [accountId, except, sessionsOnly],
      )
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
