import { type AddressInfo, connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AppError, fatal, inputError } from '../../src/errors.js'
import { obj, type Value } from '../../src/lib/value.js'
import type { Run } from '../../src/runtime/frame.js'
import { ThrownError } from '../../src/runtime/thrown.js'
import { makeApp, type TestApp, type TestEndpoint } from './harness.js'

/** A stack that sets status and headers and answers `value`. */
const answering = (status: number | null, headers: [string, string][], value: Value) => (run: Run) => {
  run.response.status = status
  run.response.headers.push(...headers)
  return value
}

let later: string[] = []
const endpoints: TestEndpoint[] = [
  {
    path: 'created',
    run: answering(
      201,
      [
        ['X-A', '1'],
        ['x-a', '2'],
      ],
      obj([['ok', true]]),
    ),
  },
  {
    path: 'html',
    run: answering(
      null,
      [
        ['Content-Type', 'text/html; charset=utf-8'],
        ['Cache-Control', 'max-age=60'],
        ['X-Content-Type-Options', 'none'],
      ],
      '<p>é</p>',
    ),
  },
  { path: 'binary', run: answering(null, [['Content-Type', 'image/png']], new Uint8Array([0x89, 0x50, 0xff, 0])) },
  { path: 'object-as-text', run: answering(null, [['Content-Type', 'text/plain']], obj([['a', 1]])) },
  { path: 'problem', run: answering(null, [['Content-Type', 'application/problem+json']], 'text') },
  { path: 'empty', run: answering(204, [], null) },
  { path: 'split-value', run: answering(null, [['X-A', 'a\r\nSet-Cookie: b=1']], 1) },
  { path: 'split-name', run: answering(null, [['X-A\r\nX-B', 'a']], 1) },
  { path: 'framing', run: answering(null, [['Transfer-Encoding', 'chunked']], 1) },
  { path: 'status-99', run: answering(99, [], 1) },
  {
    path: 'own-cors',
    run: answering(
      null,
      [
        ['Access-Control-Allow-Origin', '*'],
        ['Access-Control-Allow-Credentials', 'true'],
      ],
      1,
    ),
  },
  {
    path: 'header-then-error',
    run: (run) => {
      answering(201, [['X-A', '1']], null)(run)
      throw new AppError('notFound')
    },
  },
  {
    path: 'later',
    run: (run) => {
      run.afterResponse(async () => void later.push('first'))
      run.afterResponse(async () => {
        throw new Error('boom')
      })
      run.afterResponse(async () => void later.push('third'))
      return 'now'
    },
  },
  { path: 'input', run: () => fail(inputError('email', 'Missing param: email')) },
  { path: 'denied', run: () => fail(new AppError('accessDenied')) },
  { path: 'thrown', run: () => fail(new ThrownError('fatal', 'Out of stock', 'Out of stock', { code: 'stock', payload: obj([['left', 0]]) })) },
  { path: 'precondition', run: () => fail(fatal('Not today.', { position: { document: 'query "x" GET', line: 3, statement: 'precondition' } })) },
  { path: 'sql', run: () => fail(fatal('SQL Error: relation "canary_table" does not exist', { detail: 'canary_detail', cause: new Error('canary_cause') })) },
  { path: 'bug', run: () => fail(new TypeError('canary_bug at /home/canary/file.ts')) },
  { path: 'string', run: () => fail('canary_string') },
  { path: 'busy', run: () => fail(new AppError('unavailable')) },
  { path: 'slow-down', run: () => fail(new AppError('tooManyRequests', undefined, { headers: { 'Retry-After': '9' } })) },
  { path: 'ok', run: () => 1 },
  { path: 'secret', auth: 'user', run: () => 1 },
]
const fail = (error: unknown): never => {
  throw error
}

let production: TestApp
let development: TestApp
const get = (path: string, app = production) => app.app.inject(`/api:abc123/${path}`)

beforeAll(async () => {
  production = await makeApp([{ endpoints }])
  development = await makeApp([{ endpoints }], { STACKHOLD_ENV: 'development' })
})
afterAll(() => Promise.all([production.app.close(), development.app.close()]))

describe('util.set_header', () => {
  it('sets the status', async () => {
    const answer = await get('created')
    expect([answer.statusCode, answer.json()]).toEqual([201, { ok: true }])
  })

  it('sends text and bytes raw under another content type', async () => {
    const html = await get('html')
    expect([html.body, html.headers['content-type'], html.headers['cache-control'], html.headers['content-length']]).toEqual([
      '<p>é</p>',
      'text/html; charset=utf-8',
      'max-age=60',
      '9',
    ])
    expect([...(await get('binary')).rawPayload]).toEqual([0x89, 0x50, 0xff, 0])
    expect((await get('object-as-text')).body).toBe('{"a":1}')
    expect((await get('problem')).body).toBe('"text"')
  })

  it('keeps nosniff and leaves CORS to the group', async () => {
    expect((await get('html')).headers['x-content-type-options']).toContain('nosniff')
    const answer = await get('own-cors')
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([])
  })

  it('sends no body with 204', async () => {
    const answer = await get('empty')
    expect([answer.statusCode, answer.body, answer.headers['content-type'], answer.headers['content-length']]).toEqual([204, '', undefined, undefined])
  })

  it.each(['split-value', 'split-name', 'framing', 'status-99'])('refuses %s', async (path) => {
    const answer = await get(path)
    expect(answer.statusCode).toBe(500)
    expect(answer.headers['set-cookie']).toBeUndefined()
    expect(answer.headers['x-b']).toBeUndefined()
  })

  it('lets the status of an error win', async () => {
    const answer = await get('header-then-error')
    expect([answer.statusCode, answer.headers['x-a']]).toEqual([404, undefined])
  })
})

