/**
 * Whatever takes an account away takes its tokens, at once, on every node (ASVS 7.4.1–7.4.5).
 * Cases: NocoDB CVE-2026-28396, CVE-2026-53928; Strapi CVE-2025-3930, CVE-2026-22706; Directus GHSA-56p6-qw3c-fq2g.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { addMember, goodPassword, memberToken, memberWorkspace } from './accounts.js'

let server: ListeningServer
let other: { url: string; close(): Promise<void> }
beforeAll(async () => {
  server = await startListeningServer()
  await server.pushText(memberWorkspace)
  other = await server.addNode()
}, 60_000)
afterAll(async () => {
  await other.close()
  await server.close()
})

const who = async (token: string, url?: string) => (await server.call('GET', '/api:members/who', { token, ...(url === undefined ? {} : { url }) })).status
const onOther = (token: string) => expect.poll(() => who(token, other.url), { timeout: 2_000 })

const ways: [name: string, act: (id: number, token: string) => Promise<unknown>][] = [
  ['a changed password', (_, token) => server.call('POST', '/api:members/password', { token, body: { password: goodPassword } })],
  ['a password changed with another tool', (id) => server.query('update ws_1_live.member set password = $2 where id = $1', [id, 'x'])],
  ['a password changed by an administrator', (id) => changeContent(id, { password: goodPassword })],
  ['a deleted row', (_, token) => server.call('POST', '/api:members/leave', { token })],
  ['a row deleted with another tool', (id) => server.query('delete from ws_1_live.member where id = $1', [id])],
  ['log out everywhere', async (id) => expect((await server.meta('POST', `/workspace/1/auth/member/${id}/revoke`)).status).toBe(200)],
]
async function changeContent(id: number, changes: object) {
  const tables = await server.meta('GET', '/workspace/1/table')
  const table = tables.body.items.find((one: { name: string }) => one.name === 'member').id
  const answer = await server.meta('PUT', `/workspace/1/table/${table}/content/${id}`, changes)
  expect(answer.text).toContain('"id"')
}

it.each(ways)('%s', async (name, act) => {
  const [id, bystander] = [await addMember(server, `${name}@example.com`), await addMember(server, `not ${name}@example.com`)]
  const [token, second, foreign] = [await memberToken(server, id), await memberToken(server, id), await memberToken(server, bystander)]
  expect([await who(token), await who(second, other.url)]).toEqual([200, 200])
  await act(id, token)
  // Statements of our own are in force before their answer; for SQL of others the notification has to arrive.
  if (name.includes('tool') || name.includes('administrator')) await expect.poll(() => who(token), { timeout: 2_000 }).toBe(401)
  else expect(await who(token)).toBe(401)
  expect(await who(second)).toBe(401)
  await onOther(token).toBe(401)
  expect([await who(foreign), await who(foreign, other.url)]).toEqual([200, 200])
  expect(await who(await memberToken(server, id))).toBe(200)
})

it('other changes of the row leave the tokens alone', async () => {
  const id = await addMember(server, 'rename@example.com')
  const token = await memberToken(server, id)
  expect((await server.call('POST', '/api:members/rename', { token, body: { name: 'new' } })).status).toBe(200)
  await server.query('update ws_1_live.member set note = $2 where id = $1', [id, 'x'])
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(await who(token)).toBe(200)
})

it('a restart forgets no revocation, and truncating voids every token of the table', async () => {
  const [id, bystander] = [await addMember(server, 'restart@example.com'), await addMember(server, 'stays@example.com')]
  const [token, foreign] = [await memberToken(server, id), await memberToken(server, bystander)]
  await server.meta('POST', `/workspace/1/auth/member/${id}/revoke`)
  await server.restart()
  expect([await who(token), await who(foreign)]).toEqual([401, 200])
  await server.query('truncate ws_1_live.member')
  await expect.poll(() => who(foreign), { timeout: 2_000 }).toBe(401)
})

it('revoking asks for an existing table with auth', async () => {
  expect((await server.meta('POST', '/workspace/1/auth/nobody/1/revoke')).status).toBe(404)
  expect((await server.call('POST', '/api:meta/workspace/1/auth/member/1/revoke')).status).toBe(401)
})
