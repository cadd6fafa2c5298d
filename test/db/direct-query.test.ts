import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { directRole } from '../../src/db/direct/role.js'
import { singleStatement, tokenizeSql } from '../../src/db/direct/sql-text.js'
import type { DirectQueryPolicy } from '../../src/db/records.js'
import { createTestDatabase, type TestDatabase } from '../helpers/database.js'
import { type Bench, createBench, errorOf } from './records-fixture.js'

const book = `table book {
  schema {
    int id
    text title
    int? year?
    text[] tags?
    timestamp? at?
  }
}`

let test: TestDatabase
const benches = new Map<DirectQueryPolicy, Bench>()
/** A workspace of another builder, in the same database. */
let stranger: Bench
beforeAll(async () => {
  test = await createTestDatabase()
  for (const [i, directQuery] of (['write', 'read', 'raw', 'off'] as const).entries())
    benches.set(directQuery, await createBench(test.database, [book], { workspaceId: i + 1, datasources: ['live', 'test'], compiler: { directQuery } }))
  stranger = await createBench(test.database, ['table secret {\n  schema {\n    int id\n    text word\n  }\n}'], {
    workspaceId: 9,
    compiler: { directQuery: 'write' },
  })
  await stranger.run('db.add "secret" { data = {word: "plum"} }')
  await test.database.query(`insert into stackhold.setting (key, value) values ('plum', '1')`)
  for (const bench of benches.values())
    await bench.run('db.bulk.add "book" { items = $items }', {
      items: [
        { title: "it's", year: 2000, tags: ['a'], at: 0 },
        { title: 'B', year: null, tags: ['a', 'b'] },
      ],
    })
})
afterAll(async () => {
  const [row] = await test.database.query<{ name: string }>('select current_database() as name')
  await test.drop()
  const admin = new pg.Client({ ...test.connection, database: 'postgres' })
  await admin.connect().catch(() => {})
  for (const id of [1, 2, 3, 4, 9])
    for (const mode of ['read', 'write'] as const) await admin.query(`drop role if exists "${directRole(row?.name ?? '', id, mode)}"`).catch(() => {})
  await admin.end().catch(() => {})
})

const bench = (policy: DirectQueryPolicy): Bench => benches.get(policy) as Bench
const run = (sql: string, arg: unknown[] = [], policy: DirectQueryPolicy = 'write', more = '') =>
  bench(policy).run(`db.direct_query {\n sql = $sql\n arg = $arg\n ${more} }`, { sql, arg })

