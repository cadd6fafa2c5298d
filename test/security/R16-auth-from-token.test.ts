/** `$auth` is what the verified token says; nothing else of a request has a say in it. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type CallOptions, type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { addMember, memberToken, memberWorkspace } from './accounts.js'

const named = `query "mine/{user_id}" verb=POST {
  api_group = "members"
  auth = "member"
  input {
    int user_id
    json auth?
    json id?
    json extras?
  }
  stack {
    var $auth_id {
      value = $input.auth
    }
  }
  response = {id: $auth.id, extras: $auth.extras, table: $auth.table}
}`

let server: ListeningServer
let victim = 0
let id = 0
let token = ''
beforeAll(async () => {
  server = await startListeningServer()
  await server.pushText(`${memberWorkspace}\n---\n${named}`)
  victim = await addMember(server, 'victim@example.com')
  id = await addMember(server, 'caller@example.com')
  token = await memberToken(server, id, { extras: { role: 'member' } })
}, 60_000)
afterAll(() => server.close())

const json = (text: string): CallOptions => ({ body: text, headers: { 'content-type': 'application/json' } })
const forgeries: readonly (readonly [what: string, method: string, path: () => string, options: () => CallOptions])[] = [
  ['query', 'GET', () => `who?auth=${victim}&auth.id=${victim}&auth[id]=${victim}&user_id=${victim}&id=${victim}`, () => ({})],
  ['query of prototypes', 'GET', () => `who?__proto__[auth][id]=${victim}&__proto__.auth=${victim}&constructor[prototype][id]=${victim}`, () => ({})],
  ['query of extras', 'GET', () => 'who?extras[role]=admin&auth[extras][role]=admin', () => ({})],
  ['body', 'POST', () => 'who', () => json(JSON.stringify({ auth: { id: victim }, user_id: victim, id: victim, extras: { role: 'admin' } }))],
  ['body with dots', 'POST', () => 'who', () => json(`{"auth.id":${victim},"auth[id]":${victim},"$auth":{"id":${victim}}}`)],
  ['body of prototypes', 'POST', () => 'who', () => json(`{"user_id":{"__proto__":{"auth":{"id":${victim}}}}}`)],
  [
    'form',
    'POST',
    () => 'who',
    () => ({ body: `auth[id]=${victim}&auth.id=${victim}&user_id=${victim}`, headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
  ],
  [
    'path, and inputs called like it',
    'POST',
    () => `mine/${victim}`,
    () => json(JSON.stringify({ auth: { id: victim }, id: victim, extras: { role: 'admin' } })),
  ],
  ...['X-User-Id', 'X-Auth-Id', 'X-Auth', 'Remote-User', 'X-Remote-User', 'X-Forwarded-User', 'X-Authenticated-Userid', 'X-Hasura-User-Id'].map(
    (name) => [`header ${name}`, 'GET', () => 'who', () => ({ headers: { [name]: String(victim) } })] as const,
  ),
  ['cookie', 'GET', () => 'who', () => ({ headers: { cookie: `auth=${victim}; user_id=${victim}; auth.id=${victim}` } })],
]

it.each(forgeries)('%s', async (_what, method, path, options) => {
  const answer = await server.call(method, `/api:members/${path()}`, { ...options(), token })
  // A name of a prototype may be refused as such.
  if (answer.status !== 400) expect(answer.body).toMatchObject({ id, extras: { role: 'member' } })
  else expect(answer.text).not.toContain(`"id":${victim}`)
  const stranger = await server.call(method, `/api:members/${path()}`, options())
  expect(stranger.status).toBe(401)
})

it('a stack cannot write it either', async () => {
  const text = (target: string): string =>
    `query write verb=POST {\n  api_group = "members"\n  auth = "member"\n  input {\n    int id\n  }\n  stack {\n    var.update ${target} {\n      value = $input.id\n    }\n  }\n  response = {id: $auth.id}\n}`
  for (const target of ['$auth.id', '$auth']) {
    const pushed = await server.call('POST', '/api:meta/workspace/1/multidoc?partial=true', { body: text(target), token: server.adminToken })
    if (pushed.status !== 200) expect(pushed.status).toBe(400)
    else expect((await server.call('POST', '/api:members/write', { body: { id: victim }, token })).text).not.toBe(`{"id":${victim}}`)
  }
})
