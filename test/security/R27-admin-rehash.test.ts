/** R27: the hash of an administrator's password follows the cost that is configured, at the next good login and not before. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createPasswords } from '../../src/auth/passwords.js'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { goodPassword } from './accounts.js'

let server: ListeningServer
beforeAll(async () => {
  server = await startListeningServer({ STACKHOLD_ARGON2_MEMORY_KIB: '8192', STACKHOLD_ARGON2_TIME: '1' })
}, 60_000)
afterAll(() => server.close())

const email = 'boss@example.com'
const logIn = (password: string) => server.call('POST', '/api:meta/auth/login', { body: { email, password } })
const stored = async () =>
  (await server.query<{ password_hash: string }>('select password_hash from stackhold.admin_account where email = $1', [email]))[0]!.password_hash

it('is made anew when the cost was raised, ends no session, and is left alone by wrong passwords and by logins at the same cost', async () => {
  await server.meta('POST', '/account', { email, role: 'admin', password: goodPassword })
  const before = await stored()
  const { token } = (await logIn(goodPassword)).body
  expect(await stored()).toBe(before)
  await server.restart({ STACKHOLD_ARGON2_MEMORY_KIB: '9216', STACKHOLD_ARGON2_TIME: '2' })
  expect((await logIn('wrong')).status).toBe(401)
  expect(await stored()).toBe(before)
  expect((await logIn(goodPassword)).status).toBe(200)
  const after = await stored()
  expect(after).toMatch(/^\$argon2id\$v=19\$m=9216,t=2,p=1\$/)
  expect((await logIn(goodPassword)).status).toBe(200)
  expect(await stored()).toBe(after)
  expect((await server.call('GET', '/api:meta/auth/me', { token })).status).toBe(200)
})

it('is made anew also where another program hashed it, as long as it can be checked', async () => {
  const foreign = await createPasswords({ cost: { memory: 8_192, passes: 3, lanes: 1 } }).hash(goodPassword)
  await server.query('update stackhold.admin_account set password_hash = $2 where email = $1', [email, foreign])
  const answers = await Promise.all([logIn(goodPassword), logIn(goodPassword), logIn('wrong')])
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 401])
  expect(await stored()).toContain('$m=9216,t=2,p=1$')
  expect((await logIn(goodPassword)).status).toBe(200)
})

it('of many changes at once from one password one is made: whoever knew the old one cannot undo it', async () => {
  const { token } = (await logIn(goodPassword)).body
  const next = (i: number) => `Other-Horse-4${i}-Staple`
  const change = (current: string, password: string) => server.call('POST', '/api:meta/auth/password', { token, body: { current_password: current, password } })
  const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => change(goodPassword, next(i))))
  expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(403)])
  const won = next(answers.findIndex(({ status }) => status === 200))
  expect((await logIn(won)).status).toBe(200)
  expect((await change(won, 'short')).status).toBe(400)
  expect((await logIn(won)).status).toBe(200)
})
