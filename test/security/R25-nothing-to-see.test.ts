/** Strangers learn neither what is there nor what it runs on; descriptions of groups are not for everyone. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AppError } from '../../src/errors.js'
import { startListeningServer } from '../helpers/running-server.js'
import { makeApp, type TestApp, type TestEndpoint } from '../http/harness.js'
import { createServer, type TestServer } from '../meta/server.js'

const endpoints: TestEndpoint[] = [
  { path: 'ok', run: () => 1 },
  { path: 'secret', auth: 'user', run: () => 1 },
  { path: 'off', active: false, run: () => 1 },
  {
    path: 'missing',
    run: () => {
      throw new AppError('notFound')
    },
  },
]
const silent = { active: true, token: '', stated: false }
const groups = [
  { endpoints, swagger: silent },
  { canonical: 'stated', swagger: { ...silent, stated: true }, endpoints },
  { canonical: 'inactive', active: false, swagger: { ...silent, stated: true }, endpoints },
  { canonical: 'withtoken', swagger: { ...silent, stated: true, token: 'open-sesame' }, endpoints },
]

let production: TestApp
let development: TestApp
beforeAll(async () => {
  production = await makeApp(groups, {}, { settings: { hideRoutes: true } })
  development = await makeApp(groups, { STACKHOLD_ENV: 'development' })
})
afterAll(() => Promise.all([production.app.close(), development.app.close()]))

const ask = (url: string, method = 'GET', headers: Record<string, string> = {}, app = production.app) => app.inject({ method: method as 'GET', url, headers })
/** Everything of an answer but the clock. */
const trace = async (...given: Parameters<typeof ask>) => {
  const { statusCode, headers, body } = await ask(...given)
  return { statusCode, headers: { ...headers, date: '' }, body }
}

describe('unknown, private and switched off are one', () => {
  const hidden = [
    '/api:unknown/secret',
    '/api:unknown',
    '/api:unknown:dev/x',
    '/api:inactive/ok',
    '/api:abc123/nope',
    '/api:abc123/off',
    '/api:abc123',
    '/api:abc123:nobranch/ok',
  ]

  it.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'])('%s without a token, or with one that is none', async (method) => {
    for (const headers of [{}, { authorization: 'Bearer garbage' }, { authorization: 'Basic eDp5' }] as Record<string, string>[]) {
      const own = await trace('/api:abc123/secret', method === 'HEAD' ? 'GET' : method, headers)
      // Another verb than the endpoint's is a route that is not there.
      expect(own.statusCode).toBe(401)
      for (const url of hidden) {
        const other = await trace(url, method, headers)
        expect({ url, ...other, body: method === 'HEAD' ? own.body : other.body }).toEqual({ url, ...own })
      }
    }
  })

  it('and another data source tells no more', async () => {
    const headers = { 'x-data-source': 'nowhere' }
    expect(await trace('/api:abc123/secret', 'GET', headers)).toEqual(await trace('/api:abc123/nope', 'GET', headers))
  })

  it('preflights are one too', async () => {
    const known = await trace('/api:abc123/secret', 'OPTIONS')
    for (const url of hidden) expect(await trace(url, 'OPTIONS')).toEqual(known)
  })

  it('whoever has a token of the workspace is told that there is nothing', async () => {
    const headers = { authorization: `Bearer ${await production.token()}` }
    expect((await ask('/api:abc123/secret', 'GET', headers)).statusCode).toBe(200)
    for (const url of ['/api:abc123/nope', '/api:abc123/off'])
      expect((await ask(url, 'GET', headers)).json()).toEqual({ code: 'ERROR_CODE_NOT_FOUND', message: 'Unable to locate request.', payload: '' })
    expect((await ask('/api:unknown/secret', 'GET', headers)).statusCode).toBe(401)
  })

  it('in development a builder is told at once', async () => {
    for (const url of ['/api:unknown/x', '/api:abc123/nope']) expect((await ask(url, 'GET', {}, development.app)).statusCode).toBe(404)
  })

  it('what an endpoint itself does not find is 404 as ever', async () => {
    expect((await ask('/api:abc123/missing')).statusCode).toBe(404)
  })

  it('a server does so unless it is told otherwise', async () => {
    const usual = await startListeningServer()
    const telling = await startListeningServer({ STACKHOLD_HIDE_ROUTES: 'false' })
    for (const path of ['/api:unknown/x', '/api:unknown', '/api:meta/nope']) expect([path, (await usual.call('GET', path)).status]).toEqual([path, 401])
    expect((await telling.call('GET', '/api:unknown/x')).status).toBe(404)
    await Promise.all([usual.close(), telling.close()])
  }, 60_000)
})

