/**
 * A new password, a lock-out or a deleted row ends sessions, refresh tokens and links in mails, on every node (NocoDB CVE-2026-28396,
 * CVE-2026-53928, GHSA-g72g-r7m4-9x4g; Strapi CVE-2026-22706, CVE-2025-3930; Directus GHSA-56p6-qw3c-fq2g).
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { goodPassword } from './accounts.js'
import { type Session, type SignIn, startSignIn, tokenIn } from './sign-in.js'

let app: SignIn
let node: { url: string; close(): Promise<void> }
beforeAll(async () => {
  app = await startSignIn()
  node = await app.server.addNode()
}, 60_000)
afterAll(async () => {
  await node.close()
  await app.close()
})

const changed = 'Ch4nged&Violin-77'
const idOf = async (email: string): Promise<number> =>
  Number((await app.server.query<{ id: number }>('select id from ws_1_live.customer where email = $1', [email]))[0]?.id)
const linkFor = async (email: string, path = 'password/forgot'): Promise<string> => {
  await app.post(path, { email })
  return tokenIn((await app.mails.next(email)).text)
}

const ways: [name: string, act: (email: string, session: Session) => Promise<unknown>][] = [
  ['a reset', async (email) => expect((await app.post('password/reset', { token: await linkFor(email), password: changed })).status).toBe(200)],
  [
    'a changed password',
    async (_, { authToken }) => {
      const answer = await app.post('password/change', { current_password: goodPassword, password: changed }, { token: authToken })
      // Whoever changed it goes on.
      expect(await app.me(answer.body.authToken)).toBe(200)
    },
  ],
  ['log out everywhere', async (_, { authToken }) => app.post('logout_everywhere', {}, { token: authToken })],
  ['a password changed with another tool', async (email) => app.server.query(`update ws_1_live.customer set password = 'x' where email = $1`, [email])],
  ['a deleted row', async (email) => app.server.query('delete from ws_1_live.customer where email = $1', [email])],
  ['a revocation by an administrator', async (email) => app.server.meta('POST', `/workspace/1/auth/customer/${await idOf(email)}/revoke`)],
]

it.each(ways)('%s', async (name, act) => {
  const email = `${name.replaceAll(' ', '-')}@example.com`
  const session = await app.customer(email)
  const bystander = await app.customer(`not-${email}`)
  const [reset, magic] = [await linkFor(email), await linkFor(email, 'magic/request')]
  expect(await app.me(session.authToken, node.url)).toBe(200)
  await act(email, session)
  await expect.poll(() => app.me(session.authToken), { timeout: 2_000 }).toBe(401)
  await expect.poll(() => app.me(session.authToken, node.url), { timeout: 2_000 }).toBe(401)
  expect((await app.post('session/refresh', { refresh_token: session.refreshToken })).status).toBe(401)
  expect((await app.post('password/reset', { token: reset, password: goodPassword })).status).toBe(403)
  expect((await app.post('magic/login', { token: magic })).status).toBe(403)
  expect(await app.me(bystander.authToken)).toBe(200)
  expect((await app.post('session/refresh', { refresh_token: bystander.refreshToken }, { url: node.url })).status).toBe(200)
})

it('the next row with the id of a deleted one inherits nothing', async () => {
  const email = 'heir@example.com'
  const session = await app.customer(email)
  const id = await idOf(email)
  await app.post('mfa/enrol', { password: goodPassword }, { token: session.authToken })
  await app.server.query(
    `insert into stackhold.auth_identity (table_id, datasource, record_id, issuer, subject) select id, 'live', $1, 'https://idp.example', 'x' from stackhold.definition where kind = 'table' and name = 'customer'`,
    [String(id)],
  )
  const left = async () => [
    (await app.server.query('select 1 from stackhold.auth_factor where record_id = $1', [String(id)])).length,
    (await app.server.query('select 1 from stackhold.auth_identity where record_id = $1', [String(id)])).length,
  ]
  expect(await left()).toEqual([1, 1])
  await app.server.query('delete from ws_1_live.customer where id = $1', [id])
  expect(await left()).toEqual([0, 0])
})

it('a refused change of the password ends nothing', async () => {
  const { authToken } = await app.customer('kept@example.com')
  const wrong = await app.post('password/change', { current_password: 'wrong', password: changed }, { token: authToken })
  const weak = await app.post('password/change', { current_password: goodPassword, password: 'short' }, { token: authToken })
  expect([wrong.status, weak.status, await app.me(authToken)]).toEqual([403, 400, 200])
})
