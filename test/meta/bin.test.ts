/** The bin over HTTP: what was dropped can be listed and comes back whole; after its time it is gone for good. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { emptyBin, keepInBin } from '../../src/db/ddl/bin.js'
import { startListeningServer } from '../helpers/running-server.js'
import { createServer, type TestServer } from './server.js'

let server: TestServer
beforeAll(async () => {
  server = await createServer()
})
afterAll(() => server.close())

const bin = '/workspace/1/bin'
const sql = <T extends object = Record<string, unknown>>(text: string): Promise<T[]> => server.instance.db.query<T>(text)
const push = (text: string) => server.meta('POST', '/workspace/1/multidoc?partial=true', text)
const idOf = async (name: string): Promise<number> =>
  (await server.meta('GET', `/workspace/1/table?search=${name}`)).body.items.find((item: { name: string }) => item.name === name).id
const entryOf = async (table: string, column: string | null = null) =>
  (await server.meta('GET', bin)).body.find((item: { table: string; column: string | null }) => item.table === table && item.column === column)
/** Ends the time of everything in the bin of one table. */
const expire = (table: string) => sql(`update stackhold.table_bin set restore_until = now() - interval '1 second' where table_name = '${table}'`)
const documentOfBrief = `table user {
  auth = true
  schema {
    int id
  }
}
---
table memo {
  schema {
    int id
    int user_id {
      table = "user"
    }
    text body
  }
  rules = {
    read: $db.memo.user_id == $auth.id
  }
}`
const noErrors = (error: unknown): never => {
  throw error
}

const member = `table member {
  auth = true
  schema {
    int id
    email email
    int score?=1
    text nick?
    password secret?
  }
  index = [
    {type: "primary", field: [{name: "id"}]}
    {type: "btree|unique", field: [{name: "email"}]}
    {type: "btree", field: [{name: "score", op: "desc"}]}
  ]
  items = [{id: 1, email: "a@x.org", score: 1}]
  view = {best: {alias: "best_members", search: $db.member.score > 5, hide: ["email"], sort: {score: "desc"}}}
}`

/** Everything Postgres knows of the table but its rows. */
async function shapeOf(table: string): Promise<unknown> {
  const indexes = await sql(
    `select indexdef from pg_indexes where schemaname = 'ws_1_live' and tablename = '${table}' and indexname !~ 'pkey|^bin_' order by 1`,
  )
  const triggers = await sql(`select tgname, tgenabled from pg_trigger where tgrelid = 'ws_1_live.${table}'::regclass and not tgisinternal order by 1`)
  const columns = await sql(
    `select column_name, data_type, is_nullable, column_default, is_identity from information_schema.columns where table_schema = 'ws_1_live' and table_name = '${table}' order by ordinal_position`,
  )
  const constraints = await sql(
    `select pg_get_constraintdef(oid) as def from pg_constraint where conrelid = 'ws_1_live.${table}'::regclass and contype in ('p', 'c') order by 1`,
  )
  const views = await sql(`select viewname, definition from pg_views where schemaname = 'ws_1_live' order by 1`)
  return { indexes, triggers, columns, constraints, views }
}

