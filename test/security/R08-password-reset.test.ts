/** Asking for a new password tells nothing: text, status and time are the same whether or not there is an account (Directus CVE-2026-26185). */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { goodPassword } from './accounts.js'
import { face, type SignIn, startSignIn, tokenIn } from './sign-in.js'

/** The mail server takes this long: what waits for it would be seen. */
const mailDelayMs = 1_500

let app: SignIn
beforeAll(async () => {
  app = await startSignIn({ mailDelayMs })
}, 60_000)
afterAll(() => app.close())

const asks = ['password/forgot', 'magic/request', 'verify/resend']

it.each(asks)('%s answers the same bytes for everyone, and never waits for the mail', async (path) => {
  const email = `${path.replace('/', '-')}@example.com`
  await app.post('signup', { email, password: goodPassword })
  await app.mails.next(email)
  const bodies = [
    { email },
    { email: `no-${email}` },
    { email: ` ${email.toUpperCase()} ` },
    { email, redirect_url: 'https://evil.example' },
    { email: `no-${email}`, reset_url: 'javascript:alert(1)' },
  ]
  const answers = []
  for (const body of bodies) {
    const began = performance.now()
    answers.push(await app.post(path, body))
    expect(performance.now() - began).toBeLessThan(mailDelayMs)
  }
  expect(answers[0]?.status).toBe(200)
  expect(new Set(answers.map(face)).size).toBe(1)
  for (let i = 0; i < 3; i++) expect(tokenIn((await app.mails.next(email)).text)).toHaveLength(43)
  expect(app.mails.mails.filter((mail) => mail.raw.includes(`no-${email}`) || mail.raw.includes('evil'))).toEqual([])
})

it.each(asks)('%s reads no account before the answer is out', async (path) => {
  // While the table is locked nobody can look an address up, and still everybody gets the answer.
  await app.server.query('begin')
  await app.server.query('lock table ws_1_live.customer in access exclusive mode')
  try {
    expect((await app.post(path, { email: 'password-forgot@example.com' })).status).toBe(200)
  } finally {
    await app.server.query('rollback')
  }
})

it('an address that is none is an input error for everyone', async () => {
  for (const path of asks) expect((await app.post(path, { email: 'nobody' })).status).toBe(400)
})

it('the link sets a password once, within ten minutes, and a refused password leaves it good', async () => {
  const email = 'reset@example.com'
  await app.customer(email)
  await app.post('password/forgot', { email })
  const token = tokenIn((await app.mails.next(email)).text)
  const weak = await app.post('password/reset', { token, password: 'short' })
  expect([weak.status, weak.body.payload]).toEqual([400, { param: 'password' }])
  const password = 'N3w&Violin-Case-7'
  expect((await app.post('password/reset', { token, password })).status).toBe(200)
  expect((await app.post('password/reset', { token, password })).status).toBe(403)
  expect((await app.post('login', { email, password: goodPassword })).status).toBe(403)
  expect((await app.post('login', { email, password })).status).toBe(200)

  await app.post('password/forgot', { email })
  const late = tokenIn((await app.mails.next(email)).text)
  const [stored] = await app.server.query<{ left: number; text: string }>(
    `select extract(epoch from expires_at - clock_timestamp())::float8 as left, o::text from stackhold.auth_one_time_token o where purpose = 'reset'`,
  )
  expect(stored?.left).toBeGreaterThan(500)
  expect(stored?.left).toBeLessThanOrEqual(600)
  expect(JSON.stringify(stored)).not.toContain(late)
  await app.server.query(`update stackhold.auth_one_time_token set expires_at = now() where purpose = 'reset'`)
  expect((await app.post('password/reset', { token: late, password })).status).toBe(403)
})

it('a link is good for what it is for, and for its own table', async () => {
  const email = 'purpose@example.com'
  await app.customer(email)
  await app.post('magic/request', { email })
  const token = tokenIn((await app.mails.next(email)).text)
  expect((await app.post('password/reset', { token, password: goodPassword })).status).toBe(403)
  expect((await app.post('verify', { token, password: goodPassword })).status).toBe(403)
  expect((await app.visitor('magic/login', { token })).status).toBe(403)
  expect((await app.post('magic/login', { token })).status).toBe(200)
})

it('says which variable is missing before it takes an address', async () => {
  await app.server.query(`delete from stackhold.env_var where name = 'app_url'`)
  await app.server.restart()
  for (const path of asks) expect((await app.post(path, { email: 'reset@example.com' })).status).toBe(500)
})
