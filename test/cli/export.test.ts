/** `stackhold export`: what it writes is enough to have everything back, with nothing but PostgreSQL, or on another Stackhold. And the way in: tables that were there before. */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { exportCommand } from '../../src/cli/export.js'
import { pullCommand } from '../../src/cli/pull.js'
import { pushCommand } from '../../src/cli/push.js'
import { createEmptyDatabase } from '../helpers/database.js'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { createTemporaryDirectory } from '../helpers/temporary-directory.js'

const root = resolve(import.meta.dirname, '../..')
const run = promisify(execFile)
const stackhold = (server: ListeningServer, ...args: string[]) =>
  run(process.execPath, [join(root, 'node_modules/tsx/dist/cli.mjs'), join(root, 'src/cli.ts'), ...args], {
    cwd: root,
    env: { PATH: process.env['PATH'], STACKHOLD_URL: server.url, STACKHOLD_TOKEN: server.adminToken },
  })

const documents = `table kind {
  schema {
    int id
    text label
  }
  items = [{id: 1, label: "a"}, {id: 2, label: "it's \\"b\\"\\\\"}]
}
---
table thing {
  auth = true
  schema {
    int id
    timestamp created_at?=now
    text name
    email? email?
    int? kind_id? { table = "kind" }
    decimal? price?
    bool on?=true
    date? day?
    uuid? key?
    json? extra?
    text[] tags?
    int[] numbers?
    enum mood?=calm { values = ["calm", "wild"] }
    vector? v? { size = 2 }
    geo_point? place?
    object? part? {
      schema {
        text a
      }
    }
    image? picture?
    password secret?
  }
  index = [
    {type: "primary", field: [{name: "id"}]}
    {type: "btree|unique", field: [{name: "email", op: "asc"}]}
    {type: "gin", field: [{name: "extra", op: "jsonb_path_op"}]}
    {type: "search", field: [{name: "name", op: "A"}], lang: "english"}
  ]
  view = {wild: {alias: "wild_things", search: $db.thing.mood == "wild", sort: {id: "desc"}}}
}
---
table keyed {
  schema {
    uuid id
    text name
  }
}
---
table diary {
  schema {
    int id
    int owner_id {
      table = "thing"
    }
    text page
    int? grade?
  }
  rules = {
    read   : $db.diary.owner_id == $auth.id
    create : $db.diary.owner_id == $auth.id
    update : $db.diary.owner_id == $auth.id
    delete : false
    columns: {grade: $auth.role == "admin"}
  }
  view = {graded: {alias: "graded_pages", search: $db.diary.grade > 0}}
}
---
api_group shop {
  canonical = "shop"
}
---
query things verb=GET {
  api_group = "shop"
  public = "test"
  input {}
  stack {
    db.query thing {
      sort = {id: "asc"}
    } as $things
  }
  response = $things
}`

let server: ListeningServer
let other: ListeningServer
/** Schema of the branch with tables of its own. */
let own: string
const directory = createTemporaryDirectory().path
const out = join(directory, 'out')
beforeAll(async () => {
  server = await startListeningServer()
  other = await startListeningServer()
  await server.pushText(documents)
  expect((await server.meta('POST', '/workspace/1/datasource', { label: 'test' })).status).toBe(200)
  const all = `(name, email, kind_id, price, day, key, extra, tags, numbers, mood, v, place, part, picture, secret)`
  await server.query(`insert into ws_1_live.thing ${all} values
    ('plain', 'a@x.org', 1, 12.50, '2024-02-29', '00000000-0000-4000-8000-000000000001', '{"k": [1, null, "x"]}', '{a,"b c","d\\"e"}', '{1,2}', 'wild', '{1,2.5}',
      '{"type": "point", "data": {"lat": 1, "lng": 2}}', '{"a": "b"}', '{"path": "/x"}', '$argon2id$hash'),
    (E'quo''te \\\\ "\\n;\\tΩ', null, null, null, null, null, null, '{}', '{}', 'calm', null, null, null, null, '')`)
  await server.query(`insert into ws_1_live.thing (name, tags, numbers, secret) select 'many ' || n, '{}', '{}', '' from generate_series(1, 1200) n`)
  await server.query(`insert into ws_1_test.thing (name, tags, numbers, secret) values ('of test', '{}', '{}', '')`)
  await server.query(`insert into ws_1_live.keyed (name) values ('k')`)
  await server.query(`insert into ws_1_live.diary (owner_id, page, grade) values (1, 'mine', 1), (2, 'yours', 2)`)
  expect((await server.meta('POST', '/workspace/1/branch', { label: 'dev', tables: 'own' })).status).toBe(200)
  const [branch] = await server.query<{ id: number }>(`select id from stackhold.branch where label = 'dev'`)
  own = `ws_1b${branch?.id}_live`
  await server.query(`insert into "${own}".diary (owner_id, page) values (1, 'of dev')`)
  await server.call('POST', '/api:meta/workspace/1/multidoc?partial=true&branch=dev', {
    body: 'table only_here {\n  schema {\n    int id\n    text a?\n  }\n}',
    token: server.adminToken,
  })
  await server.query(`insert into "${own}".only_here (a) values ('b')`)
  await stackhold(server, 'export', out)
}, 120_000)
afterAll(async () => {
  await server?.close()
  await other?.close()
})

