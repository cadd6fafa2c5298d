/** One e-mail is one account, however it is spelt and however many ask at once. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { accountsOf } from './accounts.js'

let server: ListeningServer
beforeAll(async () => {
  server = await startListeningServer({ STACKHOLD_ARGON2_MEMORY_KIB: '8192', STACKHOLD_ARGON2_TIME: '1' })
}, 60_000)
afterAll(() => server.close())

const spellings = [
  'race@example.com',
  'RACE@example.com',
  'Race@Example.Com',
  ' race@example.com',
  'race@example.com ',
  '\trace@EXAMPLE.com\n',
  'RACE@EXAMPLE.COM  ',
  'rAcE@eXaMpLe.CoM',
  // One address in NFKC: letters of full width, and the long s.
  'ｒａｃｅ@example.com',
  'race＠example.com',
  'ＲＡＣＥ@EXAMPLE.com',
  ' race@ｅｘａｍｐｌｅ.com ',
]

it('50 at once in many spellings make one row; one gets a token, the others the documented answer', { timeout: 60_000 }, async () => {
  const { signUp } = await accountsOf(server)
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => signUp(spellings[i % spellings.length] ?? '')))
  expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1)
  const refusals = answers.filter((answer) => answer.status !== 200)
  expect(new Set(refusals.map(({ text }) => text))).toEqual(
    new Set(['{"code":"ERROR_CODE_ACCESS_DENIED","message":"This account cannot be created.","payload":""}']),
  )
  expect(new Set(refusals.map(({ status }) => status))).toEqual(new Set([403]))
  const rows = await server.query('select email from ws_1_live."user"')
  expect(rows).toEqual([{ email: 'race@example.com' }])
})

it('other mistakes keep their own message, for a taken address too', async () => {
  const { signUp } = await accountsOf(server)
  const [taken, free] = [await signUp('race@example.com', 'short'), await signUp('free@example.com', 'short')]
  expect(taken.text).toBe(free.text)
  expect([taken.status, taken.body.payload.param]).toEqual([400, 'password'])
})

it('an address with what nobody sees is none: it would look like that of another', async () => {
  const { signUp } = await accountsOf(server)
  for (const address of ['race@example.com\u200b', 'ra\u00adce@example.com', 'race\u2060@example.com', 'race@exam\u200dple.com', '\u202erace@example.com'])
    expect([JSON.stringify(address), (await signUp(address)).status]).toEqual([JSON.stringify(address), 400])
  expect(await server.query(`select email from ws_1_live."user" where email like '%race%'`)).toEqual([{ email: 'race@example.com' }])
})
