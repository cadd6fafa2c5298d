/**
 * Auth tokens: compact JWE (RFC 7516), `A256KW` + `A256GCM`. The key is derived from the master secret for one workspace,
 * table and purpose, so a token of another table does not even decrypt. `aud` adds the data source.
 */
import { CompactEncrypt, type CryptoKey, compactDecrypt } from 'jose'
import type { TableModel } from '../definitions/table.js'
import { AppError } from '../errors.js'
import { isObj, type Obj, type Value } from '../lib/value.js'
import type { Clock, Random, Tokens } from '../runtime/capabilities.js'
import { parseJson } from '../runtime/serialize.js'
import type { Epochs } from './epochs.js'
import { deriveKey } from './keys.js'
import { createTokenCache, tokenDigest } from './token-cache.js'
import { type Claims, claimsSchema, toExtrasJson, toTokenId } from './token-claims.js'

const protectedHeader = { alg: 'A256KW', enc: 'A256GCM' } as const
/** The one header we write, and the only one we read: nothing of a token is parsed before these bytes match. */
const headerSegment = Buffer.from(JSON.stringify(protectedHeader)).toString('base64url')
const maxTokenLength = 4096
/** Characters of the wrapped 256-bit key, the 96-bit IV and the 128-bit tag in base64url. */
const [keyLength, ivLength, tagLength] = [54, 16, 22]
const shape = new RegExp(`^${headerSegment}\\.([A-Za-z0-9_-]{${keyLength}})\\.([A-Za-z0-9_-]{${ivLength}})\\.([A-Za-z0-9_-]+)\\.([A-Za-z0-9_-]{${tagLength}})$`)

/** What a token is good for. Make it once and keep it: see {@link createBinding}. */
export interface TokenBinding {
  readonly workspaceId: number
  readonly tableId: number
  readonly keyInfo: string
  readonly audience: string
}

/** Ids rather than guids: a builder can write a guid of another workspace into a definition, but never an id. */
export function createBinding(workspaceId: number, tableId: number, datasource: string, purpose = 'auth'): TokenBinding {
  return { workspaceId, tableId, keyInfo: `stackhold/token/${workspaceId}/${tableId}/${purpose}`, audience: `${workspaceId}/${datasource}/${purpose}` }
}

/** A session that ended has an epoch of its own, beside those of records: no id of a row looks like this. */
export const sessionKey = (session: string): string => `session/${session}`

export interface VerifiedToken {
  readonly id: number | string
  readonly extras: Obj
  readonly jti: string
  /** The session it is part of; null for a token that stands alone. */
  readonly session: string | null
  /** Epoch ms. */
  readonly issuedAt: number
  /** Epoch ms. */
  readonly expiresAt: number
}

export interface TokenOptions {
  /** The current secret first; older ones still open tokens until these expire. */
  secrets: readonly Uint8Array[]
  clock: Clock
  random: Random
  epochs: Epochs
  /** Seconds a token lives when its program says nothing; default 86 400. */
  defaultSeconds?: number
  /** Seconds it may live at most; default 30 days. */
  maxSeconds?: number
  /** Verified tokens remembered; default 10 000. */
  cacheSize?: number
}

export interface TokenService {
  /** Throws AppError `fatal` for an id that is none, extras that are too large or reserved, an expiration out of range. */
  issue(binding: TokenBinding, claims: { id: Value; extras: Obj; expiration?: number | undefined; session?: string | undefined }): Promise<string>
  /** Null for whatever is wrong with the token; callers cannot tell why. */
  verify(token: string, binding: TokenBinding): Promise<VerifiedToken | null>
  /** Why a token that was refused is not good, for events: never for callers. `others`: what else it may be meant for. */
  explain(token: string, binding: TokenBinding, others: readonly TokenBinding[]): Promise<TokenRefusal>
}

