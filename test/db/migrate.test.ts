import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Kysely, sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { migrations } from '../../migrations/index.js'
import { type Database, openDatabase } from '../../src/db/client.js'
import { migrateCatalog } from '../../src/db/migrate.js'
import { createEmptyDatabase, createTestDatabase, inDatabase, type TestDatabase } from '../helpers/database.js'
import { dumpSchema } from '../helpers/schema-dump.js'

const names = Object.keys(migrations)

async function withEmpty(fn: (connection: pg.ClientConfig, query: (text: string) => Promise<unknown[]>) => Promise<void>): Promise<void> {
  const empty = await createEmptyDatabase()
  const client = new pg.Client(empty.connection)
  await client.connect()
  try {
    await fn(empty.connection, async (text) => (await client.query(text)).rows)
  } finally {
    await client.end()
    await empty.drop()
  }
}

describe('migrateCatalog', () => {
  it('applies everything once and nothing twice', () =>
    withEmpty(async (connection, query) => {
      expect(await migrateCatalog(connection)).toEqual({ applied: names })
      await query(`insert into stackhold.workspace (name, guid) values ('w', 'g')`)
      expect(await migrateCatalog(connection)).toEqual({ applied: [] })
      expect(await query('select name from stackhold.workspace')).toEqual([{ name: 'w' }])
    }))

  it('gives the bins of workspaces deleted by an older version a time to go', () =>
    withEmpty(async (connection, query) => {
      const older = Object.fromEntries(Object.entries(migrations).filter(([name]) => name < '009'))
      await migrateCatalog(connection, { migrations: older })
      await query(`insert into stackhold.workspace (name, guid) values ('w', 'g')`)
      await query(`create schema ws_1_bin; create table ws_1_bin.of_ours (id int); create schema ws_7_bin; create table ws_7_bin.orphan (id int)`)
      await migrateCatalog(connection)
      expect(
        await query(
          `select workspace_id, bin_schema, bin_table, round(extract(epoch from restore_until - now()) / 86400)::int as days from stackhold.table_bin`,
        ),
      ).toEqual([{ workspace_id: 7, bin_schema: 'ws_7_bin', bin_table: 'orphan', days: 30 }])
    }))

  it('lets one of several runners work', () =>
    withEmpty(async (connection) => {
      const outcomes = await Promise.all(Array.from({ length: 4 }, () => migrateCatalog(connection)))
      expect(outcomes.map((outcome) => outcome.applied.length).sort()).toEqual([0, 0, 0, names.length])
    }))

  it('changes nothing when one migration fails, and names it', () =>
    withEmpty(async (connection, query) => {
      const failing = {
        ...migrations,
        '999-fail': { up: (db: Kysely<unknown>) => sql`create table stackhold.half (id int); select 1/0`.execute(db).then(() => {}) },
      }
      await expect(migrateCatalog(connection, { migrations: failing })).rejects.toThrow(/999-fail.*division by zero/)
      expect(await query(`select to_regclass('stackhold.workspace')::text as a, to_regclass('stackhold.half')::text as b`)).toEqual([{ a: null, b: null }])
      expect((await migrateCatalog(connection)).applied).toEqual(names)
    }))

  it('refuses the database of a newer version and leaves it alone', () =>
    withEmpty(async (connection) => {
      await migrateCatalog(connection, { migrations: { ...migrations, '999-later': { up: async () => {} } } })
      await expect(migrateCatalog(connection)).rejects.toThrow('made by a newer Stackhold: it has "999-later"')
    }))

  it('survives a runner killed in the middle', () =>
    withEmpty(async (connection, query) => {
      const killing = {
        ...migrations,
        '999-die': { up: (db: Kysely<unknown>) => sql`select pg_terminate_backend(pg_backend_pid())`.execute(db).then(() => {}) },
      }
      await expect(migrateCatalog(connection, { migrations: killing })).rejects.toThrow()
      expect(await query(`select to_regclass('stackhold.workspace')::text as a`)).toEqual([{ a: null }])
      expect((await migrateCatalog(connection)).applied).toEqual(names)
    }))

  it('says in one line what is wrong with the connection', async () => {
    const { connection, drop } = await createEmptyDatabase()
    await drop()
    await expect(migrateCatalog(connection)).rejects.toThrow('The database named in DATABASE_URL does not exist.')
    await expect(migrateCatalog({ host: '/nowhere' })).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('The database is not reachable: '),
    })
    const began = Date.now()
    await expect(migrateCatalog({ host: '/nowhere' }, { waitMs: 900 })).rejects.toMatchObject({ kind: 'unavailable' })
    expect(Date.now() - began).toBeGreaterThan(600)
  })

  it('names its migrations in their order', () => {
    expect(names).toEqual([...names].sort())
    for (const [index, name] of names.entries()) expect(name).toMatch(new RegExp(`^${String(index + 1).padStart(3, '0')}-[a-z]+-[a-z0-9-]+$`))
  })
})

