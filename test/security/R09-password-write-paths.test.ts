/** Password rules live on the column: every way of writing a row obeys them, and a refused write changes nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, createServer, type TestServer } from '../meta/server.js'

const good = 'Correct-Horse-42'
/** A violation of each rule of `strict`, and of the words of the row below. */
const violations: [string, string][] = [
  ['Short-1', 'must have at least 12 characters.'],
  [`aA1!${'xY3?'.repeat(40)}`, 'must have at most 128 characters.'],
  ['correct-horse-42', 'must contain an upper-case letter.'],
  ['Password1234!', 'is a commonly used password. Choose another one.'],
  ['My-Lovelace-1815', 'must not contain your name, your e-mail address or the name of this app.'],
  ['Its-Countess-99', 'must not contain your name, your e-mail address or the name of this app.'],
  ['Stackhold-rules-1', 'must not contain your name, your e-mail address or the name of this app.'],
]
const row = { name: 'Ada Lovelace', email: 'countess@example.com' }

const documents = `
table person {
  schema {
    int id
    text name
    email email filters=trim|lower
    password secret
    text note?
  }
  index = [
    {type: "btree|unique", field: [{name: "email"}]}
  ]
}
---
table weak {
  schema {
    int id
    password secret filters=min:4
  }
}
---
function write {
  input {
    text way
    int id?
    text secret
  }
  stack {
    switch ($input.way) {
      case ("db.add") {
        db.add person { data = {name: "Ada Lovelace", email: "countess@example.com", secret: $input.secret} }
      } break
      case ("db.edit") {
        db.edit person {
          field_name = "id"
          field_value = $input.id
          data = {secret: $input.secret}
        }
      } break
      case ("db.patch") {
        var $changes { value = {secret: $input.secret} }
        db.patch person {
          field_name = "email"
          field_value = "countess@example.com"
          data = $changes
        }
      } break
      case ("db.add_or_edit new") {
        db.add_or_edit person {
          field_name = "email"
          field_value = "countess@example.com"
          data = {name: "Ada Lovelace", secret: $input.secret}
        }
      } break
      case ("db.add_or_edit old") {
        db.add_or_edit person {
          field_name = "id"
          field_value = $input.id
          data = {secret: $input.secret}
        }
      } break
      case ("db.bulk.add") {
        db.bulk.add person { items = [{name: "Ada Lovelace", email: "countess@example.com", secret: $input.secret}] }
      } break
      case ("db.bulk.update") {
        db.bulk.update person { items = [{id: $input.id, name: "Ada Lovelace", email: "countess@example.com", secret: $input.secret}] }
      } break
      case ("db.bulk.patch") {
        db.bulk.patch person { items = [{id: $input.id, secret: $input.secret}] }
      } break
    }
  }
  response = "written"
}
`