describe('the bin', () => {
  it('gives a table back with its rows, views, indexes, triggers and sequence', async () => {
    expect((await push(member)).status).toBe(200)
    await sql(`insert into ws_1_live.member (email, score) values ('b@x.org', 9)`)
    const before = await shapeOf('member')
    const table = await idOf('member')
    expect((await server.meta('DELETE', `/workspace/1/table/${table}`)).status).toBe(200)
    expect(await sql(`select 1 from pg_views where viewname = 'best_members'`)).toEqual([])
    const entry = await entryOf('member')
    expect(entry).toMatchObject({ kind: 'table', table: 'member', column: null, datasource: 'live', table_id: table })
    expect(Date.parse(entry.restore_until) - Date.parse(entry.dropped_at)).toBe(30 * 86_400_000)

    const restored = await server.meta('POST', `${bin}/${entry.id}/restore`)
    expect(restored.body).toMatchObject({ kind: 'table', table: 'member', datasources: ['live'] })
    expect(await shapeOf('member')).toEqual(before)
    expect(await sql('select id, email from ws_1_live.member order by id')).toEqual([
      { id: 1, email: 'a@x.org' },
      { id: 2, email: 'b@x.org' },
    ])
    expect(await sql('select * from ws_1_live.best_members')).toEqual([expect.objectContaining({ id: 2, score: 9 })])
    const again = await server.meta('POST', `/workspace/1/table/${restored.body.table_id}/content`, { email: 'c@x.org' })
    expect(again.body).toMatchObject({ id: 3 })
    expect((await server.meta('POST', `/workspace/1/table/${restored.body.table_id}/content`, { email: 'a@x.org' })).status).not.toBe(200)
    expect(await entryOf('member')).toBeUndefined()
    // The triggers void tokens under the new id of the table.
    await sql('delete from ws_1_live.member where id = 3')
    expect(await sql(`select 1 from stackhold.auth_epoch where table_id = ${restored.body.table_id} and record_id = '3'`)).toHaveLength(1)
  })

  it('gives a column back to a table with views', async () => {
    await sql(`update ws_1_live.member set nick = 'precious' where id = 2`)
    const before = await shapeOf('member')
    expect((await server.meta('DELETE', `/workspace/1/table/${await idOf('member')}/schema/nick`)).status).toBe(200)
    const entry = await entryOf('member', 'nick')
    expect((await server.meta('POST', bin, { id: entry.id })).body).toMatchObject({ kind: 'column', column: 'nick' })
    expect(await sql('select nick from ws_1_live.best_members')).toEqual([{ nick: 'precious' }])
    const names = (shape: unknown) => (shape as { columns: { column_name: string }[] }).columns.map(({ column_name }) => column_name).sort()
    expect(names(await shapeOf('member'))).toEqual(names(before))
  })

  it('puts the rows of a data source back into a table that still has views', async () => {
    await server.meta('POST', '/workspace/1/datasource', { label: 'trial' })
    await sql(`insert into ws_1_trial.member (email, score) values ('trial@x.org', 50)`)
    await server.meta('DELETE', '/workspace/1/datasource/trial')
    await server.meta('POST', '/workspace/1/datasource', { label: 'trial' })
    expect(await sql('select * from ws_1_trial.member')).toEqual([])
    const entry = (await server.meta('GET', bin)).body.find(
      (item: { table: string; datasource: string }) => item.table === 'member' && item.datasource === 'trial',
    )
    expect((await server.meta('POST', bin, { id: entry.id })).status).toBe(200)
    expect(await sql('select score from ws_1_trial.best_members')).toEqual([{ score: 50 }])
    await server.meta('DELETE', '/workspace/1/datasource/trial')
  })

  it('leaves no rows behind when a data source is gone meanwhile', async () => {
    await server.meta('POST', '/workspace/1/datasource', { label: 'trial' })
    await push('table pair {\n  schema {\n    int id\n    text a?\n  }\n}')
    await sql(`insert into ws_1_trial.pair (a) values ('of trial')`)
    await server.meta('DELETE', `/workspace/1/table/${await idOf('pair')}`)
    await server.meta('DELETE', '/workspace/1/datasource/trial')
    const entry = await entryOf('pair')
    const refused = await server.meta('POST', bin, { id: entry.id })
    expect([refused.status, refused.body.message]).toEqual([409, 'The data source "trial" does not exist.'])
    await server.meta('POST', '/workspace/1/datasource', { label: 'trial' })
    expect((await server.meta('POST', bin, { id: entry.id })).body).toMatchObject({ table: 'pair', datasources: ['live', 'trial'] })
    expect(await sql('select a from ws_1_trial.pair')).toEqual([{ a: 'of trial' }])
    await server.meta('DELETE', '/workspace/1/datasource/trial')
  })

  it('is emptied when the time of its entries is over, whatever is in use meanwhile', async () => {
    for (const name of ['busy', 'idle']) {
      await push(`table ${name} {\n  schema {\n    int id\n    text a?\n  }\n}`)
      await server.meta('DELETE', `/workspace/1/table/${await idOf(name)}`)
      await expire(name)
    }
    await push('table kept {\n  schema {\n    int id\n    text a?\n    text b?\n  }\n}')
    await server.meta('DELETE', `/workspace/1/table/${await idOf('kept')}/schema/a`)
    await expire('kept')
    const expired = await sql<{ id: number; bin_schema: string; bin_table: string; table_name: string }>(
      'select * from stackhold.table_bin where restore_until < now() order by id',
    )
    expect(expired).toHaveLength(3)
    expect((await server.meta('GET', bin)).body.filter((item: { table: string }) => ['busy', 'idle', 'kept'].includes(item.table))).toEqual([])
    expect((await server.meta('POST', bin, { id: expired[0]?.id })).status).toBe(404)

    const busy = expired.find((row) => row.table_name === 'busy')
    const problems: unknown[] = []
    const { db } = server.instance
    await db.withTransaction(async (other) => {
      await other.query(`lock table "${busy?.bin_schema}"."${busy?.bin_table}" in access share mode`)
      await Promise.all([emptyBin(db, (error) => problems.push(error)), db.query('select pg_sleep(0)')])
    })
    expect(problems).toHaveLength(1)
    expect(await sql('select table_name from stackhold.table_bin where restore_until < now()')).toEqual([{ table_name: 'busy' }])
    expect(await sql(`select tablename from pg_tables where schemaname = 'ws_1_bin' and tablename ~ 'idle'`)).toEqual([])
    expect(
      await sql(`select attname from pg_attribute where attrelid = 'ws_1_live.kept'::regclass and attnum > 0 and not attisdropped order by attnum`),
    ).toEqual([{ attname: 'id' }, { attname: 'b' }])
    expect(await emptyBin(db, noErrors)).toBe(1)
    expect(await sql(`select tablename from pg_tables where schemaname = 'ws_1_bin' and tablename ~ 'busy'`)).toEqual([])
  })

  it('of a deleted workspace is kept as long, and then goes with everything else of it', async () => {
    const { body: made } = await server.meta('POST', '/workspace', { name: 'brief' })
    const other = `/workspace/${made.id}`
    await server.meta('POST', `${other}/multidoc?partial=true`, documentOfBrief)
    await server.meta('POST', `${other}/branch`, { label: 'own', tables: 'own' })
    await sql(`insert into ws_${made.id}_live.memo (body, user_id) values ('kept', 1)`)
    const schemas = async () =>
      (await sql<{ name: string }>(`select nspname as name from pg_namespace where nspname ~ '^ws_${made.id}(b|_)' order by 1`)).map(({ name }) => name)
    const roles = () =>
      sql(
        `select rolname from pg_roles r where rolname ~ ('^stackhold_' || left(encode(sha256(convert_to(current_database(), 'UTF8')), 'hex'), 12) || '_ws_${made.id}_')`,
      )
    expect(await roles()).toHaveLength(1)
    expect((await server.meta('DELETE', other)).status).toBe(200)
    expect([await schemas(), await roles()]).toEqual([[`ws_${made.id}_bin`], []])
    expect(await emptyBin(server.instance.db, noErrors)).toBe(0)
    const [kept] = await sql<{ bin_table: string; days: number }>(
      `select bin_table, round(extract(epoch from restore_until - now()) / 86400)::int as days from stackhold.table_bin where workspace_id = ${made.id} and datasource = 'live' and table_name = 'memo'`,
    )
    expect(kept?.days).toBe(30)
    expect(await sql(`select body from ws_${made.id}_bin."${kept?.bin_table}"`)).toEqual([{ body: 'kept' }])

    await sql(`update stackhold.table_bin set restore_until = now() - interval '1 second' where workspace_id = ${made.id} and datasource = 'live'`)
    expect(await emptyBin(server.instance.db, noErrors)).toBe(2)
    expect(await schemas()).toEqual([`ws_${made.id}_bin`])
    await sql(`update stackhold.table_bin set restore_until = now() - interval '1 second' where workspace_id = ${made.id}`)
    expect(await emptyBin(server.instance.db, noErrors)).toBe(2)
    expect(await schemas()).toEqual([])
    expect(await sql(`select 1 from stackhold.table_bin where workspace_id = ${made.id}`)).toEqual([])
  })

  it('of a workspace deleted for good goes at once', async () => {
    const { body: made } = await server.meta('POST', '/workspace', { name: 'gone' })
    await server.meta('POST', `/workspace/${made.id}/multidoc?partial=true`, documentOfBrief)
    expect((await server.meta('DELETE', `/workspace/${made.id}?for_good=true`)).status).toBe(200)
    expect(await sql(`select nspname from pg_namespace where nspname ~ '^ws_${made.id}_'`)).toEqual([])
    expect(await sql(`select 1 from stackhold.table_bin where workspace_id = ${made.id}`)).toEqual([])
  })

  it('keeps what is dropped as long as the instance says', async () => {
    await keepInBin(server.instance.db, 7)
    await push('table short_lived {\n  schema {\n    int id\n  }\n}')
    await server.meta('DELETE', `/workspace/1/table/${await idOf('short_lived')}`)
    const entry = await entryOf('short_lived')
    expect(Date.parse(entry.restore_until) - Date.parse(entry.dropped_at)).toBe(7 * 86_400_000)
  })

  it('needs the scope of the database, and an entry of this workspace', async () => {
    const token = await server.tokenWith(['content'])
    expect((await server.meta('GET', bin, undefined, { token })).status).toBe(403)
    expect((await server.meta('POST', bin, { id: 999_999 })).status).toBe(404)
    expect((await server.meta('POST', bin, {})).status).toBe(400)
  })
})

it('a server empties the bin when it starts, and keeps as long as STACKHOLD_BIN_DAYS says', async () => {
  const running = await startListeningServer({ STACKHOLD_BIN_DAYS: '3' })
  try {
    for (const name of ['old', 'young']) {
      const made = await running.meta('POST', '/workspace/1/table', { name })
      expect((await running.meta('DELETE', `/workspace/1/table/${made.body.id}`)).status).toBe(200)
    }
    const days = `select distinct extract(epoch from restore_until - dropped_at)::int / 86400 as days from stackhold.table_bin`
    expect(await running.query(days)).toEqual([{ days: 3 }])
    await running.query(`update stackhold.table_bin set restore_until = now() - interval '1 second' where table_name = 'old'`)
    await running.restart()
    const left = () => running.query(`select table_name from stackhold.table_bin`)
    await expect.poll(left, { timeout: 20_000 }).toEqual([{ table_name: 'young' }])
    expect(await running.query(`select tablename from pg_tables where schemaname = 'ws_1_bin' and tablename ~ 'old$'`)).toEqual([])
    expect((await running.meta('GET', '/workspace/1/bin')).body).toMatchObject([{ table: 'young' }])
  } finally {
    await running.close()
  }
}, 120_000)
