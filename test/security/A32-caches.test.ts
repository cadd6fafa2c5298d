/** No cache keeps an answer, and none is confirmed as unchanged: what one sees cannot reach another (Directus CVE-2024-45596). */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { type Accounts, accountsOf } from './accounts.js'

let server: ListeningServer
let accounts: Accounts
beforeAll(async () => {
  server = await startListeningServer()
  accounts = await accountsOf(server)
}, 60_000)
afterAll(() => server.close())

it('two callers of one URL get their own answers, conditional requests too', async () => {
  const [ada, ben] = [await accounts.token('ada@example.com'), await accounts.token('ben@example.com')]
  const path = `${accounts.base}/auth/me`
  const first = await server.call('GET', path, { token: ada })
  expect(first.body.email).toBe('ada@example.com')
  for (const headers of [
    {},
    { 'if-none-match': '*' },
    { 'if-none-match': first.headers.get('etag') ?? '"x"' },
    { 'if-modified-since': new Date(Date.now() + 1e9).toUTCString() },
    { 'cache-control': 'only-if-cached' },
    { range: 'bytes=0-1' },
  ] as Record<string, string>[]) {
    const second = await server.call('GET', path, { token: ben, headers })
    expect([second.status, second.body?.email]).toEqual([200, 'ben@example.com'])
    expect((await server.call('GET', path, { headers })).status).toBe(401)
  }
})

it('every answer says no-store, and carries nothing to ask again with', async () => {
  const token = await accounts.token('cleo@example.com')
  const answers = [
    await server.call('GET', `${accounts.base}/auth/me`, { token }),
    await server.call('GET', `${accounts.base}/auth/me`),
    await server.call('GET', `${accounts.base}/nope`, { token }),
    await accounts.logIn('cleo@example.com'),
    await server.meta('GET', '/workspace'),
    await server.meta('GET', '/workspace/1/multidoc'),
    await server.call('GET', '/api:meta/workspace'),
    await server.call('GET', '/health'),
    await server.call('GET', '/nope'),
  ]
  for (const { headers } of answers)
    expect([headers.get('cache-control'), headers.get('etag'), headers.get('last-modified'), headers.get('expires'), headers.get('age')]).toEqual([
      'no-store',
      null,
      null,
      null,
      null,
    ])
})

it.each(['/auth/me.css', '/auth/me/x.js', '/auth/me;.png', '/auth/me%2f.css', '/auth/me?.css', '/auth/me/..%2fstatic.js'])(
  'a path that looks static is not cached: %s',
  async (path) => {
    const answer = await server.call('GET', accounts.base + path, {
      token: await accounts.token(`d${encodeURIComponent(path).length}${path.charCodeAt(8)}@example.com`),
    })
    expect(answer.headers.get('cache-control')).toBe('no-store')
  },
)
