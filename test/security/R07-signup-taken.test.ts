/** With confirmed addresses a taken e-mail is answered like a new one; the owner learns of it by mail. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { goodPassword } from './accounts.js'
import { face, type SignIn, startSignIn, tokenIn } from './sign-in.js'

let app: SignIn
beforeAll(async () => {
  app = await startSignIn()
}, 60_000)
afterAll(() => app.close())

const signUp = (email: string, password = goodPassword) => app.post('signup', { email, password })

it('same bytes for new, unconfirmed and taken addresses; one row each', async () => {
  await app.customer('taken@example.com')
  const answers = [await signUp('new@example.com'), await signUp('new@example.com'), await signUp('taken@example.com'), await signUp(' TAKEN@Example.com')]
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
  expect(new Set(answers.map(face)).size).toBe(1)
  expect(answers[0]?.text).toBe('{"message":"Check your mail."}')
  const rows = await app.server.query('select email from ws_1_live.customer order by email')
  expect(rows).toEqual([{ email: 'new@example.com' }, { email: 'taken@example.com' }])

  const told = await app.mails.next('taken@example.com')
  expect(told.text).toContain('Someone signed up with your address')
  expect(told.text).not.toContain('#token=')
  expect(tokenIn((await app.mails.next('new@example.com')).text)).toHaveLength(43)
})

it('a password that is refused is refused the same way', async () => {
  const [taken, fresh] = [await signUp('taken@example.com', 'short'), await signUp('fresh@example.com', 'short')]
  expect([taken.status, fresh.status]).toEqual([400, 400])
  expect(face(taken)).toBe(face(fresh))
})

it('does the same work before the answer: hash and row are written either way', async () => {
  // An insert that is refused takes a number of the sequence like one that succeeds.
  const numbers = async (): Promise<number> =>
    Number((await app.server.query<{ last_value: string }>('select last_value from ws_1_live.customer_id_seq'))[0]?.last_value)
  const before = await numbers()
  await signUp('taken@example.com')
  expect(await numbers()).toBe(before + 1)
  await signUp('other@example.com')
  expect(await numbers()).toBe(before + 2)
})

it('without confirmed addresses the answer is the documented refusal', async () => {
  const body = { email: 'open@example.com', password: goodPassword }
  expect((await app.visitor('signup', body)).status).toBe(200)
  const again = await app.visitor('signup', body)
  expect([again.status, again.body.message]).toEqual([403, 'This account cannot be created.'])
})

it('an unconfirmed account does not log in, with the answer of a wrong password', async () => {
  await signUp('later@example.com')
  const mail = await app.mails.next('later@example.com')
  const attempts = [
    await app.post('login', { email: 'later@example.com', password: goodPassword }),
    await app.post('session', { email: 'later@example.com', password: goodPassword }),
    await app.post('login', { email: 'later@example.com', password: 'wrong' }),
    await app.post('session', { email: 'nobody@example.com', password: goodPassword }),
  ]
  expect(new Set(attempts.map(face)).size).toBe(1)
  expect(attempts[0]?.status).toBe(403)
  expect((await app.post('verify', { token: tokenIn(mail.text), password: goodPassword })).status).toBe(200)
  expect((await app.post('login', { email: 'later@example.com', password: goodPassword })).status).toBe(200)
})