describe('descriptions', () => {
  const admin = { authorization: 'Bearer shk_admin' }
  const urls = (canonical: string) => [`/apispec:${canonical}?type=json`, `/api:${canonical}`, `/api:${canonical}/`]

  it('a group that says nothing shows none in production, the same as one that is not there', async () => {
    const [spec] = urls('abc123')
    expect(await trace(spec ?? '')).toEqual(await trace('/apispec:unknown?type=json'))
    for (const url of urls('abc123')) expect([401, 404]).toContain((await ask(url)).statusCode)
    for (const url of urls('abc123')) expect([401, 404]).toContain((await ask(url, 'GET', { authorization: `Bearer ${await production.token()}` })).statusCode)
  })

  it('to a builder it does, and in development to everyone on this machine', async () => {
    for (const url of urls('abc123')) {
      expect((await ask(url, 'GET', admin)).statusCode).toBe(200)
      expect((await ask(url, 'GET', {}, development.app)).statusCode).toBe(200)
    }
  })

  it('a group that says so keeps its choice', async () => {
    for (const url of urls('stated')) expect((await ask(url)).statusCode).toBe(200)
    for (const url of urls('inactive')) expect([401, 404]).toContain((await ask(url)).statusCode)
    expect((await ask('/apispec:withtoken?token=open-sesame')).statusCode).toBe(200)
    expect(await trace('/apispec:withtoken?token=wrong')).toEqual(await trace('/apispec:unknown'))
  })
})

describe('over the Metadata API', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await createServer()
  }, 60_000)
  afterAll(() => server.close())
  const spec = async (canonical: string) => (await server.app.inject(`/apispec:${canonical}?type=json`)).statusCode

  it.each([
    ['quiet', '', 404, false],
    ['bool', '  swagger = true\n', 200, true],
    ['object', '  swagger = {active: true}\n', 200, true],
    ['token', '  swagger = {active: true, token: "t0ken-t0ken"}\n', 404, false],
    ['never', '  swagger = false\n', 404, false],
  ])('a pushed group %s: what it says holds, and the audit tells when it is open', async (name, line, status, reported) => {
    const text = `api_group ${name} {\n  canonical = "g-${name}"\n${line}}`
    const pushed = await server.meta('POST', '/workspace/1/multidoc?partial=true', text)
    expect(pushed.status).toBe(200)
    expect(await spec(`g-${name}`)).toBe(status)
    expect((await server.meta('GET', '/workspace/1/security/report')).text.includes(`documentation of the group \\"${name}\\"`)).toBe(reported)
    expect((await server.meta('GET', `/workspace/1/multidoc?branch=v1`)).text.includes(`canonical = "g-${name}"\n${line}`)).toBe(true)
  })

  it('a group made there is private, with a path nobody guesses, until it says otherwise', async () => {
    const made = await server.meta('POST', '/workspace/1/apigroup', { name: 'made' })
    const { id, canonical } = made.body as { id: number; canonical: string }
    expect(Buffer.from(canonical, 'base64url').length).toBeGreaterThanOrEqual(16)
    expect(await spec(canonical)).toBe(404)
    await server.meta('PUT', `/workspace/1/apigroup/${id}`, { swagger: true })
    expect(await spec(canonical)).toBe(200)
  })
})

it('no answer says what runs here', async () => {
  const telling = /^(server|via|x-powered-by|x-aspnet.*|x-runtime|x-version|x-generator|x-.*stackhold.*version)$/
  for (const url of ['/', '/health', '/api:abc123/ok', '/api:abc123/secret', '/nope', '/apispec:stated', '/api:stated', '/api:meta', '/%zz', '/robots.txt']) {
    const { headers, body } = await ask(url)
    expect(Object.keys(headers).filter((name) => telling.test(name))).toEqual([])
    expect(body).not.toMatch(/fastify|node(\.js)?\/\d|postgres|v\d+\.\d+\.\d+/i)
  }
})
