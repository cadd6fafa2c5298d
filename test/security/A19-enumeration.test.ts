/**
 * No endpoint about accounts tells whether there is one (Directus CVE-2026-26185, CVE-2024-39896; Parse GHSA-w54v-hf9p-8856; Supabase #1472).
 * Signup: R07. Asking for mails: R08. Here: what takes a secret.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { goodPassword } from './accounts.js'
import { face, type SignIn, startSignIn, tokenIn } from './sign-in.js'

let app: SignIn
const tokens = { used: '', expired: '', foreign: '' }
const unknown = ''.padEnd(43, 'A')
beforeAll(async () => {
  app = await startSignIn()
  await app.customer('known@example.com')
  const ask = async (): Promise<string> => {
    await app.post('magic/request', { email: 'known@example.com' })
    return tokenIn((await app.mails.next('known@example.com')).text)
  }
  tokens.used = await ask()
  await app.post('magic/login', { token: tokens.used })
  tokens.expired = await ask()
  await app.server.query(`update stackhold.auth_one_time_token set expires_at = now() - interval '1 hour'`)
  tokens.foreign = await ask()
}, 60_000)
afterAll(() => app.close())

it.each([
  ['password/reset', { password: goodPassword }],
  ['verify', { password: goodPassword }],
])('%s: used, expired, unknown, of another purpose and malformed tokens are one answer', async (path, more) => {
  const answers = []
  for (const token of [tokens.used, tokens.expired, tokens.foreign, unknown, 'x', `${unknown}\n`, 'ü'.repeat(43)])
    answers.push(await app.post(path, { token, ...more }))
  expect(new Set(answers.map(face)).size).toBe(1)
  expect(answers[0]?.status).toBe(403)
})

it('magic/login as well', async () => {
  const answers = []
  for (const token of [tokens.used, tokens.expired, unknown, 'x']) answers.push(await app.post('magic/login', { token }))
  expect(new Set(answers.map(face)).size).toBe(1)
})

it('session and login: unknown, wrong and unconfirmed are one answer', async () => {
  await app.post('signup', { email: 'unconfirmed@example.com', password: goodPassword })
  for (const path of ['session', 'login']) {
    const answers = []
    for (const [email, password] of [
      ['nobody@example.com', goodPassword],
      ['known@example.com', `${goodPassword}x`],
      ['unconfirmed@example.com', goodPassword],
      ['unconfirmed@example.com', 'wrong'],
    ])
      answers.push(await app.post(path, { email, password }))
    expect(answers[0]?.status).toBe(403)
    expect(new Set(answers.map(face)).size).toBe(1)
  }
})

it('mfa/verify: a challenge that is none and a code that is wrong are one answer', async () => {
  const answers = []
  for (const challenge of ['', 'x', unknown, 'a.b.c.d.e']) answers.push(await app.post('mfa/verify', { challenge: challenge || 'y', code: '000000' }))
  expect(new Set(answers.map(face)).size).toBe(1)
  expect(answers[0]?.status).toBe(403)
})
