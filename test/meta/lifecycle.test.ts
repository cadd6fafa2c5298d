/** What happens to data: partial pushes, the bin, data sources, dumps and adoption. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEmptyDatabase } from '../helpers/database.js'
import { readExample } from '../workspace/instance.js'
import { createServer, type TestServer } from './server.js'

let server: TestServer
const W = '/workspace/1'
beforeAll(async () => {
  server = await createServer()
  expect((await server.meta('POST', `${W}/multidoc?partial=false`, readExample('blog'))).status).toBe(200)
})
afterAll(() => server.close())

const idOf = async (name: string): Promise<number> =>
  (await server.meta('GET', `${W}/table?search=${name}`)).body.items.find((item: { name: string }) => item.name === name).id
const query = <T extends object>(text: string) => server.instance.db.query<T>(text)
const thing = (columns: string, index = '') =>
  `table thing {\n  schema {\n    int id\n${columns}\n  }\n  index = [\n    {type: "primary", field: [{name: "id"}]}\n${index}  ]\n}`
const full = thing(
  '    text name\n    int age?=7 filters=min:0\n    enum kind?=a {\n      values = ["a", "b"]\n    }',
  '    {type: "btree", field: [{name: "age", op: "desc"}]}\n',
)

describe('a partial push', () => {
  it('keeps columns, indexes and tables that are left out, and says so', async () => {
    await server.meta('POST', `${W}/multidoc?partial=true`, full)
    await server.meta('POST', `${W}/table/${await idOf('thing')}/content`, { name: 'Ann', age: 3, kind: 'b' })
    const less = thing('    text name\n    bool fine?')
    const { body: plan } = await server.meta('POST', `${W}/multidoc/dry-run?partial=true`, less)
    expect(plan.operations.map(({ action, details }: Record<string, string>) => `${action} ${details}`)).toEqual([
      'update ',
      'add_field fine bool',
      'unchanged column age kept',
      'unchanged column kind kept',
      'unchanged index btree(age desc) kept',
    ])
    expect((await server.meta('POST', `${W}/multidoc?partial=true`, less)).status).toBe(200)
    const { body } = await server.meta('GET', `${W}/table/${await idOf('thing')}`)
    expect(body.schema.map(({ name }: { name: string }) => name)).toEqual(['id', 'name', 'age', 'kind', 'fine'])
    expect(body.index).toHaveLength(2)
    expect((await server.meta('POST', `${W}/multidoc/dry-run?partial=true`, thing('    text name'))).body.summary.table).toMatchObject({
      updated: 0,
      unchanged: 1,
    })
    const blog = await server.meta('POST', `${W}/multidoc/dry-run?partial=true`, readExample('blog'))
    expect(JSON.stringify(blog.body.operations)).not.toMatch(/drop/)
  })

  it('is the only kind that keeps: a whole push moves columns to the bin', async () => {
    const { body } = await server.meta('POST', `${W}/multidoc/dry-run`, thing('    text name\n    bool fine?'))
    expect(body.operations.map(({ action, details }: Record<string, string>) => `${action} ${details}`)).toEqual(
      expect.arrayContaining(['drop_field age', 'drop_field kind']),
    )
  })
})

describe('the bin', () => {
  it('gives a column back with its values, default, rules and checks', async () => {
    const id = await idOf('thing')
    for (const column of ['age', 'kind']) expect((await server.meta('DELETE', `${W}/table/${id}/schema/${column}`)).status).toBe(200)
    await server.meta('POST', `${W}/table/${id}/content`, { name: 'Bob' })
    const { body: items } = await server.meta('GET', `${W}/bin`)
    expect(items).toMatchObject([{ kind: 'column', table: 'thing', datasource: 'live' }, { kind: 'column' }])
    for (const item of items) expect((await server.meta('POST', `${W}/bin/${item.id}/restore`)).status).toBe(200)
    expect((await server.meta('GET', `${W}/table/${id}/content`)).body.items).toMatchObject([
      { name: 'Ann', age: 3, kind: 'b' },
      { name: 'Bob', age: 7, kind: 'a' },
    ])
    expect((await server.meta('POST', `${W}/table/${id}/content`, { name: 'C', age: -1 })).status).toBe(400)
    await expect(query(`insert into ws_1_live.thing (name, kind) values ('x', 'z')`)).rejects.toThrow(/check/)
    expect((await server.meta('GET', `${W}/bin`)).body).toEqual([])
    expect((await server.meta('POST', `${W}/bin`, { id: items[0].id })).status).toBe(404)
  })

  it('gives a table back with its rows and indexes, and counts on', async () => {
    const id = await idOf('thing')
    await server.meta('DELETE', `${W}/table/${id}`)
    const [item] = (await server.meta('GET', `${W}/bin`)).body
    expect(item).toMatchObject({ kind: 'table', table: 'thing', column: null })
    const { status, body } = await server.meta('POST', `${W}/bin`, { id: item.id })
    expect([status, body]).toEqual([200, expect.objectContaining({ kind: 'table', table: 'thing' })])
    const path = `${W}/table/${body.table_id}`
    expect((await server.meta('GET', `${path}/content`)).body.items).toMatchObject([{ name: 'Ann' }, { name: 'Bob' }])
    expect((await server.meta('POST', `${path}/content`, { name: 'Cid' })).body.id).toBeGreaterThan(2)
  })
})

describe('data sources', () => {
  it('have tables of their own, are named by header and query, and leave the others alone when they go', async () => {
    expect((await server.meta('POST', `${W}/datasource`, { label: 'test' })).status).toBe(200)
    expect((await server.meta('POST', `${W}/datasource`, { label: 'other' })).status).toBe(200)
    const id = await idOf('thing')
    const headers = { 'x-data-source': 'test' }
    expect((await server.meta('POST', `${W}/table/${id}/content`, { name: 'Tess' }, { headers })).status).toBe(200)
    expect((await server.meta('GET', `${W}/table/${id}/content`, undefined, { headers })).body.items).toHaveLength(1)
    await server.meta(
      'POST',
      `${W}/multidoc?partial=true`,
      `api_group ds {\n  canonical = "dsource"\n}\n---\nquery names verb=GET {\n  api_group = "ds"\n  public = "A test."\n  input {\n    text source?\n  }\n  stack {\n    conditional {\n      if ($input.source != "") {\n        db.set_datasource {\n          value = $input.source\n        }\n      }\n    }\n    db.query thing {\n      return = {type: "list"}\n    } as $all\n  }\n  response = $all|map:$$.name\n}`,
    )
    expect((await server.api('GET', 'dsource/names?x-data-source=test')).body).toEqual(['Tess'])
    expect((await server.api('GET', 'dsource/names?source=test')).body).toEqual(['Tess'])
    expect((await server.api('GET', 'dsource/names')).body).toContain('Ann')
    expect((await server.meta('GET', `${W}/table/${id}/content`, undefined, { headers: { 'x-data-source': 'tset' } })).body).toMatchObject({
      message: expect.stringContaining('tset'),
    })
    const places = () => query(`select datasource from stackhold.physical_table where definition_id = ${id} order by 1`)
    expect(await places()).toEqual([{ datasource: 'live' }, { datasource: 'other' }, { datasource: 'test' }])
    expect((await server.meta('DELETE', `${W}/datasource/test`)).status).toBe(200)
    expect(await places()).toEqual([{ datasource: 'live' }, { datasource: 'other' }])
    const item = (await server.meta('GET', `${W}/bin`)).body.find((one: { table: string }) => one.table === 'thing')
    expect((await server.meta('POST', `${W}/bin`, { id: item.id })).status).toBe(409)
    await server.meta('POST', `${W}/datasource`, { label: 'test' })
    expect((await server.meta('POST', `${W}/bin`, { id: item.id })).status).toBe(200)
    expect((await server.meta('GET', `${W}/table/${id}/content`, undefined, { headers })).body.items).toMatchObject([{ name: 'Tess' }])
  })
})

/** `""` where no client is installed. */
function findPsql(): string {
  const root = '/usr/lib/postgresql'
  const found = existsSync(root) ? readdirSync(root).map((version) => join(root, version, 'bin/psql')) : []
  return found.find(existsSync) ?? ''
}

