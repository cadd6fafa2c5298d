/** Every status of every kind of route carries the headers; the test clients assert it on all answers of the suite besides. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { AppError } from '../../src/errors.js'
import { assertSecurityHeaders } from '../helpers/security-headers.js'
import { makeApp, type TestApp } from '../http/harness.js'
import { createServer, type TestServer } from '../meta/server.js'
import { get, speak } from './wire.js'

const failing = (path: string, status: number) => ({
  path,
  run: () => {
    throw new AppError('accessDenied', 'No.', { status })
  },
})
let app: TestApp
let meta: TestServer
let port = 0
beforeAll(async () => {
  app = await makeApp([
    {
      endpoints: [
        { path: 'ok', run: () => 1 },
        { path: 'ok', verb: 'POST', run: () => 1 },
        { path: 'secret', auth: 'user', run: () => 1 },
        { path: 'bug', run: () => JSON.parse('{') },
        ...[402, 403, 404, 405, 409, 410, 418, 422, 428, 429, 451, 501, 502, 503, 504].map((status) => failing(`status${status}`, status)),
        {
          path: 'own',
          run: (run) => {
            run.response.headers.push(['Content-Type', 'text/html'], ['X-Content-Type-Options', 'none'], ['Server', 'x'])
            return '<p>'
          },
        },
        ...[201, 202, 204, 301, 302, 304].map((status) => ({
          path: `status${status}`,
          run: (run: { response: { status: number | null } }) => {
            run.response.status = status
            return 1
          },
        })),
      ],
    },
  ])
  await app.app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.app.server.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
  meta = await createServer()
}, 60_000)
afterAll(() => Promise.all([app.app.close(), meta.close()]))

const endpoint = '/api:abc123'
it.each<[status: number, method: string, url: string, body?: string]>([
  [200, 'GET', `${endpoint}/ok`],
  [200, 'HEAD', `${endpoint}/ok`],
  [200, 'GET', endpoint],
  [200, 'GET', '/apispec:abc123'],
  [200, 'GET', '/'],
  [200, 'GET', '/health'],
  [200, 'GET', '/metrics'],
  [204, 'OPTIONS', `${endpoint}/ok`],
  [401, 'GET', `${endpoint}/secret`],
  [404, 'GET', `${endpoint}/nope`],
  [404, 'PUT', `${endpoint}/ok`],
  [404, 'GET', '/nope'],
  [404, 'DELETE', '/health'],
  [400, 'POST', `${endpoint}/ok`, '{'],
  [413, 'POST', `${endpoint}/ok`, `"${'a'.repeat(1_048_600)}"`],
  [414, 'GET', `${endpoint}/ok?${'a'.repeat(8_200)}`],
  [500, 'GET', `${endpoint}/bug`],
  ...[201, 202, 204, 301, 302, 304, 402, 403, 404, 405, 409, 410, 418, 422, 428, 429, 451, 501, 502, 503, 504].map((status): [number, string, string] => [
    status,
    'GET',
    `${endpoint}/status${status}`,
  ]),
])('%i %s %s', async (status, method, url, body) => {
  const answer = await app.app.inject({
    method: method as 'GET',
    url,
    ...(body === undefined ? {} : { payload: body, headers: { 'content-type': 'application/json' } }),
  })
  expect(answer.statusCode).toBe(status)
  assertSecurityHeaders(url, (name) => answer.headers[name])
  expect(answer.headers['cache-control']).toBe('no-store')
  if (answer.body !== '' && !url.includes('metrics')) expect(answer.headers['content-type']).toMatch(/; charset=utf-8$/)
})

it('a program cannot take nosniff away', async () => {
  const answer = await app.app.inject(`${endpoint}/own`)
  expect(String(answer.headers['x-content-type-options'])).toContain('nosniff')
})

it.each<[status: number, what: string, bytes: string]>([
  [400, 'no request', 'nonsense\r\n\r\n'],
  [400, 'two hosts', get('/health', 'Host: y')],
  [400, 'no host', 'GET /health HTTP/1.1\r\n\r\n'],
  [505, 'another version', 'GET /health HTTP/2.0\r\nHost: x\r\n\r\n'],
  [431, 'large headers', get('/health', `X-A: ${'a'.repeat(20_000)}`)],
  [400, 'a broken escape', get('/%zz')],
])('%i on the wire: %s', async (status, _what, bytes) => {
  const answer = await speak(port, bytes)
  expect(answer.status).toBe(status)
  const headers = new Map([...answer.text.matchAll(/^([\w-]+): (.*?)\r$/gm)].map(([, name = '', value]) => [name.toLowerCase(), value]))
  assertSecurityHeaders(bytes, (name) => headers.get(name))
})

it.each<[status: number, method: string, path: string, token?: string]>([
  [200, 'GET', '/auth/me'],
  [401, 'GET', '/auth/me', 'wrong'],
  [404, 'GET', '/nope'],
  [404, 'GET', '/workspace/99'],
  [400, 'POST', '/workspace'],
  [404, 'PATCH', '/auth/me'],
])('%i %s of the Metadata API %s', async (status, method, path, token) => {
  const answer = await meta.meta(method, path, method === 'GET' ? undefined : {}, token === undefined ? {} : { token })
  expect(answer.status).toBe(status)
  expect(answer.headers['cache-control']).toBe('no-store')
})
