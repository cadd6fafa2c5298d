/**
 * Second factors: time-based codes (RFC 6238: SHA-1, 6 digits, 30 s, what every authenticator app knows) and recovery codes. The secret is
 * sealed at rest. A code is good once: the time step it belongs to is remembered. Tries are counted before they are judged, so that many at
 * once gain nothing.
 */
import { createHash } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { AppError } from '../errors.js'
import type { SecondFactors } from '../runtime/accounts.js'
import type { Clock, Random, Vault } from '../runtime/capabilities.js'
import { type AccountPlace, type AccountScope, accountPlace, tablePlace } from './account-place.js'
import { createBinding, type TokenService } from './tokens.js'

export interface SecondFactorDeps {
  clock: Clock
  random: Random
  tokens: Pick<TokenService, 'issue' | 'verify'>
  /** Seals secrets, by workspace. */
  vaults(workspaceId: number): Vault
}

const period = 30
/** Steps before and after the current one: clocks of phones differ. */
const window = 1
const recoveryCodes = 10
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
/** Characters of 5 bits: 120 bits, so that a plain hash protects them. */
const recoveryLength = 24
/** Of the tokens between password and second factor. */
export const challengePurpose = 'second-factor'

const enrolFactor = `insert into stackhold.auth_factor as known (table_id, datasource, record_id, secret) values ($1, $2, $3, $4)
  on conflict (table_id, datasource, record_id) do update set secret = excluded.secret, created_at = clock_timestamp()
  where known.confirmed_at is null returning 1 as done`

/** From the fifth wrong code in a row the next try waits, twice as long each time: at most 15 minutes. */
const takeTry = `update stackhold.auth_factor set failures = failures + 1,
    blocked_until = case when failures >= 4 then clock_timestamp() + make_interval(secs => least(900, power(2, least(failures - 4, 10)))) end
  where table_id = $1 and datasource = $2 and record_id = $3 and (confirmed_at is not null) = $4
    and (blocked_until is null or blocked_until <= clock_timestamp())
  returning secret`

const acceptStep = `update stackhold.auth_factor set last_step = $4, failures = 0, blocked_until = null, confirmed_at = coalesce(confirmed_at, clock_timestamp())
  where table_id = $1 and datasource = $2 and record_id = $3 and last_step < $4 returning 1 as done`

const useRecovery = `update stackhold.auth_recovery_code set used_at = clock_timestamp()
  where table_id = $1 and datasource = $2 and record_id = $3 and hash = $4 and used_at is null returning 1 as done`

const isConfirmed = `select 1 as done from stackhold.auth_factor where table_id = $1 and datasource = $2 and record_id = $3 and confirmed_at is not null`

const keyOf = (place: AccountPlace): unknown[] => [place.model.id, place.datasource, place.recordId]
/** What the secret of a factor is bound to. */
export const factorPlace = (workspaceId: number, tableId: number, datasource: string, recordId: string): string =>
  `totp/${workspaceId}/${tableId}/${datasource}/${recordId}`
const aboutOf = (place: AccountPlace): string => factorPlace(place.workspaceId, place.model.id, place.datasource, place.recordId)
const plainRecovery = (code: string): string => code.toUpperCase().replace(/[\s-]/g, '')
const hashRecovery = (code: string): Buffer =>
  createHash('sha256')
    .update(`recovery|${plainRecovery(code)}`)
    .digest()

