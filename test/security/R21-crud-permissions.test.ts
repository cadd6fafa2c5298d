/** Every generated endpoint has the permission of its operation, and asks callers for nothing that the rules of the table decide. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createServer, type TestServer } from '../meta/server.js'

const documents = [
  `table user {
  auth = true
  schema {
    int id
    text name
    enum role?=member {
      values = ["member", "editor", "admin"]
    }
  }
}`,
  `table plain {
  auth = true
  schema {
    int id
  }
}`,
  `table page {
  schema {
    int id
    text title
  }
}`,
  `table note {
  schema {
    int id
    int user_id {
      table = "user"
    }
    text body
    int? grade?
  }
  rules = {
    read   : $db.note.user_id == $auth.id || $auth.role == "admin"
    create : $db.note.user_id == $auth.id
    update : $db.note.user_id == $auth.id
    columns: {grade: $auth.role == "admin"}
  }
}`,
  `table memo {
  schema {
    int id
    int user_id {
      table = "user"
    }
    text body
  }
}`,
  'api_group open {\n canonical = "open"\n}',
  `query token verb=POST {
  api_group = "open"
  public = "for this test"
  input {
    int id
  }
  stack {
    security.create_auth_token {
      table = "user"
      id = $input.id
    } as $token
  }
  response = {token: $token}
}`,
]

let server: TestServer
const scaffold = (body: object) => server.meta('POST', '/workspace/1/scaffold', { kind: 'crud', auth: 'user', ...body })
const tokens: string[] = []
const [member, editor, admin] = [0, 1, 2]

beforeAll(async () => {
  server = await createServer({ fresh: false })
  const pushed = await server.meta('POST', '/workspace/1/multidoc?partial=true', documents.join('\n---\n'))
  expect([pushed.status, pushed.body?.message]).toEqual([200, undefined])
  await server.instance.db.query(`insert into ws_1_live."user" (name, role) values ('m', 'member'), ('e', 'editor'), ('a', 'admin')`)
  for (const id of [1, 2, 3]) tokens.push((await server.api('POST', 'open/token', { id })).body.token)
})
afterAll(() => server.close())

describe('R21 permissions per operation', () => {
  const roles = { read: ['member', 'editor', 'admin'], create: ['editor', 'admin'], update: ['editor', 'admin'], delete: ['admin'], export: ['admin'] }
  const as = async (who: number): Promise<Record<string, number>> => {
    const token = tokens[who]
    const status = async (method: string, path: string, body?: object) => (await server.api(method, `open/page${path}`, body, token)).status
    const made = await server.api('POST', 'open/page', { title: 'mine' }, tokens[admin])
    return {
      list: await status('GET', ''),
      read: await status('GET', `/${made.body.id}`),
      create: await status('POST', '', { title: 'x' }),
      update: await status('PATCH', `/${made.body.id}`, { title: 'y' }),
      delete: await status('DELETE', `/${made.body.id}`),
      export: await status('GET', '_export'),
    }
  }

  it('each operation is for its roles: without "delete" a delete is 403 and the row stays', async () => {
    const made = await scaffold({ table: 'page', api_group: 'open', roles })
    expect([made.status, made.body?.message]).toEqual([200, undefined])
    expect(await as(member as number)).toEqual({ list: 200, read: 200, create: 403, update: 403, delete: 403, export: 403 })
    expect(await as(editor as number)).toEqual({ list: 200, read: 200, create: 200, update: 200, delete: 403, export: 403 })
    const before = await server.instance.db.query('select id from ws_1_live.page order by id')
    expect((await server.api('DELETE', 'open/page/1', undefined, tokens[editor as number])).status).toBe(403)
    expect(await server.instance.db.query('select id from ws_1_live.page order by id')).toEqual(before)
    expect(await as(admin as number)).toEqual({ list: 200, read: 200, create: 200, update: 200, delete: 200, export: 200 })
    expect((await server.api('DELETE', 'open/page/1')).status).toBe(401)
  })

  it('an export is made only for roles, and answers more rows than a list, in pages', async () => {
    const rows = (await server.api('GET', 'open/page_export?per_page=1000', undefined, tokens[admin as number])).body
    expect(rows.itemsReceived).toBe(rows.itemsTotal)
    expect((await server.api('GET', 'open/page_export?per_page=1001', undefined, tokens[admin as number])).status).toBe(400)
    const { body } = await scaffold({ table: 'page', api_group: 'quiet' })
    expect(body.created.filter(({ name }: { name: string }) => name.includes('export'))).toEqual([])
    expect(body.created).toHaveLength(6)
  })

  it('rules of the table: owners come from the token, what nobody may do has no endpoint', async () => {
    const { body, status } = await scaffold({ table: 'note', api_group: 'open' })
    expect([status, body.message]).toEqual([200, undefined])
    expect(body.created.map(({ verb, name }: Record<string, string>) => `${verb} ${name}`)).toEqual([
      'GET note',
      'GET note/{note_id}',
      'POST note',
      'PATCH note/{note_id}',
    ])
    const post = (data: object, who = member) => server.api('POST', 'open/note', data, tokens[who as number])
    expect((await post({ user_id: 3, body: 'a' })).body).toMatchObject({ id: 1, user_id: 1, body: 'a' })
    expect((await post({ body: 'b', grade: 5 })).status).toBe(403)
    expect((await post({ body: 'c', grade: 5 }, admin)).body).toMatchObject({ user_id: 3, grade: 5 })
    expect((await server.api('PATCH', 'open/note/1', { user_id: 2, body: 'd' }, tokens[member as number])).body).toMatchObject({ user_id: 1, body: 'd' })
    expect((await server.api('PATCH', 'open/note/1', { body: 'e' }, tokens[editor as number])).status).toBe(404)
    expect((await server.api('GET', 'open/note', undefined, tokens[editor as number])).body.items).toEqual([])
    expect((await server.api('GET', 'open/note', undefined, tokens[admin as number])).body.itemsTotal).toBe(2)
    const report = await server.meta('GET', '/workspace/1/security/report')
    const problems = report.body.lines.flatMap((line: { problems: { document: string }[] }) => line.problems)
    expect(problems.filter(({ document }: { document: string }) => document.includes('note'))).toEqual([])
  })

  it('without rules a column that refers to the callers makes rows theirs: the rows of others do not exist', async () => {
    const { body, status } = await scaffold({ table: 'memo', api_group: 'open', roles: { delete: ['admin'] } })
    expect([status, body.message]).toEqual([200, undefined])
    const call = (who: number, method: string, path: string, data?: object) => server.api(method, `open/memo${path}`, data, tokens[who])
    expect((await call(member, 'POST', '', { user_id: 2, body: 'mine' })).body).toMatchObject({ id: 1, user_id: 1 })
    expect((await call(editor, 'POST', '', { body: 'theirs' })).body).toMatchObject({ id: 2, user_id: 2 })
    expect((await call(member, 'GET', '')).body).toMatchObject({ itemsTotal: 1, items: [{ id: 1, body: 'mine' }] })
    expect((await call(member, 'GET', '/1')).body).toMatchObject({ body: 'mine' })
    expect((await call(member, 'PATCH', '/1', { body: 'changed', user_id: 2 })).body).toMatchObject({ body: 'changed', user_id: 1 })
    for (const [method, data] of [['GET'], ['PATCH', { body: 'stolen' }]] as const) {
      const [others, none] = [await call(member, method, '/2', data), await call(member, method, '/77', data)]
      expect([others.status, others.text]).toEqual([404, none.text])
    }
    expect((await call(member, 'DELETE', '/1')).status).toBe(403)
    expect(await server.instance.db.query('select body from ws_1_live.memo order by id')).toEqual([{ body: 'changed' }, { body: 'theirs' }])
    expect((await call(admin, 'DELETE', '/2')).status).toBe(200)
    const report = await server.meta('GET', '/workspace/1/security/report')
    const problems = report.body.lines.flatMap((line: { problems: { document: string }[] }) => line.problems)
    expect(problems.filter(({ document }: { document: string }) => /memo(?!.*DELETE)/.test(document))).toEqual([])
  })

  it.each([
    ['an operation that is none', { roles: { peek: ['admin'] } }],
    ['an empty list', { roles: { delete: [] } }],
    ['accounts without roles', { auth: 'plain', roles: { delete: ['admin'] } }],
    ['another kind', { kind: 'auth', table: 'user', roles: { delete: ['admin'] } }],
  ])('%s is refused, and nothing is made', async (_what, body) => {
    const answer = await scaffold({ table: 'page', api_group: 'refused', ...body })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    const groups = await server.meta('GET', '/workspace/1/apigroup')
    expect(groups.text).not.toContain('refused')
  })
})
