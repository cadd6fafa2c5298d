import { createHmac, generateKeyPairSync } from 'node:crypto'
import { CompactSign, compactVerify, importJWK } from 'jose'
import { describe, expect, it } from 'vitest'
import { type KeyInput, TokenError } from '../../src/lib/jwk.js'
import { jwsAlgorithms, signJws, verifyJws } from '../../src/lib/jws.js'

type Jwk = Record<string, unknown>
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const curves: Record<string, string> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }
const pairs = Object.fromEntries(Object.entries(curves).map(([algorithm, namedCurve]) => [algorithm, generateKeyPairSync('ec', { namedCurve })]))
const secret = { kty: 'oct', k: Buffer.alloc(64, 7).toString('base64url') }

function keysOf(algorithm: string): { sign: Jwk; verify: Jwk } {
  if (algorithm.startsWith('HS')) return { sign: secret, verify: secret }
  const pair = pairs[algorithm] ?? rsa
  return { sign: pair.privateKey.export({ format: 'jwk' }) as Jwk, verify: pair.publicKey.export({ format: 'jwk' }) as Jwk }
}
const payload = '{"sub":"é"}'
const problemOf = (action: () => unknown): string => {
  try {
    action()
  } catch (error) {
    if (error instanceof TokenError) return error.problem
    throw error
  }
  return 'none'
}

describe.each(jwsAlgorithms)('%s', (algorithm) => {
  const { sign, verify } = keysOf(algorithm)
  it('verifies in jose', async () => {
    const token = signJws(payload, sign, algorithm, { kid: 'k1' })
    const verified = await compactVerify(token, await importJWK(verify, algorithm), { algorithms: [algorithm] })
    expect(Buffer.from(verified.payload).toString()).toBe(payload)
    expect(verified.protectedHeader).toEqual({ alg: algorithm, kid: 'k1' })
  })
  it('verifies what jose signs', async () => {
    const token = await new CompactSign(Buffer.from(payload)).setProtectedHeader({ alg: algorithm }).sign(await importJWK(sign, algorithm))
    expect(verifyJws(token, verify, algorithm).payload.toString()).toBe(payload)
  })
  it('refuses a changed payload, signature and another algorithm', () => {
    const [head, , signature] = signJws(payload, sign, algorithm).split('.')
    const other = Buffer.from('{"sub":"x"}').toString('base64url')
    expect(problemOf(() => verifyJws(`${head}.${other}.${signature}`, verify, algorithm))).toBe('invalid')
    expect(problemOf(() => verifyJws(`${head}.${Buffer.from(payload).toString('base64url')}.`, verify, algorithm))).toBe('invalid')
    const different = algorithm === 'HS256' ? 'HS384' : 'HS256'
    expect(problemOf(() => verifyJws(signJws(payload, sign, algorithm), secret, different))).toBe('algorithm')
  })
})

describe('keys', () => {
  it('reads RFC 7515 A.1', () => {
    const key = { kty: 'oct', k: 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow' }
    const token =
      'eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
    expect(JSON.parse(verifyJws(token, key, 'HS256').payload.toString())).toEqual({ iss: 'joe', exp: 1300819380, 'http://example.com/is_root': true })
  })
  it.each<[string, (jwk: Jwk) => KeyInput]>([
    ['JWK as JSON', (jwk) => JSON.stringify(jwk)],
    ['JWK as base64 of JSON', (jwk) => Buffer.from(JSON.stringify(jwk)).toString('base64')],
  ])('accepts a %s', (_name, write) => {
    const { sign, verify } = keysOf('ES256')
    expect(verifyJws(signJws(payload, write(sign), 'ES256'), write(verify), 'ES256').payload.toString()).toBe(payload)
  })
  it('accepts PEM, also with its line ends escaped', () => {
    const pem = rsa.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string
    const publicPem = rsa.publicKey.export({ format: 'pem', type: 'spki' }) as string
    expect(verifyJws(signJws(payload, pem.replaceAll('\n', '\\n'), 'RS256'), publicPem, 'RS256').payload.toString()).toBe(payload)
  })
  it('never takes a public key as a secret', () => {
    const publicPem = rsa.publicKey.export({ format: 'pem', type: 'spki' }) as string
    const input = `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.${Buffer.from(payload).toString('base64url')}`
    const forged = `${input}.${createHmac('sha256', publicPem).update(input).digest('base64url')}`
    expect(problemOf(() => verifyJws(forged, publicPem, 'HS256'))).toBe('key')
    expect(problemOf(() => verifyJws(forged, publicPem, 'RS256'))).toBe('algorithm')
    expect(problemOf(() => signJws(payload, keysOf('RS256').verify, 'HS256'))).toBe('key')
  })
  it('refuses empty secrets, weak RSA keys and other curves', () => {
    expect(problemOf(() => signJws(payload, '', 'HS256'))).toBe('key')
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ format: 'jwk' }) as Jwk
    expect(problemOf(() => signJws(payload, weak, 'RS256'))).toBe('key')
    expect(problemOf(() => signJws(payload, keysOf('ES384').sign, 'ES256'))).toBe('key')
    expect(problemOf(() => signJws(payload, 'text', 'RS256'))).toBe('key')
  })
})

describe('headers and shape', () => {
  const forge = (header: object): string => {
    const input = `${Buffer.from(JSON.stringify(header)).toString('base64url')}.${Buffer.from(payload).toString('base64url')}`
    return `${input}.${createHmac('sha256', 'secret').update(input).digest('base64url')}`
  }
  it.each([
    ['alg none', { alg: 'none' }, 'algorithm'],
    ['no alg', {}, 'algorithm'],
    ['crit', { alg: 'HS256', crit: ['b64'], b64: false }, 'algorithm'],
    ['a list', [], 'malformed'],
  ])('refuses %s', (_name, header, problem) => expect(problemOf(() => verifyJws(forge(header), 'secret', 'HS256'))).toBe(problem))

  it('does not let the builder replace the algorithm', () => {
    const [head] = signJws(payload, 'secret', 'HS256', { alg: 'none', typ: 'JWT' }).split('.')
    expect(JSON.parse(Buffer.from(head ?? '', 'base64url').toString())).toEqual({ alg: 'HS256', typ: 'JWT' })
    expect(problemOf(() => signJws(payload, 'secret', 'HS256', { crit: ['x'] }))).toBe('algorithm')
  })
  it('accepts one spelling only', () => {
    const token = signJws(payload, 'secret', 'HS256')
    for (const spelling of [
      `${token}\n`,
      `${token}=`,
      ` ${token}`,
      `${token}.`,
      token.replace(/.$/, (c) => String.fromCharCode(c.charCodeAt(0) + 1)),
      `${token}A`,
    ])
      expect(problemOf(() => verifyJws(spelling, 'secret', 'HS256'))).not.toBe('none')
  })
  it('names unknown algorithms', () => {
    for (const name of ['none', 'HS1', '', 'constructor', '__proto__']) expect(problemOf(() => signJws(payload, 'secret', name))).toBe('algorithm')
  })
})
