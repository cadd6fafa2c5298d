import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../helpers/database.js'
import { type Bench, clockNow, createBench, errorOf, hashOf } from './records-fixture.js'

const user = `table user {
  auth = true
  schema {
    int id
    timestamp created_at?=now
    text name filters=trim
    email email filters=trim|lower
    password password? filters=min:8
    enum role?="member" {
      values = ["admin", "member"]
    }
    int age?
    text? nick?
    text[] tags?
    json? extra?
    decimal? balance?
    date? born?
    object? address? {
      schema {
        text city
        int zip?
      }
    }
  }
  index = [
    {type: "primary", field: [{name: "id"}]}
    {type: "btree|unique", field: [{name: "email", op: "asc"}]}
  ]
}`
const setting = `table setting {
  schema {
    int id
    text key
    text value?
    int count?
  }
  index = [{type: "primary", field: [{name: "id"}]}, {type: "unique", field: [{name: "key"}]}]
}`
const token = `table token {
  schema {
    uuid id
    text label?
  }
}`

let test: TestDatabase
let bench: Bench
beforeAll(async () => {
  test = await createTestDatabase()
  bench = await createBench(test.database, [user, setting, token], { datasources: ['live', 'test'] })
})
afterAll(() => test.drop())

const ada = { name: ' Ada ', email: 'Ada@Example.com ', password: 'longenough', extra: { a: [1, 2] }, tags: ['x', 'y'], balance: 1.25, born: '1990-02-28' }

describe('db.add', () => {
  it('fills defaults, filters columns, hashes the password and returns the visible row', async () => {
    const row = await bench.run('db.add "user" { data = $data }', { data: ada })
    expect(row).toEqual({
      id: 1,
      created_at: clockNow,
      name: 'Ada',
      email: 'ada@example.com',
      role: 'member',
      age: 0,
      nick: null,
      tags: ['x', 'y'],
      extra: { a: [1, 2] },
      balance: 1.25,
      born: '1990-02-28',
      address: null,
    })
    expect(Object.keys(row as object)).not.toContain('password')
    const [stored] = await test.database.query<{ password: string }>('select password from ws_1_live."user"')
    expect(stored?.password).toBe(hashOf('longenough'))
  })

  it('is one prepared text for every set of columns', async () => {
    await bench.run('db.add "setting" { data = {key: "a"} }')
    const first = bench.sql
    await bench.run('db.add "setting" { data = {key: "b", value: "v", count: 3} }')
    expect(bench.sql).toBe(first)
    expect(first).toBe(
      'insert into "ws_1_live"."setting" as "setting" ("key", "value", "count") values ($1::text, $2::text, $3::bigint) returning "setting"."id" as "id", "setting"."key" as "key", "setting"."value" as "value", "setting"."count" as "count"',
    )
  })

  it('brings the password back only when output names it', async () => {
    expect(await bench.run('db.get "user" { field_name = "id"\n field_value = 1\n output = ["id", "password"] }')).toEqual({
      id: 1,
      password: hashOf('longenough'),
    })
    expect(await bench.run('db.get "user" { field_name = "id"\n field_value = 1 }')).not.toHaveProperty('password')
  })

  it('keeps only the named members of JSON', async () => {
    await bench.run('db.edit "user" { field_name = "id"\n field_value = 1\n data = {address: {city: "Paris", zip: 75}} }')
    expect(await bench.run('db.get "user" { field_name = "id"\n field_value = 1\n output = ["id", "address.city"] }')).toEqual({
      id: 1,
      address: { city: 'Paris' },
    })
  })

  it.each([
    [{ email: 'a@b.co' }, 'name', 'Missing param: name'],
    [{ name: 'x', email: 'nonsense' }, 'email', 'Input "email" is not a valid email.'],
    [{ name: 'x', email: 'a@b.co', role: 'root' }, 'role', 'Input "role" is not one of the allowable values.'],
    [{ name: 'x', email: 'a@b.co', age: 'old' }, 'age', 'Input "age" is not an int.'],
    [{ name: 'x', email: 'a@b.co', password: 'short' }, 'password', 'Input does not meet minimum length requirement of 8 characters'],
    [{ name: 'x', email: 'a@b.co', address: { zip: 1 } }, 'address', 'Missing param: address.city'],
    [{ name: 'x\0', email: 'a@b.co' }, 'name', 'Input "name" contains a NUL character.'],
  ])('refuses %j', async (data, param, message) => {
    expect(await errorOf(bench.run('db.add "user" { data = $data }', { data }))).toMatchObject({
      status: 400,
      code: 'ERROR_CODE_INPUT_ERROR',
      message,
      payload: { param },
    })
  })

  it('answers a duplicate with 500 and names the column, not the value', async () => {
    const error = await errorOf(bench.run('db.add "user" { data = $data }', { data: { name: 'B', email: 'ada@example.com' } }))
    expect(error).toMatchObject({ status: 500, code: 'ERROR_FATAL', payload: { param: 'email' } })
    expect(error.message).toMatch(/^Duplicate record detected/)
    expect(error.message).not.toContain('ada@')
  })

  it('reads "now" and relative times in timestamp columns', async () => {
    const row = await bench.run('db.add "user" { data = $data }', { data: { name: 'T', email: 't@t.co', created_at: 'now' } })
    expect(row).toMatchObject({ created_at: clockNow })
  })

  it('ignores a given id', async () => {
    expect(await bench.run('db.add "user" { data = {id: 999, name: "I", email: "i@i.co"} }')).toMatchObject({ id: expect.any(Number) })
    expect(await bench.run('db.has "user" { field_name = "id"\n field_value = 999 }')).toBe(false)
  })

  it('finds a mistyped column when compiling', () => {
    bench.compile('db.add "user" { data = {naem: "x"} }')
    expect(bench.warnings.at(-1)).toBe('Table "user" has no column "naem": it is not written.')
    expect(() => bench.compile('db.add "usr" { data = {} }')).toThrow('Unknown table: usr')
  })
})

