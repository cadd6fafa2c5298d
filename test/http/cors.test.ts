import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endpoints } from './endpoints.js'
import { makeApp, type TestApp } from './harness.js'

let production: TestApp
beforeAll(async () => {
  production = await makeApp([{ endpoints }])
})
afterAll(() => production.app.close())

describe('R22: CORS', () => {
  const origin = 'https://app.example.com'
  const cors = {
    mode: 'custom' as const,
    origins: [origin],
    methods: ['GET', 'POST'],
    headers: ['Authorization', 'Content-Type'],
    credentials: true,
    maxAge: 600,
  }
  let listed: TestApp
  const ask = (app: TestApp, from: string | undefined, path = 'ok', method = 'GET') =>
    app.app.inject({
      method: method as 'GET',
      url: `/api:abc123/${path}`,
      headers: from === undefined ? {} : { origin: from, ...(method === 'OPTIONS' ? { 'access-control-request-method': 'POST' } : {}) },
    })
  const sent = (answer: { headers: object }): string[] => Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))

  beforeAll(async () => {
    listed = await makeApp([{ cors, endpoints }])
  })
  afterAll(() => listed.app.close())

  it('sends nothing by default', async () => {
    for (const method of ['GET', 'OPTIONS']) {
      const answer = await ask(production, origin, 'ok', method)
      expect([sent(answer), answer.headers.vary]).toEqual([[], undefined])
    }
  })

  it('echoes the exact origin, on every status', async () => {
    for (const path of ['ok', 'input', 'denied', 'nope', 'bug', 'busy', 'secret', 'created']) {
      const answer = await ask(listed, origin, path)
      expect(answer.headers).toMatchObject({ 'access-control-allow-origin': origin, 'access-control-allow-credentials': 'true', vary: 'Origin' })
    }
  })

  it.each([
    'https://app.example.com.evil.com',
    'https://evilapp.example.com',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://APP.example.com',
    'https://app.example.com/',
    'https://app.example.com.',
    'https://user@app.example.com',
    'https://xn--pp-eka.example.com',
    'null',
    '*',
    'https://evil.com',
  ])('does not echo %s', async (from) => {
    for (const method of ['GET', 'OPTIONS']) {
      const answer = await ask(listed, from, 'ok', method)
      expect([sent(answer), answer.headers.vary]).toEqual([[], 'Origin'])
    }
  })

  it('answers a preflight without running anything', async () => {
    const answer = await ask(listed, origin, 'ok', 'OPTIONS')
    expect(answer.statusCode).toBe(204)
    expect(answer.headers).toMatchObject({
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'Authorization, Content-Type',
      'access-control-max-age': '600',
    })
  })

  it('answers the preflight of an unknown group like one without a policy', async () => {
    const known = await ask(production, origin, 'ok', 'OPTIONS')
    const unknown = await production.app.inject({ method: 'OPTIONS', url: '/api:nope/ok', headers: { origin } })
    expect({ ...unknown.headers, date: '' }).toEqual({ ...known.headers, date: '' })
    expect(unknown.statusCode).toBe(known.statusCode)
  })

  it('takes * in development and without credentials only', async () => {
    const open = { ...cors, origins: ['*'], credentials: false }
    const local = await makeApp([{ cors: open, endpoints }], { STACKHOLD_ENV: 'development' })
    expect((await ask(local, 'https://evil.com')).headers['access-control-allow-origin']).toBe('*')
    await local.app.close()
    const live = await makeApp([{ cors: open, endpoints }])
    const answer = await ask(live, 'https://evil.com')
    expect([answer.statusCode, sent(answer)]).toEqual([503, []])
    await live.app.close()
  })
})