describe('a dump', () => {
  const psql = findPsql()
  it.skipIf(psql === '')('is restored by plain psql', async () => {
    const id = await idOf('thing')
    await server.meta('PUT', `${W}/table/${id}/content/1`, { name: 'O\'Neil \\ \n\t"x"' })
    const { status, text } = await server.meta('GET', `${W}/export/sql`)
    expect(status).toBe(200)
    const file = join(mkdtempSync(join(tmpdir(), 'stackhold-dump-')), 'data.sql')
    writeFileSync(file, text)
    const scratch = await createEmptyDatabase()
    try {
      const { host, port, user, password, database, connectionString } = scratch.connection
      const target =
        connectionString === undefined ? ['-h', String(host), '-p', String(port), '-U', String(user), '-d', String(database)] : ['-d', connectionString]
      const run = (args: string[]): string =>
        execFileSync(psql, [...target, '-v', 'ON_ERROR_STOP=1', '-qAt', ...args], {
          encoding: 'utf8',
          env: { ...process.env, PGPASSWORD: String(password ?? '') },
        })
      run(['-f', file])
      const rows = `select string_agg(t::text, '|' order by id) from ws_1_live.thing t`
      const [here] = await query<{ string_agg: string }>(`select string_agg((t.id, t.name, t.age)::text, '|' order by id) from ws_1_live.thing t`)
      expect(run(['-c', rows.replace('t::text', '(t.id, t.name, t.age)::text')]).trimEnd()).toBe(here?.string_agg)
      expect(Number(run(['-c', `insert into ws_1_live.thing (name) values ('next') returning id`]))).toBeGreaterThan(2)
    } finally {
      await scratch.drop()
    }
    const token = await server.tokenWith(['content'])
    expect((await server.meta('GET', `${W}/export/sql`, undefined, { token })).status).toBe(403)
  })
})

