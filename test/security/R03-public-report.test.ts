/** The public list is a report: where, why, who said so, since when, and when somebody called it last; opening a door is on record. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'

const endpoint = (head: string): string =>
  `api_group site {\n  canonical = "site"\n}\n---\nquery news verb=GET {\n  api_group = "site"\n  ${head}\n  input {\n  }\n  stack {\n  }\n  response = 1\n}`

let server: ListeningServer
beforeAll(async () => {
  server = await startListeningServer()
}, 60_000)
afterAll(() => server.close())

interface Listed {
  verb: string
  name: string
  status: string
  reason: string
  owner: string
  updated_at: string
  last_used_at: string
}
const date = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+0000$/
const listed = async (): Promise<Listed | undefined> =>
  ((await server.meta('GET', '/security/public-endpoints')).body as Listed[]).find(({ name }) => name === 'news')
/** Reasons of the audit log, the latest first. */
const opened = async (): Promise<string[]> =>
  ((await server.meta('GET', '/audit_log?include_data=true&action=endpoint.public')).body.items as { data: { reason: string } }[]).map(
    ({ data }) => data.reason,
  )

it('an endpoint is on it from the moment it opens until it closes', async () => {
  await server.pushText(endpoint('auth = "user"'))
  const known = await opened()
  expect([await listed(), known.includes('Anyone may read the news.')]).toEqual([undefined, false])

  await server.pushText(endpoint('public = "Anyone may read the news."'))
  expect(await listed()).toMatchObject({
    verb: 'GET',
    status: 'public',
    reason: 'Anyone may read the news.',
    owner: expect.stringMatching(/\S/),
    updated_at: expect.stringMatching(date),
    last_used_at: '',
  })
  expect(await opened()).toEqual(['Anyone may read the news.', ...known])

  const before = Date.now()
  expect((await server.call('GET', '/api:site/news')).status).toBe(200)
  const used = (await listed())?.last_used_at ?? ''
  expect(used).toMatch(date)
  expect(Date.parse(used.replace(' ', 'T').replace('+0000', 'Z'))).toBeGreaterThanOrEqual(before - 1_000)

  await server.pushText(endpoint(''))
  expect(await listed()).toMatchObject({ status: 'unreviewed', reason: '' })
  await server.pushText(endpoint('auth = "user"'))
  expect(await listed()).toBeUndefined()
})

it('the owner is who saved it', async () => {
  const { token } = (await server.meta('POST', '/auth/token', { name: 'press office', scopes: ['*'] })).body
  const pushed = await server.call('POST', '/api:meta/workspace/1/multidoc?partial=true', { token, body: endpoint('public = "For the press."') })
  expect(pushed.status).toBe(200)
  expect(await listed()).toMatchObject({ reason: 'For the press.', owner: 'press office' })
})

it('is for administrators', async () => {
  expect((await server.call('GET', '/api:meta/security/public-endpoints')).status).toBe(401)
})