/** `unknown`: no key of ours opens it. `disabled`: tokens of the table are switched off. `rejected`: nobody looked, or nothing is wrong with it any more. */
export type TokenRefusal =
  | 'malformed'
  | 'unknown'
  | 'other table'
  | 'other purpose'
  | 'other data source'
  | 'too long-lived'
  | 'expired'
  | 'revoked'
  | 'disabled'
  | 'rejected'

interface CacheEntry {
  readonly keyInfo: string
  readonly audience: string
  readonly token: VerifiedToken
}

export function createTokenService(options: TokenOptions): TokenService {
  const { clock, epochs, random } = options
  const defaultSeconds = options.defaultSeconds ?? 86_400
  const maxSeconds = options.maxSeconds ?? 30 * 86_400
  const cache = createTokenCache<CacheEntry>(options.cacheSize ?? 10_000)
  const keysFor = createKeyRing(options.secrets)

  const isCurrent = (token: VerifiedToken, binding: TokenBinding): boolean => {
    if (token.expiresAt <= clock.now()) return false
    const { workspaceId, tableId } = binding
    const isGood = (epoch: number | null): boolean => epoch === null || token.issuedAt >= epoch
    return (
      isGood(epochs.current(workspaceId, tableId, token.id)) &&
      (token.session === null || isGood(epochs.current(workspaceId, tableId, sessionKey(token.session))))
    )
  }

  const open = async (token: string, binding: TokenBinding): Promise<VerifiedToken | null> => {
    if (!isCanonical(token)) return null
    const plaintext = await decrypt(token, await keysFor(binding.keyInfo))
    const claims = plaintext === null ? null : readClaims(plaintext, binding, maxSeconds)
    return claims === null ? null : toVerified(claims, plaintext ?? '')
  }

  const explain = async (token: string, binding: TokenBinding, others: readonly TokenBinding[]): Promise<TokenRefusal> => {
    if (token.length > maxTokenLength || !isCanonical(token)) return 'malformed'
    const plaintext = await decrypt(token, await keysFor(binding.keyInfo))
    if (plaintext === null) {
      for (const other of others)
        if (other.keyInfo !== binding.keyInfo && (await decrypt(token, await keysFor(other.keyInfo))) !== null)
          return other.tableId === binding.tableId ? 'other purpose' : 'other table'
      return 'unknown'
    }
    const parsed = claimsSchema.safeParse(parseOrNull(plaintext))
    if (!parsed.success) return 'malformed'
    if (parsed.data.aud !== binding.audience) return 'other data source'
    const claims = readClaims(plaintext, binding, maxSeconds)
    if (claims === null) return 'too long-lived'
    const verified = toVerified(claims, plaintext)
    if (verified.expiresAt <= clock.now()) return 'expired'
    return isCurrent(verified, binding) ? 'rejected' : 'revoked'
  }

  return {
    explain,
    async issue(binding, { id, extras, expiration, session }) {
      const lifetime = expiration ?? defaultSeconds
      if (!Number.isFinite(lifetime) || lifetime <= 0 || lifetime > maxSeconds)
        throw new AppError('fatal', `The expiration of an auth token must be between 1 and ${maxSeconds} seconds.`, { hint: 'Leave it out for the default.' })
      const iat = clock.now() / 1000
      const claims = {
        dbo_id: binding.tableId,
        id: toTokenId(id),
        iat,
        exp: iat + lifetime,
        jti: Buffer.from(random.bytes(16)).toString('base64url'),
        aud: binding.audience,
        ...(session === undefined ? {} : { sid: session }),
      }
      // Spliced in as text: the order of numeric keys would not survive a plain object.
      const payload = `${JSON.stringify(claims).slice(0, -1)},"extras":${toExtrasJson(extras)}}`
      const [key] = await keysFor(binding.keyInfo)
      if (key === undefined) throw new AppError('fatal', 'No secret to seal tokens with.')
      return new CompactEncrypt(Buffer.from(payload)).setProtectedHeader(protectedHeader).encrypt(key)
    },
    async verify(token, binding) {
      if (token.length > maxTokenLength) return null
      const digest = tokenDigest(token)
      let entry = cache.find(digest)
      if (entry === undefined) {
        const opened = await open(token, binding)
        if (opened === null) return null
        entry = { keyInfo: binding.keyInfo, audience: binding.audience, token: opened }
        if (isCurrent(opened, binding)) cache.put(digest, entry)
      }
      if (entry.keyInfo !== binding.keyInfo || entry.audience !== binding.audience) return null
      if (isCurrent(entry.token, binding)) return entry.token
      cache.drop(digest)
      return null
    },
  }
}