describe('the catalog', () => {
  let test: TestDatabase
  let database: Database
  beforeAll(async () => {
    test = await createTestDatabase()
    database = test.database
  })
  afterAll(() => test.drop())

  it('is the one in test/schema.sql', async () => {
    const path = fileURLToPath(new URL('../schema.sql', import.meta.url))
    const now = await dumpSchema(database)
    if (process.env['UPDATE'] === '1') writeFileSync(path, now)
    expect(now).toBe(readFileSync(path, 'utf8'))
  })

  it('keeps names, guids and canonicals unique where they must be', async () => {
    const catalog = database.kysely
    const workspaceOf = async (name: string) =>
      (await catalog.insertInto('workspace').values({ name, guid: name }).returning('id').executeTakeFirstOrThrow()).id
    const branchOf = async (workspace_id: number, label: string, live = false) =>
      (await catalog.insertInto('branch').values({ workspace_id, label, live }).returning('id').executeTakeFirstOrThrow()).id
    const [one, two] = [await workspaceOf('one'), await workspaceOf('two')]
    const [live, dev, other] = [await branchOf(one, 'v1', true), await branchOf(one, 'dev'), await branchOf(two, 'v1', true)]
    const conflict = { code: '23505' }
    await expect(branchOf(one, 'dev')).rejects.toMatchObject(conflict)
    await expect(branchOf(one, 'second-live', true)).rejects.toMatchObject(conflict)

    let guid = 0
    const define = (
      workspace_id: number,
      branch_id: number | null,
      kind: string,
      name: string,
      more: { guid?: string; canonical?: string; parent?: string; verb?: string } = {},
    ) =>
      catalog
        .insertInto('definition')
        .values({ workspace_id, branch_id, kind, name, canonical: null, guid: `g${++guid}`, definition: '{"a":1}', ...more })
        .returningAll()
        .executeTakeFirstOrThrow()
    const table = await define(one, null, 'table', 'user')
    expect(table).toMatchObject({ definition: { a: 1 }, draft: null, version: 1, parent: '', created_at: expect.any(Number) })
    await expect(define(one, null, 'table', 'user')).rejects.toMatchObject(conflict)
    await define(two, null, 'table', 'user')
    await define(one, live, 'query', 'item', { parent: 'shop', verb: 'GET' })
    await define(one, live, 'query', 'item', { parent: 'shop', verb: 'POST' })
    await define(one, dev, 'query', 'item', { parent: 'shop', verb: 'GET' })
    await expect(define(one, live, 'query', 'item', { parent: 'shop', verb: 'GET' })).rejects.toMatchObject(conflict)
    await expect(define(one, live, 'query', 'other', { guid: 'g4' })).rejects.toMatchObject(conflict)

    await expect(define(one, other, 'function', 'stray')).rejects.toMatchObject({ code: '23503' })

    await define(one, live, 'api_group', 'shop', { canonical: 'Abc' })
    await define(one, dev, 'api_group', 'shop', { canonical: 'Abc' })
    await expect(define(one, live, 'api_group', 'second', { canonical: 'Abc' })).rejects.toMatchObject(conflict)
    await expect(define(two, other, 'api_group', 'shop', { canonical: 'Abc' })).rejects.toMatchObject({ ...conflict, constraint: 'definition_canonical' })

    await catalog.deleteFrom('workspace').where('id', '=', one).execute()
    expect(await catalog.selectFrom('definition').select('workspace_id').distinct().execute()).toEqual([{ workspace_id: two }])
  })

  it('is cloned for each test file, without being made again', async () => {
    const clone = await createTestDatabase()
    expect((await migrateCatalog(clone.connection)).applied).toEqual([])
    expect(await clone.database.kysely.selectFrom('workspace').selectAll().execute()).toEqual([])
    await clone.drop()
  })

  it('is reached through a URL as well, whose options are kept', async () => {
    const { host, port, user, database: name } = test.connection
    const given = test.connection.connectionString ?? `postgres://${user}@${encodeURIComponent(host ?? '')}:${port}/${name}`
    const url = new URL(given)
    url.searchParams.set('options', '-c app.flavour=blue')
    const own = openDatabase({ connection: inDatabase({ connectionString: url.toString() }, url.pathname.slice(1)), statementTimeoutMs: 4_000 })
    expect(await own.query(`select current_setting('app.flavour') as a, current_setting('statement_timeout') as b, current_setting('timezone') as c`)).toEqual([
      { a: 'blue', b: '4s', c: 'UTC' },
    ])
    await own.close()
  })
})
