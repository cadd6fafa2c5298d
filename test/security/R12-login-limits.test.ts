/** Tries are counted per address and per account, whatever is tried, and the right password helps no more than a wrong one. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { type Accounts, accountsOf, goodPassword } from './accounts.js'

let server: ListeningServer
let accounts: Accounts
beforeAll(async () => {
  server = await startListeningServer(
    { STACKHOLD_TRUST_PROXY: 'true', STACKHOLD_ARGON2_MEMORY_KIB: '8192', STACKHOLD_ARGON2_TIME: '1', STACKHOLD_LOGINS_PER_ACCOUNT: '10' },
    { limited: true },
  )
  accounts = await accountsOf(server)
  await accounts.signUp('victim@example.com')
}, 60_000)
afterAll(() => server.close())
beforeEach(() => server.query('delete from stackhold.login_count'))

const logIn = (email: string, ip: string, password = 'wrong') =>
  server.call('POST', `${accounts.base}/auth/login`, { body: { email, password }, headers: { 'x-forwarded-for': ip } })

it('five a minute from one address: the sixth is 429 with Retry-After, even when it is right', async () => {
  for (let n = 4; n >= 0; n--) {
    const answer = await logIn(`user${n}@example.com`, '192.0.2.1')
    expect([answer.status, answer.headers.get('ratelimit-limit'), answer.headers.get('ratelimit-remaining')]).toEqual([403, '5', String(n)])
  }
  const sixth = await logIn('victim@example.com', '192.0.2.1', goodPassword)
  expect(sixth.status).toBe(429)
  expect(Number(sixth.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(Number(sixth.headers.get('retry-after'))).toBeLessThanOrEqual(60)
  expect(sixth.text).not.toContain('authToken')
  expect((await logIn('victim@example.com', '192.0.2.2', goodPassword)).status).toBe(200)
})

it('ten in a quarter of an hour at one account, from whatever addresses and in whatever spelling (R13)', async () => {
  const spellings = ['victim@example.com', 'VICTIM@example.com', ' victim@example.com', 'victim@EXAMPLE.com ', 'ｖictim@example.com']
  for (let n = 0; n < 10; n++) expect((await logIn(spellings[n % 5] ?? '', `198.51.100.${n}`)).status).not.toBe(429)
  expect((await logIn('victim@example.com', '198.51.100.99', goodPassword)).status).toBe(429)
  expect((await logIn('other@example.com', '198.51.100.99')).status).toBe(403)
})

it('an IPv6 customer is one address', async () => {
  for (let n = 0; n < 5; n++) await logIn(`v6-${n}@example.com`, `2001:db8:1:2::${n}`)
  expect((await logIn('v6-6@example.com', '2001:db8:1:2:ffff::1')).status).toBe(429)
})

it('signup and login count together, and 20 at once are not more than five', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => logIn(`burst${n}@example.com`, '192.0.2.77')))
  expect(answers.filter((answer) => answer.status !== 429)).toHaveLength(5)
})

it('stores neither addresses nor accounts', async () => {
  await logIn('victim@example.com', '192.0.2.1')
  const rows = await server.query<{ text: string }>(`select convert_from(key, 'latin1') as text from stackhold.login_count`)
  expect(rows).toHaveLength(2)
  for (const { text } of rows) expect(text).not.toMatch(/victim|192\.0/)
})