/** The `Tokens` of stacks that run for one workspace and data source. */
export function tokensOf(service: TokenService, workspaceId: number, tables: ReadonlyMap<string, TableModel>, datasource: () => string): Tokens {
  return {
    async issue({ table, id, extras, expiration }) {
      const model = tables.get(table)
      if (model === undefined) throw new AppError('fatal', `The table "${table}" does not exist.`)
      if (!model.auth) throw new AppError('fatal', `The table "${table}" does not issue auth tokens.`, { hint: 'Add auth = true to the table.' })
      return service.issue(createBinding(workspaceId, model.id, datasource()), { id, extras, expiration })
    },
  }
}

/** Base64url has several spellings of the same bytes where the last character has spare bits; only ours counts. */
function isCanonical(token: string): boolean {
  const parts = shape.exec(token)
  if (parts === null) return false
  for (let i = 1; i < 5; i++) {
    const part = parts[i] ?? ''
    if (Buffer.from(part, 'base64url').toString('base64url') !== part) return false
  }
  return true
}

async function decrypt(token: string, keys: readonly CryptoKey[]): Promise<string | null> {
  for (const key of keys) {
    try {
      const { plaintext } = await compactDecrypt(token, key, {
        keyManagementAlgorithms: ['A256KW'],
        contentEncryptionAlgorithms: ['A256GCM'],
        maxDecompressedLength: 0,
      })
      return Buffer.from(plaintext).toString('utf8')
    } catch {
      // Another secret may open it.
    }
  }
  return null
}

function readClaims(plaintext: string, binding: TokenBinding, maxSeconds: number): Claims | null {
  const parsed = claimsSchema.safeParse(parseOrNull(plaintext))
  if (!parsed.success) return null
  const claims = parsed.data
  if (claims.dbo_id !== binding.tableId || claims.aud !== binding.audience) return null
  return claims.exp > claims.iat && claims.exp - claims.iat <= maxSeconds + 1 ? claims : null
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function toVerified(claims: Claims, plaintext: string): VerifiedToken {
  const payload = parseJson(plaintext)
  const extras = isObj(payload) ? payload.get('extras') : undefined
  return {
    id: claims.id,
    extras: isObj(extras) ? extras : new Map(),
    jti: claims.jti,
    session: claims.sid ?? null,
    issuedAt: Math.round(claims.iat * 1000),
    expiresAt: Math.round(claims.exp * 1000),
  }
}

/** Keys by purpose, derived once. */
function createKeyRing(secrets: readonly Uint8Array[]): (info: string) => Promise<readonly CryptoKey[]> {
  const rings = new Map<string, Promise<readonly CryptoKey[]>>()
  const derive = (secret: Uint8Array, info: string): Promise<CryptoKey> =>
    crypto.subtle.importKey('raw', deriveKey(secret, info), 'AES-KW', false, ['wrapKey', 'unwrapKey']) as Promise<CryptoKey>
  return (info) => {
    let ring = rings.get(info)
    if (ring === undefined) {
      if (rings.size >= 10_000) rings.clear()
      ring = Promise.all(secrets.map((secret) => derive(secret, info)))
      rings.set(info, ring)
    }
    return ring
  }
}