describe('adoption', () => {
  it('makes an existing table ours: rows, types, defaults, indexes, and endpoints read it', async () => {
    await query(`create type mood as enum ('sad', 'happy')`)
    await query(
      `create table public.legacy (title varchar(20) not null, id serial primary key, price numeric(10,2) default 1.50, made timestamp default now(), tags text[], m mood not null default 'sad', n int, code text unique)`,
    )
    await query(`create index legacy_n on public.legacy (n desc)`)
    await query(
      `insert into public.legacy (title, price, made, tags, m, n, code) values ('One', 2.5, '2024-01-02 03:04:05', '{a,b}', 'happy', 4, 'x'), ('Two', null, null, null, 'sad', null, null)`,
    )
    const { status, body } = await server.meta('POST', `${W}/table/adopt`, { schema: 'public', table: 'legacy' })
    expect([status, body.message]).toEqual([200, undefined])
    expect(body.schema.map(({ name, type, nullable, required, style }: Record<string, unknown>) => [name, type, nullable, required, style])).toEqual([
      ['id', 'int', false, true, 'single'],
      ['title', 'text', false, true, 'single'],
      ['price', 'decimal', true, false, 'single'],
      ['made', 'timestamp', true, false, 'single'],
      ['tags', 'text', true, false, 'list'],
      ['m', 'enum', false, false, 'single'],
      ['n', 'int', true, false, 'single'],
      ['code', 'text', true, false, 'single'],
    ])
    const path = `${W}/table/${body.id}/content`
    expect((await server.meta('GET', path)).body.items).toMatchObject([
      { id: 1, title: 'One', price: 2.5, made: Date.parse('2024-01-02T03:04:05Z'), tags: ['a', 'b'], m: 'happy', n: 4 },
      { id: 2, title: 'Two', price: null },
    ])
    expect((await server.meta('POST', path, { title: 'Three', m: 'sad', code: 'y' })).body).toMatchObject({ id: 3 })
    expect((await server.meta('POST', path, { title: 'a title that is far too long' })).status).toBe(400)
    expect((await server.meta('POST', path, { title: 'Four', code: 'x' })).status).not.toBe(200)
    await server.meta(
      'POST',
      `${W}/multidoc?partial=true`,
      `query legacy verb=GET {\n  api_group = "ds"\n  public = "A test."\n  input {\n  }\n  stack {\n    db.query legacy {\n      where = $db.legacy.m == "happy"\n      return = {type: "count"}\n    } as $n\n  }\n  response = $n\n}`,
    )
    expect((await server.api('GET', 'dsource/legacy')).body).toBe(1)
  })

  it.each([
    ['(id int primary key, ip inet)', /"ip".*inet/],
    ['(code text primary key)', /primary key must be one column/],
    ['(id text primary key)', /"id"/],
    ['(id int primary key, a int, b int generated always as (a * 2) stored)', /"b".*Generated/],
    ['(id int primary key, r text default md5(random()::text))', /"r".*default/],
  ])('refuses %s and names the column', async (shape, message) => {
    await query(`drop table if exists public.odd`)
    await query(`create table public.odd ${shape}`)
    expect((await server.meta('POST', `${W}/table/adopt`, { table: 'odd' })).body.message).toMatch(message)
    expect((await query(`select 1 from pg_tables where schemaname = 'public' and tablename = 'odd'`)).length).toBe(1)
  })

  it('keeps away from schemas that are not for it', async () => {
    for (const schema of ['stackhold', 'pg_catalog', 'ws_1_live'])
      expect((await server.meta('POST', `${W}/table/adopt`, { schema, table: 'workspace' })).status).toBe(400)
    const token = await server.tokenWith(['database'])
    expect((await server.meta('POST', `${W}/table/adopt`, { table: 'odd' }, { token })).status).toBe(403)
  })
})

