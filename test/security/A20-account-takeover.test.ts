/**
 * Who signs up with somebody else's address gains nothing when the owner shows up: by a link, a reset, or another provider (PocketBase
 * CVE-2024-38351, CVE-2026-44166).
 */
import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { goodPassword } from './accounts.js'
import { type Provider, startProvider } from './provider.js'
import { type Session, type SignIn, setVariables, startSignIn, tokenIn } from './sign-in.js'

let app: SignIn
let provider: Provider
beforeAll(async () => {
  provider = await startProvider()
  app = await startSignIn({ environment: { STACKHOLD_EGRESS_ALLOW: '127.0.0.1' }, insecureIssuers: true })
  await setVariables(app.server, provider.variables)
}, 60_000)
afterAll(async () => {
  await app.close()
  await provider.close()
})

const attackersPassword = 'Att4cker&Violin-9'

/** The attacker signs up with the address of the victim, who gets the mail. */
async function preHijack(email: string): Promise<{ id: number; link: string }> {
  await app.post('signup', { email, password: attackersPassword })
  const link = tokenIn((await app.mails.next(email)).text)
  const [row] = await app.server.query<{ id: number }>('select id from ws_1_live.customer where email = $1', [email])
  return { id: Number(row?.id), link }
}

/** As if the attacker had found a way to tie more to the account than the templates allow. */
async function plant(id: number): Promise<void> {
  await app.server.query(
    `insert into stackhold.auth_identity (table_id, datasource, record_id, issuer, subject) select id, 'live', $1, $2, $3 from stackhold.definition where kind = 'table' and name = 'customer'`,
    [String(id), provider.issuer, `attacker-${id}`],
  )
}
const attackerAtProvider = (id: number, email: string) => provider.logIn(app, { sub: `attacker-${id}`, email, email_verified: true })
const attackerLogsIn = async (email: string) => [
  (await app.post('login', { email, password: attackersPassword })).status,
  (await app.post('session', { email, password: attackersPassword })).status,
]

it('the link of the mail does not confirm an account whose password its owner does not know', async () => {
  const email = 'verify@example.com'
  const { link } = await preHijack(email)
  expect((await app.post('verify', { token: link, password: goodPassword })).status).toBe(403)
  expect(await attackerLogsIn(email)).toEqual([403, 403])
})

it('a reset takes password and identities from the stranger', async () => {
  const email = 'reset@example.com'
  const { id } = await preHijack(email)
  await plant(id)
  await app.post('password/forgot', { email })
  const token = tokenIn((await app.mails.next(email)).text)
  expect((await app.post('password/reset', { token, password: goodPassword })).status).toBe(200)
  expect(await attackerLogsIn(email)).toEqual([403, 403])
  expect((await app.post('login', { email, password: goodPassword })).status).toBe(200)
  // The identity is free again; at a provider that vouches for another address it opens another account.
  const other = await attackerAtProvider(id, 'attacker@evil.example')
  expect([other.status, await idOf(other.body)]).toEqual([200, expect.not.stringMatching(new RegExp(`^${id}$`))])
})

it('a magic link does too', async () => {
  const email = 'magic@example.com'
  const { id } = await preHijack(email)
  await plant(id)
  await app.post('magic/request', { email })
  const answer = await app.post('magic/login', { token: tokenIn((await app.mails.next(email)).text) })
  expect(answer.status).toBe(200)
  expect(await idOf(answer.body)).toBe(String(id))
  expect(await attackerLogsIn(email)).toEqual([403, 403])
  expect((await app.server.query('select 1 from stackhold.auth_identity where record_id = $1', [String(id)])).length).toBe(0)
})

it('a second factor that a stranger enrolled goes with the first proof of the mailbox, that of the owner stays', async () => {
  const email = 'factor@example.com'
  const { authToken } = await app.customer(email)
  const { secret } = (await app.post('mfa/enrol', { password: goodPassword }, { token: authToken })).body
  const code = new TOTP({ secret: Secret.fromBase32(secret) }).generate()
  expect((await app.post('mfa/confirm', { code }, { token: authToken })).status).toBe(200)
  const reset = async () => {
    await app.post('password/forgot', { email })
    const token = tokenIn((await app.mails.next(email)).text)
    expect((await app.post('password/reset', { token, password: goodPassword })).status).toBe(200)
    return (await app.post('login', { email, password: goodPassword })).body
  }
  expect(await reset()).toMatchObject({ mfa_required: true })
  await app.server.query('update ws_1_live.customer set verified_at = null where email = $1', [email])
  expect(await reset()).toHaveProperty('authToken')
})

it('another provider never merges with an account whose address is not confirmed', async () => {
  const email = 'unconfirmed@example.com'
  const { id } = await preHijack(email)
  const answer = await provider.logIn(app, { sub: 'victim', email, email_verified: true })
  expect(answer.status).toBe(403)
  expect((await app.server.query('select 1 from stackhold.auth_identity where subject = $1', ['victim'])).length).toBe(0)
  const [row] = await app.server.query<{ verified_at: number | null }>('select verified_at from ws_1_live.customer where id = $1', [id])
  expect(row?.verified_at).toBeNull()
  // Tables without confirmed addresses never merge at all.
  await app.visitor('signup', { email: 'visitor@example.com', password: goodPassword })
  const visitor = await provider.logIn(app, { sub: 'visitor', email: 'visitor@example.com', email_verified: true }, 'visitors')
  expect(visitor.status).toBe(403)
})

it('a provider that does not vouch for the address gets nobody in, merged or new', async () => {
  await app.customer('owner@example.com')
  for (const email_verified of [false, undefined, 'true', 1])
    for (const email of ['owner@example.com', 'new@example.com', undefined])
      expect((await provider.logIn(app, { sub: 'liar', email, email_verified })).status).toBe(403)
  expect((await app.server.query(`select 1 from ws_1_live.customer where email = 'new@example.com'`)).length).toBe(0)
})

it('both sides confirmed: the same account, by whichever way', async () => {
  const session = await app.customer('merge@example.com')
  const answer = await provider.logIn(app, { sub: 'merge', email: 'Merge@Example.com', email_verified: true })
  expect([answer.status, await idOf(answer.body)]).toEqual([200, await idOf(session)])
  // From now on the subject counts, whatever the provider says of the address.
  const later = await provider.logIn(app, { sub: 'merge', email: 'other@example.com', email_verified: false })
  expect([later.status, await idOf(later.body)]).toEqual([200, await idOf(session)])
})

async function idOf(session: Session): Promise<string> {
  return String((await app.get('me', session.authToken)).body.id)
}
