import { CompactEncrypt, compactDecrypt, SignJWT } from 'jose'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createEpochs, type EpochStore } from '../../src/auth/epochs.js'
import { deriveKey } from '../../src/auth/keys.js'
import { createBinding, createTokenService, type TokenBinding, type TokenService, tokensOf } from '../../src/auth/tokens.js'
import type { TableModel } from '../../src/definitions/table.js'
import { obj, type Value } from '../../src/lib/value.js'
import { systemRandom } from '../../src/services/random.js'
import { processorTime } from '../helpers/growth.js'

const secret = Buffer.alloc(32, 1)
const user = createBinding(1, 10, 'live')
const header = { alg: 'A256KW', enc: 'A256GCM' } as const

let now = 1_800_000_000_000
const clock = { now: () => now }
let epochs: EpochStore
let tokens: TokenService

const makeService = (options: Partial<Parameters<typeof createTokenService>[0]> = {}): TokenService =>
  createTokenService({ secrets: [secret], clock, random: systemRandom, epochs, ...options })

beforeEach(() => {
  now = 1_800_000_000_000
  epochs = createEpochs()
  tokens = makeService()
})

const issue = (binding: TokenBinding = user, id: Value = 5, extras = obj([['role', 'admin']])): Promise<string> => tokens.issue(binding, { id, extras })
/** A token sealed with our key but with whatever header and claims. */
async function forge(
  claims: object | string,
  protectedHeader: Record<string, unknown> = header,
  key: Uint8Array = deriveKey(secret, user.keyInfo),
  crit?: Record<string, boolean>,
): Promise<string> {
  const text = typeof claims === 'string' ? claims : JSON.stringify(claims)
  const encrypt = new CompactEncrypt(Buffer.from(text)).setProtectedHeader(protectedHeader as never)
  return encrypt.encrypt(key, crit === undefined ? undefined : { crit })
}
const goodClaims = () => ({ dbo_id: 10, id: 5, iat: now / 1000, exp: now / 1000 + 60, jti: 'abcdefghijklmnopqrstuv', aud: user.audience, extras: {} })

describe('R44: the token', () => {
  it('has five parts and pinned header, is opaque, and gives back what was put in', async () => {
    const extras = obj([
      ['10', 'ten'],
      ['2', 'two'],
      ['role', 'admin'],
      ['nested', obj([['a', [1, null, true]]])],
    ])
    const token = await issue(user, 5, extras)
    const parts = token.split('.')
    expect(parts).toHaveLength(5)
    expect(Buffer.from(parts[0]!, 'base64url').toString()).toBe('{"alg":"A256KW","enc":"A256GCM"}')
    for (const part of parts.slice(1)) expect(() => JSON.parse(Buffer.from(part, 'base64url').toString())).toThrow()
    const verified = await tokens.verify(token, user)
    expect(verified).toMatchObject({ id: 5, issuedAt: now, expiresAt: now + 86_400_000 })
    expect([...verified!.extras.keys()]).toEqual(['10', '2', 'role', 'nested'])
    expect(verified!.extras).toEqual(extras)
  })

  it('can be opened by anyone who holds the derived key', async () => {
    const { plaintext, protectedHeader } = await compactDecrypt(await issue(), deriveKey(secret, 'stackhold/token/1/10/auth'))
    expect(protectedHeader).toEqual(header)
    expect(JSON.parse(Buffer.from(plaintext).toString())).toMatchObject({
      dbo_id: 10,
      id: 5,
      aud: '1/live/auth',
      extras: { role: 'admin' },
      iat: now / 1000,
      exp: now / 1000 + 86_400,
    })
  })

  it('carries a text id', async () => {
    expect((await tokens.verify(await issue(user, 'b2a7e3'), user))!.id).toBe('b2a7e3')
  })

  it('has a nonce and a content key of its own, drawn whole from the random source of the system', async () => {
    const draw = crypto.getRandomValues.bind(crypto)
    const drawn: string[] = []
    const spy = vi.spyOn(crypto, 'getRandomValues').mockImplementation(<T extends ArrayBufferView | null>(bytes: T): T => {
      draw(bytes as unknown as Uint8Array<ArrayBuffer>)
      drawn.push(Buffer.from(bytes as unknown as Uint8Array).toString('base64url'))
      return bytes
    })
    try {
      for (let i = 0; i < 20; i++) {
        drawn.length = 0
        const token = await issue()
        const [key, nonce] = drawn
        // Nothing is counted, cut or derived: the twelve bytes of the second draw are the nonce of this token, and no other token's.
        expect([drawn.length, token.split('.')[2]]).toEqual([2, nonce])
        expect(Buffer.from(key ?? '', 'base64url')).toHaveLength(32)
      }
    } finally {
      spy.mockRestore()
    }
  })

  it('never repeats a nonce or a key: 20,000 tokens, and a million nonces of their source', async () => {
    const seen = new Set<string>()
    for (let i = 0; i < 20_000; i += 50)
      for (const token of await Promise.all(Array.from({ length: 50 }, () => issue()))) {
        const [, key = '', nonce = ''] = token.split('.')
        seen.add(key)
        seen.add(nonce)
      }
    expect(seen.size).toBe(40_000)

    const count = 1_000_000
    const starts = new BigUint64Array(count)
    const bytes = new Uint8Array(12 * 5_000)
    for (let i = 0; i < count; ) {
      crypto.getRandomValues(bytes)
      const view = new DataView(bytes.buffer)
      for (let at = 0; at < bytes.length; at += 12) starts[i++] = view.getBigUint64(at)
    }
    starts.sort()
    // Nonces that differ in their first eight bytes differ. Chance repeats one of those in 37 million runs of this test.
    let repeated = 0
    for (let i = 1; i < count; i++) if (starts[i] === starts[i - 1]) repeated++
    expect(repeated).toBe(0)
  }, 120_000)
})

