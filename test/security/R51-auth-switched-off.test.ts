import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { addMember, memberToken, memberWorkspace } from './accounts.js'

let server: ListeningServer
beforeAll(async () => {
  server = await startListeningServer()
  await server.pushText(memberWorkspace)
}, 60_000)
afterAll(() => server.close())

it('a table whose auth is switched off issues no tokens, and those it had do not come back with it', async () => {
  const id = await addMember(server, 'a@example.com')
  const token = await memberToken(server, id)
  const who = async (bearer: string) => (await server.call('GET', '/api:members/who', { token: bearer })).status
  expect(await who(token)).toBe(200)
  const table = memberWorkspace.split('---').find((part) => part.includes('table member')) ?? ''
  const endpoints = await server.meta('GET', '/workspace/1/table')
  const memberId = endpoints.body.items.find((one: { name: string }) => one.name === 'member').id
  await server.meta('PUT', `/workspace/1/table/${memberId}`, table.replace('auth = true', 'auth = false'))
  const [stored] = await server.query<{ auth: boolean }>(
    `select count(*) = 0 as auth from pg_trigger where tgname like 'stackhold_void_%' and tgrelid = 'ws_1_live.member'::regclass`,
  )
  if (stored?.auth === true) {
    expect(await who(token)).toBe(401)
    expect((await server.call('POST', '/api:members/token', { body: { id } })).status).not.toBe(200)
    await server.meta('PUT', `/workspace/1/table/${memberId}`, table)
  }
  expect(stored?.auth).toBe(true)
  await expect.poll(() => who(token)).toBe(401)
  expect(await who(await memberToken(server, id))).toBe(200)
})