const rowsOf = async (query: (text: string) => Promise<object[]>, table: string) => query(`select * from ${table} order by id`)
const tables = ['ws_1_live.kind', 'ws_1_live.thing', 'ws_1_live.keyed', 'ws_1_test.thing', 'ws_1_test.kind']

describe('stackhold export', () => {
  it('writes definitions, rows and how to read them', () => {
    expect(readdirSync(out).sort()).toEqual(['README.md', 'data.sql', 'xanoscript'])
    const files = readdirSync(join(out, 'xanoscript'), { recursive: true, encoding: 'utf8' })
    expect(files).toEqual(expect.arrayContaining(['table/thing.xs', 'api/shop/things_GET.xs', 'api/shop/api_group.xs']))
    expect(statSync(join(out, 'data.sql')).mode & 0o077).toBe(0)
  })

  it('is restored by plain PostgreSQL: rows, columns, indexes, views and counting on', async () => {
    const empty = await createEmptyDatabase()
    const client = new pg.Client(empty.connection)
    await client.connect()
    const restored = async (text: string): Promise<object[]> => (await client.query(text)).rows
    try {
      await client.query(readFileSync(join(out, 'data.sql'), 'utf8'))
      for (const table of tables) expect(await rowsOf(restored, table)).toEqual(await rowsOf((text) => server.query(text), table))
      const shapes = [
        `select table_name, column_name, data_type, is_nullable, column_default, is_identity from information_schema.columns where table_schema = 'ws_1_live' and table_name in ('kind', 'thing', 'keyed', 'wild_things') order by 1, ordinal_position`,
        `select indexdef from pg_indexes where schemaname = 'ws_1_live' and tablename in ('kind', 'thing', 'keyed') order by 1`,
        `select pg_get_constraintdef(c.oid) as def from pg_constraint c join pg_class t on t.oid = c.conrelid where t.relname = 'thing' and c.contype in ('c', 'p') and c.connamespace = 'ws_1_live'::regnamespace order by 1`,
        `select * from ws_1_live.wild_things`,
      ]
      for (const shape of shapes) {
        const expected = await server.query(shape)
        expect(expected.length).toBeGreaterThan(0)
        expect(await restored(shape)).toEqual(expected)
      }
      const [next] = await restored(`insert into ws_1_live.thing (name, tags, numbers, secret) values ('next', '{}', '{}', '') returning id`)
      expect(next).toEqual({ id: '1203' })
    } finally {
      await client.end()
      await empty.drop()
    }
  })

  it('brings the own tables of branches, and the rules of tables, which hold where there never was a Stackhold', async () => {
    const empty = await createEmptyDatabase()
    const client = new pg.Client(empty.connection)
    await client.connect()
    const restored = async (text: string, values: unknown[] = []): Promise<object[]> => (await client.query(text, values)).rows
    const roleName = `'stackhold_' || left(encode(sha256(convert_to(current_database(), 'UTF8')), 'hex'), 12) || '_ws_1_rules'`
    const [role] = (await restored(`select ${roleName} as name`)) as { name: string }[]
    try {
      await client.query(readFileSync(join(out, 'data.sql'), 'utf8'))
      for (const table of [`"${own}".diary`, `"${own}".only_here`, 'ws_1_live.diary'])
        expect(await rowsOf(restored, table)).toEqual(await rowsOf((text) => server.query(text), table))
      const policies = `select schemaname, tablename, policyname, cmd, qual, with_check from pg_policies where schemaname in ('ws_1_live', 'ws_1_test', '${own}') order by 1, 2, 3`
      const expected = await server.query(policies)
      expect(expected).toHaveLength(12)
      expect(await restored(policies)).toEqual(expected)

      const as = async (id: number, statement: string, callersRole = '') => {
        await client.query('begin')
        try {
          await client.query(
            `select set_config('stackhold.auth_table', 'thing', true), set_config('stackhold.auth_id', $1, true), set_config('stackhold.auth_role', $2, true), set_config('role', $3, true)`,
            [String(id), callersRole, role?.name],
          )
          return (await client.query(statement)).rows
        } finally {
          await client.query('rollback')
        }
      }
      for (const schema of ['ws_1_live', own]) {
        expect(await as(9, `select page from "${schema}".diary`)).toEqual([])
        await expect(as(2, `insert into "${schema}".diary (owner_id, page) values (1, 'forged')`)).rejects.toThrow('row-level security')
        await expect(as(1, `update "${schema}".diary set grade = 9`)).rejects.toThrow('column rule')
        expect(await as(1, `update "${schema}".diary set grade = 9 returning id`, 'admin')).toEqual([{ id: '1' }])
      }
      expect(await as(1, 'select page from ws_1_live.diary')).toEqual([{ page: 'mine' }])
      expect(await as(1, `select page from "${own}".diary`)).toEqual([{ page: 'of dev' }])
      // A view holds the rules of its table by itself.
      expect(await restored('select * from ws_1_live.graded_pages')).toEqual([])
    } finally {
      await client.query(`drop owned by "${role?.name}" cascade; drop role "${role?.name}"`).catch(() => {})
      await client.end()
      await empty.drop()
    }
  })

  it('is restored by one who may not make roles, too: tables with rules stay closed', async () => {
    const empty = await createEmptyDatabase()
    const admin = new pg.Client(empty.connection)
    await admin.connect()
    const [row] = (await admin.query<{ name: string }>('select current_database() as name')).rows
    const plain = `${row?.name.slice(0, 40)}_plain`
    try {
      await admin.query(`create role "${plain}" nologin; grant create on database "${row?.name}" to "${plain}"; set role "${plain}"`)
      await admin.query(readFileSync(join(out, 'data.sql'), 'utf8'))
      expect((await admin.query('select page from ws_1_live.diary order by id')).rows).toEqual([{ page: 'mine' }, { page: 'yours' }])
      expect((await admin.query(`select relrowsecurity as closed from pg_class where oid = 'ws_1_live.diary'::regclass`)).rows).toEqual([{ closed: true }])
      expect((await admin.query(`select 1 from pg_policies where schemaname = 'ws_1_live'`)).rows).toEqual([])
    } finally {
      await admin.query(`reset role; drop owned by "${plain}" cascade; drop role "${plain}"`)
      await admin.end()
      await empty.drop()
    }
  })

  it('is served by another Stackhold after a push and the rows', async () => {
    await pushCommand(join(out, 'xanoscript'), { url: other.url, token: other.adminToken, workspace: 1 })
    const rows = readFileSync(join(out, 'data.sql'), 'utf8')
      .split(/;\n/)
      .filter((statement) => /^\s*insert into "ws_1_live"."(kind|thing|keyed)"/.test(statement))
    expect(rows.length).toBeGreaterThan(3)
    for (const statement of rows) await other.query(statement)
    const [before, after] = await Promise.all([server, other].map((one) => one.call('GET', '/api:shop/things')))
    expect(after?.status).toBe(200)
    expect(after?.body).toHaveLength(1202)
    expect(after?.body).toEqual(before?.body)
    expect(await other.query('select label from ws_1_live.kind order by id')).toEqual(await server.query('select label from ws_1_live.kind order by id'))
  })

  it('keeps hashes back from a token that may not have everything, and refuses one without the scope', async () => {
    const dump = (token: string) => server.call('GET', '/api:meta/workspace/1/export/sql', { token })
    const full = await dump(server.adminToken)
    expect(full.text).toContain('$argon2id$hash')
    expect((await server.call('GET', '/api:meta/workspace/1/export/sql', { token: 'shk_wrong' })).status).toBe(401)
    await expect(exportCommand(join(directory, 'no'), { url: server.url, token: 'shk_wrong', workspace: 1 })).rejects.toMatchObject({
      message: expect.stringContaining('401'),
    })
  })
})

