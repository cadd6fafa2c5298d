/** R34: a login is a success when the second factor was right, not before; a wrong code is a failure of that account. */
import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { goodPassword } from './accounts.js'
import { type SignIn, startSignIn, tokenIn } from './sign-in.js'

let app: SignIn
beforeAll(async () => {
  app = await startSignIn({ environment: { STACKHOLD_TRUST_PROXY: 'true' }, variables: { app_name: 'Shop' } })
}, 60_000)
afterAll(() => app.close())

interface Event {
  kind: string
  reason: string
  account: string
  table: string
}

const at = (ip: string) => ({ headers: { 'x-forwarded-for': ip } })
const eventsOf = async (ip: string): Promise<Event[]> => (await app.server.meta('GET', `/security/event?ip=${ip}`)).body.items.reverse()
/** The accounts were made from another network than most of these logins come from. */
const tell = (events: readonly Event[]) => events.map(({ kind, reason }) => (reason === '' || reason === 'new network' ? kind : `${kind}: ${reason}`))
const codeAt = (secret: string, steps: number): string => new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * 30_000 })
const email = 'factor@example.com'
let recovery: string[] = []

it('enrols', async () => {
  const { authToken } = await app.customer(email)
  const { secret } = (await app.post('mfa/enrol', { password: goodPassword }, { token: authToken })).body
  recovery = (await app.post('mfa/confirm', { code: codeAt(secret, 0) }, { token: authToken })).body.recovery_codes
  expect(recovery).toHaveLength(10)
})

it.each([
  ['login', '198.51.100.1'],
  ['session', '198.51.100.2'],
])('%s: the password alone is authn_login_challenge, a wrong code authn_login_fail, a right one authn_login_success', async (path, ip) => {
  const { challenge } = (await app.post(path, { email, password: goodPassword }, at(ip))).body
  expect(tell(await eventsOf(ip))).toEqual(['authn_login_challenge'])
  expect((await app.post('mfa/verify', { challenge, code: '000000' }, at(ip))).status).toBe(403)
  expect((await app.post('mfa/verify', { challenge, code: recovery.pop() }, at(ip))).status).toBe(200)
  const events = await eventsOf(ip)
  expect(tell(events)).toEqual(['authn_login_challenge', 'authn_login_fail: second factor', 'authn_login_success'])
  // Who it was is known of the challenge, and told apart by a keyed hash.
  expect(events.map(({ table }) => table)).toEqual(['customer', 'customer', 'customer'])
  expect(events[1]!.account).toMatch(/^[0-9a-f]{16}$/)
  expect(events[2]!.account).toBe(events[1]!.account)
})

it('a link in a mail is a challenge, too, and a challenge that is none a failure', async () => {
  await app.post('magic/request', { email }, at('198.51.100.30'))
  await app.post('magic/login', { token: tokenIn((await app.mails.next(email)).text) }, at('198.51.100.3'))
  expect(tell(await eventsOf('198.51.100.3'))).toEqual(['authn_login_challenge'])
  await app.post('mfa/verify', { challenge: 'none', code: recovery[0] }, at('198.51.100.4'))
  expect(tell(await eventsOf('198.51.100.4'))).toEqual(['authn_login_fail: credentials'])
})

it('a signup that has to be confirmed is no login; confirming it is one', async () => {
  const fresh = 'fresh@example.com'
  await app.post('signup', { email: fresh, password: goodPassword, name: 'F' }, at('198.51.100.5'))
  expect(tell(await eventsOf('198.51.100.5'))).toEqual([])
  await app.post('verify', { token: tokenIn((await app.mails.next(fresh)).text), password: goodPassword }, at('198.51.100.6'))
  expect(tell(await eventsOf('198.51.100.6'))).toEqual(['authn_login_success'])
})

it('five wrong codes and a right password are the alert of a login after failures', async () => {
  const ip = '198.51.100.7'
  for (let i = 0; i < 6; i++) await app.post('login', { email, password: 'wrong' }, at(ip))
  await app.post('login', { email, password: goodPassword }, at(ip))
  expect(tell(await eventsOf(ip)).at(-1)).toBe('authn_login_challenge')
  await expect
    .poll(async () => (await app.server.meta('GET', '/security/alert')).body.items.map(({ rule }: { rule: string }) => rule), { timeout: 10_000 })
    .toContain('success-after-failures')
})
