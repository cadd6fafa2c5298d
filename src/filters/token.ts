/** Claims in JWS and JWE tokens, for filters and statements alike. */
import { fatal } from '../errors.js'
import { decryptJwe, encryptJwe, type JweAlgorithms, type RandomBytes } from '../lib/jwe.js'
import { type KeyInput, TokenError, type TokenHeader } from '../lib/jwk.js'
import { signJws, verifyJws } from '../lib/jws.js'
import { isBinary, isObj, type Obj, toPlain, unmarked, type Value } from '../lib/value.js'
import { strictEquals } from '../runtime/operators.js'
import { parseJson, stringify } from '../runtime/serialize.js'

export interface TokenEncoding {
  claims: Value
  /** Extra header members. */
  headers: Value
  key: Value
  /** Seconds; 0 = never expires. */
  ttl: number
  /** Epoch ms. */
  now: number
}
export interface TokenDecoding {
  token: string
  key: Value
  /** Claims that must be there with these values. */
  check: Value
  /** Tolerated difference of clocks, in seconds. */
  drift: number
  /** Epoch ms. */
  now: number
}

export const encodeJws = (options: TokenEncoding, algorithm: string): string =>
  tokenErrors(() => {
    const { payload, header } = sealed(options)
    return signJws(payload, keyOf(options.key), algorithm, header)
  })
export const decodeJws = (options: TokenDecoding, algorithm: string): Value =>
  opened(
    options,
    tokenErrors(() => verifyJws(options.token, keyOf(options.key), algorithm)),
  )

export const encodeJwe = (options: TokenEncoding, algorithms: JweAlgorithms, random: RandomBytes): string =>
  tokenErrors(() => {
    const { payload, header } = sealed(options)
    return encryptJwe(payload, keyOf(options.key), algorithms, random, header)
  })
export const decodeJwe = (options: TokenDecoding, algorithms: JweAlgorithms): Value =>
  opened(
    options,
    tokenErrors(() => decryptJwe(options.token, keyOf(options.key), algorithms)),
  )

function tokenErrors<T>(action: () => T): T {
  try {
    return action()
  } catch (error) {
    if (error instanceof TokenError) throw fatal(error.message, { name: 'TokenError', cause: error })
    throw error
  }
}

function keyOf(key: Value): KeyInput {
  if (typeof key === 'string' || isBinary(key)) return key
  if (isObj(key)) return toPlain(key) as Readonly<Record<string, unknown>>
  throw new TokenError('key', 'The key is text, or a JWK as an object.')
}

/** Expiry lives in the claims; claims that are no object carry it in the protected header (RFC 7519, 5.3). */
function sealed({ claims, headers, ttl, now }: TokenEncoding): { payload: string; header: TokenHeader } {
  if (headers !== null && !isObj(headers) && !(Array.isArray(headers) && headers.length === 0))
    throw fatal('The headers of a token are an object.', { name: 'TokenError' })
  const extra = isObj(headers) ? (toPlain(headers) as Record<string, unknown>) : {}
  if (ttl <= 0) return { payload: stringify(claims), header: extra }
  const issued = Math.floor(now / 1000)
  const lifetime: [string, Value][] = [
    ['iat', issued],
    ['exp', issued + ttl],
  ]
  if (!isObj(claims)) return { payload: stringify(claims), header: { ...extra, ...Object.fromEntries(lifetime) } }
  return { payload: stringify(new Map([...claims, ...lifetime])), header: extra }
}

function opened(options: TokenDecoding, token: { header: TokenHeader; payload: Buffer }): Value {
  const claims = parsePayload(token.payload.toString('utf8'))
  const members: Obj = isObj(claims) ? claims : new Map(Object.entries(token.header).filter((entry): entry is [string, number] => typeof entry[1] === 'number'))
  checkTimes(members, options)
  checkClaims(isObj(claims) ? claims : new Map(), options.check)
  return claims
}

function parsePayload(text: string): Value {
  try {
    return parseJson(text)
  } catch {
    return text
  }
}

const invalid = (message: string) => fatal(message, { name: 'TokenError' })

/** RFC 7519: `exp`, `nbf`, `iat` in seconds. */
function checkTimes(claims: Obj, { now, drift }: TokenDecoding): void {
  const seconds = now / 1000
  const time = (name: string): number | null => {
    const value = unmarked(claims.get(name) ?? null)
    if (value !== null && typeof value !== 'number') throw invalid(`The claim "${name}" of the token is not a time.`)
    return value
  }
  const [expires, notBefore, issued] = [time('exp'), time('nbf'), time('iat')]
  if (expires !== null && seconds - drift >= expires) throw invalid('The token has expired.')
  if (notBefore !== null && seconds + drift < notBefore) throw invalid('The token is not valid yet.')
  if (issued !== null && Math.floor(seconds) + drift < Math.floor(issued)) throw invalid('The token was issued in the future.')
}

/** JSON has one type of number. */
const isSame = (actual: Value, expected: Value): boolean => strictEquals(unmarked(actual), unmarked(expected))

/** Each claim equals its expected value; an audience may also be one of a list. */
function checkClaims(claims: Obj, check: Value): void {
  if (check === null || (Array.isArray(check) && check.length === 0)) return
  if (!isObj(check)) throw invalid('The claims to check are an object.')
  for (const [name, expected] of check) {
    const actual = claims.get(name)
    const holds =
      actual !== undefined && (isSame(actual, expected) || (name === 'aud' && Array.isArray(actual) && actual.some((item) => isSame(item, expected))))
    if (!holds) throw invalid(`The claim "${name}" of the token is missing or different.`)
  }
}