describe('post-processing', () => {
  it('runs after the answer; a failure is reported and stops nothing', async () => {
    later = []
    production.facts.length = 0
    expect((await get('later')).json()).toBe('now')
    await expect.poll(() => later).toEqual(['first', 'third'])
    expect(production.facts).toMatchObject([{ kind: 'after_response_failed', document: 'GET later' }])
  })
})

describe('R26: errors', () => {
  it.each([
    ['input', 400, { code: 'ERROR_CODE_INPUT_ERROR', message: 'Missing param: email', payload: { param: 'email' } }],
    ['denied', 403, { code: 'ERROR_CODE_ACCESS_DENIED', message: 'Access Denied.', payload: '' }],
    ['thrown', 500, { code: 'stock', message: 'Out of stock', payload: { left: 0 } }],
    ['precondition', 500, { code: 'ERROR_FATAL', message: 'Not today.', payload: '' }],
    ['sql', 500, { code: 'ERROR_FATAL', message: 'Something went wrong.', payload: '' }],
    ['bug', 500, { code: 'ERROR_FATAL', message: 'Something went wrong.', payload: '' }],
    ['string', 500, { code: 'ERROR_FATAL', message: 'Something went wrong.', payload: '' }],
  ])('answers %s in production', async (path, status, body) => {
    const answer = await get(path)
    expect([answer.statusCode, answer.json()]).toEqual([status, body])
    expect(answer.body).not.toContain('canary')
  })

  it('says more in development', async () => {
    expect((await get('precondition', development)).json()).toMatchObject({ message: 'Not today.', position: { document: 'query "x" GET', line: 3 } })
    expect((await get('sql', development)).json()).toMatchObject({ message: 'SQL Error: relation "canary_table" does not exist', detail: 'canary_detail' })
    expect((await get('input', development)).json()).toHaveProperty('hint')
  })

  it('sends Retry-After once with 503 and 429', async () => {
    expect((await get('busy')).headers['retry-after']).toBe('1')
    expect((await get('slow-down')).headers['retry-after']).toBe('9')
  })

  it('reports what failed inside', async () => {
    production.facts.length = 0
    await get('bug')
    await get('input')
    expect(production.facts).toMatchObject([{ kind: 'request_failed', status: 500, document: 'GET bug' }])
  })
})

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

describe('R22: CORS', () => {
  const origin = 'https://app.example.com'
  const cors = {
    mode: 'custom' as const,
    origins: [origin, '*', 'null'],
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
    const open = { ...cors, credentials: false }
    const local = await makeApp([{ cors: open, endpoints }], { STACKHOLD_ENV: 'development' })
    expect((await ask(local, 'https://evil.com')).headers['access-control-allow-origin']).toBe('*')
    await local.app.close()
    const live = await makeApp([{ cors: open, endpoints }])
    expect(sent(await ask(live, 'https://evil.com'))).toEqual([])
    await live.app.close()
  })
})

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

