import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { UploadedFile } from '../../src/http/uploaded-file.js'
import { obj, type Value } from '../../src/lib/value.js'
import type { Run } from '../../src/runtime/frame.js'
import { processorTime } from '../helpers/growth.js'
import { makeApp, type TestApp, type TestEndpoint } from './harness.js'

const echo = (_run: Run, input: ReadonlyMap<string, Value>): Value => obj(input)
const unlocated = { code: 'ERROR_CODE_NOT_FOUND', message: 'Unable to locate request.', payload: '' }
const unauthorized = { code: 'ERROR_CODE_UNAUTHORIZED', message: 'Unauthorized - Authentication Required', payload: '' }

const endpoints: TestEndpoint[] = [
  { path: 'hello', run: () => obj([['hello', 'world']]) },
  { path: 'head-only', verb: 'HEAD', run: () => 'x' },
  { path: 'echo', verb: 'GET', run: echo },
  { path: 'echo', verb: 'POST', run: echo },
  { path: 'echo', verb: 'DELETE', run: echo },
  { path: 'echo/{id}', verb: 'POST', run: echo },
  { path: 'inactive', active: false, run: () => 1 },
  { path: 'unreviewed', public: null, run: () => 1 },
  {
    path: 'me',
    auth: 'user',
    run: (run) =>
      obj([
        ['id', run.caller.id],
        ['table', run.caller.table],
        ['extras', run.caller.extras],
      ]),
  },
  { path: 'me', verb: 'POST', auth: 'user', run: (run) => run.caller.id },
  { path: 'applicant', auth: 'applicant', run: (run) => run.caller.id },
  { path: 'no-auth-table', auth: 'plain', run: () => 1 },
  { path: 'unknown-table', auth: 'nowhere', run: () => 1 },
  {
    path: 'hook',
    verb: 'POST',
    statements: ['util.get_raw_input'],
    run: (run) => (run.request.rawBody === null ? null : Buffer.from(run.request.rawBody).toString('utf8')),
  },
  { path: 'upload', verb: 'POST', run: (_run, input) => obj([...input].map(([name, value]) => [name, describeFile(value)])) },
  { path: 'datasource', run: (run) => run.records.datasource },
  {
    path: 'facts',
    run: (run) =>
      obj([
        ['method', run.request.method],
        ['uri', run.request.uri],
        ['query', run.request.querystring],
        ['ip', run.request.remoteIp],
        ['branch', run.request.branch],
        ['headers', run.request.headers],
        ['base', run.request.apiBaseUrl],
      ]),
  },
  { path: 'null', run: () => null },
  { path: 'zero', run: () => 0 },
  { path: 'text', run: () => 'plain' },
]

function describeFile(value: Value): Value {
  if (value instanceof UploadedFile)
    return obj([
      ['name', value.name],
      ['size', value.size],
    ])
  return Array.isArray(value) ? value.map(describeFile) : value
}

let test: TestApp
const call = (method: string, url: string, options: { headers?: Record<string, string>; payload?: string | Buffer | object } = {}) =>
  test.app.inject({ method: method as 'GET', url, ...options })

beforeAll(async () => {
  test = await makeApp([
    { endpoints },
    { branch: 'dev', endpoints: [{ path: 'hello', run: () => 'dev' }] },
    { canonical: 'off', active: false, endpoints: [{ path: 'hello', run: () => 1 }] },
  ])
})
afterAll(() => test.app.close())

