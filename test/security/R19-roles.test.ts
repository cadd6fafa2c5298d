/** Roles of endpoints and API groups: denied by default, read from the database at every call, never from the token. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createServer, type TestServer } from '../meta/server.js'

const account = (name: string, role: string): string => `table ${name} {
  auth = true
  schema {
    int id
    text name
    ${role}
  }
}`
const endpoint = (path: string, group: string, attributes: string, stack = ''): string => `query ${path} verb=GET {
  api_group = "${group}"
  ${attributes}
  input {
  }
  stack {
    ${stack}
  }
  response = {id: $auth.id}
}`
const documents = [
  account('user', 'enum role?=member {\n values = ["member", "editor", "admin"]\n }'),
  account('guest', 'text label?'),
  'api_group office {\n canonical = "office"\n auth = "user"\n roles = ["editor", "admin"]\n}',
  'api_group open {\n canonical = "open"\n}',
  `query token verb=POST {
  api_group = "open"
  public = "test"
  input {
    text table
    int id
  }
  stack {
    conditional {
      if ($input.table == "user") {
        security.create_auth_token { table = "user"
 id = $input.id
 extras = {role: "admin"} } as $token
      }
      else {
        security.create_auth_token { table = "guest"
 id = $input.id
 extras = {role: "admin"} } as $token
      }
    }
  }
  response = {token: $token}
}`,
  endpoint('desk', 'office', ''),
  endpoint('vault', 'office', 'roles = ["admin"]'),
  endpoint('news', 'office', 'public = "Everyone may read the news."\n  roles = []').replace('\n  roles = []', ''),
  endpoint('reports', 'open', 'auth = "user"\n  roles = ["admin"]'),
  endpoint('anyone', 'open', 'auth = "user"'),
  endpoint('lounge', 'open', 'auth = "guest"\n  roles = ["admin"]'),
]

let server: TestServer
const token = async (table: string, id: number): Promise<string> => (await server.api('POST', 'open/token', { table, id })).body.token
const setRole = (id: number, role: string) => server.instance.db.query(`update ws_1_live."user" set role = $1 where id = $2`, [role, id])
const statuses = async (bearer: string | undefined): Promise<number[]> => {
  const paths = ['office/desk', 'office/vault', 'open/reports', 'open/anyone']
  return Promise.all(paths.map(async (path) => (await server.api('GET', path, undefined, bearer)).status))
}

beforeAll(async () => {
  server = await createServer({ fresh: false })
  const pushed = await server.meta('POST', '/workspace/1/multidoc?partial=true', documents.join('\n---\n'))
  expect([pushed.status, pushed.body?.message]).toEqual([200, undefined])
  await server.instance.db.query(`insert into ws_1_live."user" (name, role) values ('a', 'admin'), ('e', 'editor'), ('m', 'member')`)
  await server.instance.db.query(`insert into ws_1_live.guest (name, label) values ('g', '')`)
})
afterAll(() => server.close())

describe('R19 roles', () => {
  it('open what they name and nothing else', async () => {
    expect(await statuses(await token('user', 1))).toEqual([200, 200, 200, 200])
    expect(await statuses(await token('user', 2))).toEqual([200, 403, 403, 200])
    expect(await statuses(await token('user', 3))).toEqual([403, 403, 403, 200])
    expect(await statuses(undefined)).toEqual([401, 401, 401, 401])
    expect(await statuses(await token('guest', 1))).toEqual([401, 401, 401, 401])
  })

  it('act at the next call when they change, while the token lives', async () => {
    const bearer = await token('user', 1)
    expect(await statuses(bearer)).toEqual([200, 200, 200, 200])
    await setRole(1, 'editor')
    expect(await statuses(bearer)).toEqual([200, 403, 403, 200])
    await setRole(1, 'member')
    expect(await statuses(bearer)).toEqual([403, 403, 403, 200])
    await setRole(1, 'admin')
    expect(await statuses(bearer)).toEqual([200, 200, 200, 200])
    const gone = await token('user', 2)
    await server.instance.db.query(`delete from ws_1_live."user" where id = 2`)
    expect(await statuses(gone)).toEqual([403, 403, 403, 200])
  })

  it('the refusal says nothing of why', async () => {
    const answer = await server.api('GET', 'office/vault', undefined, await token('user', 3))
    expect(answer.body).toMatchObject({ code: 'ERROR_CODE_ACCESS_DENIED', message: 'Access Denied.' })
    expect(answer.text).not.toMatch(/admin|editor|member|role/i)
  })

  it('a group gives its auth to endpoints that say nothing of their own', async () => {
    expect((await server.api('GET', 'office/desk')).headers['www-authenticate']).toBe('Bearer')
    const openapi = (await server.app.inject({ method: 'GET', url: '/api:office/openapi.json' })).body
    expect(openapi).not.toContain('"admin"')
  })

  it('the rules of a save know the auth of a group', async () => {
    const wipe = endpoint('wipe', 'office', '', 'db.bulk.delete guest { where = $db.guest.id > 0 } as $n').replace('verb=GET', 'verb=DELETE')
    const inGroup = await server.meta('POST', '/workspace/1/multidoc/dry-run?partial=true', wipe)
    const without = await server.meta('POST', '/workspace/1/multidoc/dry-run?partial=true', wipe.replace('"office"', '"open"'))
    const rule = 'missing-auth-on-mutating-endpoint'
    expect([inGroup.status, inGroup.text.includes(rule), without.text.includes(rule)]).toEqual([200, false, true])
  })

  it('an endpoint cannot take a role off that its group asks for, and accounts without roles are refused', async () => {
    expect((await server.api('GET', 'office/news')).status).toBe(500)
    expect((await server.api('GET', 'open/lounge', undefined, await token('guest', 1))).status).toBe(500)
  })

  it.each(['roles = "admin"', 'roles = []', 'roles = [1]'])('%s is refused when it is saved', async (attribute) => {
    const answer = await server.meta('POST', '/workspace/1/multidoc?partial=true', endpoint('wrong', 'open', `auth = "user"\n  ${attribute}`))
    expect(answer.status).toBe(400)
    expect(answer.text).toContain('\\"roles\\" must be a list of names')
  })
})
