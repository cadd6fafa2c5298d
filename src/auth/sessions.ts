/**
 * Sessions: a row that short access tokens name and refresh tokens prolong. A refresh token is good for one use and stored as SHA-256; its
 * second use means that two people have it, and ends the session (RFC 9700 §4.14.2). Access tokens are checked in memory, as ever: a session
 * that ends raises an epoch of its own.
 */
import { AppError } from '../errors.js'
import { isObj, type Obj, obj } from '../lib/value.js'
import type { SessionFacts, SessionOptions, Sessions, SessionTokens } from '../runtime/accounts.js'
import type { Random } from '../runtime/capabilities.js'
import { parseJson } from '../runtime/serialize.js'
import { type AccountScope, accountPlace, type TablePlace, tablePlace } from './account-place.js'
import { createSecret, hashSecret } from './secrets.js'
import { toExtrasJson } from './token-claims.js'
import { createBinding, sessionKey, type TokenService } from './tokens.js'

export interface SessionDeps {
  tokens: Pick<TokenService, 'issue'>
  random: Random
  /** Seconds a session may last at most: as long as epochs are remembered. */
  maxSeconds: number
  /** Told of a refresh token that was used twice. */
  onReuse?(fact: { workspaceId: number; table: string; ip: string; endpoint: string }): void
}

interface SessionRow {
  id: string
  record_id: string
  extras: string
  access_seconds: number
}

const insertSession = `with opened as (
    insert into stackhold.auth_session (id, table_id, datasource, record_id, extras, label, ip, access_seconds, idle_seconds, expires_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, clock_timestamp() + make_interval(secs => $10)) returning id)
  insert into stackhold.auth_refresh_token (hash, session_id) select $11, id from opened`

/** One statement: of several that come with one token, the first has the row and the others find it used. */
const rotateToken = `with used as (
    update stackhold.auth_refresh_token t set used_at = clock_timestamp()
    from stackhold.auth_session s
    where t.hash = $1 and t.used_at is null and s.id = t.session_id and s.table_id = $2 and s.datasource = $3
      and s.revoked_at is null and s.expires_at > clock_timestamp()
      and s.last_used_at + make_interval(secs => s.idle_seconds) > clock_timestamp()
    returning t.session_id),
  prolonged as (
    update stackhold.auth_session s set last_used_at = clock_timestamp() from used
    where s.id = used.session_id and s.revoked_at is null returning s.id, s.record_id, s.extras, s.access_seconds),
  added as (insert into stackhold.auth_refresh_token (hash, session_id) select $4, id from prolonged)
  select id, record_id, extras, access_seconds from prolonged`

const findReused = `select s.id from stackhold.auth_refresh_token t join stackhold.auth_session s on s.id = t.session_id
  where t.hash = $1 and t.used_at is not null and s.table_id = $2 and s.datasource = $3 and s.revoked_at is null`

/** The epoch lies a moment ahead, so that no token issued in the same millisecond survives. */
const endSession = `with ended as (
    update stackhold.auth_session set revoked_at = clock_timestamp()
    where id = $1 and table_id = $2 and datasource = $3 and ($4::text is null or record_id = $4) and revoked_at is null returning id)
  select stackhold.raise_epoch($5, $2, $6, clock_timestamp() + interval '1 millisecond') from ended`

const listOpen = `select id, label, ip, created_at, last_used_at, expires_at from stackhold.auth_session
  where table_id = $1 and datasource = $2 and record_id = $3 and revoked_at is null and expires_at > clock_timestamp()
    and last_used_at + make_interval(secs => idle_seconds) > clock_timestamp()
  order by last_used_at desc limit 100`

const seconds = (name: string, value: number, max: number): number => {
  if (Number.isInteger(value) && value > 0 && value <= max) return value
  throw new AppError('fatal', `${name} must be between 1 and ${max} seconds.`, { hint: 'STACKHOLD_TOKEN_MAX_SECONDS is the most.' })
}

export function createSessions(deps: SessionDeps, scope: AccountScope): Sessions {
  const { random, tokens, maxSeconds } = deps

  const issue = async (place: TablePlace, row: SessionRow, refreshToken: string): Promise<SessionTokens> => {
    const binding = createBinding(place.workspaceId, place.model.id, place.datasource)
    const claims = { id: place.toId(row.record_id), extras: readExtras(row.extras), expiration: row.access_seconds, session: row.id }
    return { authToken: await tokens.issue(binding, claims), refreshToken, expiresIn: row.access_seconds, session: row.id }
  }

  const end = async (place: TablePlace, session: string, recordId: string | null): Promise<boolean> => {
    const values = [session, place.model.id, place.datasource, recordId, place.workspaceId, sessionKey(session)]
    return (await place.query(endSession, values)).length > 0
  }

  return {
    async create(account, options) {
      const place = accountPlace(scope, account)
      const limits = readLimits(options, maxSeconds)
      const refreshToken = createSecret(random)
      const id = Buffer.from(random.bytes(16)).toString('base64url')
      const row: SessionRow = { id, record_id: place.recordId, extras: toExtrasJson(options.extras), access_seconds: limits.access }
      const about = [options.label.slice(0, 200), options.ip.slice(0, 64)]
      const values = [id, place.model.id, place.datasource, row.record_id, row.extras, ...about, limits.access, limits.idle, limits.absolute]
      await place.query(insertSession, [...values, hashSecret(refreshToken)])
      return issue(place, row, refreshToken)
    },

    async rotate(table, refreshToken) {
      const place = tablePlace(scope, table)
      const hash = hashSecret(refreshToken)
      if (hash === null) return null
      const next = createSecret(random)
      const [row] = await place.query<SessionRow>(rotateToken, [hash, place.model.id, place.datasource, hashSecret(next)])
      if (row !== undefined) return issue(place, row, next)
      const [reused] = await place.query<{ id: string }>(findReused, [hash, place.model.id, place.datasource])
      if (reused !== undefined && (await end(place, reused.id, null)))
        deps.onReuse?.({ workspaceId: place.workspaceId, table, ip: scope.ip(), endpoint: 'security.rotate_session' })
      return null
    },

    async list(account) {
      const place = accountPlace(scope, account)
      const rows = await place.query<ListedRow>(listOpen, [place.model.id, place.datasource, place.recordId])
      return rows.map(toFacts)
    },

    async revoke(account, session) {
      const place = accountPlace(scope, account)
      return end(place, session, place.recordId)
    },

    async revokeAll(account) {
      const place = accountPlace(scope, account)
      await place.query('select stackhold.raise_epoch($1, $2, $3, clock_timestamp())', [place.workspaceId, place.model.id, place.recordId])
    },
  }
}

interface ListedRow {
  id: string
  label: string
  ip: string
  created_at: number
  last_used_at: number
  expires_at: number
}

const toFacts = (row: ListedRow): SessionFacts => ({
  session: row.id,
  label: row.label,
  ip: row.ip,
  createdAt: Math.floor(row.created_at),
  lastUsedAt: Math.floor(row.last_used_at),
  expiresAt: Math.floor(row.expires_at),
})

function readLimits({ accessSeconds, idleSeconds, absoluteSeconds }: SessionOptions, max: number): { access: number; idle: number; absolute: number } {
  const absolute = seconds('The absolute limit of a session', absoluteSeconds, max)
  const idle = seconds('The idle limit of a session', idleSeconds, absolute)
  return { absolute, idle, access: seconds('The lifetime of an access token', accessSeconds, idle) }
}

function readExtras(text: string): Obj {
  const extras = parseJson(text)
  return isObj(extras) ? extras : obj()
}
