/** Signed (JWS) and encrypted (JWE) tokens for other parties. The algorithm is always the program's, never the token's. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { CompactEncrypt, CompactSign, compactDecrypt, compactVerify, errors } from 'jose'
import { fatal } from '../errors.js'
import { isBinary, isObj, type Obj, toPlain, unmarked, type Value } from '../lib/value.js'
import { toInt, toText } from '../runtime/convert.js'
import { type ArgumentSpec, type Arguments, defineAsyncStatement } from '../runtime/define.js'
import type { Frame } from '../runtime/frame.js'
import { looseEquals } from '../runtime/operators.js'
import { parseJson, stringify } from '../runtime/serialize.js'

const group = 'security'
const signatureAlgorithms = ['HS', 'RS', 'ES', 'PS'].flatMap((family) => ['256', '384', '512'].map((size) => family + size))
const keyAlgorithms = [
  'A128KW',
  'A192KW',
  'A256KW',
  'A128GCMKW',
  'A192GCMKW',
  'A256GCMKW',
  'ECDH-ES+A128KW',
  'ECDH-ES+A192KW',
  'ECDH-ES+A256KW',
  'RSA-OAEP',
  'RSA-OAEP-256',
  'RSA-OAEP-384',
  'RSA-OAEP-512',
  'ECDH-ES',
  'dir',
]
const contentAlgorithms = ['A128GCM', 'A192GCM', 'A256GCM', 'A128CBC-HS256', 'A192CBC-HS384', 'A256CBC-HS512']

function algorithmOf(value: Value | undefined, known: readonly string[], what: string): string {
  const name = toText(value ?? null)
  if (known.includes(name)) return name
  throw fatal(`Unknown ${what}: ${name}`, { hint: `Use one of ${known.join(', ')}.` })
}

type Key = KeyObject | Uint8Array
interface KeyUse {
  /** The private half is needed (sign, decrypt). */
  secret: boolean
  symmetric: boolean
  /** Length of a symmetric key in bytes, when it is fixed. */
  length?: number
}

/** A key from secret text, base64, PEM, or a JWK as object, JSON or base64 of JSON. */
function keyOf(value: Value | undefined, use: KeyUse): Key {
  try {
    if (isBinary(value)) return value
    const jwk = isObj(value) ? (toPlain(value) as Record<string, unknown>) : jwkOf(toText(value ?? null))
    if (jwk) return jwk['kty'] === 'oct' ? Buffer.from(String(jwk['k']), 'base64url') : asymmetric({ key: { ...jwk }, format: 'jwk' }, use)
    const text = toText(value ?? null)
    if (text.startsWith('-----BEGIN')) return asymmetric(text, use)
    if (use.symmetric && text !== '') return secretBytes(text, use.length)
  } catch (error) {
    throw fatal('The key cannot be read.', { cause: error, hint: 'Give a secret text, a PEM text or a JWK.' })
  }
  throw fatal('The key does not fit the algorithm.', { hint: 'Give a secret text for symmetric algorithms, a PEM text or a JWK for the others.' })
}

function jwkOf(text: string): Record<string, unknown> | null {
  const json = text.trimStart().startsWith('{') ? text : /^ey[A-Za-z0-9+/=_-]+$/.test(text) ? Buffer.from(text, 'base64').toString('utf8') : ''
  if (!json.startsWith('{')) return null
  const value: unknown = JSON.parse(json)
  return typeof value === 'object' && value !== null && 'kty' in value ? { ...value } : null
}

type Material = string | { key: object; format: 'jwk' }
const asymmetric = (material: Material, { secret }: KeyUse): KeyObject =>
  secret ? createPrivateKey(material as Parameters<typeof createPrivateKey>[0]) : createPublicKey(material as Parameters<typeof createPublicKey>[0])

/** The bytes of a secret text; base64 when only that has the length the algorithm needs. */
function secretBytes(text: string, length: number | undefined): Uint8Array {
  const bytes = Buffer.from(text, 'utf8')
  if (length === undefined || bytes.length === length) return bytes
  const decoded = Buffer.from(text, 'base64')
  return decoded.length === length ? decoded : bytes
}

