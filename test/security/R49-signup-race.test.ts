/** One e-mail is one account, however it is spelt and however many ask at once. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { accountsOf } from './accounts.js'

let server: ListeningServer
beforeAll(async () => {
  server = await startListeningServer({ STACKHOLD_ARGON2_MEMORY_KIB: '8192', STACKHOLD_ARGON2_TIME: '1' })
}, 60_000)
afterAll(() => server.close())

it('50 at once in many spellings make one row, and only one of them gets a token', { timeout: 60_000 }, async () => {
  const { signUp } = await accountsOf(server)
  const spellings = ['race@example.com', 'RACE@example.com', 'Race@Example.Com', ' race@example.com', 'race@example.com ', '\trace@EXAMPLE.com\n']
  const answers = await Promise.all(Array.from({ length: 50 }, (_, i) => signUp(spellings[i % spellings.length] ?? '')))
  expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1)
  // The loser of a race hears of a failure, and nothing of whose account it is.
  for (const answer of answers) if (answer.status !== 200) expect(answer.text).not.toMatch(/race@|duplicate|email/i)
  const rows = await server.query('select email from ws_1_live."user"')
  expect(rows).toEqual([{ email: 'race@example.com' }])
})
