import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endpoints } from './endpoints.js'
import { makeApp, type TestApp } from './harness.js'

let production: TestApp
let development: TestApp
beforeAll(async () => {
  production = await makeApp([{ endpoints }])
  development = await makeApp([{ endpoints }], { STACKHOLD_ENV: 'development' })
})
afterAll(() => Promise.all([production.app.close(), development.app.close()]))

describe('health and metrics', () => {
  it('is ready while the database answers, asks it once a second at most, and tells details to an administrator only', async () => {
    let asked = 0
    let healthy = true
    let draining = false
    const app = await makeApp([{ endpoints }], {}, { healthy: async () => ++asked > 0 && healthy, draining: () => draining, detail: () => ({ pool: 3 }) })
    expect((await app.app.inject('/health')).json()).toEqual({ status: 'ok' })
    for (let i = 0; i < 20; i++) await app.app.inject('/health')
    expect(asked).toBe(1)
    expect((await app.app.inject({ url: '/health', headers: { authorization: 'Bearer shk_admin' } })).json()).toMatchObject({
      status: 'ok',
      database: 'ok',
      pool: 3,
    })
    draining = true
    const answer = await app.app.inject('/health')
    expect([answer.statusCode, answer.json(), answer.headers['retry-after']]).toEqual([503, { status: 'draining' }, '1'])
    draining = false
    healthy = false
    await new Promise((resolve) => setTimeout(resolve, 1_050))
    expect((await app.app.inject('/health')).json()).toEqual({ status: 'unavailable' })
    expect((await app.app.inject('/health/live')).statusCode).toBe(200)
    await app.app.close()
  })

  it('gives metrics to this machine and to administrators', async () => {
    const app = await makeApp([{ endpoints }])
    await app.app.inject('/api:abc123/ok')
    await app.app.inject('/api:abc123/secret')
    const own = await app.app.inject('/metrics')
    expect(own.body).toContain('stackhold_requests_total{route="GET ok",status="200"} 1')
    expect(own.body).toContain('stackhold_requests_total{route="GET secret",status="401"} 1')
    expect(own.body).toContain('stackhold_events_total{event="authn_login_fail"} 1')
    expect((await app.app.inject({ url: '/metrics', remoteAddress: '10.0.0.9' })).statusCode).toBe(404)
    expect((await app.app.inject({ url: '/metrics', headers: { 'x-forwarded-for': '1.1.1.1' } })).statusCode).toBe(404)
    expect((await app.app.inject({ url: '/metrics', remoteAddress: '10.0.0.9', headers: { authorization: 'Bearer shk_admin' } })).statusCode).toBe(200)
    await app.app.close()
  })

  it('names no group on the first page of production', async () => {
    expect((await production.app.inject('/')).body).not.toContain('abc123')
    expect((await development.app.inject('/')).body).toContain('href="/api:abc123"')
  })

  it('tells who was sent here by a program how it signs in', async () => {
    const page = await production.app.inject('/login?dest=cli&callback=http%3A%2F%2F127.0.0.1%3A1%2Fcallback')
    expect([page.statusCode, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
    expect(page.body).toMatch(/xano auth --origin https?:\S+ --workspace 1 --code TOKEN/)
    expect(page.body).not.toContain('callback')
  })
})