describe('schema changes', () => {
  it('build indexes of large tables beside the writes, and say when rows stand in the way', async () => {
    const { body } = await server.meta('POST', `${W}/table`, {
      name: 'large',
      schema: [
        { name: 'id', type: 'int' },
        { name: 'n', type: 'int', required: true },
        { name: 't', type: 'text', nullable: true },
      ],
    })
    await query(`insert into ws_1_live.large (n, t) select i / 2, case when i % 5000 = 0 then 'x' end from generate_series(1, 12000) i`)
    const index = (type: string, name: string) => server.meta('POST', `${W}/table/${body.id}/index/${type}`, { fields: [{ name, op: 'asc' }] })
    expect((await index('btree', 'n')).status).toBe(200)
    expect(await query(`select indisvalid as valid from pg_index where indrelid = 'ws_1_live.large'::regclass and not indisprimary`)).toEqual([{ valid: true }])
    const unique = await index('unique', 'n')
    expect([unique.status, unique.body.message]).toEqual([400, expect.stringMatching(/occur more than once/)])
    expect(unique.body.payload).toMatchObject({ column: 'n', count: expect.any(Number), sample: expect.any(Array) })
    const schema = (t: object) =>
      server.meta('PUT', `${W}/table/${body.id}/schema`, [{ name: 'id', type: 'int' }, { name: 'n', type: 'int', required: true }, t])
    expect((await schema({ name: 't', type: 'text', nullable: false })).body).toMatchObject({
      message: expect.stringMatching(/null in "t"/),
      payload: { column: 't', count: 11_998 },
    })
    expect((await schema({ name: 't', type: 'int', nullable: true })).body).toMatchObject({
      message: expect.stringMatching(/does not convert to int/),
      payload: { count: 2, sample: [{ value: 'x' }, { value: 'x' }] },
    })
  })

  it('try again when another holds the table', async () => {
    const id = await idOf('large')
    const held = server.instance.db.withTransaction(async (transaction) => {
      await transaction.query('lock table ws_1_live.large in access exclusive mode')
      await new Promise((resolve) => setTimeout(resolve, 5_000))
    })
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect((await server.meta('POST', `${W}/table/${id}/schema/type/text`, { name: 'later' })).status).toBe(200)
    await held
  })
})
