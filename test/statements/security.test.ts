import { describe, expect, it } from 'vitest'
import type { Json } from '../../src/lib/value.js'
import { createRun, stack } from '../runtime/harness.js'

describe('tokens and passwords', () => {
  it('security.create_auth_token issues by table, id and lifetime', async () => {
    const token = (args: string): Promise<Json> => stack(`security.create_auth_token {\n${args}\n} as $x`)
    expect(await token('table = "user"\nextras = {}\nexpiration = 60\nid = 7')).toBe('token:user:7:60')
    expect(await token('dbtable = "user"\nid = "u1"')).toBe('token:user:u1:86400')
    await expect(token('table = "user"\nid = null')).rejects.toThrow('needs the id of a row')
  })

  it('security.check_password asks the password service', async () => {
    const check = (text: string): Promise<Json> => stack(`security.check_password {\n text_password = "${text}"\n hash_password = "hash:right"\n} as $x`)
    expect(await check('right')).toBe(true)
    expect(await check('wrong')).toBe(false)
  })
})

describe('random values', () => {
  it('come from the random capability', async () => {
    expect(await stack('security.create_uuid as $x')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8000-\d{12}$/)
    const run = createRun()
    const numbers = await stack(
      'var $x { value = [] }\nfor (50) {\n each as $i {\n security.random_number {\n min = 1\n max = 6\n } as $n\n array.push $x { value = $n }\n }\n}',
      '$x',
      { run },
    )
    expect(new Set(numbers as number[])).toEqual(new Set([1, 2, 3, 4, 5, 6]))
    expect(await stack('security.random_bytes { length = 16 } as $x', '$x|base64_encode')).toMatch(/^[A-Za-z0-9+/]{22}==$/)
    await expect(stack('security.random_number {\n min = 2\n max = 1\n} as $x')).rejects.toThrow('min 2 is greater than max 1')
    await expect(stack('security.random_bytes { length = 99999999 } as $x')).rejects.toThrow('length must be')
  })

  it('security.create_password keeps its promises', async () => {
    const password = await stack(
      'security.create_password {\n character_count = 12\n require_lowercase = true\n require_uppercase = true\n require_digit = true\n require_symbol = true\n symbol_whitelist = "#"\n} as $x',
    )
    expect(password).toMatch(/^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*#)[A-Za-z0-9#]{12}$/)
    await expect(stack('security.create_password {\n character_count = 1\n require_digit = true\n require_symbol = true\n} as $x')).rejects.toThrow(
      'not possible',
    )
  })
})

describe('encryption', () => {
  const key = { 128: '0123456789abcdef', 192: '0123456789abcdef01234567', 256: '0123456789abcdef0123456789abcdef' }
  it.each([128, 192, 256] as const)('aes-%i reads back what it wrote', async (bits) => {
    for (const mode of ['cbc', 'gcm']) {
      const material = `algorithm = "aes-${bits}-${mode}"\n key = "${key[bits]}"\n iv = "abcdef9876543210"`
      const text = `security.encrypt {\n data = "Grüße"\n ${material}\n} as $c\nsecurity.decrypt {\n data = $c\n ${material}\n} as $x`
      expect(await stack(text)).toBe('Grüße')
      await expect(stack(text.replace('data = $c\n', 'data = $c ~ "x"\n'))).rejects.toThrow('Unable to decrypt')
    }
  })

  it('refuses keys of the wrong length and unknown algorithms', async () => {
    const encrypt = (algorithm: string, secret: string): Promise<Json> =>
      stack(`security.encrypt {\n data = "x"\n algorithm = "${algorithm}"\n key = "${secret}"\n iv = "abcdef9876543210"\n} as $x`)
    await expect(encrypt('aes-256-cbc', 'short')).rejects.toThrow('needs a key of 32 bytes, not 5')
    await expect(encrypt('des', 'short')).rejects.toThrow('Unknown algorithm: des')
  })

  it('gives a known answer', async () => {
    const text = `security.encrypt {\n data = "attack at dawn"\n algorithm = "aes-128-cbc"\n key = "${key[128]}"\n iv = "${key[128]}"\n} as $c`
    expect(await stack(text, '$c|base64_encode')).toBe(await knownAnswer())
  })
  async function knownAnswer(): Promise<string> {
    const material = { name: 'AES-CBC', iv: Buffer.from(key[128]) }
    const secret = await crypto.subtle.importKey('raw', Buffer.from(key[128]), 'AES-CBC', false, ['encrypt'])
    return Buffer.from(await crypto.subtle.encrypt(material, secret, Buffer.from('attack at dawn'))).toString('base64')
  }
})

describe('JWS and JWE', () => {
  const encode = (algorithm: string, key: string, extra = ''): string =>
    `security.jws_encode {\n claims = {sub: "1", roles: ["a", "b"]}\n key = ${key}\n signature_algorithm = "${algorithm}"\n${extra}\n} as $t`
  const decode = (algorithm: string, key: string, extra = ''): string =>
    `security.jws_decode {\n token = $t\n key = ${key}\n signature_algorithm = "${algorithm}"\n${extra}\n} as $x`

  it.each(['HS256', 'HS384', 'HS512'])('%s with a secret text', async (algorithm) => {
    expect(await stack(`${encode(algorithm, '"secret"')}\n${decode(algorithm, '"secret"')}`)).toEqual({ sub: '1', roles: ['a', 'b'] })
    await expect(stack(`${encode(algorithm, '"secret"')}\n${decode(algorithm, '"other"')}`)).rejects.toThrow('Invalid token')
  })

  it('RS, PS and ES with generated keys, as object and as base64', async () => {
    for (const format of ['object', 'base64']) {
      const rsa = `security.create_rsa_key {\n bits = 2048\n format = "${format}"\n} as $k\n`
      for (const algorithm of ['RS256', 'PS256']) expect(await stack(`${rsa}${encode(algorithm, '$k')}\n${decode(algorithm, '$k')}`, '$x.sub')).toBe('1')
      for (const [curve, algorithm] of [
        ['P-256', 'ES256'],
        ['P-384', 'ES384'],
        ['P-521', 'ES512'],
      ]) {
        const key = `security.create_curve_key {\n curve = "${curve}"\n format = "${format}"\n} as $k\n`
        expect(await stack(`${key}${encode(algorithm ?? '', '$k')}\n${decode(algorithm ?? '', '$k')}`, '$x.sub')).toBe('1')
      }
    }
  })

  it('never believes the algorithm a token names', async () => {
    await expect(stack(`${encode('HS256', '"secret"')}\n${decode('HS512', '"secret"')}`)).rejects.toThrow('Invalid token')
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"1"}').toString('base64url')}.`
    await expect(stack(`var $t { value = "${none}" }\n${decode('HS256', '"secret"')}`)).rejects.toThrow('Invalid token')
    await expect(stack(`${encode('none', '"secret"')}`)).rejects.toThrow('Unknown signature algorithm: none')
    const forged = `security.jws_encode {\n claims = {a: 1}\n headers = {alg: "none", kid: "k1"}\n key = "secret"\n signature_algorithm = "HS256"\n} as $t`
    const token = String(await stack(forged, '$t'))
    expect(JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())).toEqual({ typ: 'JWT', kid: 'k1', alg: 'HS256' })
  })

  it('checks expiry and claims', async () => {
    const clock = { time: Date.UTC(2025, 0, 1) }
    const run = createRun({ clock: { now: () => clock.time } })
    const token = String(await stack(encode('HS256', '"secret"', 'ttl = 60'), '$t', { run }))
    const read = (extra = ''): Promise<Json> => stack(`var $t { value = "${token}" }\n${decode('HS256', '"secret"', extra)}`, '$x.sub', { run })
    expect(await read('check_claims = {sub: 1, roles: "b"}')).toBe('1')
    await expect(read('check_claims = {sub: "2"}')).rejects.toThrow('The claim "sub" of the token does not match.')
    clock.time += 61_000
    await expect(read()).rejects.toThrow('This token is expired.')
    expect(await read('timeDrift = 5')).toBe('1')
  })

  it('JWE with every kind of key', async () => {
    const jwe = (setup: string, alg: string, enc: string): string => {
      const material = `key = $k\n key_algorithm = "${alg}"\n content_algorithm = "${enc}"`
      return `${setup}\nsecurity.jwe_encode {\n claims = {a: 1}\n ${material}\n} as $t\nsecurity.jwe_decode {\n token = $t\n ${material}\n} as $x`
    }
    const secret = (bits: number, format = 'object'): string => `security.create_secret_key {\n bits = ${bits}\n format = "${format}"\n} as $k`
    expect(await stack(jwe(secret(256), 'A256KW', 'A256CBC-HS512'))).toEqual({ a: 1 })
    expect(await stack(jwe(secret(128), 'A128GCMKW', 'A128GCM'))).toEqual({ a: 1 })
    expect(await stack(jwe(secret(256, 'base64'), 'A256KW', 'A256GCM'))).toEqual({ a: 1 })
    expect(await stack(jwe('var $k { value = "0123456789abcdef0123456789abcdef" }', 'A256KW', 'A256GCM'))).toEqual({ a: 1 })
    expect(await stack(jwe('security.create_curve_key {\n curve = "P-256"\n format = "object"\n} as $k', 'ECDH-ES+A256KW', 'A128CBC-HS256'))).toEqual({ a: 1 })
    await expect(stack(jwe('var $k { value = "short" }', 'A256KW', 'A256GCM'))).rejects.toMatchObject({ code: 'ERROR_FATAL' })
    const text = jwe(secret(256), 'A256KW', 'A256GCM')
    await expect(stack(text.replace(/(jwe_decode[^}]*)A256GCM/, '$1A128GCM'))).rejects.toThrow('Invalid token')
  })
})
