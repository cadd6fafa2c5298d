import { createHash } from 'node:crypto'
import { CompactSign, compactDecrypt, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../src/errors.js'
import { fromPlain } from '../../src/lib/value.js'
import type { FilterContext } from '../../src/runtime/define.js'
import { apply, applyIn, fixedNow, testContext } from './apply.js'

const key32 = '0123456789abcdef0123456789abcdef'
const bytes = (data: unknown): Uint8Array => Uint8Array.from(typeof data === 'string' ? Buffer.from(data) : (data as Uint8Array))

describe('hashes', () => {
  it.each([
    ['md5', 'd41d8cd98f00b204e9800998ecf8427e'],
    ['sha1', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
    ['sha256', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ])('%s of nothing', (name, expected) => {
    expect(apply(name, '')).toBe(expected)
    expect(apply(name, null)).toBe(expected)
  })
  it('hashes UTF-8 and bytes, and refuses lists', () => {
    expect(apply('sha256', 'é')).toBe(createHash('sha256').update('é').digest('hex'))
    expect(apply('md5', Uint8Array.of(255, 0))).toBe(createHash('md5').update(Uint8Array.of(255, 0)).digest('hex'))
    expect(() => apply('sha256', [])).toThrow(/sha256.*list/)
    expect(apply('sha256', 'x', true)).toBeInstanceOf(Uint8Array)
    expect(apply('sha256', 'x', 'false')).toHaveLength(64)
  })
  it('HMAC: RFC 2202 and RFC 4231', () => {
    const jefe = ['what do ya want for nothing?', 'Jefe'] as const
    expect(apply('hmac_md5', ...jefe)).toBe('750c783e6ab0b503eaa86e310a5db738')
    expect(apply('hmac_sha1', ...jefe)).toBe('effcdf6ae5eb2fa2d27416d5f184df9c259a7c79')
    expect(apply('hmac_sha256', ...jefe)).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843')
    expect(apply('hmac_sha384', ...jefe)).toBe('af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649')
    expect(apply('hmac_sha512', ...jefe)).toBe(
      '164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737',
    )
    expect(apply('hmac_sha256', 'Hi There', Uint8Array.from(Array(20).fill(0x0b)))).toBe('b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7')
  })
  it('a missing secret is an error, never an empty key', () => {
    expect(() => apply('hmac_sha256', 'x', null)).toThrow(AppError)
    expect(() => apply('encrypt', 'x', 'aes-256-cbc', null, '')).toThrow(AppError)
    expect(() => apply('encrypt', 'x', 'aes-256-cbc', '', '')).toThrow(AppError)
    expect(() => apply('jws_encode', 'x', {}, null, 'HS256')).toThrow(AppError)
    expect(() => apply('jws_encode', 'x', {}, '', 'HS256')).toThrow(AppError)
  })
})

describe('encrypt', () => {
  it('NIST SP 800-38A, CBC-AES256, first block', () => {
    const key = Buffer.from('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4', 'hex')
    const iv = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')
    const encrypted = apply('encrypt', Buffer.from('6bc1bee22e409f96e93d7e117393172a', 'hex'), 'aes-256-cbc', key, iv)
    expect(Buffer.from(encrypted as Uint8Array).toString('hex')).toMatch(/^f58c4c04d6e5f1ba779eabfb5f7bfbd6/)
  })
  it.each(['aes-128-cbc', 'aes-192-cbc', 'AES-256-CBC', 'aes-128-gcm', 'aes-192-gcm', 'aes-256-gcm'])('%s round-trips text and bytes', (algorithm) => {
    for (const data of ['hello é', Uint8Array.of(255, 0, 1), ''])
      expect(bytes(apply('decrypt', apply('encrypt', data, algorithm, 'k', key32), algorithm, 'k', key32))).toEqual(bytes(data))
  })
  it('fails for a wrong key, changed data, unknown ciphers and a short IV of GCM', () => {
    const encrypted = apply('encrypt', 'hello', 'aes-256-gcm', 'k', key32)
    expect(() => apply('decrypt', encrypted, 'aes-256-gcm', 'other', key32)).toThrow('cannot be decrypted')
    expect(() => apply('decrypt', 'abc', 'aes-256-gcm', 'k', key32)).toThrow('cannot be decrypted')
    expect(() => apply('decrypt', 'abc', 'aes-256-cbc', 'k', key32)).toThrow('cannot be decrypted')
    for (const algorithm of ['aes-256-ecb', 'constructor', '']) expect(() => apply('encrypt', 'x', algorithm, 'k', key32)).toThrow(/Unknown cipher/)
    expect(() => apply('encrypt', 'x', 'aes-256-gcm', 'k', '')).toThrow(/IV/)
  })
})

describe('tokens', () => {
  const later = (seconds: number) => testContext(fixedNow + seconds * 1000)
  it.each([['hello'], [1], [null], [true], [{ sub: '1', n: { a: [1, {}] } }], [[1, 'x']], ['{"a":1}']])('claims come back as they went in: %j', (claims) => {
    expect(apply('jws_decode', apply('jws_encode', claims, {}, 'secret', 'HS256'), {}, 'secret', 'HS256')).toEqual(fromPlain(claims))
    expect(apply('jwe_decode', apply('jwe_encode', claims, {}, key32, 'A256GCMKW', 'A128GCM'), {}, key32, 'A256GCMKW', 'A128GCM')).toEqual(fromPlain(claims))
  })
  it('are read by jose, and read what jose writes', async () => {
    const token = apply('jws_encode', { sub: '1' }, { typ: 'JWT' }, 'secret', 'HS256', 60) as string
    const verified = await jwtVerify(token, Buffer.from('secret'), { algorithms: ['HS256'], currentDate: new Date(fixedNow) })
    expect(verified.payload).toEqual({ sub: '1', iat: Math.floor(fixedNow / 1000), exp: Math.floor(fixedNow / 1000) + 60 })
    const foreign = await new CompactSign(Buffer.from('plain text')).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from('secret'))
    expect(apply('jws_decode', foreign, {}, 'secret', 'HS256')).toBe('plain text')
    const sealed = apply('jwe_encode', { a: 1 }, {}, key32, 'A256KW', 'A256CBC-HS512') as string
    expect(Buffer.from((await compactDecrypt(sealed, Buffer.from(key32))).plaintext).toString()).toBe('{"a":1}')
  })
  it.each([[{ sub: '1' }], ['just text']])('expire: %j', (claims) => {
    const token = apply('jws_encode', claims, {}, 'secret', 'HS256', 60)
    expect(applyIn(later(59), 'jws_decode', token, {}, 'secret', 'HS256')).toBeTruthy()
    expect(() => applyIn(later(61), 'jws_decode', token, {}, 'secret', 'HS256')).toThrow('expired')
    expect(applyIn(later(61), 'jws_decode', token, {}, 'secret', 'HS256', 5)).toBeTruthy()
    const sealed = apply('jwe_encode', claims, {}, key32, 'dir', 'A256GCM', 60)
    expect(() => applyIn(later(61), 'jwe_decode', sealed, {}, key32, 'dir', 'A256GCM')).toThrow('expired')
  })
  it('check times and claims', () => {
    const decode = (claims: object, check: unknown): unknown =>
      apply('jws_decode', apply('jws_encode', claims, {}, 'secret', 'HS256'), check, 'secret', 'HS256')
    const now = Math.floor(fixedNow / 1000)
    expect(() => decode({ nbf: now + 10 }, {})).toThrow('not valid yet')
    expect(() => decode({ iat: now + 10 }, {})).toThrow('issued in the future')
    expect(() => decode({ exp: String(now + 10) }, {})).toThrow('not a time')
    expect(decode({ iss: 'a', aud: ['x', 'y'] }, { iss: 'a', aud: 'y' })).toBeInstanceOf(Map)
    expect(() => decode({ iss: 'a' }, { iss: 'b' })).toThrow('"iss"')
    expect(() => decode({ id: 1 }, { id: '1' })).toThrow('"id"')
    expect(() => decode({}, { iss: null })).toThrow('"iss"')
    expect(decode({ iss: 'a' }, null)).toBeInstanceOf(Map)
  })
  it('name their failure', () => {
    const token = apply('jws_encode', 'x', {}, 'secret', 'HS256') as string
    for (const [given, key, algorithm] of [
      [token, 'other', 'HS256'],
      [token, 'secret', 'HS512'],
      ['a.b', 'secret', 'HS256'],
      ['', 'secret', 'HS256'],
      [token, 'secret', 'none'],
    ])
      expect(() => apply('jws_decode', given, {}, key, algorithm)).toThrow(expect.objectContaining({ kind: 'fatal', errorName: 'TokenError' }))
  })
})

describe('identifiers', () => {
  it('secure ids round-trip, differ by salt and refuse changes', () => {
    for (const id of [0, 1, 12345, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER])
      expect(apply('secureid_decode', apply('secureid_encode', id, 's'), 's')).toBe(id)
    const text = apply('secureid_encode', 12345, 'my_salt') as string
    expect(text).toMatch(/^[\w-]{6}\.[\w-]{11}$/)
    expect(apply('secureid_encode', 12345, 'my_salt')).toBe(text)
    expect(apply('secureid_encode', 12345, 'other')).not.toBe(text)
    for (const changed of [text.replace(/^./, (c) => (c === 'A' ? 'B' : 'A')), text.slice(0, -1), `${text} `, '', '.'])
      expect(apply('secureid_decode', changed, 'my_salt')).toBeNull()
    for (const id of [-1, 2 ** 53, 'x', null]) expect(() => apply('secureid_encode', id)).toThrow(AppError)
  })
  it('secure ids belong to the instance; ids of an earlier key still open', () => {
    const on = (...keys: string[]): FilterContext => ({ ...testContext(), instanceKeys: keys.map((key) => Buffer.from(key)) })
    const text = applyIn(on('one'), 'secureid_encode', 7, 's')
    expect(applyIn(on('two'), 'secureid_encode', 7, 's')).not.toBe(text)
    expect(applyIn(on('two'), 'secureid_decode', text, 's')).toBeNull()
    expect(applyIn(on('two', 'one'), 'secureid_decode', text, 's')).toBe(7)
  })
  it('create_uid is a safe int, and different each time', () => {
    const uids = Array.from({ length: 200 }, () => apply('create_uid', null))
    expect(uids.every((uid) => Number.isSafeInteger(uid) && (uid as number) > 0)).toBe(true)
    expect(new Set(uids).size).toBe(200)
  })
})