describe('locating a request', () => {
  it('answers an endpoint', async () => {
    const answer = await call('GET', '/api:abc123/hello')
    expect(answer.statusCode).toBe(200)
    expect(answer.body).toBe('{"hello":"world"}')
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
    expect(answer.headers['content-length']).toBe('17')
  })

  it('ignores a trailing slash and knows the branch by path and by header', async () => {
    expect((await call('GET', '/api:abc123/hello/')).body).toBe('{"hello":"world"}')
    expect((await call('GET', '/api:abc123:dev/hello')).body).toBe('"dev"')
    expect((await call('GET', '/api:abc123:v1/hello')).body).toBe('{"hello":"world"}')
    expect((await call('GET', '/api:abc123/hello', { headers: { 'x-branch': 'dev' } })).body).toBe('"dev"')
    expect((await call('GET', '/api:abc123:v1/hello', { headers: { 'x-branch': 'dev' } })).body).toBe('{"hello":"world"}')
  })

  it('answers HEAD as GET without a body, and a HEAD endpoint of its own', async () => {
    const answer = await call('HEAD', '/api:abc123/hello')
    expect([answer.statusCode, answer.body, answer.headers['content-length']]).toEqual([200, '', '17'])
    expect((await call('HEAD', '/api:abc123/head-only')).statusCode).toBe(200)
    expect((await call('GET', '/api:abc123/head-only')).statusCode).toBe(404)
  })

  it.each([
    ['unknown group', 'GET', '/api:nope/hello'],
    ['inactive group', 'GET', '/api:off/hello'],
    ['unknown branch', 'GET', '/api:abc123:nope/hello'],
    ['unknown path', 'GET', '/api:abc123/nope'],
    ['wrong verb', 'PATCH', '/api:abc123/hello'],
    ['inactive endpoint', 'GET', '/api:abc123/inactive'],
    ['other case', 'GET', '/api:abc123/HELLO'],
    ['doubled slash', 'GET', '/api:abc123//hello'],
    ['encoded prefix', 'GET', '/%61pi:abc123/hello'],
    ['NUL', 'GET', '/api:abc123/hello%00'],
    ['matrix parameter', 'GET', '/api:abc123/hello;a=1'],
    ['unknown data source', 'GET', '/api:abc123/hello?x-data-source=nope'],
    ['elsewhere', 'GET', '/nope'],
    ['a method nobody has', 'TRACE', '/api:abc123/hello'],
  ])('answers the same 404 for %s', async (_what, method, url) => {
    const answer = await call(method, url)
    expect(answer.statusCode).toBe(404)
    expect(answer.json()).toEqual(unlocated)
    expect(comparable(answer.headers)).toEqual(comparable((await call('GET', '/api:nope/nope')).headers))
  })

  it('takes the data source from header or query, else live', async () => {
    expect((await call('GET', '/api:abc123/datasource')).json()).toBe('live')
    expect((await call('GET', '/api:abc123/datasource?x-data-source=test')).json()).toBe('test')
    expect((await call('GET', '/api:abc123/datasource', { headers: { 'x-data-source': 'test' } })).json()).toBe('test')
  })
})

const comparable = (headers: object): object => ({ ...headers, date: '', 'content-length': '' })

