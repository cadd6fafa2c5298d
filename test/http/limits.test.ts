import { describe, expect, it } from 'vitest'
import { makeApp, type TestEndpoint } from './harness.js'

describe('limits', () => {
  const auth: TestEndpoint[] = [
    { path: 'login', verb: 'POST', statements: ['security.check_password'], run: () => 'in' },
    { path: 'ok', run: () => 1 },
  ]

  it('R12: counts five logins a minute, whatever the spelling', async () => {
    const app = await makeApp([{ endpoints: auth }, { branch: 'dev', endpoints: auth }])
    const urls = [
      '/api:abc123/login',
      '/api:abc123/login/',
      '/api:abc123:v1/login',
      '/api:abc123:dev/login',
      '/api:abc123/login?x=1',
      '/api:abc123/log%69n',
      '/api:abc123/login?y',
    ]
    const statuses: number[] = []
    for (const [i, url] of urls.entries())
      statuses.push((await app.app.inject({ method: 'POST', url, headers: { 'x-forwarded-for': `9.9.9.${i}` } })).statusCode)
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429])
    const last = await app.app.inject({ method: 'POST', url: '/api:abc123/login' })
    expect(Number(last.headers['retry-after'])).toBeGreaterThan(50)
    expect(last.json().code).toBe('ERROR_CODE_TOO_MANY_REQUESTS')
    expect((await app.app.inject('/api:abc123/ok')).statusCode).toBe(200)
    expect(app.facts).toContainEqual({ kind: 'excess_rate_limit_exceeded', ip: '127.0.0.1', scope: 'auth' })
    await app.app.close()
  })

  it('R14: counts every route, and addresses apart', async () => {
    const app = await makeApp([{ endpoints: auth }], {}, { settings: { requestLimit: { max: 3, windowMs: 60_000 } } })
    const from = async (remoteAddress: string, url = '/nope') => (await app.app.inject({ url, remoteAddress })).statusCode
    expect([await from('1.1.1.1'), await from('1.1.1.1', '/health'), await from('1.1.1.1', '/api:abc123/ok'), await from('1.1.1.1')]).toEqual([
      404, 200, 200, 429,
    ])
    expect(await from('1.1.1.2')).toBe(404)
    // One customer has a whole /64.
    expect([
      await from('2001:db8::1'),
      await from('2001:db8::2'),
      await from('2001:db8:0:0:9::'),
      await from('2001:db8::3'),
      await from('2001:db8:0:1::1'),
    ]).toEqual([404, 404, 404, 429, 404])
    expect([await from('::ffff:1.1.1.2'), await from('1.1.1.2'), await from('1.1.1.2')]).toEqual([404, 404, 429])
    await app.app.close()
  })

  it('R43: believes the proxy when there is one', async () => {
    const facts: TestEndpoint[] = [{ path: 'ip', run: (run) => run.request.remoteIp }]
    const app = await makeApp([{ endpoints: facts }], { STACKHOLD_TRUST_PROXY: '1' })
    const ip = async (remoteAddress: string) =>
      (await app.app.inject({ url: '/api:abc123/ip', remoteAddress, headers: { 'x-forwarded-for': '6.6.6.6, 7.7.7.7' } })).json()
    expect(await ip('10.0.0.1')).toBe('7.7.7.7')
    expect(await ip('8.8.8.8')).toBe('8.8.8.8')
    await app.app.close()
  })
})
