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

it('answers the caller and no one else, without the password, and never from a cache', async () => {
  const [first, second] = [await accounts.token('one@example.com'), await accounts.token('two@example.com')]
  const [one, two] = [await accounts.me(first), await accounts.me(second)]
  expect(Object.keys(one.body).sort()).toEqual(['created_at', 'email', 'id', 'name'])
  expect([one.body.email, two.body.email]).toEqual(['one@example.com', 'two@example.com'])
  expect(one.headers.get('cache-control')).toBe('no-store')
  expect(one.text).not.toContain('$argon2')
  expect((await server.call('GET', `${accounts.base}/auth/me?id=2&user_id=2`, { token: first })).body.email).toBe('one@example.com')
})

it('is 401 without a token and when the row is gone', async () => {
  const token = await accounts.token('gone@example.com')
  await server.query(`delete from ws_1_live."user" where email = 'gone@example.com'`)
  await expect.poll(async () => (await accounts.me(token)).status).toBe(401)
  const anonymous = await accounts.me(undefined)
  expect(anonymous.status).toBe(401)
  expect(anonymous.headers.get('www-authenticate')).toBe('Bearer')
})
