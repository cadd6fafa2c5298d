import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { CompactEncrypt, compactDecrypt, importJWK } from 'jose'
import { describe, expect, it } from 'vitest'
import { decryptJwe, encryptJwe, jweContentAlgorithms, jweKeyAlgorithms } from '../../src/lib/jwe.js'
import { TokenError } from '../../src/lib/jwk.js'

const random = (count: number): Uint8Array => randomBytes(count)
const payload = '{"sub":"é"}'
const keyBytes: Record<string, number> = { A128GCM: 16, A192GCM: 24, A256GCM: 32, 'A128CBC-HS256': 32, 'A192CBC-HS384': 48, 'A256CBC-HS512': 64 }
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const privateJwk = pair.privateKey.export({ format: 'jwk' }) as Record<string, unknown>
const publicJwk = pair.publicKey.export({ format: 'jwk' }) as Record<string, unknown>

function keysOf(key: string, content: string): { encrypt: Record<string, unknown>; decrypt: Record<string, unknown> } {
  if (key.startsWith('ECDH')) return { encrypt: publicJwk, decrypt: privateJwk }
  const length = key === 'dir' ? (keyBytes[content] ?? 0) : Number(key.slice(1, 4)) / 8
  const secret = { kty: 'oct', k: Buffer.alloc(length, 5).toString('base64url') }
  return { encrypt: secret, decrypt: secret }
}
const problemOf = (action: () => unknown): string => {
  try {
    action()
  } catch (error) {
    if (error instanceof TokenError) return error.problem
    throw error
  }
  return 'none'
}

const combinations = jweKeyAlgorithms.flatMap((key) => jweContentAlgorithms.map((content) => ({ key, content })))

describe.each(combinations)('$key with $content', (algorithms) => {
  const { encrypt, decrypt } = keysOf(algorithms.key, algorithms.content)
  const named = { alg: algorithms.key, enc: algorithms.content }
  it('decrypts in jose', async () => {
    const token = encryptJwe(payload, encrypt, algorithms, random, { kid: 'k1' })
    const decrypted = await compactDecrypt(token, await importJWK(decrypt, algorithms.key))
    expect(Buffer.from(decrypted.plaintext).toString()).toBe(payload)
    expect(decrypted.protectedHeader).toMatchObject({ ...named, kid: 'k1' })
  })
  it('decrypts what jose encrypts', async () => {
    const token = await new CompactEncrypt(Buffer.from(payload)).setProtectedHeader(named).encrypt(await importJWK(encrypt, algorithms.key))
    expect(decryptJwe(token, decrypt, algorithms).payload.toString()).toBe(payload)
  })
  it('refuses a change of any part', () => {
    const parts = encryptJwe(payload, encrypt, algorithms, random).split('.')
    for (const index of [1, 2, 3, 4]) {
      const bytes = Buffer.from(parts[index] ?? '', 'base64url')
      if (bytes.length === 0) continue
      bytes[0] = (bytes[0] ?? 0) ^ 1
      const changed = parts.with(index, bytes.toString('base64url')).join('.')
      expect(problemOf(() => decryptJwe(changed, decrypt, algorithms))).toBe('invalid')
      const shorter = parts.with(index, bytes.subarray(0, -1).toString('base64url')).join('.')
      expect(problemOf(() => decryptJwe(shorter, decrypt, algorithms))).toBe('invalid')
    }
  })
})

const a256 = { key: 'A256KW', content: 'A256CBC-HS512' }
const key32 = '0123456789abcdef0123456789abcdef'

describe('keys and headers', () => {
  it('starts as Xano tokens do', () => {
    expect(encryptJwe(payload, key32, a256, random, { zip: 'DEF' })).toMatch(/^eyJhbGciOiJBMjU2S1ciLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwiemlwIjoiREVGIn0\./)
  })
  it('takes a secret as text or as its base64', () => {
    const token = encryptJwe(payload, key32, a256, random)
    expect(decryptJwe(token, Buffer.from(key32).toString('base64'), a256).payload.toString()).toBe(payload)
    expect(problemOf(() => encryptJwe(payload, 'short', a256, random))).toBe('key')
    expect(problemOf(() => decryptJwe(token, key32.replace('0', '1'), a256))).toBe('invalid')
  })
  it('never reads an algorithm from the token', () => {
    const token = encryptJwe(payload, key32, { key: 'dir', content: 'A256GCM' }, random)
    expect(problemOf(() => decryptJwe(token, key32, a256))).toBe('algorithm')
    expect(problemOf(() => decryptJwe(token, key32, { key: 'PBES2-HS256+A128KW', content: 'A256GCM' }))).toBe('algorithm')
  })
  it('refuses `dir` with a key part, and other compressions', () => {
    const parts = encryptJwe(payload, key32, { key: 'dir', content: 'A256GCM' }, random).split('.')
    expect(problemOf(() => decryptJwe(parts.with(1, 'AAAA').join('.'), key32, { key: 'dir', content: 'A256GCM' }))).toBe('invalid')
    expect(problemOf(() => encryptJwe(payload, key32, a256, random, { zip: 'GZ' }))).toBe('algorithm')
  })
  it('compresses, and refuses a bomb', () => {
    const long = 'a'.repeat(100_000)
    const token = encryptJwe(long, key32, a256, random, { zip: 'DEF' })
    expect(token.length).toBeLessThan(2000)
    expect(decryptJwe(token, key32, a256).payload.toString()).toBe(long)
    expect(deflateRawSync(Buffer.alloc(50_000_000)).length).toBeLessThan(100_000)
    const bomb = encryptJwe(Buffer.alloc(50_000_000), key32, a256, random, { zip: 'DEF' })
    expect(problemOf(() => decryptJwe(bomb, key32, a256))).toBe('invalid')
  })
  it('honours apu and apv', async () => {
    const token = encryptJwe(payload, publicJwk, { key: 'ECDH-ES', content: 'A128GCM' }, random, { apu: 'QWxpY2U', apv: 'Qm9i' })
    const decrypted = await compactDecrypt(token, await importJWK(privateJwk, 'ECDH-ES'))
    expect(Buffer.from(decrypted.plaintext).toString()).toBe(payload)
  })
  it('refuses an ephemeral key on another curve', () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' }) as Record<string, unknown>
    const token = encryptJwe(payload, other, { key: 'ECDH-ES', content: 'A128GCM' }, random)
    expect(problemOf(() => decryptJwe(token, privateJwk, { key: 'ECDH-ES', content: 'A128GCM' }))).toBe('invalid')
  })
})
