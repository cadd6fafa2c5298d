/** What a stranger writes about where he comes from and where he goes changes nothing (Fastify CVE-2026-3635, CVE-2026-16732; Supabase GHSA-3529-5m8x-rpv3). */
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { obj } from '../../src/lib/value.js'
import { makeApp, type TestApp } from '../http/harness.js'

const forged: Record<string, string> = {
  'x-forwarded-for': '6.6.6.6',
  'x-real-ip': '6.6.6.6',
  'x-client-ip': '6.6.6.6',
  'x-cluster-client-ip': '6.6.6.6',
  'cf-connecting-ip': '6.6.6.6',
  'true-client-ip': '6.6.6.6',
  forwarded: 'for=6.6.6.6;host=evil.example;proto=https',
  'x-forwarded-host': 'evil.example',
  'x-forwarded-server': 'evil.example',
  'x-forwarded-proto': 'https',
  'x-forwarded-port': '444',
  'x-forwarded-prefix': '/evil',
  'x-host': 'evil.example',
  'x-original-host': 'evil.example',
  host: 'evil.example',
}

let app: TestApp
beforeAll(async () => {
  app = await makeApp(
    [
      {
        endpoints: [
          {
            path: 'facts',
            run: ({ request }) =>
              obj([
                ['ip', request.remoteIp],
                ['uri', request.uri],
                ['base', request.apiBaseUrl],
              ]),
          },
          { path: 'login', verb: 'POST', statements: ['security.check_password'], run: () => 'in' },
          { path: 'secret', auth: 'user', run: () => 1 },
        ],
      },
    ],
    {},
    { settings: { requestLimit: { max: 200, windowMs: 60_000 } } },
  )
})
afterAll(() => app.app.close())

it('address, links and documents stay what the socket and the configuration say', async () => {
  const plain = (await app.app.inject('/api:abc123/facts')).json()
  expect(plain).toEqual({ ip: '127.0.0.1', uri: 'http://127.0.0.1:8686/api:abc123/facts', base: 'http://127.0.0.1:8686/api:abc123' })
  for (const [name, value] of Object.entries(forged))
    expect((await app.app.inject({ url: '/api:abc123/facts', headers: { [name]: value } })).json()).toEqual(plain)
  const spec = await app.app.inject({ url: '/apispec:abc123', headers: forged })
  expect(spec.json().servers).toEqual([{ url: 'http://127.0.0.1:8686/api:abc123' }])
  for (const url of ['/', '/api:abc123', '/apispec:abc123', '/nope', '/health']) {
    const answer = await app.app.inject({ url, headers: forged })
    expect(answer.body + JSON.stringify(answer.headers)).not.toMatch(/evil\.example|6\.6\.6\.6/)
  }
})

it('limits count the socket', async () => {
  const statuses: number[] = []
  for (let n = 0; n < 8; n++)
    statuses.push((await app.app.inject({ method: 'POST', url: '/api:abc123/login', headers: { ...forged, 'x-forwarded-for': `6.6.6.${n}` } })).statusCode)
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429, 429])
})

it('events name the socket', async () => {
  app.facts.length = 0
  await app.app.inject({ url: '/api:abc123/secret', headers: forged })
  await vi.waitFor(() => expect(app.facts).toMatchObject([{ kind: 'authn_login_fail', ip: '127.0.0.1' }]))
  expect(JSON.stringify(app.facts)).not.toContain('6.6.6.6')
})

it('nobody becomes this machine: metrics stay closed to a caller who says so', async () => {
  for (const [name] of Object.entries(forged)) {
    const answer = await app.app.inject({
      url: '/metrics',
      remoteAddress: '203.0.113.9',
      headers: { [name]: name === 'forwarded' ? 'for=127.0.0.1' : '127.0.0.1' },
    })
    expect(answer.statusCode).toBe(404)
  }
})