const signatureUse = (algorithm: string, secret: boolean): KeyUse => ({ secret, symmetric: algorithm.startsWith('HS') })

function encryptionUse(algorithm: string, content: string, secret: boolean): KeyUse {
  const size = algorithm === 'dir' ? (/CBC-HS(\d+)/.exec(content)?.[1] ?? /^A(\d+)GCM/.exec(content)?.[1]) : /^A(\d+)(?:GCM)?KW/.exec(algorithm)?.[1]
  return size === undefined ? { secret, symmetric: false } : { secret, symmetric: true, length: Number(size) / 8 }
}

/** Claims as bytes, with `exp` when there is a time to live. */
function payloadOf({ claims, ttl }: Arguments, frame: Frame): Uint8Array {
  const seconds = toInt(ttl ?? null)
  const value = claims ?? null
  if (seconds <= 0) return Buffer.from(typeof value === 'string' ? value : stringify(value))
  if (!isObj(value)) throw fatal('A ttl needs claims that are an object.')
  return Buffer.from(stringify(new Map(value).set('exp', Math.floor(frame.run.clock.now() / 1000) + seconds)))
}

/** Claims from bytes: checked against time and the values the program asks for. */
function claimsOf(bytes: Uint8Array, { check_claims, timeDrift }: Arguments, frame: Frame): Value {
  const text = Buffer.from(bytes).toString('utf8')
  let claims: Value
  try {
    claims = parseJson(text)
  } catch {
    return text
  }
  if (isObj(claims)) {
    checkTimes(claims, frame.run.clock.now() / 1000, toInt(timeDrift ?? null))
    checkClaims(claims, isObj(check_claims) ? check_claims : new Map())
  }
  return claims
}

function checkTimes(claims: Obj, now: number, drift: number): void {
  const [expires, starts] = [unmarked(claims.get('exp')), unmarked(claims.get('nbf'))]
  if (expires !== undefined && (typeof expires !== 'number' || expires + drift <= now)) throw fatal('This token is expired.')
  if (starts !== undefined && (typeof starts !== 'number' || starts - drift > now)) throw fatal('This token is not valid yet.')
}

function checkClaims(claims: Obj, wanted: Obj): void {
  for (const [name, value] of wanted) {
    const found = claims.get(name) ?? null
    const accepts = Array.isArray(found) && !Array.isArray(value) ? found.some((item) => looseEquals(item, value)) : looseEquals(found, value)
    if (!accepts) throw fatal(`The claim "${name}" of the token does not match.`)
  }
}

/** Headers the builder adds; the algorithm is never among them. */
function extraHeaders(value: Value | undefined): Record<string, unknown> {
  if (!isObj(value)) return {}
  const { alg: _alg, enc: _enc, ...rest } = toPlain(value) as Record<string, unknown>
  return rest
}

async function reading<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof errors.JOSEError || error instanceof TypeError) throw fatal(`Invalid token: ${what}.`, { cause: error })
    throw error
  }
}

const key: ArgumentSpec = { type: 'text/object', summary: 'Secret text, PEM or JWK.', required: true }
const headers: ArgumentSpec = { type: 'object', summary: 'Further headers of the token.' }
const claims: ArgumentSpec = { type: 'any', summary: 'The content.', required: true }
const ttl: ArgumentSpec = { type: 'int', summary: 'Seconds until it expires; 0 = never.', default: 0 }
const token: ArgumentSpec = { type: 'text', summary: 'The token.', required: true }
const checks = {
  check_claims: { type: 'object', summary: 'Claims that must have these values.' },
  timeDrift: { type: 'int', summary: 'Seconds by which clocks may differ.', default: 0 },
}
const signatureAlgorithm: ArgumentSpec = { type: 'text', summary: 'HS, RS, ES or PS with 256, 384 or 512.', required: true }
const keyAlgorithm: ArgumentSpec = { type: 'text', summary: 'How the content key is wrapped, for example A256KW.', required: true }
const contentAlgorithm: ArgumentSpec = { type: 'text', summary: 'How the content is encrypted, for example A256CBC-HS512.', required: true }

