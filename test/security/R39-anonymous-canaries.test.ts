/** Whoever comes without a token sees nothing that is not meant for the public: canaries in every column, every endpoint, every answer. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assertNoSecrets } from '../helpers/canaries.js'
import { createServer, type TestServer } from '../meta/server.js'
import { readExample } from '../workspace/instance.js'

const canary = 'CANARY'
const table = `table ledger {
  schema {
    int id
    text note
    text? key? {
      encrypted = true
      access = "public"
    }
    json? data?
    text? hidden? {
      access = "internal"
    }
  }
}
---
query ledger_count verb=GET {
  api_group = "blog"
  public = "How many entries there are is no secret."
  input {
  }
  stack {
    db.query ledger {
      return = {type: "count"}
    } as $n
  }
  response = $n
}`

let server: TestServer
beforeAll(async () => {
  server = await createServer({ fresh: false, env: { STACKHOLD_ENV: 'production' } })
  expect((await server.meta('POST', '/workspace/1/multidoc?partial=true', `${readExample('blog')}\n---\n${table}`)).status).toBe(200)
  expect((await server.meta('POST', '/workspace/1/scaffold', { kind: 'crud', table: 'ledger', api_group: 'blog', auth: 'user' })).status).toBe(200)
  const tables = server.instance.live.current.workspaces.get(1)?.tables
  const plant = async (name: string, row: object) => {
    const answer = await server.meta('POST', `/workspace/1/table/${tables?.get(name)?.id ?? 0}/content`, row)
    expect([answer.status, answer.body?.message]).toEqual([200, undefined])
  }
  for (let i = 1; i <= 3; i++) {
    await plant('user', { name: `${canary}-name-${i}`, email: `canary${i}@example.com`, password: 'Violin-Tr0ub4dor-9' })
    await plant('post', { author_id: i, title: `${canary}-draft`, body: `${canary}-draft`, published: false })
    await plant('comment', { post_id: i, author_id: i, body: `${canary}-comment` })
    await plant('ledger', { note: `${canary}-note`, key: `${canary}-key`, data: { a: `${canary}-json` }, hidden: `${canary}-hidden` })
  }
}, 60_000)
afterAll(() => server.close())

const bearers = [
  undefined,
  '',
  'Bearer',
  'Bearer ',
  'Bearer null',
  'Bearer undefined',
  'Basic YTpi',
  'Bearer a.b.c.d.e',
  'bearer eyJhbGciOiJub25lIn0..',
  'Token x',
]
const leaks = /CANARY|canary\d@|Violin/

describe('R39 an anonymous crawl', () => {
  it('of every endpoint, with every verb and every kind of missing token, meets no canary', async () => {
    const workspace = server.instance.live.current.workspaces.get(1)
    const groups = [...(workspace?.branches.get(workspace.liveBranch)?.groups.values() ?? [])]
    const endpoints = groups.flatMap((group) => group.endpoints)
    expect(endpoints.length).toBeGreaterThan(10)
    let answered = 0
    for (const endpoint of endpoints)
      for (const id of ['1', '2', '0', '-1', 'x'])
        for (const [i, authorization] of bearers.entries())
          for (const method of i === 0 ? (['GET', 'POST', 'PATCH', 'PUT', 'DELETE', 'OPTIONS'] as const) : [endpoint.verb as 'GET']) {
            const url = `/api:${endpoint.group.canonical}/${endpoint.path.replace(/\{\w+\}/g, id)}`
            const response = await server.app.inject({
              method,
              url,
              headers: { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) },
              ...(method === 'GET' || method === 'OPTIONS' ? {} : { payload: '{}' }),
            })
            const told = `${response.body}\n${JSON.stringify(response.headers)}`
            expect([url, method, told.match(leaks)?.[0]]).toEqual([url, method, undefined])
            assertNoSecrets(url, told)
            if (endpoint.auth !== null && method === endpoint.verb && /^[012]$/.test(id)) expect([url, response.statusCode]).toEqual([url, 401])
            answered++
          }
    expect(answered).toBeGreaterThan(500)
  }, 60_000)

  it('of everything else the server answers meets none either', async () => {
    const urls = [
      '/',
      '/health',
      '/metrics',
      '/api:blogapi',
      '/api:blogapi/openapi.json',
      '/api:blogapi/swagger.json',
      '/api:blogauth',
      '/api:none/x',
      '/api:meta/workspace',
      '/api:meta/workspace/1/table/1/content',
      '/api:meta/workspace/1/export/sql',
      '/.env',
      '/favicon.ico',
    ]
    for (const url of urls) {
      const response = await server.app.inject({ method: 'GET', url })
      expect([url, `${response.body}${JSON.stringify(response.headers)}`.match(leaks)?.[0]]).toEqual([url, undefined])
      expect([url, response.statusCode < 500]).toEqual([url, true])
    }
    for (const url of ['/api:meta/workspace', '/api:meta/workspace/1/table/1/content', '/api:meta/workspace/1/export/sql'])
      expect((await server.app.inject({ method: 'GET', url })).statusCode).toBe(401)
  })

  it('what is planted is there for those it is meant for', async () => {
    const login = await server.api('POST', 'blogauth/auth/login', { email: 'canary1@example.com', password: 'Violin-Tr0ub4dor-9' })
    expect((await server.api('GET', 'blogapi/ledger/1', undefined, login.body.authToken)).body).toMatchObject({ note: `${canary}-note`, key: `${canary}-key` })
  })
})

describe('R27 the net under every answer of the test run', () => {
  it('knows hashes and encrypted values, and lets the rest through', async () => {
    const [user] = await server.instance.db.query<{ password: string }>('select password from ws_1_live."user" limit 1')
    const [ledger] = await server.instance.db.query<{ key: string }>('select key from ws_1_live.ledger limit 1')
    expect(() => assertNoSecrets('/x', `{"password":"${user?.password ?? ''}"}`)).toThrow('a secret at rest')
    expect(() => assertNoSecrets('/x', `{"key":"${ledger?.key ?? ''}"}`)).toThrow('a secret at rest')
    expect(() => assertNoSecrets('/x', '$2b$12$abcdefghijklmnopqrstuv')).toThrow('a secret at rest')
    expect(() => assertNoSecrets('/x', '{"price":"$2.50","version":"v1.2.3"}')).not.toThrow()
    expect(() => assertNoSecrets('/api:meta/workspace/1/export/sql', user?.password ?? '')).not.toThrow()
  })
})
