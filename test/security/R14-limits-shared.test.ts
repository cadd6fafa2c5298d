/** Counters live in the database: a restart forgets nothing and two nodes count together. Our own routes have a limit too. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { type Accounts, accountsOf } from './accounts.js'

let server: ListeningServer
let accounts: Accounts
let node: { url: string; close(): Promise<void> }
beforeAll(async () => {
  server = await startListeningServer(
    { STACKHOLD_ARGON2_MEMORY_KIB: '8192', STACKHOLD_ARGON2_TIME: '1', STACKHOLD_REQUESTS_PER_MINUTE: '40' },
    { limited: true },
  )
  accounts = await accountsOf(server)
  node = await server.addNode()
}, 60_000)
afterAll(async () => {
  await node.close()
  await server.close()
})

it('five logins over two nodes and a restart, not more', async () => {
  const logIn = async (n: number, url?: string) =>
    (await server.call('POST', `${accounts.base}/auth/login`, { body: { email: `u${n}@example.com`, password: 'x' }, ...(url === undefined ? {} : { url }) }))
      .status
  expect([await logIn(1), await logIn(2, node.url), await logIn(3), await logIn(4, node.url)]).toEqual([403, 403, 403, 403])
  await server.restart()
  expect(await logIn(5)).toBe(403)
  expect([await logIn(6), await logIn(7, node.url)]).toEqual([429, 429])
})

it('every other route has one as well, with the headers that say so', async () => {
  const first = await server.meta('GET', '/auth/me')
  expect(first.headers.get('ratelimit-limit')).toBe('40')
  const statuses: number[] = []
  for (let n = 0; n < 45; n++) statuses.push((await server.call('GET', '/api:meta/auth/me', { token: 'guess' })).status)
  // The logins before count as well: one address has one allowance over all routes.
  expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(39)
  expect(statuses.at(-1)).toBe(429)
  const late = await server.meta('GET', '/auth/me')
  expect(late.status).toBe(429)
  expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(late.body).toEqual({ code: 'ERROR_CODE_TOO_MANY_REQUESTS', message: 'Too many requests.', payload: '', hint: expect.any(String) })

  const endpoint: number[] = []
  for (let n = 0; n < 45; n++) endpoint.push((await server.call('GET', `${accounts.base}/auth/me`)).status)
  expect(endpoint.filter((status) => status === 429).length).toBeGreaterThanOrEqual(5)
})
