import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { directRole } from '../../src/db/direct/role.js'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'

let server: ListeningServer
const ws = 1
const W = '/workspace/1'
const query = <T extends object>(text: string, values: unknown[] = []) => server.query<T>(text, values)
const api = (method: string, path: string, body?: unknown) => server.call(method, `/api:${path}`, body === undefined ? {} : { body })
const branchId = async (label: string): Promise<number> =>
  (await query<{ id: number }>('select id from stackhold.branch where label = $1', [label]))[0]?.id ?? 0
/** Tables and columns of schemas, but for the accounts that every workspace begins with. */
const shape = async (pattern: string): Promise<string[]> =>
  (
    await query<{ name: string }>(
      `select table_schema || '.' || table_name || '.' || column_name as name from information_schema.columns
       where table_schema ~ $1 and table_name <> 'user' order by table_schema, table_name, ordinal_position`,
      [pattern],
    )
  ).map(({ name }) => name)

const documents = `table book {
  schema {
    int id
    text title
  }
  index = [
    {type: "unique", field: [{name: "title", op: "asc"}]}
  ]
}
---
api_group shelf {
  canonical = "shelfapi"
}
---
query book verb=GET {
  api_group = "shelf"
  public = "A test."
  input {
    text source?
  }
  stack {
    conditional {
      if ($input.source != "") {
        db.set_datasource {
          value = $input.source
        }
      }
    }
    db.query "book" {
      sort = {id: "asc"}
      return = {type: "list"}
    } as $books
  }
  response = $books|map:$$.title
}
---
query book verb=POST {
  api_group = "shelf"
  public = "A test."
  input {
    text title
  }
  stack {
    db.add "book" {
      data = {title: $input.title}
    } as $book
  }
  response = $book.id
}
---
function "sql" {
  input {
    text sql
  }
  stack {
    db.direct_query {
      sql = $input.sql
      response_type = "list"
    } as $rows
  }
  response = $rows
}`

beforeAll(async () => {
  server = await startListeningServer({ STACKHOLD_DIRECT_QUERY: 'write', STACKHOLD_ENV: 'development' })
  await server.pushText(documents)
  expect((await server.meta('POST', `${W}/datasource`, { label: 'test' })).status).toBe(200)
  expect((await server.meta('POST', `${W}/branch`, { label: 'shared' })).body).toMatchObject({ tables: 'shared' })
  expect((await server.meta('POST', `${W}/branch`, { label: 'dev', tables: 'own' })).body).toMatchObject({ label: 'dev', tables: 'own', live: false })
  await api('POST', 'shelfapi/book', { title: 'Live' })
})
afterAll(async () => {
  const [row] = await query<{ name: string }>('select current_database() as name')
  const id = await branchId('dev')
  await server.close()
  const admin = new pg.Client(inject('testServer'))
  await admin.connect()
  for (const tablesOf of [null, id]) await admin.query(`drop role if exists "${directRole(row?.name ?? '', ws, 'write', tablesOf)}"`).catch(() => {})
  await admin.end()
})

interface BinEntry {
  id: number
  datasource: string
  branch: string | null
  branch_id: number | null
}
const bin = async (table: string, kind?: string): Promise<BinEntry[]> =>
  (await server.meta('GET', `${W}/bin`)).body.filter((item: { table: string; kind: string }) => item.table === table && (kind ?? item.kind) === item.kind)
const tableId = async (name: string, branch: string): Promise<number> =>
  (await server.meta('GET', `${W}/table?branch=${branch}`)).body.items.find((item: { name: string }) => item.name === name).id
const titles = async (branch: string, source = ''): Promise<unknown> =>
  (await api('GET', `shelfapi${branch === '' ? '' : `:${branch}`}/book?source=${source}`)).body

