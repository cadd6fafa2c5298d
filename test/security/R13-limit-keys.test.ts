/** The key of the limit cannot be split (Strapi CVE-2023-38507, CVE-2025-64526; Parse GHSA-775h-3xrc-c228). */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { type Accounts, accountsOf } from './accounts.js'

let server: ListeningServer
let accounts: Accounts
beforeAll(async () => {
  server = await startListeningServer({ STACKHOLD_ARGON2_MEMORY_KIB: '8192', STACKHOLD_ARGON2_TIME: '1' }, { limited: true })
  accounts = await accountsOf(server)
}, 60_000)
afterAll(() => server.close())

it('not by path, query, method, header or body', async () => {
  const group = accounts.base
  const paths = [
    '/auth/login',
    '/auth/login/',
    '/auth/login?x=1',
    '/auth/%6cogin',
    '/auth/login#a',
    '//auth/login',
    '/auth//login',
    '/Auth/Login',
    '/auth/login;a=b',
  ]
  const headers = ['x-forwarded-for', 'x-real-ip', 'forwarded', 'x-client-ip', 'cf-connecting-ip', 'true-client-ip']
  let reached = 0
  for (let n = 0; n < 60; n++) {
    const path = paths[n % paths.length] ?? ''
    const answer = await server.call('POST', group + path, {
      body: { email: `u${n}@example.com`, password: 'wrong', [`extra${n}`]: n },
      headers: { [headers[n % headers.length] ?? '']: `203.0.113.${n}`, 'user-agent': `agent ${n}` },
    })
    if (answer.status === 403) reached++
    else expect([401, 429]).toContain(answer.status)
  }
  expect(reached).toBe(5)
})