describe('db.get and db.has', () => {
  it('finds by any column; a value the column cannot hold is found nowhere', async () => {
    expect(await bench.run('db.get "user" { field_name = "email"\n field_value = "ada@example.com" }')).toMatchObject({ id: 1 })
    expect(await bench.run('db.get "user" { field_name = "role"\n field_value = "member" }')).toMatchObject({ id: 1 })
    expect(await bench.run('db.get "user" { field_name = "id"\n field_value = "abc" }')).toBeNull()
    expect(await bench.run('db.get "token" { field_name = "id"\n field_value = "abc" }')).toBeNull()
    expect(await bench.run('db.has "user" { field_name = "id"\n field_value = "1" }')).toBe(true)
  })

  it('asks for the value', async () => {
    expect(await errorOf(bench.run('db.get "user" { field_name = "id"\n field_value = $v }', { v: null }))).toMatchObject({
      status: 400,
      message: 'Missing param: field_value',
      payload: { param: 'field_value' },
    })
  })

  it('looks a computed field name up among the columns', async () => {
    expect(await bench.run('db.get "user" { field_name = $f\n field_value = 1\n output = ["id"] }', { f: 'id' })).toEqual({ id: 1 })
    expect((await errorOf(bench.run('db.get "user" { field_name = $f\n field_value = 1 }', { f: 'id" or 1=1' }))).message).toContain('has no column')
  })
})

describe('db.edit, db.patch, db.del', () => {
  it('writes only what is given', async () => {
    const row = await bench.run('db.edit "user" { field_name = "id"\n field_value = 1\n data = {age: 36} }')
    expect(row).toMatchObject({ age: 36, name: 'Ada', extra: { a: [1, 2] } })
    expect(bench.sql).toContain('update "ws_1_live"."user" as "user" set "age" = $1::bigint where "user"."id" = $2::bigint returning')
    expect(await bench.run('db.patch "user" { field_name = "id"\n field_value = 1\n data = $data }', { data: { nick: 'A', unknown: 1 } })).toMatchObject({
      nick: 'A',
      age: 36,
    })
    expect(await bench.run('db.patch "user" { field_name = "id"\n field_value = 1\n data = $data }', { data: {} })).toMatchObject({ nick: 'A' })
  })

  it('hashes passwords here too', async () => {
    await bench.run('db.patch "user" { field_name = "id"\n field_value = 1\n data = $data }', { data: { password: 'anotherone' } })
    expect(await bench.run('db.get "user" { field_name = "id"\n field_value = 1\n output = ["password"] }')).toEqual({ password: hashOf('anotherone') })
  })

  it('changes the first row only when the column is not unique', async () => {
    const rows = (await bench.run('db.query "user" { where = $db.user.role == "member" }')) as { id: number }[]
    expect(rows.length).toBeGreaterThan(1)
    await bench.run('db.edit "user" { field_name = "role"\n field_value = "member"\n data = {age: 77} }')
    expect(await bench.run('db.count "user" { where = $db.user.age == 77 }')).toBe(1)
  })

  it.each(['edit', 'patch'])('db.%s answers 404 for a missing row', async (name) => {
    expect(await errorOf(bench.run(`db.${name} "user" { field_name = "id"\n field_value = 4242\n data = $data }`, { data: { age: 1 } }))).toMatchObject({
      status: 404,
      code: 'ERROR_CODE_NOT_FOUND',
    })
  })

  it('deletes, and answers 404 for a missing row', async () => {
    const { id } = (await bench.run('db.add "setting" { data = {key: "gone"} }')) as { id: number }
    expect(await bench.run('db.del "setting" { field_name = "id"\n field_value = $id }', { id })).toBeNull()
    expect(await errorOf(bench.run('db.del "setting" { field_name = "id"\n field_value = $id }', { id }))).toMatchObject({ status: 404 })
  })
})