describe('R04: who may call', () => {
  const get = (url: string, authorization?: string) => call('GET', `/api:abc123/${url}`, authorization === undefined ? {} : { headers: { authorization } })

  it('gives the caller of a valid token', async () => {
    const answer = await get('me', `Bearer ${await test.token()}`)
    expect(answer.json()).toEqual({ id: 5, table: 'user', extras: { role: 'admin' } })
    expect((await get('me', `bearer ${await test.token()}`)).statusCode).toBe(200)
  })

  it('refuses everything else with the same answer', async () => {
    const good = await test.token()
    const tries = [
      undefined,
      '',
      'Bearer',
      'Bearer ',
      'Bearer null',
      'Bearer a.b.c.d.e',
      `Basic ${good}`,
      `Token ${good}`,
      good,
      `Bearer ${good} `,
      `Bearer  ${good}`,
      `Bearer ${good}x`,
      `Bearer ${await test.token(11)}`,
      `Bearer ${await test.token(10, 5, 'test')}`,
      'Bearer shk_admin',
    ]
    const answers = await Promise.all(tries.map((authorization) => get('me', authorization)))
    for (const answer of answers) {
      expect(answer.statusCode).toBe(401)
      expect(answer.json()).toEqual(unauthorized)
      expect(answer.headers['www-authenticate']).toBe('Bearer')
      expect(comparable(answer.headers)).toEqual(comparable(answers[0]!.headers))
    }
  })

  it('refuses a token when the table issues none, is unknown, or revoked it', async () => {
    const token = await test.token(12)
    expect((await get('no-auth-table', `Bearer ${token}`)).json()).toEqual(unauthorized)
    expect((await get('unknown-table', `Bearer ${token}`)).json()).toEqual(unauthorized)
    const mine = await test.token(10, 77)
    expect((await get('me', `Bearer ${mine}`)).statusCode).toBe(200)
    test.epochs.raise(1, 10, 77, Date.now() + 1)
    expect((await get('me', `Bearer ${mine}`)).statusCode).toBe(401)
  })

  it('does not look for tokens in the query or a cookie', async () => {
    const token = await test.token()
    expect((await get(`me?token=${token}&access_token=${token}`)).statusCode).toBe(401)
    expect((await call('GET', '/api:abc123/me', { headers: { cookie: `token=${token}` } })).statusCode).toBe(401)
  })

  it('R16: takes the caller from the token only', async () => {
    const headers = { authorization: `Bearer ${await test.token()}`, 'x-user-id': '9', 'content-type': 'application/json' }
    const answer = await call('POST', '/api:abc123/me?auth.id=9&auth[id]=9', { headers, payload: '{"auth":{"id":9},"auth.id":9}' })
    expect(answer.json()).toBe(5)
  })

  it('does not read a body before the token', async () => {
    const answer = await call('POST', '/api:abc123/me', { headers: { 'content-type': 'application/json' }, payload: '{broken' })
    expect(answer.statusCode).toBe(401)
  })

  it('reports a refusal once, without the token', async () => {
    test.facts.length = 0
    await get('me', 'Bearer canary.b.c.d.e')
    const fact = { kind: 'authn_login_fail', ip: '127.0.0.1', workspaceId: 1, endpoint: 'GET me', table: 'user', reason: 'malformed' }
    await vi.waitFor(() => expect(test.facts).toEqual([fact]))
  })

  it('keeps 500 interleaved callers apart', async () => {
    const app = await makeApp([{ endpoints }], { STACKHOLD_ENV: 'development' }, { settings: { requestLimit: { max: 0, windowMs: 1 } } })
    const own = await Promise.all(Array.from({ length: 50 }, (_, i) => app.token(10, i + 1)))
    const answers = await Promise.all(
      Array.from({ length: 500 }, (_, i) => app.app.inject({ url: '/api:abc123/me', headers: { authorization: `Bearer ${own[i % 50]}` } })),
    )
    for (const [i, answer] of answers.entries()) expect(answer.json().id).toBe((i % 50) + 1)
    await app.app.close()
  })
})

describe('R01: an endpoint nobody reviewed', () => {
  it('answers 401 in production', async () => {
    expect((await call('GET', '/api:abc123/unreviewed')).json()).toEqual(unauthorized)
  })

  it('runs in development with a warning, and in production when the workspace allows it', async () => {
    const development = await makeApp([{ endpoints }], { STACKHOLD_ENV: 'development' })
    const answer = await development.app.inject('/api:abc123/unreviewed')
    expect(answer.statusCode).toBe(200)
    expect(answer.headers['x-stackhold-warning']).toContain('production answers 401')
    expect((await development.app.inject('/api:abc123/hello')).headers['x-stackhold-warning']).toBeUndefined()
    await development.app.close()
    const allowed = await makeApp([{ endpoints }], {}, { settings: { publicEndpoints: 'allow' } })
    expect((await allowed.app.inject('/api:abc123/unreviewed')).statusCode).toBe(200)
    await allowed.app.close()
  })
})