describe('R45: expiry', () => {
  it.each([
    [-1_000, true],
    [-1, true],
    [0, false],
    [1, false],
    [1_000, false],
  ])('at exp%i ms the answer is %s, cached or not', async (offset, valid) => {
    const token = await issue()
    await tokens.verify(token, user)
    now += 86_400_000 + offset
    expect((await tokens.verify(token, user)) !== null).toBe(valid)
    expect((await makeService().verify(token, user)) !== null).toBe(valid)
  })

  it.each([0, -1, 0.0 / 1, Number.NaN, Number.POSITIVE_INFINITY, 30 * 86_400 + 1])('refuses a lifetime of %d s', async (expiration) => {
    await expect(tokens.issue(user, { id: 5, extras: obj(), expiration })).rejects.toThrow('expiration')
  })

  it('refuses a token that would live longer than allowed, or has no expiry, or one that is text', async () => {
    const claims = goodClaims()
    expect(await tokens.verify(await forge(claims), user)).not.toBeNull()
    for (const exp of [now / 1000 + 31 * 86_400, undefined, `${now / 1000 + 60}`, null, claims.iat])
      expect(await tokens.verify(await forge({ ...claims, exp }), user)).toBeNull()
  })
})

describe('R46: substitution', () => {
  it('opens nothing but its own table, workspace, data source and purpose', async () => {
    const bindings = [
      user,
      createBinding(1, 11, 'live'),
      createBinding(2, 10, 'live'),
      createBinding(1, 10, 'test'),
      createBinding(1, 10, 'live', 'reset'),
      createBinding(1, 10, 'live', 'file'),
    ]
    for (const made of bindings) {
      const token = await tokens.issue(made, { id: 5, extras: obj() })
      for (const asked of bindings) {
        const service = made === asked ? tokens : makeService()
        expect((await service.verify(token, asked)) !== null).toBe(made === asked)
        // The cache holds it by now; the binding still counts.
        expect((await tokens.verify(token, asked)) !== null).toBe(made === asked)
      }
    }
  })

  it('opens nothing of another secret, and what an older one sealed', async () => {
    const token = await issue()
    const newer = Buffer.alloc(32, 2)
    expect(await makeService({ secrets: [newer] }).verify(token, user)).toBeNull()
    expect(await makeService({ secrets: [newer, secret] }).verify(token, user)).not.toBeNull()
  })
})

