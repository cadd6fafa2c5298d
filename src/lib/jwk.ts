/** Keys of tokens: JWK, PEM or raw bytes; and the strict base64url of RFC 7515. */
import { createPrivateKey, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'

/** Why a token was not made or not accepted. */
export type TokenProblem = 'key' | 'algorithm' | 'malformed' | 'invalid'

export class TokenError extends Error {
  readonly problem: TokenProblem
  constructor(problem: TokenProblem, message: string) {
    super(message)
    this.name = 'TokenError'
    this.problem = problem
  }
}

/** A JWK object, a JWK as JSON or as base64 of JSON, PEM text, or the bytes of a secret. */
export type KeyInput = string | Uint8Array | Readonly<Record<string, unknown>>
type Key = { kind: 'jwk'; jwk: Readonly<Record<string, unknown>> } | { kind: 'pem'; pem: string } | { kind: 'bytes'; bytes: Uint8Array; text?: string }

function readKey(key: KeyInput): Key {
  if (key instanceof Uint8Array) return { kind: 'bytes', bytes: key }
  if (typeof key !== 'string') return { kind: 'jwk', jwk: key }
  const text = key.trim()
  if (text.startsWith('-----BEGIN ')) return { kind: 'pem', pem: text.replaceAll('\\n', '\n') }
  const jwk = parseJwk(text.startsWith('eyJ') ? Buffer.from(text, 'base64').toString('utf8') : text)
  return jwk ? { kind: 'jwk', jwk } : { kind: 'bytes', bytes: Buffer.from(key, 'utf8'), text }
}

function parseJwk(text: string): Readonly<Record<string, unknown>> | null {
  if (!text.startsWith('{')) return null
  try {
    const jwk: unknown = JSON.parse(text)
    return typeof jwk === 'object' && jwk !== null && typeof (jwk as Record<string, unknown>)['kty'] === 'string' ? (jwk as Record<string, unknown>) : null
  } catch {
    return null
  }
}

/** Bytes of a symmetric key. A PEM or asymmetric JWK is refused, so a public key can never serve as a secret. */
export function secretBytes(key: KeyInput): Uint8Array {
  const read = readKey(key)
  if (read.kind === 'bytes' && read.bytes.length > 0) return read.bytes
  const k = read.kind === 'jwk' && read.jwk['kty'] === 'oct' ? read.jwk['k'] : undefined
  if (typeof k === 'string' && k !== '') return Buffer.from(k, 'base64url')
  throw new TokenError('key', read.kind === 'bytes' ? 'The key is empty.' : 'The algorithm needs a secret key, not a key pair.')
}

/** Bytes of a symmetric key of exactly `length` bytes; text may also be the base64 of them. */
export function secretOfLength(key: KeyInput, length: number, algorithm: string): Uint8Array {
  const bytes = secretBytes(key)
  if (bytes.length === length) return bytes
  const decoded = typeof key === 'string' ? Buffer.from(key.trim(), 'base64') : null
  if (decoded?.length === length) return decoded
  throw new TokenError('key', `The algorithm ${algorithm} needs a key of ${length} bytes, not ${bytes.length}.`)
}

/** The private or the public half of a key pair, of the given type (`rsa`, `ec`). */
export function pairKey(key: KeyInput, half: 'private' | 'public', type: string): KeyObject {
  const object = keyObject(readKey(key), half)
  if (object.asymmetricKeyType !== type) throw new TokenError('key', `The algorithm needs ${type === 'ec' ? 'an EC' : 'an RSA'} key.`)
  return object
}

function keyObject(key: Key, half: 'private' | 'public'): KeyObject {
  const create = half === 'private' ? createPrivateKey : createPublicKey
  try {
    if (key.kind === 'jwk') return create({ key: { ...key.jwk } as JsonWebKey, format: 'jwk' })
    if (key.kind === 'pem') return create(key.pem)
  } catch {
    // Falls through: the library's message may quote the key.
  }
  throw new TokenError('key', `The key is not a valid ${half} key (JWK or PEM).`)
}

/** Header members of a token. */
export type TokenHeader = Readonly<Record<string, unknown>>

/** A header that starts with the given members; `extra` cannot replace them. */
export function buildHeader(first: Record<string, unknown>, extra: TokenHeader): Record<string, unknown> {
  if (Object.hasOwn(extra, 'crit') || Object.hasOwn(extra, 'b64')) throw new TokenError('algorithm', 'Critical header extensions are not supported.')
  return Object.assign(Object.create(null), first, extra, first) as Record<string, unknown>
}

export const encodeBase64url = (bytes: Uint8Array | string): string =>
  (typeof bytes === 'string' ? Buffer.from(bytes, 'utf8') : Buffer.from(bytes)).toString('base64url')

/** Refuses every spelling but the canonical one: two texts are never the same token. */
export function decodeBase64url(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64url')
  if (bytes.toString('base64url') !== text) throw new TokenError('malformed', 'The token is malformed.')
  return bytes
}

/** The header, whose algorithm must be the expected one: a token never chooses how it is checked. */
export function readHeader(part: string, expected: Record<string, string>): Record<string, unknown> {
  let header: unknown
  try {
    header = JSON.parse(decodeBase64url(part).toString('utf8'))
  } catch {
    throw new TokenError('malformed', 'The token is malformed.')
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header)) throw new TokenError('malformed', 'The token is malformed.')
  const members = header as Record<string, unknown>
  if (Object.hasOwn(members, 'crit')) throw new TokenError('algorithm', 'Critical header extensions are not supported.')
  for (const [name, value] of Object.entries(expected)) {
    if (!Object.hasOwn(members, name) || members[name] !== value) throw new TokenError('algorithm', `The token does not use the algorithm ${value}.`)
  }
  return members
}

/** Most characters of a token. */
const maxTokenLength = 4 * 1024 * 1024

export function splitToken(token: string, parts: number): string[] {
  const split = token.length > maxTokenLength ? [] : token.split('.', parts + 1)
  if (split.length !== parts) throw new TokenError('malformed', 'The token is malformed.')
  return split
}