describe('R09: password rules on every write path', () => {
  let server: TestServer
  let table: string
  let schema: string
  beforeAll(async () => {
    server = await createServer()
    expect((await server.meta('POST', '/workspace/1/multidoc?partial=true', documents)).text).toContain('guid_map')
    const tables = await server.meta('GET', '/workspace/1/table?per_page=100')
    table = `/workspace/1/table/${tables.body.items.find((one: { name: string }) => one.name === 'person').id}`
    schema = 'ws_1_live'
  })
  afterAll(() => server.close())

  const rows = () => server.instance.db.query(`select * from ${schema}.person order by id`)
  const stack = async (way: string, secret: string, id = 0): Promise<Answer> =>
    server.meta('POST', '/workspace/1/function/run', { name: 'write', input: { way, id, secret } })

  /** How a password gets into the table; `fresh` ways make a row, the others change row `id`. */
  const ways: { name: string; fresh: boolean; write(secret: string, id: number): Promise<Answer> }[] = [
    ...['db.add', 'db.add_or_edit new', 'db.bulk.add'].map((name) => ({ name, fresh: true, write: (secret: string) => stack(name, secret) })),
    ...['db.edit', 'db.patch', 'db.add_or_edit old', 'db.bulk.update', 'db.bulk.patch'].map((name) => ({
      name,
      fresh: false,
      write: (secret: string, id: number) => stack(name, secret, id),
    })),
    { name: 'content add', fresh: true, write: (secret) => server.meta('POST', `${table}/content`, { ...row, secret }) },
    { name: 'content bulk (JSON import)', fresh: true, write: (secret) => server.meta('POST', `${table}/content/bulk`, { items: [{ ...row, secret }] }) },
    { name: 'content edit', fresh: false, write: (secret, id) => server.meta('PUT', `${table}/content/${id}`, { secret }) },
    {
      name: 'content bulk patch',
      fresh: false,
      write: (secret, id) => server.meta('POST', `${table}/content/bulk/patch`, { items: [{ row_id: id, updates: { secret } }] }),
    },
    {
      name: 'rows of a push',
      fresh: true,
      write: (secret) =>
        server.meta(
          'POST',
          '/workspace/1/multidoc?partial=true&records=true',
          `table person {\n  schema {\n    int id\n    text name\n    email email filters=trim|lower\n    password secret\n    text note?\n  }\n  index = [\n    {type: "btree|unique", field: [{name: "email"}]}\n  ]\n  items = [\n    {name: "Ada Lovelace", email: "countess@example.com", secret: ${JSON.stringify(secret)}}\n  ]\n}`,
        ),
    },
  ]
  const messageOf = ({ status, body }: Answer): string => (status === 200 && body?.status !== 'error' ? 'written' : String(body.message))

  it.each(ways)('$name', async ({ name, fresh, write }) => {
    await server.instance.db.query(`truncate ${schema}.person`)
    let id = 0
    if (!fresh) id = (await server.meta('POST', `${table}/content`, { ...row, secret: good })).body.id
    const before = await rows()
    for (const [secret, reason] of violations) {
      const message = messageOf(await write(secret, id))
      expect([name, secret, message.slice(message.indexOf('Input "secret"'))]).toEqual([name, secret, `Input "secret" ${reason}`])
      expect(await rows()).toEqual(before)
    }
    expect(messageOf(await write(good, id))).toBe('written')
    const after = await rows()
    expect(after).toHaveLength(1)
    expect(String(after[0]?.['secret'])).toMatch(/^\$argon2id\$/)
    expect(after).not.toEqual(before)
  })

  it('a search-and-patch obeys them too', async () => {
    await server.instance.db.query(`truncate ${schema}.person`)
    await server.meta('POST', `${table}/content`, { ...row, secret: good })
    const before = await rows()
    for (const [secret, reason] of violations) {
      const { status, body } = await server.meta('POST', `${table}/content/search/patch`, { search: { email: row.email }, updates: { secret } })
      expect([secret, status, body.message.slice(body.message.indexOf('Input "secret"'))]).toEqual([secret, 400, `Input "secret" ${reason}`])
      expect(body.payload).toMatchObject({ param: 'secret' })
    }
    expect(await rows()).toEqual(before)
  })

  it('a search-and-patch judges by the names of each row it finds, changes all or none, and hashes for each', async () => {
    await server.instance.db.query(`truncate ${schema}.person`)
    const others = [row, { name: 'Grace Hopper', email: 'amazing@example.com' }]
    for (const other of others) await server.meta('POST', `${table}/content`, { ...other, secret: good })
    const before = await rows()
    const patch = (secret: string) => server.meta('POST', `${table}/content/search/patch`, { search: { 'email|like': '%@example.com' }, updates: { secret } })
    for (const secret of ['My-Hopper-1906', 'Its-Amazing-99', 'My-Lovelace-1815']) expect([secret, (await patch(secret)).status]).toEqual([secret, 400])
    expect(await rows()).toEqual(before)
    expect((await patch('Another-Horse-43')).body).toMatchObject({ success_total: 2 })
    const hashes = (await rows()).map((one) => String(one['secret']))
    expect(new Set([...hashes, ...before.map((one) => String(one['secret']))]).size).toBe(4)
    expect(hashes.every((hash) => hash.startsWith('$argon2id$'))).toBe(true)
  })

  it('a CSV import obeys them', async () => {
    await server.instance.db.query(`truncate ${schema}.person`)
    for (const [secret, reason] of violations) {
      const { status, body } = await server.meta('POST', `${table}/content/import`, `name,email,secret\nAda Lovelace,countess@example.com,${secret}\n`, {
        headers: { 'content-type': 'text/csv' },
      })
      expect([secret, status, body.message.slice(body.message.indexOf('Input "secret"'))]).toEqual([secret, 400, `Input "secret" ${reason}`])
    }
    expect(await rows()).toEqual([])
  })

  it('a column with filters of its own keeps them, plus the block list', async () => {
    const tables = await server.meta('GET', '/workspace/1/table?per_page=100')
    const weak = `/workspace/1/table/${tables.body.items.find((one: { name: string }) => one.name === 'weak').id}/content`
    expect((await server.meta('POST', weak, { secret: 'abc' })).body.message).toContain('minimum length requirement of 4')
    expect((await server.meta('POST', weak, { secret: 'dragon' })).body.message).toContain('commonly used')
    expect((await server.meta('POST', weak, { secret: 'vuxo' })).status).toBe(200)
  })

  it('the sign-up of a fresh instance obeys them', async () => {
    const groups = await server.meta('GET', '/workspace/1/apigroup')
    const signup = `${groups.body.items[0].canonical}/auth/signup`
    for (const [password, reason] of violations) {
      const { status, body } = await server.api('POST', signup, { ...row, password })
      expect([password, status, body.message, body.payload]).toEqual([password, 400, `Input "password" ${reason}`, { param: 'password' }])
    }
    expect((await server.api('POST', signup, { ...row, password: good })).status).toBe(200)
  })
})