describe('attacks on the format', () => {
  const flip = (text: string): string => (text.endsWith('A') ? `${text.slice(0, -1)}B` : `${text.slice(0, -1)}A`)

  it('refuses every changed part', async () => {
    const token = await issue()
    const parts = token.split('.')
    for (let i = 0; i < 5; i++) {
      const changed = parts.with(i, flip(parts[i]!))
      expect(await tokens.verify(changed.join('.'), user)).toBeNull()
      expect(await tokens.verify(parts.with(i, '').join('.'), user)).toBeNull()
    }
    const other = (await issue(user, 6)).split('.')
    for (let i = 1; i < 5; i++) expect(await tokens.verify(parts.with(i, other[i]!).join('.'), user)).toBeNull()
  })

  it('refuses another spelling of the same bytes', async () => {
    const token = await issue()
    const parts = token.split('.')
    // The tag has 16 bytes in 22 characters: four bits of the last one are spare, and stock decoders ignore them.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const tag = parts[4]!
    const twin = tag.slice(0, -1) + alphabet[alphabet.indexOf(tag.at(-1)!) + 1]
    expect(Buffer.from(twin, 'base64url')).toEqual(Buffer.from(tag, 'base64url'))
    for (const spelling of [
      parts.with(4, twin).join('.'),
      `${token}\n`,
      `${token} `,
      ` ${token}`,
      `${token}=`,
      `${token}.`,
      token.replaceAll('-', '+'),
      `${token}\0`,
      `${parts[0]}=.${parts.slice(1).join('.')}`,
    ])
      if (spelling !== token) expect(await tokens.verify(spelling, user)).toBeNull()
  })

  it('refuses every header but ours, with our own key', async () => {
    const claims = goodClaims()
    const key = deriveKey(secret, user.keyInfo)
    const headers: Record<string, unknown>[] = [
      { enc: 'A256GCM', alg: 'A256KW' },
      { ...header, kid: '../../etc/passwd' },
      { ...header, kid: "' or 1=1 --" },
      { ...header, typ: 'JWT' },
      { ...header, cty: 'JWT' },
      { ...header, jwk: { kty: 'oct', k: 'AAAA' } },
      { ...header, jku: 'https://evil.example' },
      { alg: 'dir', enc: 'A256GCM' },
      { alg: 'A256KW', enc: 'A256CBC-HS512' },
      { alg: 'A256KW', enc: 'A128GCM' },
      { alg: 'A256GCMKW', enc: 'A256GCM' },
    ]
    for (const one of headers) expect(await tokens.verify(await forge(claims, one, key), user)).toBeNull()
    const zipped = await forge({ ...claims, extras: { a: 'x'.repeat(1000) } }, { ...header, zip: 'DEF' }).catch(() => null)
    if (zipped !== null) expect(await tokens.verify(zipped, user)).toBeNull()
  })

  it('refuses none, JWS, PBES2, unknown crit and duplicate header keys', async () => {
    const parts = (await issue()).split('.')
    const encode = (text: string): string => Buffer.from(text).toString('base64url')
    const heads = [
      '{"alg":"none"}',
      '{"alg":"none","enc":"A256GCM"}',
      '{"alg":"A256KW","enc":"A256GCM","crit":["b64"],"b64":false}',
      '{"alg":"PBES2-HS512+A256KW","enc":"A256GCM","p2c":2147483647,"p2s":"AAAA"}',
      '{"alg":"A256KW","enc":"A256GCM","enc":"A256GCM"}',
      '{"alg":"A256KW", "enc":"A256GCM"}',
      '{"alg":"A256KW","enc":"A256GCM","zip":"DEF"}',
    ]
    for (const head of heads) expect(await tokens.verify(parts.with(0, encode(head)).join('.'), user)).toBeNull()
    const jws = await new SignJWT(goodClaims()).setProtectedHeader({ alg: 'HS256' }).sign(deriveKey(secret, user.keyInfo))
    expect(await tokens.verify(jws, user)).toBeNull()
    expect(await tokens.verify(`${encode('{"alg":"none"}')}.${encode(JSON.stringify(goodClaims()))}.`, user)).toBeNull()
  })

  it('refuses a shorter tag, IV or key part, and what is too long', async () => {
    const parts = (await issue()).split('.')
    expect(await tokens.verify(parts.with(4, parts[4]!.slice(0, 16)).join('.'), user)).toBeNull()
    expect(await tokens.verify(parts.with(2, parts[2]!.slice(0, 12)).join('.'), user)).toBeNull()
    expect(await tokens.verify(parts.with(1, parts[1]!.slice(0, 32)).join('.'), user)).toBeNull()
    expect(await tokens.verify(parts.with(3, 'A'.repeat(4096)).join('.'), user)).toBeNull()
  })

  it('refuses claims that are not exactly ours, sealed with our own key', async () => {
    const claims = goodClaims()
    const wrong: (object | string)[] = [
      { ...claims, aud: ['1/live/auth', '1/live/reset'] },
      { ...claims, aud: '2/live/auth' },
      { ...claims, aud: undefined },
      { ...claims, dbo_id: 11 },
      { ...claims, dbo_id: '10' },
      { ...claims, id: null },
      { ...claims, id: '' },
      { ...claims, id: { $ne: 0 } },
      { ...claims, id: [5] },
      { ...claims, iat: undefined },
      { ...claims, jti: undefined },
      { ...claims, jti: '' },
      { ...claims, extras: [] },
      { ...claims, extras: null },
      { ...claims, more: 1 },
      JSON.stringify(claims).replace('{', '{"__proto__":{"id":9},'),
      'null',
      '[]',
      '"text"',
      'not json',
      '',
    ]
    for (const one of wrong) expect(await tokens.verify(await forge(one), user)).toBeNull()
  })

  it('never throws on garbage', async () => {
    for (const text of ['', '.', '....', 'a.b.c.d.e', '\u0000', '💥', 'x'.repeat(100_000), `${'.'.repeat(5000)}`])
      expect(await tokens.verify(text, user)).toBeNull()
  })
})