export function createSecondFactors({ clock, random, tokens, vaults }: SecondFactorDeps, scope: AccountScope): SecondFactors {
  const totpOf = (secret: string, more: { issuer?: string; label?: string } = {}): TOTP =>
    new TOTP({ secret: Secret.fromBase32(secret), algorithm: 'SHA1', digits: 6, period, ...more })

  /** The step a code belongs to; null for a wrong one. */
  const stepOf = (secret: string, code: string): number | null => {
    const now = clock.now()
    const delta = totpOf(secret).validate({ token: code, timestamp: now, window })
    return delta === null ? null : Math.floor(now / 1000 / period) + delta
  }

  const openSecret = (place: AccountPlace, sealed: string): string => {
    const secret = vaults(place.workspaceId).open(sealed, aboutOf(place))
    if (secret === undefined) throw new AppError('fatal', 'The secret of a second factor cannot be opened.', { hint: 'Set STACKHOLD_SECRET_PREVIOUS.' })
    return secret
  }

  const tryCode = async (place: AccountPlace, code: string, confirmed: boolean): Promise<boolean> => {
    const plain = code.replace(/\s/g, '')
    if (!/^\d{6}$/.test(plain)) return false
    const [factor] = await place.query<{ secret: string }>(takeTry, [...keyOf(place), confirmed])
    if (factor === undefined) return false
    const step = stepOf(openSecret(place, factor.secret), plain)
    return step !== null && (await place.query(acceptStep, [...keyOf(place), step])).length > 0
  }

  const createRecoveryCodes = async (place: AccountPlace): Promise<string[]> => {
    const codes = Array.from({ length: recoveryCodes }, () => [...random.bytes(recoveryLength)].map((byte) => alphabet[byte & 31]).join(''))
    await place.query('delete from stackhold.auth_recovery_code where table_id = $1 and datasource = $2 and record_id = $3', keyOf(place))
    await place.query('insert into stackhold.auth_recovery_code (table_id, datasource, record_id, hash) select $1, $2, $3, unnest($4::bytea[])', [
      ...keyOf(place),
      codes.map(hashRecovery),
    ])
    return codes.map((code) => code.replace(/.{4}(?=.)/g, '$&-'))
  }

  return {
    async enrol(account, { issuer, label }) {
      const place = accountPlace(scope, account)
      const secret = new Secret({ buffer: new Uint8Array(random.bytes(20)).buffer }).base32
      const stored = await place.query(enrolFactor, [...keyOf(place), vaults(place.workspaceId).seal(secret, aboutOf(place))])
      if (stored.length === 0) return null
      return { secret, uri: totpOf(secret, { issuer: withoutColon(issuer), label: withoutColon(label) }).toString() }
    },
    async confirm(account, code) {
      const place = accountPlace(scope, account)
      return (await tryCode(place, code, false)) ? createRecoveryCodes(place) : null
    },
    async check(account, code) {
      const place = accountPlace(scope, account)
      if (await tryCode(place, code, true)) return true
      if (plainRecovery(code).length !== recoveryLength) return false
      return (await place.query(useRecovery, [...keyOf(place), hashRecovery(code)])).length > 0
    },
    async isOn(account) {
      const place = accountPlace(scope, account)
      return (await place.query(isConfirmed, keyOf(place))).length > 0
    },
    async remove(account) {
      const place = accountPlace(scope, account)
      await place.query('delete from stackhold.auth_factor where table_id = $1 and datasource = $2 and record_id = $3', keyOf(place))
    },
    async challenge(account, seconds) {
      const place = accountPlace(scope, account)
      if ((await place.query(isConfirmed, keyOf(place))).length === 0) return null
      const binding = createBinding(place.workspaceId, place.model.id, place.datasource, challengePurpose)
      return tokens.issue(binding, { id: place.toId(place.recordId), extras: new Map(), expiration: seconds })
    },
    async readChallenge(table, challenge) {
      const place = tablePlace(scope, table)
      const verified = await tokens.verify(challenge, createBinding(place.workspaceId, place.model.id, place.datasource, challengePurpose))
      return verified === null ? null : verified.id
    },
  }
}

/** A colon separates issuer and label in the URI that apps read. */
function withoutColon(text: string): string {
  const plain = text.replaceAll(':', ' ').trim().slice(0, 100)
  if (plain === '') throw new AppError('fatal', 'An authenticator app needs the names of the app and of the account.')
  return plain
}
