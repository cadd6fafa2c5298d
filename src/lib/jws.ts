/** Compact JWS (RFC 7515, 7518), synchronous. The algorithm always comes from the caller. */
import { constants, createHmac, type KeyObject, sign, timingSafeEqual, verify } from 'node:crypto'
import {
  buildHeader,
  decodeBase64url,
  encodeBase64url,
  type KeyInput,
  pairKey,
  readHeader,
  secretBytes,
  splitToken,
  TokenError,
  type TokenHeader,
} from './jwk.js'

interface Signer {
  sign(data: Buffer, key: KeyInput): Buffer
  verify(data: Buffer, signature: Buffer, key: KeyInput): boolean
}

const hmac = (hash: string): Signer => ({
  sign: (data, key) => createHmac(hash, secretBytes(key)).update(data).digest(),
  verify(data, signature, key) {
    const expected = createHmac(hash, secretBytes(key)).update(data).digest()
    return signature.length === expected.length && timingSafeEqual(signature, expected)
  },
})

const pair = (hash: string, half: (key: KeyInput, half: 'private' | 'public') => KeyObject, options: object): Signer => ({
  sign: (data, key) => sign(hash, data, { key: half(key, 'private'), ...options }),
  verify: (data, signature, key) => verify(hash, data, { key: half(key, 'public'), ...options }, signature),
})

function rsaKey(key: KeyInput, half: 'private' | 'public'): KeyObject {
  const object = pairKey(key, half, 'rsa')
  if ((object.asymmetricKeyDetails?.modulusLength ?? 0) < 2048) throw new TokenError('key', 'An RSA key has at least 2048 bits (RFC 7518).')
  return object
}
const rsa = (hash: string): Signer => pair(hash, rsaKey, { padding: constants.RSA_PKCS1_PADDING })
const rsaPss = (hash: string): Signer => pair(hash, rsaKey, { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST })
const ecdsa = (hash: string, curve: string): Signer =>
  pair(
    hash,
    (key, half) => {
      const object = pairKey(key, half, 'ec')
      if (object.asymmetricKeyDetails?.namedCurve !== curve) throw new TokenError('key', `The algorithm needs a key on the curve ${curve}.`)
      return object
    },
    { dsaEncoding: 'ieee-p1363' },
  )

const signers: Readonly<Record<string, Signer>> = {
  HS256: hmac('sha256'),
  HS384: hmac('sha384'),
  HS512: hmac('sha512'),
  RS256: rsa('sha256'),
  RS384: rsa('sha384'),
  RS512: rsa('sha512'),
  PS256: rsaPss('sha256'),
  PS384: rsaPss('sha384'),
  PS512: rsaPss('sha512'),
  ES256: ecdsa('sha256', 'prime256v1'),
  ES384: ecdsa('sha384', 'secp384r1'),
  ES512: ecdsa('sha512', 'secp521r1'),
}
export const jwsAlgorithms: readonly string[] = Object.keys(signers)

function getSigner(algorithm: string): Signer {
  const signer = Object.hasOwn(signers, algorithm) ? signers[algorithm] : undefined
  if (!signer) throw new TokenError('algorithm', `Unknown signature algorithm "${algorithm.slice(0, 40)}"; known are ${jwsAlgorithms.join(', ')}.`)
  return signer
}

/** Signs a payload. Throws {@link TokenError}. */
export function signJws(payload: Uint8Array | string, key: KeyInput, algorithm: string, header: TokenHeader = {}): string {
  const signer = getSigner(algorithm)
  const input = `${encodeBase64url(JSON.stringify(buildHeader({ alg: algorithm }, header)))}.${encodeBase64url(payload)}`
  return `${input}.${encodeBase64url(signer.sign(Buffer.from(input, 'ascii'), key))}`
}

/** Header and payload of a token whose signature holds. Throws {@link TokenError}. */
export function verifyJws(token: string, key: KeyInput, algorithm: string): { header: TokenHeader; payload: Buffer } {
  const signer = getSigner(algorithm)
  const [head = '', body = '', signature = ''] = splitToken(token, 3)
  const header = readHeader(head, { alg: algorithm })
  const payload = decodeBase64url(body)
  if (!signer.verify(Buffer.from(`${head}.${body}`, 'ascii'), decodeBase64url(signature), key))
    throw new TokenError('invalid', 'The signature of the token is not valid.')
  return { header, payload }
}