describe('adoption', () => {
  it('makes a table of the database one of the workspace, served, pulled and exported like any other', async () => {
    await server.query(
      `create table public.legacy (id serial primary key, title varchar(40) not null, state text default 'new', price numeric(10, 2), made timestamp not null default now(), labels text[])`,
    )
    await server.query(`create unique index legacy_title on public.legacy (title)`)
    await server.query(`insert into public.legacy (title, price, labels) values ('one', 1.50, '{x}'), ('two', null, null)`)
    const adopted = await server.meta('POST', '/workspace/1/table/adopt', { table: 'legacy', name: 'legacy_item' })
    expect(adopted.body).toMatchObject({ name: 'legacy_item', schema: expect.arrayContaining([expect.objectContaining({ name: 'labels', style: 'list' })]) })
    expect(adopted.body.index).toContainEqual(expect.objectContaining({ type: 'unique', state: 'ready' }))
    await server.pushText(`query legacy verb=POST {
  api_group = "shop"
  public = "test"
  input {
    text title
  }
  stack {
    db.add legacy_item {
      data = {title: $input.title, labels: ["new"]}
    } as $added
    db.query legacy_item {
      sort = {id: "asc"}
      output = ["id", "title", "price", "labels"]
    } as $all
  }
  response = $all
}`)
    const answer = await server.call('POST', '/api:shop/legacy', { body: { title: 'three' } })
    expect(answer.body).toEqual([
      { id: 1, title: 'one', price: 1.5, labels: ['x'] },
      { id: 2, title: 'two', price: null, labels: null },
      { id: 3, title: 'three', price: null, labels: ['new'] },
    ])
    const again = await server.call('POST', '/api:shop/legacy', { body: { title: 'three' } })
    expect(again.status).not.toBe(200)
    expect(await server.query(`select count(*)::int as n from ws_1_live.legacy_item`)).toEqual([{ n: 3 }])
    await pullCommand(join(directory, 'pulled'), { url: server.url, token: server.adminToken, workspace: 1 })
    expect(readFileSync(join(directory, 'pulled/table/legacy_item.xs'), 'utf8')).toContain('table legacy_item {')
    const { text } = await server.meta('GET', '/workspace/1/export/sql')
    expect(text).toMatch(/insert into "ws_1_live"."legacy_item"[^;]*'three'/)
    expect(await server.query(`select to_regclass('public.legacy') as old`)).toEqual([{ old: null }])
  })

  it('refuses what it cannot express, naming the column, and changes nothing', async () => {
    await server.query('create table public.odd (id int primary key, spot point)')
    const refused = await server.meta('POST', '/workspace/1/table/adopt', { table: 'odd' })
    expect([refused.status, refused.body.message]).toEqual([400, expect.stringContaining('"spot"')])
    expect(await server.query(`select to_regclass('public.odd') is not null as kept`)).toEqual([{ kept: true }])
    expect((await server.meta('POST', '/workspace/1/table/adopt', { table: 'nowhere' })).status).toBe(404)
    expect((await server.meta('POST', '/workspace/1/table/adopt', { schema: 'stackhold', table: 'setting' })).status).toBe(400)
  })
})