describe('db.add_or_edit', () => {
  const upsert = 'db.add_or_edit "setting" { field_name = "key"\n field_value = $key\n data = $data }'

  it('inserts, then edits only what is given', async () => {
    const first = (await bench.run(upsert, { key: 'theme', data: { value: 'dark', count: 5 } })) as { id: number }
    expect(first).toMatchObject({ key: 'theme', value: 'dark', count: 5 })
    expect(await bench.run(upsert, { key: 'theme', data: { value: 'light' } })).toEqual({ id: first.id, key: 'theme', value: 'light', count: 5 })
  })

  it('ends with one row when many callers add it at once', async () => {
    const results = await Promise.all(Array.from({ length: 12 }, (_, i) => bench.run(upsert, { key: 'race', data: { count: i } })))
    expect(new Set(results.map((row) => (row as { id: number }).id)).size).toBe(1)
    expect(await bench.run('db.count "setting" { where = $db.setting.key == "race" }')).toBe(1)
  })

  it('is as safe on a column without a unique index', async () => {
    const statement = 'db.add_or_edit "setting" { field_name = "value"\n field_value = "same"\n data = $data }'
    await Promise.all(Array.from({ length: 6 }, (_, i) => bench.run(statement, { data: { key: `s${i}` } })))
    expect(await bench.run('db.count "setting" { where = $db.setting.value == "same" }')).toBe(1)
  })

  it('makes a new row for an id that does not exist', async () => {
    const row = (await bench.run('db.add_or_edit "setting" { field_name = "id"\n field_value = 0\n data = {key: "fresh"} }')) as { id: number }
    expect(row.id).toBeGreaterThan(0)
    const id = 'c0ffee00-0000-4000-8000-000000000001'
    expect(await bench.run('db.add_or_edit "token" { field_name = "id"\n field_value = $id\n data = {label: "a"} }', { id })).toEqual({ id, label: 'a' })
    expect(await bench.run('db.add_or_edit "token" { field_name = "id"\n field_value = $id\n data = {label: "b"} }', { id })).toEqual({ id, label: 'b' })
  })
})

describe('transactions and data sources', () => {
  it('rolls back on an error, nested ones to their savepoint', async () => {
    await expect(
      bench.session.transaction(async () => {
        await bench.run('db.add "setting" { data = {key: "tx1"} }')
        throw new Error('stop')
      }),
    ).rejects.toThrow('stop')
    expect(await bench.run('db.has "setting" { field_name = "key"\n field_value = "tx1" }')).toBe(false)
    await bench.session.transaction(async () => {
      await bench.run('db.add "setting" { data = {key: "tx2"} }')
      const inner = bench.session.transaction(() => bench.run('db.add "setting" { data = {key: "tx2"} }'))
      expect((await errorOf(inner)).message).toMatch(/^Duplicate record/)
      await bench.run('db.add "setting" { data = {key: "tx3"} }')
    })
    expect(await bench.run('db.count "setting" { where = $db.setting.key in ["tx2", "tx3"] }')).toBe(2)
  })

  it('reports a serialization failure as one', async () => {
    await bench.run('db.add "setting" { data = {key: "serial"} }')
    const error = await errorOf(
      bench.session.transaction(
        async () => {
          await bench.run('db.get "setting" { field_name = "key"\n field_value = "serial" }')
          await test.database.query(`update ws_1_live.setting set count = count + 1 where key = 'serial'`)
          await bench.run('db.edit "setting" { field_name = "key"\n field_value = "serial"\n data = {count: 9} }')
        },
        { isolation: 'repeatable read' },
      ),
    )
    expect(error).toMatchObject({ status: 500, code: 'ERROR_FATAL' })
    expect(error.message).toContain('another one changed the same rows')
  })

  it('keeps data sources apart', async () => {
    bench.session.setDatasource('test')
    try {
      expect(await bench.run('db.count "setting"')).toBe(0)
      await bench.run('db.add "setting" { data = {key: "only-test"} }')
    } finally {
      bench.session.setDatasource('live')
    }
    expect(await bench.run('db.has "setting" { field_name = "key"\n field_value = "only-test" }')).toBe(false)
    expect(() => bench.session.setDatasource('tset')).toThrow('Unknown data source: tset')
  })
})

describe('db.schema', () => {
  it('describes the schema of a table', async () => {
    expect(await bench.run('db.schema "setting" { path = "key" }')).toMatchObject({ name: 'key', type: 'text', required: true })
    expect(await bench.run('db.schema "setting"')).toHaveLength(4)
  })
})