const jwsEncode = defineAsyncStatement({
  name: 'security.jws_encode',
  group,
  summary: 'Signs claims as a JWS token.',
  args: { headers, claims, key, signature_algorithm: signatureAlgorithm, ttl },
  result: 'The token.',
  examples: ['security.jws_encode {\n  claims = {sub: "1"}\n  key = $env.K\n  signature_algorithm = "HS256"\n  ttl = 3600\n} as $t'],
  async run(args, frame) {
    const alg = algorithmOf(args['signature_algorithm'], signatureAlgorithms, 'signature algorithm')
    const signer = new CompactSign(payloadOf(args, frame)).setProtectedHeader({ typ: 'JWT', ...extraHeaders(args['headers']), alg })
    return reading('it cannot be signed with this key', () => signer.sign(keyOf(args['key'], signatureUse(alg, true))))
  },
})

const jwsDecode = defineAsyncStatement({
  name: 'security.jws_decode',
  group,
  summary: 'Verifies a JWS token and reads its claims.',
  args: { token, key, signature_algorithm: signatureAlgorithm, ...checks },
  result: 'The claims.',
  examples: ['security.jws_decode {\n  token = $t\n  key = $env.K\n  check_claims = {}\n  signature_algorithm = "HS256"\n  timeDrift = 0\n} as $c'],
  async run(args, frame) {
    const alg = algorithmOf(args['signature_algorithm'], signatureAlgorithms, 'signature algorithm')
    const verify = () => compactVerify(toText(args['token'] ?? null), keyOf(args['key'], signatureUse(alg, false)), { algorithms: [alg] })
    const { payload } = await reading('the signature does not match', verify)
    return claimsOf(payload, args, frame)
  },
})

const jweEncode = defineAsyncStatement({
  name: 'security.jwe_encode',
  group,
  summary: 'Encrypts claims as a JWE token.',
  args: { headers, claims, key, key_algorithm: keyAlgorithm, content_algorithm: contentAlgorithm, ttl },
  result: 'The token.',
  examples: ['security.jwe_encode {\n  claims = {a: 1}\n  key = $env.K\n  key_algorithm = "A256KW"\n  content_algorithm = "A256CBC-HS512"\n  ttl = 0\n} as $t'],
  async run(args, frame) {
    const alg = algorithmOf(args['key_algorithm'], keyAlgorithms, 'key algorithm')
    const enc = algorithmOf(args['content_algorithm'], contentAlgorithms, 'content algorithm')
    const work = new CompactEncrypt(payloadOf(args, frame)).setProtectedHeader({ typ: 'JWT', ...extraHeaders(args['headers']), alg, enc })
    return reading('it cannot be encrypted with this key', () => work.encrypt(keyOf(args['key'], encryptionUse(alg, enc, false))))
  },
})

const jweDecode = defineAsyncStatement({
  name: 'security.jwe_decode',
  group,
  summary: 'Decrypts a JWE token and reads its claims.',
  args: { token, key, key_algorithm: keyAlgorithm, content_algorithm: contentAlgorithm, ...checks },
  result: 'The claims.',
  examples: ['security.jwe_decode {\n  token = $t\n  key = $env.K\n  key_algorithm = "A256KW"\n  content_algorithm = "A256CBC-HS512"\n} as $c'],
  async run(args, frame) {
    const alg = algorithmOf(args['key_algorithm'], keyAlgorithms, 'key algorithm')
    const enc = algorithmOf(args['content_algorithm'], contentAlgorithms, 'content algorithm')
    const options = { keyManagementAlgorithms: [alg], contentEncryptionAlgorithms: [enc] }
    const decrypt = () => compactDecrypt(toText(args['token'] ?? null), keyOf(args['key'], encryptionUse(alg, enc, true)), options)
    const { plaintext } = await reading('it cannot be decrypted', decrypt)
    return claimsOf(plaintext, args, frame)
  },
})

export const joseStatements = [jwsEncode, jwsDecode, jweEncode, jweDecode]