describe('on a real socket', () => {
  let port = 0
  let raw: TestApp
  beforeAll(async () => {
    raw = await makeApp([{ endpoints }])
    await raw.app.listen({ port: 0, host: '127.0.0.1' })
    port = (raw.app.server.address() as AddressInfo).port
  })
  afterAll(() => raw.app.close())

  const speak = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      let answer = ''
      const socket = connect(port, '127.0.0.1', () => socket.write(text))
      socket.on('data', (chunk) => {
        answer += chunk
      })
      socket.on('end', () => resolve(answer))
      socket.on('error', reject)
    })
  const request = (lines: string[]): Promise<string> => speak(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`)
  const status = (answer: string): number => Number(answer.split(' ')[1])

  it('answers with our headers on the wire', async () => {
    const answer = await request(['GET /api:abc123/ok HTTP/1.1', 'Host: x'])
    expect(status(answer)).toBe(200)
    expect(answer.toLowerCase()).toContain('x-content-type-options: nosniff')
    expect(answer.endsWith('\r\n\r\n1')).toBe(true)
  })

  it('repeats a header that was added twice', async () => {
    expect((await request(['GET /api:abc123/created HTTP/1.1', 'Host: x'])).toLowerCase()).toContain('x-a: 1\r\nx-a: 2\r\n')
  })

  it.each([
    ['two hosts', 400, ['GET /api:abc123/ok HTTP/1.1', 'Host: x', 'Host: y']],
    ['two tokens', 400, ['GET /api:abc123/ok HTTP/1.1', 'Host: x', 'Authorization: Bearer a', 'authorization: Bearer b']],
    ['two content types', 400, ['GET /api:abc123/ok HTTP/1.1', 'Host: x', 'Content-Type: text/plain', 'Content-Type: application/json']],
    ['two origins', 400, ['GET /api:abc123/ok HTTP/1.1', 'Host: x', 'Origin: a', 'Origin: b']],
    ['two lengths', 400, ['POST /api:abc123/ok HTTP/1.1', 'Host: x', 'Content-Length: 1', 'Content-Length: 2']],
    ['both framings', 400, ['POST /api:abc123/ok HTTP/1.1', 'Host: x', 'Content-Length: 1', 'Transfer-Encoding: chunked']],
    ['a __proto__ header', 200, ['GET /api:abc123/ok HTTP/1.1', 'Host: x', '__proto__: y']],
    ['17 KB of headers', 431, ['GET /api:abc123/ok HTTP/1.1', 'Host: x', `X-A: ${'a'.repeat(17_000)}`]],
    ['a 1 MB token', 431, ['GET /api:abc123/ok HTTP/1.1', 'Host: x', `Authorization: Bearer ${'a'.repeat(1_000_000)}`]],
    ['no request at all', 400, ['nonsense']],
    ['a dot segment', 404, ['GET /api:abc123/./ok HTTP/1.1', 'Host: x']],
    ['a parent segment', 404, ['GET /api:abc123/../api:abc123/ok HTTP/1.1', 'Host: x']],
    ['an absolute address', 404, ['GET http://evil/api:abc123/ok HTTP/1.1', 'Host: x']],
    ['CONNECT-like', 404, ['TRACE /api:abc123/ok HTTP/1.1', 'Host: x']],
  ])('answers %s with %i', async (_what, wanted, lines) => {
    const answer = await request(lines)
    expect(status(answer)).toBe(wanted)
    expect(answer.toLowerCase()).toContain("content-security-policy: default-src 'none'")
    expect(answer.toLowerCase()).not.toContain('\r\nserver:')
  })
})

describe('documentation of a group', () => {
  let docs: TestApp
  beforeAll(async () => {
    docs = await makeApp([
      {
        endpoints: [
          { path: 'user/{id}', auth: 'user', input: ['id', 'q'], run: () => 1 },
          { path: 'user', verb: 'POST', input: ['name'], run: () => 1 },
          { path: 'hidden', active: false, run: () => 1 },
        ],
      },
      { canonical: 'private', swagger: { active: true, token: 'open-sesame' }, endpoints },
      { canonical: 'disabled', swagger: { active: false, token: '' }, endpoints },
      { branch: 'dev', endpoints: [{ path: 'only-dev', run: () => 1 }] },
    ])
  })
  afterAll(() => docs.app.close())

  it('is OpenAPI 3.1', async () => {
    const spec = (await docs.app.inject('/apispec:abc123?type=json')).json()
    expect(spec.openapi).toBe('3.1.0')
    expect(spec.servers).toEqual([{ url: 'http://127.0.0.1:8686/api:abc123' }])
    expect(Object.keys(spec.paths)).toEqual(['/user/{id}', '/user'])
    expect(spec.paths['/user/{id}'].get.security).toEqual([{ user: [] }])
    expect(spec.paths['/user/{id}'].get.parameters.map((one: { name: string; in: string }) => [one.name, one.in])).toEqual([
      ['id', 'path'],
      ['q', 'query'],
    ])
    expect(spec.paths['/user'].post.security).toEqual([])
    expect(spec.paths['/user'].post.requestBody.content['application/json'].schema.properties).toHaveProperty('name')
    expect(spec.components.securitySchemes.user).toMatchObject({ type: 'http', scheme: 'bearer' })
    expect((await docs.app.inject('/apispec:abc123:dev?type=json')).json().paths).toHaveProperty('/only-dev')
  })

  it('has a page that loads nothing from elsewhere and runs only its own script', async () => {
    const page = await docs.app.inject('/api:abc123')
    expect(page.headers['content-type']).toBe('text/html; charset=utf-8')
    expect(page.headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; connect-src 'self'; base-uri 'none'/,
    )
    expect(page.body).toContain('A &#60;b&#62;group&#60;/b&#62;.')
    expect(page.body).not.toMatch(/src=|https?:\/\//)
    expect((await docs.app.inject('/api:abc123/')).statusCode).toBe(200)
  })

  it.each([
    ['/apispec:private?type=json', 404],
    ['/apispec:private?type=json&token=wrong', 404],
    ['/apispec:private?type=json&token=open-sesame', 200],
    ['/api:private', 404],
    ['/api:private?token=open-sesame', 200],
    ['/apispec:disabled?type=json', 404],
    ['/api:disabled', 404],
    ['/apispec:nope?type=json', 404],
  ])('answers %s with %i', async (url, status) => {
    expect((await docs.app.inject(url)).statusCode).toBe(status)
  })

  it('shows a private group to an administrator', async () => {
    expect((await docs.app.inject({ url: '/apispec:private', headers: { authorization: 'Bearer shk_admin' } })).statusCode).toBe(200)
  })
})

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
})