describe('R48: extras', () => {
  it.each(['exp', 'iss', 'aud', 'sub', 'jti', 'iat', 'nbf', '__proto__', 'constructor', 'prototype'])('refuses %s', async (name) => {
    await expect(issue(user, 5, obj([[name, 1]]))).rejects.toThrow(`"${name}"`)
  })

  it('takes 2 KB of JSON and not one byte more', async () => {
    const fill = (length: number) => obj([['a', 'x'.repeat(length)]])
    const token = await issue(user, 5, fill(2048 - 8))
    expect(token.length).toBeLessThanOrEqual(4096)
    expect(await tokens.verify(token, user)).not.toBeNull()
    await expect(issue(user, 5, fill(2048 - 7))).rejects.toThrow('2048')
    await expect(issue(user, 5, obj([['a', '€'.repeat(700)]]))).rejects.toThrow('2048')
  })

  it.each([[null], [0], [-1], [1.5], [''], [true], [[1]], ['x'.repeat(129)]] as Value[][])('refuses the id %j', async (id) => {
    await expect(issue(user, id ?? null)).rejects.toThrow('id')
  })
})

describe('R47: revocation', () => {
  it('voids what was issued before the epoch at once, cached or not', async () => {
    const token = await issue()
    expect(await tokens.verify(token, user)).not.toBeNull()
    epochs.raise(1, 10, 5, now + 1)
    expect(await tokens.verify(token, user)).toBeNull()
    expect(await makeService().verify(token, user)).toBeNull()
    now += 1
    expect(await tokens.verify(await issue(), user)).not.toBeNull()
    expect(await tokens.verify(await issue(user, 6), user)).not.toBeNull()
  })

  it('voids a whole table, and never goes back', async () => {
    const token = await issue()
    epochs.raise(1, 10, null, now + 1)
    epochs.raise(1, 10, null, now - 1)
    expect(await tokens.verify(token, user)).toBeNull()
    expect(epochs.current(1, 11, 5)).toBeNull()
    epochs.forgetBefore(now + 2)
    expect(epochs.current(1, 10, 5)).toBeNull()
  })
})

describe('the cache', () => {
  it('is bounded and only speeds up', async () => {
    const small = makeService({ cacheSize: 2 })
    const some = await Promise.all([1, 2, 3, 4].map((id) => issue(user, id)))
    for (let round = 0; round < 3; round++) for (const [i, token] of some.entries()) expect((await small.verify(token, user))!.id).toBe(i + 1)
  })

  it('saves the decryption', async () => {
    const four = await Promise.all([1, 2, 3, 4].map((id) => issue(user, id)))
    const verify = (service: TokenService) => async (): Promise<void> => {
      for (let i = 0; i < 2_000; i++) await service.verify(four[i % 4] ?? '', user)
    }
    expect((await processorTime(verify(tokens))) * 3).toBeLessThan(await processorTime(verify(makeService({ cacheSize: 2 }))))
  })
})

describe('tokens of a stack', () => {
  const model = (id: number, auth: boolean): TableModel => ({ id, guid: '', name: '', description: '', auth, columns: [], indexes: [], views: [], items: null })
  const tables = new Map([
    ['user', model(10, true)],
    ['plain', model(12, false)],
  ])

  it('issues for auth tables of its workspace and data source', async () => {
    const own = tokensOf(tokens, 1, tables, () => 'live')
    expect(await tokens.verify(await own.issue({ table: 'user', id: 5, extras: obj() }), user)).toMatchObject({ id: 5 })
    await expect(own.issue({ table: 'plain', id: 5, extras: obj() })).rejects.toThrow('does not issue')
    await expect(own.issue({ table: 'nope', id: 5, extras: obj() })).rejects.toThrow('does not exist')
  })
})
