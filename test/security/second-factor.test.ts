/** Codes of an authenticator app: needed at every login once confirmed, good once, few tries; secrets sealed, recovery codes hashed. */
import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { goodPassword } from './accounts.js'
import { type SignIn, startSignIn, tokenIn } from './sign-in.js'

let app: SignIn
beforeAll(async () => {
  app = await startSignIn({ variables: { app_name: 'Shop' } })
}, 60_000)
afterAll(() => app.close())

const seconds = 30_000
const codeAt = (secret: string, steps: number): string => new TOTP({ secret: Secret.fromBase32(secret) }).generate({ timestamp: Date.now() + steps * seconds })

/** Steps are counted from the one in which the test runs: never close to its end. */
async function calm(): Promise<void> {
  const left = seconds - (Date.now() % seconds)
  if (left < 5_000) await new Promise((resolve) => setTimeout(resolve, left + 50))
}

interface Enrolled {
  email: string
  authToken: string
  secret: string
  uri: string
  recovery: string[]
}

async function enrol(email: string): Promise<Enrolled> {
  const { authToken } = await app.customer(email)
  const { secret, uri } = (await app.post('mfa/enrol', { password: goodPassword }, { token: authToken })).body
  await calm()
  const confirmed = await app.post('mfa/confirm', { code: codeAt(secret, -1) }, { token: authToken })
  if (confirmed.status !== 200) throw new Error(confirmed.text)
  return { email, authToken, secret, uri, recovery: confirmed.body.recovery_codes }
}

const challengeFor = async (email: string): Promise<string> => (await app.post('session', { email, password: goodPassword })).body.challenge
const verify = (challenge: string, code: string) => app.post('mfa/verify', { challenge, code })

it('enrols with the password, as apps know it, and is in force once confirmed', async () => {
  const email = 'enrol@example.com'
  const { authToken } = await app.customer(email)
  expect((await app.post('mfa/enrol', { password: 'wrong' }, { token: authToken })).status).toBe(403)
  const { secret, uri } = (await app.post('mfa/enrol', { password: goodPassword }, { token: authToken })).body
  expect(secret).toMatch(/^[A-Z2-7]{32}$/)
  expect(decodeURIComponent(uri)).toMatch(new RegExp(`^otpauth://totp/Shop:${email}\\?issuer=Shop&secret=${secret}&algorithm=SHA1&digits=6&period=30$`))
  // Not confirmed: the login is as before.
  expect((await app.post('login', { email, password: goodPassword })).body).toHaveProperty('authToken')
  expect((await app.post('mfa/confirm', { code: '000000' }, { token: authToken })).status).toBe(403)
  await calm()
  const confirmed = await app.post('mfa/confirm', { code: codeAt(secret, 0) }, { token: authToken })
  expect(confirmed.body.recovery_codes).toHaveLength(10)
  expect((await app.get('mfa', authToken)).body).toEqual({ enabled: true })
  expect((await app.post('mfa/enrol', { password: goodPassword }, { token: authToken })).status).toBe(400)
})

it('every way to log in answers a challenge, which opens nothing else', async () => {
  const { email, secret } = await enrol('every@example.com')
  await app.post('magic/request', { email })
  const answers = [
    await app.post('login', { email, password: goodPassword }),
    await app.post('session', { email, password: goodPassword }),
    await app.post('magic/login', { token: tokenIn((await app.mails.next(email)).text) }),
  ]
  for (const { status, body } of answers) {
    expect([status, Object.keys(body).sort()]).toEqual([200, ['challenge', 'mfa_required']])
    expect(await app.me(body.challenge)).toBe(401)
    expect((await app.post('session/refresh', { refresh_token: body.challenge })).status).toBe(401)
  }
  await calm()
  const done = await verify(answers[0]?.body.challenge, codeAt(secret, 0))
  expect([done.status, await app.me(done.body.authToken)]).toEqual([200, 200])
  // A token of a session is no challenge.
  expect((await verify(done.body.authToken, codeAt(secret, 1))).status).toBe(403)
})

it('a code is good once, and no older one after it', async () => {
  const { email, secret } = await enrol('replay@example.com')
  await calm()
  const code = codeAt(secret, 0)
  expect((await verify(await challengeFor(email), code)).status).toBe(200)
  expect((await verify(await challengeFor(email), code)).status).toBe(403)
  expect((await verify(await challengeFor(email), codeAt(secret, -1))).status).toBe(403)
  expect((await verify(await challengeFor(email), codeAt(secret, 1))).status).toBe(200)
})