describe('a branch with tables of its own', () => {
  it('has empty copies of every table in every data source', async () => {
    const id = await branchId('dev')
    expect(await shape(`^ws_${ws}b${id}_`)).toEqual([
      `ws_${ws}b${id}_live.book.id`,
      `ws_${ws}b${id}_live.book.title`,
      `ws_${ws}b${id}_test.book.id`,
      `ws_${ws}b${id}_test.book.title`,
    ])
    expect(await titles('dev')).toEqual([])
    const guarded = await query<{ schema: string }>(
      `select distinct relnamespace::regnamespace::text as schema from pg_trigger t join pg_class c on c.oid = t.tgrelid where tgname like 'stackhold_void%' order by 1`,
    )
    expect(guarded.map(({ schema }) => schema)).toEqual([`ws_${ws}_live`, `ws_${ws}_test`, `ws_${ws}b${id}_live`, `ws_${ws}b${id}_test`])
    expect((await server.meta('GET', `${W}/datasource`)).body.map(({ label }: { label: string }) => label)).toEqual(['live', 'test'])
  })

  it('reads and writes its own rows; the others share theirs', async () => {
    expect((await api('POST', 'shelfapi:dev/book', { title: 'Dev' })).status).toBe(200)
    expect((await api('POST', 'shelfapi:shared/book', { title: 'Shared' })).status).toBe(200)
    expect([await titles(''), await titles('shared'), await titles('dev')]).toEqual([['Live', 'Shared'], ['Live', 'Shared'], ['Dev']])
    expect(await titles('dev', 'test')).toEqual([])
    const run = async (branch: string | null, sql: string) => (await server.meta('POST', `${W}/function/run`, { name: 'sql', input: { sql }, branch })).body
    expect((await run(null, 'select title from book order by id')).result).toEqual([{ title: 'Live' }, { title: 'Shared' }])
    expect((await run('dev', 'select title from book order by id')).result).toEqual([{ title: 'Dev' }])
    const reached = await run('dev', `select title from ws_${ws}_live.book`)
    expect(reached).toMatchObject({ status: 'error', error: { message: expect.stringContaining('permission denied') } })
  })

  it('is changed alone: plan, push, rename, drop', async () => {
    const id = await branchId('dev')
    const before = await shape(`^ws_${ws}_(live|test)$`)
    const changed = `table book {
  schema {
    int id
    text title
    int? year?
  }
}
---
table author {
  schema {
    int id
    text name
  }
  items = [{id: 1, name: "Ende"}]
}`
    const plan = (await server.meta('POST', `${W}/multidoc/dry-run?branch=dev&partial=true`, changed)).body
    expect(plan.operations.map(({ action, name }: { action: string; name: string }) => `${action} ${name}`)).toEqual(
      expect.arrayContaining(['create author', 'update book', 'add_field book']),
    )
    expect((await server.meta('POST', `${W}/multidoc?branch=dev&partial=true`, changed)).status).toBe(200)
    expect(await shape(`^ws_${ws}_(live|test)$`)).toEqual(before)
    expect(await shape(`^ws_${ws}b${id}_live$`)).toEqual(
      [`author.id`, `author.name`, `book.id`, `book.title`, `book.year`].map((name) => `ws_${ws}b${id}_live.${name}`),
    )
    expect(await query(`select name from "ws_${ws}b${id}_live".author`)).toEqual([{ name: 'Ende' }])
    expect((await server.meta('GET', `${W}/multidoc?branch=dev&records=true`)).text).toMatch(/^table author[\s\S]*Ende/m)
    expect((await server.meta('GET', `${W}/multidoc?records=true`)).text).not.toMatch(/^table author/m)

    await query('create table public.legacy (id serial primary key, note text); ')
    await query(`insert into public.legacy (note) values ('old')`)
    expect((await server.meta('POST', `${W}/table/adopt?branch=dev`, { table: 'legacy' })).status).toBe(200)
    expect(await query(`select note from "ws_${ws}b${id}_live".legacy`)).toEqual([{ note: 'old' }])
    expect(await shape(`^ws_${ws}_(live|test)$`)).toEqual(before)
    await server.meta('DELETE', `${W}/table/${await tableId('legacy', 'dev')}`)

    // The live branch changes its tables under the same names, and the branch does not follow.
    expect(
      (await server.meta('POST', `${W}/multidoc?partial=true`, 'table book {\n  schema {\n    int id\n    text title\n    bool good?\n  }\n}')).status,
    ).toBe(200)
    expect((await shape(`^ws_${ws}b${id}_live$`)).filter((name) => name.includes('good'))).toEqual([])
    expect(await titles('dev')).toEqual(['Dev'])
    expect(await titles('')).toEqual(['Live', 'Shared'])
  })

  it('shows its tables and rows in the Metadata API', async () => {
    const tables = (await server.meta('GET', `${W}/table?branch=dev`)).body.items as { id: number; name: string }[]
    expect(tables.map(({ name }) => name)).toEqual(['author', 'book', 'user'])
    const shared = (await server.meta('GET', `${W}/table`)).body.items as { id: number; name: string }[]
    expect(shared.map(({ name }) => name)).toEqual(['book', 'user'])
    const rowsOf = async (list: { id: number; name: string }[]) =>
      (await server.meta('GET', `${W}/table/${list.find(({ name }) => name === 'book')?.id}/content`)).body.items.map((row: { title: string }) => row.title)
    expect([await rowsOf(tables), await rowsOf(shared)]).toEqual([['Dev'], ['Live', 'Shared']])
  })

  it('gets every data source that is made later', async () => {
    const id = await branchId('dev')
    await server.meta('POST', `${W}/datasource`, { label: 'later' })
    expect((await shape(`^ws_${ws}b${id}_later$`)).length).toBe(5)
    await server.meta('DELETE', `${W}/datasource/later`)
    expect(await shape(`^ws_${ws}b?${id}?_later$`)).toEqual([])
  })

  it('goes live with its tables, and another branch with its own again; nothing is lost', async () => {
    const id = await branchId('dev')
    const rows = () => Promise.all([query(`select * from ws_1_live.book order by id`), query(`select * from "ws_1b${id}_live".book order by id`)])
    const before = await rows()
    expect((await server.meta('POST', `${W}/branch/dev/live`)).body).toMatchObject({ label: 'dev', live: true, tables: 'own' })
    expect([await titles(''), await titles('dev'), await titles('v1'), await titles('shared')]).toEqual([
      ['Dev'],
      ['Dev'],
      ['Live', 'Shared'],
      ['Live', 'Shared'],
    ])
    // What names no branch means this one: content, pushes, new columns.
    expect((await server.meta('GET', `${W}/table`)).body.items.map(({ name }: { name: string }) => name)).toEqual(['author', 'book', 'user'])
    await server.pushText('table extra {\n  schema {\n    int id\n  }\n}')
    expect(await shape(`^ws_${ws}b${id}_live$`)).toContain(`ws_${ws}b${id}_live.extra.id`)
    expect(await shape(`^ws_${ws}_live$`)).not.toContain(`ws_${ws}_live.extra.id`)
    expect((await api('POST', 'shelfapi/book', { title: 'While dev is live' })).status).toBe(200)
    expect(await query(`select title from ws_1_live.book where title ~ 'While'`)).toEqual([])
    expect((await server.meta('DELETE', `${W}/branch/dev`)).status).toBe(400)
    await server.restart()
    expect(await titles('')).toEqual(['Dev', 'While dev is live'])

    expect((await server.meta('POST', `${W}/branch/v1/live`)).body).toMatchObject({ label: 'v1', live: true, tables: 'shared' })
    expect([await titles(''), await titles('dev')]).toEqual([
      ['Live', 'Shared'],
      ['Dev', 'While dev is live'],
    ])
    await query(`delete from "ws_1b${id}_live".book where title ~ 'While'`)
    expect(await rows()).toEqual(before)
    await server.meta('DELETE', `${W}/table/${await tableId('extra', 'dev')}`)
  })

  it('knows the accounts of its own tables only, live or not', async () => {
    const signup = (group: string, email: string) =>
      server.call('POST', `/api:${group}/auth/signup`, { body: { name: 'A', email, password: 'Correct-horse-7-battery' } })
    const canonical = (await query<{ canonical: string }>(`select canonical from stackhold.definition where kind = 'api_group' and name = 'authentication'`))[0]
      ?.canonical
    const me = async (token: string) => (await server.call('GET', `/api:${canonical}/auth/me`, { token })).status
    const signed = await signup(canonical ?? '', 'shared@x.org')
    expect(signed.status).toBe(200)
    const shared = signed.body.authToken as string
    expect(await me(shared)).toBe(200)
    await server.meta('POST', `${W}/branch/dev/live`)
    expect(await me(shared)).toBe(401)
    const own = (await signup(canonical ?? '', 'own@x.org')).body.authToken as string
    expect(await me(own)).toBe(200)
    expect((await server.meta('POST', `${W}/auth/user/1/revoke`)).status).toBe(200)
    expect(await me(own)).toBe(401)
    await server.meta('POST', `${W}/branch/v1/live`)
    expect(await me(shared)).toBe(200)
  })

  it('gets back what it dropped, into its own tables: a column, then the table', async () => {
    const id = await branchId('dev')
    const before = await shape(`^ws_${ws}_(live|test)$`)
    await query(`update "ws_${ws}b${id}_live".book set year = 1979`)
    const rows = await query(`select * from "ws_${ws}b${id}_live".book order by id`)
    await server.meta('DELETE', `${W}/table/${await tableId('book', 'dev')}/schema/year`)
    const [column] = await bin('book')
    expect(column).toMatchObject({ kind: 'column', column: 'year', datasource: 'live', branch: 'dev', branch_id: id })
    expect((await server.meta('POST', `${W}/bin/${column?.id}/restore?branch=v1`)).status).toBe(409)
    expect((await server.meta('POST', `${W}/bin/${column?.id}/restore`)).body).toMatchObject({ kind: 'column', branch: 'dev', datasources: ['live', 'test'] })
    expect(await query(`select * from "ws_${ws}b${id}_live".book order by id`)).toEqual(rows)

    await server.meta('DELETE', `${W}/table/${await tableId('book', 'dev')}/schema/year`)
    await server.meta('DELETE', `${W}/table/${await tableId('book', 'dev')}`)
    const [table] = await bin('book', 'table')
    const restored = (await server.meta('POST', `${W}/bin`, { id: table?.id })).body
    expect(restored).toMatchObject({ kind: 'table', table: 'book', branch: 'dev', datasources: ['live', 'test'] })
    expect(await titles('dev')).toEqual(['Dev'])
    expect(await api('POST', 'shelfapi:dev/book', { title: 'Dev' })).toMatchObject({ status: 500, body: { message: expect.stringContaining('Duplicate') } })
    const [again] = await bin('book')
    expect((await server.meta('POST', `${W}/bin`, { id: again?.id })).body).toMatchObject({ table_id: restored.table_id })
    expect(await query(`select title, year from "ws_${ws}b${id}_live".book order by id`)).toEqual([{ title: 'Dev', year: '1979' }])
    expect(await shape(`^ws_${ws}_(live|test)$`)).toEqual(before)
    expect(await titles('')).toEqual(['Live', 'Shared'])
  })

  it('takes its tables with it to the bin', async () => {
    const id = await branchId('dev')
    const before = await shape(`^ws_${ws}_(live|test)$`)
    await server.meta('POST', `${W}/branch`, { label: 'copy', source_branch: 'dev' })
    expect(await titles('copy')).toEqual(['Live', 'Shared'])
    expect((await server.meta('DELETE', `${W}/branch/dev`)).status).toBe(200)
    expect(await shape(`^ws_${ws}b${id}_`)).toEqual([])
    expect(await shape(`^ws_${ws}_(live|test)$`)).toEqual(before)
    expect(await query('select nspname from pg_namespace where nspname ~ $1', [`^ws_${ws}b${id}_`])).toEqual([])
    const [book] = await bin('book', 'table')
    expect(book).toMatchObject({ branch: null, branch_id: id })
    const refused = await server.meta('POST', `${W}/bin/${book?.id}/restore`)
    expect([refused.status, refused.body.message, refused.body.hint]).toEqual([
      409,
      'The branch this was dropped from is gone.',
      expect.stringContaining('?branch='),
    ])
    expect(await titles('')).toEqual(['Live', 'Shared'])
  })

  it('can leave them to another branch', async () => {
    const gone = (await bin('book', 'table'))[0]?.branch_id
    await server.meta('POST', `${W}/branch`, { label: 'heir', tables: 'own' })
    const id = await branchId('heir')
    const restored = await server.meta('POST', `${W}/bin/${(await bin('book', 'table'))[0]?.id}/restore?branch=heir`)
    expect(restored.body).toMatchObject({ kind: 'table', table: 'book', branch: 'heir', table_id: await tableId('book', 'heir') })
    expect(await titles('heir')).toEqual(['Dev'])
    const author = await server.meta('POST', `${W}/bin/${(await bin('author', 'table'))[0]?.id}/restore?branch=heir`)
    expect(author.status).toBe(200)
    expect(await query(`select name from "ws_${ws}b${id}_live".author`)).toEqual([{ name: 'Ende' }])
    expect(await titles('')).toEqual(['Live', 'Shared'])
    expect((await bin('author')).filter((item) => item.branch_id === gone && item.datasource !== 'later')).toEqual([])
    await server.meta('DELETE', `${W}/branch/heir`)
  })
})