describe('reading and writing', () => {
  it('binds arguments, whatever they look like', async () => {
    expect(await run('select id, title from book where title = ?', ["it's"])).toEqual([{ id: 1, title: "it's" }])
    expect(await run('select id from book where id = ? and tags @> ? and year is not distinct from ?', [2, ['b'], null])).toEqual([{ id: 2 }])
    expect(await run('select ? as a, \'?\' as b, "title" /* ? */ from book where id = ? -- ?', ["x'); drop table book; --\\", 1])).toEqual([
      { a: "x'); drop table book; --\\", b: '?', title: "it's" },
    ])
    expect(await run('select ?:alias from book where id = ?', ['ti"tle', 1]).catch((error: Error) => error.message)).toContain('column "ti"tle" does not exist')
  })

  it('answers all rows, or the first', async () => {
    expect(await run('select id from book order by id;')).toEqual([{ id: 1 }, { id: 2 }])
    expect(await run('select id from book order by id desc', [], 'write', 'response_type = "single"')).toEqual({ id: 2 })
    expect(await run('select id from book where false', [], 'write', 'response_type = "single"')).toBeNull()
  })

  it('changes rows, with and without returning', async () => {
    expect(await run("insert into book (title, tags) values (?, '{}') returning id, title", ['new'])).toEqual([{ id: 3, title: 'new' }])
    expect(await run('update book set year = ? where id = ?', [1, 3])).toEqual([])
    expect(await run('with gone as (delete from book where id = ? returning id) select count(*) as n from gone', [3])).toEqual([{ n: 1 }])
  })

  it('knows the names of the original, and data sources by name', async () => {
    const { id } = bench('write').tables.get('book') as { id: number }
    expect(await run(`select count(*) as n from x1_book a join mvpw1_${id} b using (id)`)).toEqual([{ n: 2 }])
    expect(await run('select count(*) as n from x1_test_book')).toEqual([{ n: 0 }])
  })

  it('takes part in transactions', async () => {
    const { session } = bench('write')
    await expect(
      session.transaction(async () => {
        await run('delete from book')
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    expect(await run('select count(*) as n from book')).toEqual([{ n: 2 }])
  })

  it('may be written only when the operator says so', async () => {
    expect(await run('select id from book', [], 'read')).toHaveLength(2)
    expect(await errorOf(run('delete from book', [], 'read'))).toMatchObject({ message: 'SQL Error: permission denied for table book' })
    expect(await errorOf(run('select 1', [], 'off'))).toMatchObject({ status: 403, message: 'db.direct_query is switched off on this server.' })
    expect(await errorOf(run('select ?:raw', ['1'], 'write'))).toMatchObject({ status: 403 })
    expect(await run('select ?:raw from book where id = ?', ['title', 1], 'raw')).toEqual([{ title: "it's" }])
    expect(await errorOf(run('select ?:raw', ['1; drop table book'], 'raw'))).toMatchObject({ status: 400 })
  })

  it('needs as many arguments as placeholders', async () => {
    expect(await errorOf(run('select ?'))).toMatchObject({ status: 400, payload: { param: 'arg' } })
    expect(await errorOf(run('select 1', [1]))).toMatchObject({ status: 400, payload: { param: 'arg' } })
  })
})

describe('what it cannot reach', () => {
  it.each([
    'select * from stackhold.setting',
    'select * from ws_9_live.secret',
    'select word from x9_secret',
    "select query_to_xml('select * from stackhold.setting', true, false, '')",
    "select set_config('role', 'none', true), query_to_xml('select * from stackhold.setting', true, false, '')",
    "select set_config('role', session_user, false), query_to_xml('select * from ws_9_live.secret', true, false, '')",
    "select set_config('session_authorization', session_user, false), query_to_xml('select * from stackhold.setting', true, false, '')",
    "select * from pg_read_file('/etc/passwd')",
    'select * from pg_authid',
    "select lo_import('/etc/passwd')",
    "select * from ws_1_sql.run_read('ws_1_live', array['select * from stackhold.setting'], null, null)",
    "select * from ws_9_sql.run_write('ws_9_live', array['select * from secret'], null, null)",
    'with x as (select 1) delete from stackhold.setting',
    'reset role',
    'set role none',
    'do $$ begin reset role; end $$',
    'select 1; select * from stackhold.setting',
    'copy stackhold.setting to stdout',
    "copy (select 1) to program 'id'",
    'create table mine (n int)',
    'deallocate all',
    'prepare x as select 1',
    'listen x',
    'begin',
    'truncate book',
    'drop table book',
    "select 'open",
    'select 1 /* open',
  ])('%s', async (sql) => {
    const outcome = await run(sql).catch((error: Error) => error)
    expect(outcome).toBeInstanceOf(Error)
    expect(String((outcome as Error).message)).not.toContain('plum')
  })

  it('leaves no trace on the connection', async () => {
    await run("select set_config('search_path', 'pg_catalog', false), set_config('statement_timeout', '1', false), pg_advisory_lock(7)")
    const states = await Promise.all(
      Array.from({ length: 12 }, () =>
        test.database.query<{ path: string; timeout: string; who: boolean }>(
          "select current_setting('search_path') as path, current_setting('statement_timeout') as timeout, current_user = session_user as who, pg_sleep(0.02)",
        ),
      ),
    )
    for (const [state] of states) expect(state).toMatchObject({ path: 'public', who: true, timeout: '15s' })
    expect(await test.database.query("select 1 from pg_locks where locktype = 'advisory' and objid = 7")).toEqual([])
  })
})

describe('reading SQL', () => {
  it('finds placeholders outside of texts, names and comments', () => {
    const kinds = tokenizeSql(`select ?, '?', e'\\'?', "?", $$ ? $$, $x$ ? $x$ -- ?\n, ?:alias /* ? /* ? */ ? */ , u&'?'`)
      .filter((token) => token.type === 'placeholder')
      .map((token) => token.kind)
    expect(kinds).toEqual(['value', 'name'])
  })

  it('allows one statement about rows', () => {
    expect(() => singleStatement(tokenizeSql('  -- hi\n (select 1) ; ; '))).not.toThrow()
    expect(() => singleStatement(tokenizeSql("select ';' ; select 2"))).toThrow('one statement')
    expect(() => singleStatement(tokenizeSql('vacuum'))).toThrow('rows only')
    expect(() => singleStatement(tokenizeSql(''))).toThrow('rows only')
  })
})