describe('inputs', () => {
  const post = (url: string, type: string | undefined, payload?: string | Buffer) =>
    call('POST', `/api:abc123/${url}`, { headers: type === undefined ? {} : { 'content-type': type }, ...(payload === undefined ? {} : { payload }) })

  it('merges path, body and query, in that precedence', async () => {
    const answer = await post('echo/one%20two?id=query&a=query&b=query', 'application/json', '{"id":"body","a":"body"}')
    expect(answer.json()).toEqual({ id: 'one two', a: 'body', b: 'query' })
  })

  it('decodes a path parameter once', async () => {
    expect((await post('echo/%2525%2F', undefined)).json()).toEqual({ id: '%25/' })
    expect((await post('echo/%zz', undefined)).statusCode).toBeGreaterThanOrEqual(400)
  })

  it('reads query strings as PHP does', async () => {
    expect((await call('GET', '/api:abc123/echo?a[]=1&a[]=2&b[x]=y&c=%C3%A9+z')).json()).toEqual({ a: ['1', '2'], b: { x: 'y' }, c: 'é z' })
  })

  it('reads forms', async () => {
    expect((await post('echo', 'application/x-www-form-urlencoded', 'a=1&b%5B%5D=2&b%5B%5D=3')).json()).toEqual({ a: '1', b: ['2', '3'] })
  })

  it('reads a body with GET and DELETE', async () => {
    for (const method of ['GET', 'DELETE'])
      expect((await call(method, '/api:abc123/echo', { headers: { 'content-type': 'application/json' }, payload: '{"a":1}' })).json()).toEqual({ a: 1 })
  })

  it('keeps key order, numeric keys too', async () => {
    expect((await post('echo', 'application/json', '{"z":1,"10":2,"2":3}')).body).toBe('{"z":1,"10":2,"2":3}')
  })

  it('reads multipart fields and files', async () => {
    const form = new FormData()
    form.append('title', 'Ünï')
    form.append('tags[]', 'a')
    form.append('tags[]', 'b')
    form.append('photo', new File(['12345'], '../../etc/pässwd.png', { type: 'image/png' }))
    form.append('more[]', new File(['1'], 'a.txt'))
    form.append('more[]', new File(['22'], 'b.txt'))
    const request = new Request('http://x', { method: 'POST', body: form })
    const answer = await post('upload', request.headers.get('content-type') ?? '', Buffer.from(await request.arrayBuffer()))
    expect(answer.json()).toEqual({
      title: 'Ünï',
      tags: ['a', 'b'],
      photo: { name: 'pässwd.png', size: 5 },
      more: [
        { name: 'a.txt', size: 1 },
        { name: 'b.txt', size: 2 },
      ],
    })
  })

  it('never makes a file of JSON', async () => {
    const answer = await post('upload', 'application/json', '{"photo":{"name":"x","bytes":"y","kind":"file"}}')
    expect(answer.json()).toEqual({ photo: { name: 'x', bytes: 'y', kind: 'file' } })
  })

  it.each([
    ['no boundary', 'multipart/form-data', 'x'],
    ['cut off', 'multipart/form-data; boundary=b', '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nhalf'],
    ['broken JSON', 'application/json', '{"a":'],
    ['not UTF-8', 'application/json', '{"a":"\xff"}'],
    ['a poisoned key', 'application/json', '{"__proto__":{"x":1}}'],
    ['a poisoned key, escaped', 'application/json', '{"a":[{"\\u005f_proto__":{"x":1}}]}'],
    ['a constructor', 'application/json', '{"constructor":{"prototype":{"x":1}}}'],
    ['a poisoned form', 'application/x-www-form-urlencoded', 'a[__proto__][x]=1'],
    ['a number beyond all', 'application/json', '{"a":[1e999]}'],
    ['65 levels', 'application/json', `${'['.repeat(65)}${']'.repeat(65)}`],
    ['500,000 levels', 'application/json', '['.repeat(500_000)],
    ['10,001 keys', 'application/json', `{${Array.from({ length: 10_001 }, (_, i) => `"k${i}":1`).join(',')}}`],
  ])('refuses %s with 400', async (_what, type, body) => {
    const refuse = async (): Promise<void> => {
      const answer = await post('echo', type, Buffer.from(body, 'latin1'))
      expect(answer.statusCode).toBe(400)
      expect(answer.json()).toMatchObject({ code: 'ERROR_CODE_BAD_REQUEST' })
    }
    expect(await processorTime(refuse)).toBeLessThan(1_000)
    expect(({} as { x?: unknown }).x).toBeUndefined()
  })

  it('refuses a poisoned query, and the key as data only where it is no member', async () => {
    expect((await call('GET', '/api:abc123/echo?a[__proto__][x]=1')).statusCode).toBe(400)
    expect((await post('echo', 'application/json', '{"a":"__proto__"}')).json()).toEqual({ a: '__proto__' })
  })

  it('accepts 64 levels', async () => {
    expect((await post('echo', 'application/json', `{"a":${'['.repeat(63)}${']'.repeat(63)}}`)).statusCode).toBe(200)
  })

  it('R24: refuses other content types', async () => {
    for (const type of ['text/plain', 'text/json', 'application/xml', 'application/jsonx', 'application/json; charset=latin1', 'nonsense'])
      expect((await post('echo', type, '{"a":1}')).statusCode).toBe(415)
    expect((await post('echo', undefined, Buffer.from('{"a":1}'))).statusCode).toBe(415)
    for (const type of ['application/json', 'APPLICATION/JSON; charset=UTF-8', 'application/json;charset="utf-8"', 'application/vnd.api+json'])
      expect((await post('echo', type, '{"a":1}')).json()).toEqual({ a: 1 })
  })

  it('hands any content type to an endpoint that reads the raw body', async () => {
    for (const type of ['text/plain', 'application/xml', 'application/octet-stream', 'application/json'])
      expect((await post('hook', type, '<odd>')).json()).toBe('<odd>')
    expect((await post('hook', 'application/json', '{"a": 1}')).json()).toBe('{"a": 1}')
    expect((await post('hook', undefined)).json()).toBe(null)
  })

  it('takes no body as no inputs', async () => {
    expect((await post('echo', 'application/json', '')).json()).toEqual({})
    expect((await post('echo', undefined)).json()).toEqual({})
    expect((await post('echo', 'application/json', '[1]')).json()).toEqual({})
  })

  it('answers 413 past the limit', async () => {
    const answer = await post('echo', 'application/json', `"${'a'.repeat(1_048_576)}"`)
    expect(answer.statusCode).toBe(413)
    expect(answer.json()).toMatchObject({ code: 'ERROR_CODE_BAD_REQUEST', payload: '' })
  })

  it('answers 414 past 8 KiB of URL', async () => {
    expect((await call('GET', `/api:abc123/hello?${'a'.repeat(8192)}`)).statusCode).toBe(414)
  })
})

describe('what a stack sees of its request', () => {
  it('has the facts, from the connection and the configuration only', async () => {
    const headers = { 'sec-ch-ua-platform': 'x', 'x-forwarded-for': '6.6.6.6', 'x-forwarded-host': 'evil', host: 'evil' }
    const facts = (await call('GET', '/api:abc123/facts?a=1', { headers })).json()
    expect(facts).toMatchObject({
      method: 'GET',
      query: 'a=1',
      ip: '127.0.0.1',
      branch: 'v1',
      uri: 'http://127.0.0.1:8686/api:abc123/facts?a=1',
      base: 'http://127.0.0.1:8686/api:abc123',
    })
    expect(facts.headers['Sec-Ch-Ua-Platform']).toBe('x')
  })

  it.each([
    ['null', 'null'],
    ['zero', '0'],
    ['text', '"plain"'],
  ])('sends %s as JSON', async (path, body) => {
    expect((await call('GET', `/api:abc123/${path}`)).body).toBe(body)
  })
})
