import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadSecret } from '../src/config/secret.js'
import { isLoopback, parseConfig, variableNames } from '../src/config.js'

const example = readFileSync(new URL('../.env.example', import.meta.url), 'utf8')
const assignments = [...example.matchAll(/^([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, name, value]) => [name ?? '', value ?? ''] as const)

describe('.env.example', () => {
  it('lists every variable once and no other', () => {
    expect(assignments.map(([name]) => name).sort()).toEqual([...variableNames].sort())
  })

  it('shows the standard values', () => {
    expect(parseConfig(Object.fromEntries(assignments))).toEqual(parseConfig({}))
  })

  it('has a comment above every variable or its block', () => {
    for (const block of example.split(/\n\n+/)) if (/^[A-Z]/m.test(block)) expect(block).toMatch(/^#/)
  })
})

describe('parseConfig', () => {
  it('is safe by default and frozen through and through', () => {
    const config = parseConfig({})
    expect(config).toMatchObject({
      env: 'production',
      http: { host: '127.0.0.1', port: 8686, trustProxy: false },
      database: { url: undefined, poolSize: 10 },
      argon2: { memoryKib: 19_456, timeCost: 2, parallelism: 1 },
    })
    expect(Object.isFrozen(config)).toBe(true)
    expect(Object.isFrozen(config.http)).toBe(true)
  })

  it('tells every problem at once, with its name and a fix', () => {
    const env = { PORT: '80000', STACKHOLD_SECRET: 'short', DATABASE_URL: 'mysql://x', STACKHOLD_BODY_LIMIT: 'lots', STACKHOLD_DB_POL: '5' }
    expect(() => parseConfig(env)).toThrowError(
      expect.objectContaining({
        message: expect.stringMatching(
          /5 problems[\s\S]*PORT must be a whole number from 0 to 65535[\s\S]*DATABASE_URL must be a URL[\s\S]*postgres:\/\/user[\s\S]*STACKHOLD_SECRET must have at least 32[\s\S]*randomBytes[\s\S]*STACKHOLD_BODY_LIMIT must be a size[\s\S]*STACKHOLD_DB_POL is not a setting/,
        ),
        hint: expect.stringContaining('.env.example'),
      }),
    )
  })

  it('tells conflicts beside wrong values', () => {
    expect(() => parseConfig({ PORT: 'x', STACKHOLD_ENV: 'development', HOST: '0.0.0.0' })).toThrow(/2 problems[\s\S]*PORT[\s\S]*HOST is 0.0.0.0/)
  })

  it('never repeats a secret in its message', () => {
    expect(() => parseConfig({ STACKHOLD_SECRET: 'hunter2hunter2', DATABASE_URL: 'http://u:hunter2@h/d' })).toThrowError(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    )
  })

  it.each(['0.0.0.0', '192.168.1.4', '::', 'example.com', '127.0.0.1.evil.example'])('development refuses to listen on %s', (HOST) => {
    expect(() => parseConfig({ STACKHOLD_ENV: 'development', HOST })).toThrow('HOST')
    expect(parseConfig({ HOST, STACKHOLD_BEHIND_TLS: 'true' }).http.host).toBe(HOST)
  })

  it.each(['127.0.0.1', 'localhost', '::1', '127.9.9.9'])('%s is this machine', (host) => expect(isLoopback(host)).toBe(true))

  it('needs a secret in production with an own database server, and only then', () => {
    const DATABASE_URL = 'postgres://u:p@h/d'
    expect(() => parseConfig({ DATABASE_URL })).toThrow('STACKHOLD_SECRET')
    expect(parseConfig({ DATABASE_URL, STACKHOLD_SECRET: 'x'.repeat(32) }).secret).toHaveLength(32)
    expect(parseConfig({ DATABASE_URL, STACKHOLD_ENV: 'development' }).secret).toBeUndefined()
  })

  it('lets the variables of the client commands be', () => {
    expect(parseConfig({ STACKHOLD_TOKEN: 'shk_x', STACKHOLD_URL: 'http://x' })).toEqual(parseConfig({}))
  })

  it('refuses a token lifetime above the longest, and a public URL that is no origin', () => {
    expect(() => parseConfig({ STACKHOLD_TOKEN_SECONDS: '100', STACKHOLD_TOKEN_MAX_SECONDS: '99' })).toThrow('STACKHOLD_TOKEN_SECONDS')
    expect(() => parseConfig({ STACKHOLD_PUBLIC_URL: 'https://a.example/x' })).toThrow('STACKHOLD_PUBLIC_URL')
    expect(() => parseConfig({ STACKHOLD_PUBLIC_URL: 'ftp://a.example' })).toThrow('STACKHOLD_PUBLIC_URL')
    expect(parseConfig({ STACKHOLD_PUBLIC_URL: 'https://a.example/' }).http.publicUrl).toBe('https://a.example')
  })

  it('an empty value means not set', () => {
    expect(parseConfig({ PORT: '', DATABASE_URL: '', STACKHOLD_SECRET: '' })).toEqual(parseConfig({}))
  })

  it.each([
    ['1', 1],
    ['true', true],
    ['false', false],
    ['10.0.0.0/8', '10.0.0.0/8'],
  ])('STACKHOLD_TRUST_PROXY=%s', (text, value) => expect(parseConfig({ STACKHOLD_TRUST_PROXY: text }).http.trustProxy).toBe(value))

  it.each([
    ['2mb', 2_097_152],
    ['512kb', 524_288],
    ['2048', 2048],
  ])('STACKHOLD_BODY_LIMIT=%s', (text, value) => expect(parseConfig({ STACKHOLD_BODY_LIMIT: text }).http.bodyLimit).toBe(value))
})

describe('loadSecret', () => {
  it('makes one secret, for its owner only, and keeps it', () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'stackhold-test-'))
    try {
      const secret = loadSecret({ secret: undefined, dataDir })
      expect(secret.length).toBeGreaterThanOrEqual(43)
      expect(statSync(join(dataDir, 'secret')).mode & 0o777).toBe(0o600)
      expect(loadSecret({ secret: undefined, dataDir })).toBe(secret)
      expect(loadSecret({ secret: 'configured', dataDir })).toBe('configured')
    } finally {
      rmSync(dataDir, { recursive: true })
    }
  })

  it('refuses a secret that others can read', () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'stackhold-test-'))
    try {
      loadSecret({ secret: undefined, dataDir })
      chmodSync(join(dataDir, 'secret'), 0o644)
      expect(() => loadSecret({ secret: undefined, dataDir })).toThrowError(expect.objectContaining({ hint: expect.stringContaining('chmod 600') }))
    } finally {
      rmSync(dataDir, { recursive: true })
    }
  })
})
