/**
 * What may be used once is used once, however many ask at the same moment (Parse GHSA-r3xq-68wh-gwvh, GHSA-2299-ghjr-6vjp, GHSA-w73w-g5xw-rwhf,
 * GHSA-jpq4-7fmq-q5fj; NocoDB CVE-2026-47386).
 */
import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { CallAnswer } from '../helpers/running-server.js'
import { goodPassword } from './accounts.js'
import { type SignIn, startSignIn, tokenIn } from './sign-in.js'

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

const parallel = 50

/** Half of them on each node. */
async function statusesOf(act: (url: string, n: number) => Promise<CallAnswer>): Promise<Map<number, number>> {
  const answers = await Promise.all(Array.from({ length: parallel }, (_, n) => act(n % 2 === 0 ? app.server.url : node.url, n)))
  const counts = new Map<number, number>()
  for (const { status } of answers) counts.set(status, (counts.get(status) ?? 0) + 1)
  return counts
}

it('a reset link', { timeout: 60_000 }, async () => {
  const email = 'reset@example.com'
  await app.customer(email)
  await app.post('password/forgot', { email })
  const token = tokenIn((await app.mails.next(email)).text)
  const counts = await statusesOf((url, n) => app.post('password/reset', { token, password: `Tr0ub4dor&Viola-${n}` }, { url }))
  expect([counts.get(200), counts.get(403)]).toEqual([1, parallel - 1])
})

it('an old password, for a new one', { timeout: 60_000 }, async () => {
  const email = 'change@example.com'
  const { authToken } = await app.customer(email)
  const next = (n: number) => `Tr0ub4dor&Viola-${n}`
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      app.post('password/change', { current_password: goodPassword, password: next(n) }, { token: authToken, url: n % 2 === 0 ? app.server.url : node.url }),
    ),
  )
  // The others are refused: it is the password no more, or the token ended with it.
  expect(answers.map(({ status }) => status).filter((status) => ![401, 403, 503].includes(status))).toEqual([200])
  const won = next(answers.findIndex(({ status }) => status === 200))
  expect((await app.post('login', { email, password: won })).status).toBe(200)
})

it('a magic link', { timeout: 60_000 }, async () => {
  const email = 'magic@example.com'
  await app.customer(email)
  await app.post('magic/request', { email })
  const token = tokenIn((await app.mails.next(email)).text)
  const counts = await statusesOf((url) => app.post('magic/login', { token }, { url }))
  expect([counts.get(200), counts.get(403)]).toEqual([1, parallel - 1])
})

it('a link that confirms an address', { timeout: 60_000 }, async () => {
  const email = 'verify@example.com'
  await app.post('signup', { email, password: goodPassword })
  const token = tokenIn((await app.mails.next(email)).text)
  const counts = await statusesOf((url) => app.post('verify', { token, password: goodPassword }, { url }))
  // Passwords are checked few at a time; who has to wait too long is told so, and not let in.
  expect(counts.get(200)).toBe(1)
  expect([...counts.keys()].filter((status) => ![200, 403, 503].includes(status))).toEqual([])
})

it('a refresh token', { timeout: 60_000 }, async () => {
  const session = await app.customer('refresh@example.com')
  const counts = await statusesOf((url) => app.post('session/refresh', { refresh_token: session.refreshToken }, { url }))
  expect([counts.get(200), counts.get(401)]).toEqual([1, parallel - 1])
})

it('a code of an authenticator app, and a recovery code', { timeout: 60_000 }, async () => {
  const email = 'factor@example.com'
  const session = await app.customer(email)
  const { secret } = (await app.post('mfa/enrol', { password: goodPassword }, { token: session.authToken })).body
  const totp = new TOTP({ secret: Secret.fromBase32(secret) })
  const confirmed = await app.post('mfa/confirm', { code: totp.generate({ timestamp: Date.now() - 30_000 }) }, { token: session.authToken })
  const [recovery = ''] = confirmed.body.recovery_codes as string[]
  const { challenge } = (await app.post('session', { email, password: goodPassword })).body
  // Wrong ones come in between and count; five in a row make everybody wait.
  const code = totp.generate({ timestamp: Date.now() + 30_000 })
  const codes = await statusesOf((url) => app.post('mfa/verify', { challenge, code }, { url }))
  expect([codes.get(200), codes.get(403)]).toEqual([1, parallel - 1])
  const recoveries = await statusesOf((url) => app.post('mfa/verify', { challenge, code: recovery }, { url }))
  expect([recoveries.get(200), recoveries.get(403)]).toEqual([1, parallel - 1])
})
