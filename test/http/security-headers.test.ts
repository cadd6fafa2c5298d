import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endpoints } from './endpoints.js'
import { makeApp, type TestApp } from './harness.js'

let production: TestApp
beforeAll(async () => {
  production = await makeApp([{ endpoints }])
})
afterAll(() => production.app.close())

const required = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
}

describe('R41: security headers', () => {
  it.each([
    [200, 'GET', '/api:abc123/ok'],
    [200, 'GET', '/health'],
    [200, 'GET', '/health/live'],
    [200, 'GET', '/apispec:abc123?type=json'],
    [204, 'OPTIONS', '/api:abc123/ok'],
    [400, 'GET', '/api:abc123/input'],
    [401, 'GET', '/api:abc123/secret'],
    [403, 'GET', '/api:abc123/denied'],
    [404, 'GET', '/api:abc123/nope'],
    [404, 'GET', '/nope'],
    [400, 'GET', '/%zz'],
    [414, 'GET', `/api:abc123/ok?${'a'.repeat(9000)}`],
    [500, 'GET', '/api:abc123/bug'],
    [503, 'GET', '/api:abc123/busy'],
  ])('are on %i %s %s', async (status, method, url) => {
    const answer = await production.app.inject({ method: method as 'GET', url })
    expect(answer.statusCode).toBe(status)
    expect(answer.headers).toMatchObject(required)
    for (const name of ['server', 'x-powered-by']) expect(answer.headers[name]).toBeUndefined()
  })

  it('adds HSTS when the public address is HTTPS', async () => {
    const secure = await makeApp([{ endpoints }], {}, { settings: { baseUrl: 'https://api.example.com' } })
    for (const url of ['/api:abc123/ok', '/nope', '/health'])
      expect((await secure.app.inject(url)).headers['strict-transport-security']).toBe('max-age=31536000; includeSubDomains')
    await secure.app.close()
  })
})
