/** What servers write and builders keep: documents that name what has gone, and forms of the editor. All of it is stored and serves. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createServer, type TestServer } from '../meta/server.js'
import { group, join } from './documents.js'

const table = `
table member {
  auth = true
  schema {
    int id
    text name?
    email email
    text nickname?=none
    int team_id?
    object password_reset? {
      schema {
        password token?
        timestamp? expiration?
        bool used?
      }
    }
  }
  index = [
    {type: "btree|unique", field: [{name: "email"}]}
  ]
}
---
table TEAM {
  schema {
    int id
    text name?
  }
}`

const endpoint = (path: string, statements: string, response = '$x', verb = 'GET', input = '') => `
query "${path}" verb=${verb} {
  api_group = "club"
  public = "test"
  input {
${input}
  }
  stack {
${statements}
  }
  response = ${response}
}`

const documents = join(
  table,
  group('club', 'clubclub'),
  endpoint('member/{id}', 'var $x { value = $input.id }', '$x', 'GET', 'int id'),
  endpoint('member/newest', 'var $x { value = "newest" }'),
  endpoint('team/{team-id}', 'var $x { value = $input.team_id }', '$x', 'GET', 'text team_id'),
  endpoint('unread/{id}', 'var $x { value = "answered" }'),
  endpoint('renamed', 'db.query TEAM {\n      where = $db.team_old.name == "Red"\n      return = {type: "count"}\n    } as $x'),
  endpoint('other-case', 'db.query TEAM {\n      where = $db.team.name == "Red"\n      return = {type: "count"}\n    } as $x'),
  endpoint(
    'joined',
    `db.query member {
      join = {t: {table: "TEAM", type: "inner", where: $db.member.team_id == $db.TEAM.id}}
      where = $db.TEAM.name == "Red"
      eval = {team: $db.t.name}
      output = ["name", "team", "phone"]
    } as $x`,
  ),
  endpoint('gone', 'db.get "" {\n      field_name = "id"\n      field_value = 1\n    } as $x', '1'),
  endpoint('late', 'conditional {\n      if (false) {\n        db.query "" {\n        } as $y\n      }\n    }\n    placeholder "mvp:some_action"', '"never"'),
  endpoint('not-reached', 'conditional {\n      if (false) {\n        db.query "" {\n        } as $y\n      }\n    }', '"reached"'),
  endpoint(
    'join',
    `db.add member {
      enforce_hidden_fields = false
      data = {name: $input.name, email: $input.email, nickname: null, phone: "1"}
      output = ["id", "nickname"]
    } as $x`,
    '$x',
    'POST',
    'text name?\n    email email',
  ),
  endpoint('switched-off', 'var $x { value = {a: 1, !b: 2, "c": `` } }', '{result: $x, !other: $y}'),
  endpoint('left-out', 'var $x { value = `"a"|concat:"b":` }'),
  endpoint(
    'reset',
    `db.edit member {
      field_name = "id"
      field_value = $input.id
      data = {password_reset: {token: "one-time", expiration: 1000, used: false}}
    } as $x`,
    '$x',
    'POST',
    'int id',
  ),
  endpoint('reset/whole/{id}', 'db.get member {\n      field_name = "id"\n      field_value = $input.id\n    } as $x', '$x.password_reset', 'GET', 'int id'),
  endpoint(
    'reset/check/{id}',
    `db.get member {
      field_name = "id"
      field_value = $input.id
      output = ["id", "password_reset.token", "password_reset.used"]
    } as $member
    security.check_password {
      text_password = $input.token
      hash_password = $member.password_reset.token
    } as $x`,
    '{valid: $x, used: $member.password_reset.used, hashed: $member.password_reset.token != $input.token}',
    'GET',
    'int id\n    text token',
  ),
  `function "optional" {
  input {
    text name?=nobody
    text? note?
    int count?
  }
  stack {
  }
  response = $input
}`,
  endpoint('passes-null', 'function.run "optional" {\n      input = {name: null, note: null, count: null}\n    } as $x'),
)

describe('documents as servers write them', () => {
  let server: TestServer
  let warnings: { document: string; message: string }[]
  beforeAll(async () => {
    server = await createServer()
    const pushed = await server.meta('POST', '/workspace/1/multidoc?partial=true', documents)
    expect(pushed.status, pushed.text).toBe(200)
    warnings = pushed.body.warnings
    for (const [name, team] of [
      ['Ann', 1],
      ['Bob', 2],
    ] as const)
      await server.instance.db.query(`insert into ws_1_live.member (name, email, nickname, team_id) values ('${name}', '${name}@x.co', '', ${team})`)
    await server.instance.db.query(`insert into ws_1_live."TEAM" (name) values ('Red'), ('Blue')`)
  })
  afterAll(() => server.close())
  const get = async (path: string) => (await server.api('GET', `clubclub/${path}`)).body

  it('are the same after a pull', async () => {
    const { text } = await server.meta('GET', '/workspace/1/multidoc')
    const again = await server.meta('POST', '/workspace/1/multidoc/dry-run?partial=true', text)
    expect(again.body.operations.filter((operation: { action: string }) => operation.action !== 'unchanged')).toEqual([])
  })

  it('tell what they leave out', () => {
    const told = warnings.map(({ message }) => message)
    expect(told).toEqual(
      expect.arrayContaining([
        'The path parameter {id} is not declared in input.',
        '"output" names an unknown column of table "member": phone',
        'Table "member" has no column "phone": it is not written.',
        'not supported yet: placeholder',
      ]),
    )
  })

  it.each([
    ['member/7', 7],
    ['member/newest', 'newest'],
    ['team/red', 'red'],
    ['unread/7', 'answered'],
    ['renamed', 1],
    ['other-case', 1],
    ['joined', [{ name: 'Ann', team: 'Red' }]],
    ['not-reached', 'reached'],
    ['switched-off', { result: { a: 1, c: null } }],
    ['left-out', 'ab'],
    ['passes-null', { name: 'nobody', note: null, count: 0 }],
  ])('GET %s', async (path, answer) => expect(await get(path)).toEqual(answer))

  it('fail where they reach what has gone', async () => {
    expect(await get('gone')).toMatchObject({ code: 'ERROR_FATAL' })
    expect((await server.api('GET', 'clubclub/late')).status).toBe(501)
  })

  it('write null as nothing into a column that takes none', async () => {
    expect((await server.api('POST', 'clubclub/join', { name: 'Cy', email: 'cy@x.co' })).body).toEqual({ id: 3, nickname: 'none' })
  })

  it('keep a password inside an object as a hash, and show it only when it is named', async () => {
    expect((await server.api('POST', 'clubclub/reset', { id: 1 })).body.password_reset).toEqual({ expiration: 1000, used: false })
    expect(await get('reset/whole/1')).toEqual({ expiration: 1000, used: false })
    expect(await get('reset/check/1?token=one-time')).toEqual({ valid: true, used: false, hashed: true })
    expect(await get('reset/check/1?token=other')).toMatchObject({ valid: false })
    const [row] = await server.instance.db.query<{ token: string }>(`select password_reset->>'token' as token from ws_1_live.member where id = 1`)
    expect(row?.token).toMatch(/^\$argon2id\$/)
    const tables = (await server.meta('GET', '/workspace/1/table')).body.items
    const { id } = tables.find(({ name }: { name: string }) => name === 'member')
    expect((await server.meta('GET', `/workspace/1/table/${id}/content`)).text).not.toContain('argon2')
    const dump = await server.meta('GET', '/workspace/1/export/sql', undefined, { token: await server.tokenWith(['export']) })
    expect(dump.text).toContain('"expiration": 1000')
    expect(dump.text).not.toContain('argon2')
  })
})