it('codes of too long ago, of too far ahead, and of others are wrong', async () => {
  const [one, two] = [await enrol('window@example.com'), await enrol('other@example.com')]
  await calm()
  for (const code of [codeAt(one.secret, -2), codeAt(one.secret, 2), codeAt(two.secret, 0)])
    expect((await verify(await challengeFor(one.email), code)).status).toBe(403)
  const spaced = codeAt(one.secret, 0).replace(/(...)(...)/, '$1 $2')
  expect((await verify(await challengeFor(one.email), spaced)).status).toBe(200)
})

it('five wrong codes make everybody wait, fifty at once gain nothing, and a recovery code still opens', async () => {
  const { email, secret, recovery } = await enrol('guess@example.com')
  const challenge = await challengeFor(email)
  await calm()
  const right = codeAt(secret, 0)
  const guesses = Array.from({ length: 50 }, (_, n) => String((Number(right) + 1 + n) % 1_000_000).padStart(6, '0'))
  const began = performance.now()
  await Promise.all(guesses.map((code) => verify(challenge, code)))
  const seconds = (performance.now() - began) / 1000
  const [row] = await app.server.query<{ failures: number; blocked: boolean }>(
    `select failures, blocked_until > clock_timestamp() as blocked from stackhold.auth_factor order by failures desc limit 1`,
  )
  // The wait after the fifth is a second and doubles with each further one: a machine that is slow enough sees some of them pass.
  expect(row?.failures).toBeLessThanOrEqual(5 + Math.floor(Math.log2(seconds + 1)))
  expect(row?.failures).toBeGreaterThanOrEqual(5)
  await app.server.query(`update stackhold.auth_factor set blocked_until = now() + interval '1 minute' where failures > 0`)
  expect((await verify(challenge, right)).status).toBe(403)
  expect((await verify(challenge, recovery[0] ?? '')).status).toBe(200)
  await app.server.query(`update stackhold.auth_factor set blocked_until = now() - interval '1 second' where failures > 0`)
  expect((await verify(challenge, right)).status).toBe(200)
})

it('recovery codes are good once each, however they are typed', async () => {
  const { email, recovery } = await enrol('recovery@example.com')
  const [first = '', second = ''] = recovery
  expect(first).toMatch(/^([A-Z2-7]{4}-){5}[A-Z2-7]{4}$/)
  expect((await verify(await challengeFor(email), first)).status).toBe(200)
  expect((await verify(await challengeFor(email), first)).status).toBe(403)
  expect((await verify(await challengeFor(email), ` ${second.toLowerCase().replaceAll('-', ' ')} `)).status).toBe(200)
})

it('neither secret nor recovery codes can be read in the database', async () => {
  const { secret, recovery } = await enrol('stored@example.com')
  const dump = JSON.stringify([
    await app.server.query('select f::text from stackhold.auth_factor f'),
    await app.server.query('select r::text from stackhold.auth_recovery_code r'),
  ])
  const hex = Buffer.from(secret).toString('hex')
  for (const canary of [secret, hex, ...recovery, ...recovery.map((code) => code.replaceAll('-', ''))]) expect(dump).not.toContain(canary)
})

it('a sealed secret that is moved to another account is worth nothing', async () => {
  const [one, two] = [await enrol('mover@example.com'), await enrol('moved@example.com')]
  await app.server.query(
    `update stackhold.auth_factor f set secret = g.secret from stackhold.auth_factor g
     where f.record_id = (select id::text from ws_1_live.customer where email = $1) and g.record_id = (select id::text from ws_1_live.customer where email = $2)`,
    [two.email, one.email],
  )
  await calm()
  expect((await verify(await challengeFor(two.email), codeAt(one.secret, 0))).status).toBe(500)
})

it('goes only with password and code; then the login is as before', async () => {
  const { email, secret, authToken } = await enrol('disable@example.com')
  await calm()
  const off = (password: string, code: string) => app.post('mfa/disable', { password, code }, { token: authToken })
  expect((await off('wrong', codeAt(secret, 0))).status).toBe(403)
  expect((await off(goodPassword, '000000')).status).toBe(403)
  expect((await off(goodPassword, codeAt(secret, 0))).body).toEqual({ enabled: false })
  expect((await app.post('login', { email, password: goodPassword })).body).toHaveProperty('authToken')
  expect(
    (await app.server.query(`select 1 from stackhold.auth_recovery_code where record_id = (select id::text from ws_1_live.customer where email = $1)`, [email]))
      .length,
  ).toBe(0)
})

it('a challenge ends with the password it was issued for, and after five minutes', async () => {
  const { email, secret } = await enrol('stale@example.com')
  const challenge = await challengeFor(email)
  await app.server.query(`update ws_1_live.customer set password = password || 'x' where email = $1`, [email])
  await calm()
  await expect.poll(async () => (await verify(challenge, codeAt(secret, 0))).status, { timeout: 2_000 }).toBe(403)
  const [row] = await app.server.query('select last_step from stackhold.auth_factor order by last_step desc limit 1')
  expect(row).toBeDefined()
})
