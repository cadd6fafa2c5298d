/** Only the exact listed origin is ever named, on every kind of route and every status (Strapi CVE-2025-53092, Parse CVE-2026-34373). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeApp, type TestApp, type TestEndpoint } from '../http/harness.js'
import { createServer, type TestServer } from '../meta/server.js'

const origin = 'https://app.example.com'
const cors = { mode: 'custom' as const, origins: [origin], methods: ['GET'], headers: ['Authorization'], credentials: true, maxAge: 600 }

/** Spelt so that a comparison by suffix, prefix, pattern or case takes them for the listed one. */
const strangers = [
  'https://app.example.com.evil.com',
  'https://evilapp.example.com',
  'https://app.example.com.',
  'https://app-example.com',
  'https://appxexample.com',
  'https://sub.app.example.com',
  'https://example.com',
  'http://app.example.com',
  'https://app.example.com:443',
  'https://app.example.com:8443',
  'https://APP.example.com',
  'HTTPS://app.example.com',
  'https://app.example.com/',
  'https://app.example.com/x',
  'https://user@app.example.com',
  'https://app.example.com@evil.com',
  'https://app.example.com%00.evil.com',
  'https://xn--pp-eka.example.com',
  'https://аpp.example.com'.normalize('NFKC').replace('а', 'xn--'),
  'null',
  'NULL',
  '*',
  '',
  'file://',
  'chrome-extension://abcdef',
  'https://app.example.com https://evil.com',
  'https://app.example.com,https://evil.com',
]

const endpoints: TestEndpoint[] = [
  { path: 'ok', run: () => 1 },
  { path: 'secret', auth: 'user', run: () => 1 },
  {
    path: 'bug',
    run: () => {
      throw new TypeError('bug')
    },
  },
]
const routes = ['/api:abc123/ok', '/api:abc123/secret', '/api:abc123/bug', '/api:abc123/nope', '/api:abc123', '/api:closed/ok', '/api:unknown/ok']
const ownRoutes = ['/', '/health', '/health/live', '/metrics', '/apispec:abc123', '/apispec:unknown', '/nope', '/%zz']

type Headers = Record<string, unknown>
const allowing = (headers: Headers): string[] => Object.keys(headers).filter((name) => name.startsWith('access-control'))

describe('API groups', () => {
  let app: TestApp['app']
  beforeAll(async () => {
    app = (
      await makeApp([
        { cors, endpoints },
        { canonical: 'closed', endpoints },
      ])
    ).app
  })
  afterAll(() => app.close())
  const ask = async (url: string, from: string, method: 'GET' | 'OPTIONS' | 'POST' = 'GET') =>
    app.inject({ method, url, headers: { origin: from, ...(method === 'OPTIONS' ? { 'access-control-request-method': 'GET' } : {}) } })

  it.each(strangers)('name no one to %j', async (from) => {
    for (const url of [...routes, ...ownRoutes])
      for (const method of ['GET', 'OPTIONS', 'POST'] as const) expect(allowing((await ask(url, from, method)).headers)).toEqual([])
  })

  it('name the listed origin on every status of its group, and nowhere else', async () => {
    for (const url of routes.slice(0, 4)) {
      const { headers } = await ask(url, origin)
      expect(headers).toMatchObject({ 'access-control-allow-origin': origin, vary: 'Origin' })
    }
    for (const url of [...routes.slice(5), ...ownRoutes]) expect(allowing((await ask(url, origin)).headers)).toEqual([])
  })

  it('vary by origin where they have a policy, whoever asks', async () => {
    for (const url of routes.slice(0, 4)) expect((await ask(url, 'https://evil.com')).headers['vary']).toBe('Origin')
  })

  it('say it with 429, 414 and 400 too, which come before routing', async () => {
    const limited = (await makeApp([{ cors, endpoints }], {}, { settings: { requestLimit: { max: 2, windowMs: 60_000 } } })).app
    const long = `/api:abc123/ok?${'a'.repeat(9000)}`
    const statuses: number[] = []
    for (const url of [long, '/api:abc123/ok', '/api:abc123/ok', '/api:abc123/ok']) {
      const answer = await limited.inject({ url, headers: { origin } })
      statuses.push(answer.statusCode)
      expect(answer.headers['access-control-allow-origin']).toBe(origin)
      expect(allowing((await limited.inject({ url: long, headers: { origin: 'https://evil.com' } })).headers)).toEqual([])
    }
    expect(statuses).toEqual([414, 200, 200, 429])
    await limited.close()
  })
})

describe('the Metadata API', () => {
  const console = 'https://console.example.com'
  let server: TestServer
  let closed: TestServer
  beforeAll(async () => {
    server = await createServer({ env: { STACKHOLD_CONSOLE_ORIGINS: `${console}, http://localhost:5173` } })
    closed = await createServer()
  }, 60_000)
  afterAll(() => Promise.all([server.close(), closed.close()]))
  const paths = ['/auth/me', '/nope', '/workspace/999', '/workspace']
  const preflight = (to: TestServer, path: string, from: string) =>
    to.app.inject({ method: 'OPTIONS', url: `/api:meta${path}`, headers: { origin: from, 'access-control-request-method': 'GET' } })

  it('answers no website unless the configuration names it', async () => {
    for (const path of paths) {
      for (const token of [closed.adminToken, 'wrong']) {
        const answer = await closed.meta('GET', path, undefined, { token, headers: { origin: console } })
        expect(allowing(answer.headers)).toEqual([])
      }
      expect(allowing((await preflight(closed, path, console)).headers)).toEqual([])
    }
  })

  it('names the configured origins, with every status, never with credentials', async () => {
    for (const from of [console, 'http://localhost:5173'])
      for (const path of paths)
        for (const token of [server.adminToken, 'wrong', '']) {
          const { headers } = await server.meta('GET', path, undefined, { token, headers: { origin: from } })
          expect([headers['access-control-allow-origin'], headers['access-control-allow-credentials'], headers['vary']]).toEqual([from, undefined, 'Origin'])
        }
    const asked = await preflight(server, '/workspace', console)
    expect([asked.statusCode, asked.headers['access-control-allow-origin']]).toEqual([204, console])
    expect(asked.headers['access-control-allow-headers']).toContain('Authorization')
  })

  it.each([...strangers, origin])('does not name %j', async (from) => {
    for (const path of paths) {
      expect(allowing((await server.meta('GET', path, undefined, { headers: { origin: from } })).headers)).toEqual([])
      expect(allowing((await preflight(server, path, from)).headers)).toEqual([])
    }
  })
})
