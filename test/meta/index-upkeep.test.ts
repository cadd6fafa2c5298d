/** Indexes that could not be built: seen in the answers, tried again by the next change and by the next start, and never left half-built. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readExtensions } from '../../src/db/extensions.js'
import { startHousekeeping } from '../../src/jobs/housekeeping.js'
import { createServer, type TestServer } from './server.js'

let server: TestServer
let table: string
let index: string
const sql = <T extends object = Record<string, unknown>>(text: string): Promise<T[]> => server.instance.db.query<T>(text)
const stateOf = async (type = 'unique') => (await server.meta('GET', table)).body.index.find((one: { type: string }) => one.type === type)
const isThere = async () => sql(`select indisvalid as valid from pg_index where indexrelid = to_regclass('ws_1_live."${index}"')`)

beforeAll(async () => {
  server = await createServer()
  const made = await server.meta(
    'POST',
    '/workspace/1/table',
    'table coupon {\n  schema {\n    int id\n    text code\n    vector? place? {\n      size = 3\n    }\n  }\n  index = [\n    {type: "primary", field: [{name: "id"}]}\n    {type: "btree|unique", field: [{name: "code", op: "asc"}]}\n    {type: "vector", field: [{name: "place", op: "vector_nope_ops"}]}\n  ]\n}',
  )
  table = `/workspace/1/table/${made.body.id}`
  index =
    (await sql<{ name: string }>(`select indexname as name from pg_indexes where schemaname = 'ws_1_live' and tablename = 'coupon' and indexname ~ 'code'`))[0]
      ?.name ?? ''
})
afterAll(() => server.close())

/** As a build that broke off leaves it: the definition asks for it, Postgres holds an invalid one. */
async function breakIndex(): Promise<void> {
  const { db } = server.instance
  await db.query(`drop index if exists ws_1_live."${index}"`)
  await db.query(`insert into ws_1_live.coupon (code) values ('twice'), ('twice')`)
  await expect(db.runLong(`create unique index concurrently "${index}" on ws_1_live.coupon ("code")`, 10_000)).rejects.toThrow('could not create unique index')
  expect(await isThere()).toEqual([{ valid: false }])
}

it('says how each index stands', async () => {
  expect(await stateOf()).toMatchObject({ state: 'ready' })
  expect(await stateOf('primary')).toMatchObject({ state: 'ready' })
  expect(await stateOf('vector')).toMatchObject({ state: 'unsupported', problem: expect.stringContaining('vector_nope_ops') })
  expect((await server.meta('GET', `${table}/index`)).body).toEqual((await server.meta('GET', table)).body.index)
})

it('takes its own answer back as it is', async () => {
  const { body } = await server.meta('GET', `${table}/index`)
  expect((await server.meta('PUT', `${table}/index`, body)).body).toEqual(body)
})

it('tries again with the next change, says why it failed, and leaves no invalid index behind', async () => {
  await breakIndex()
  expect(await stateOf()).toMatchObject({ state: 'failed', problem: 'The build was interrupted.' })
  const pushed = await server.meta('POST', '/workspace/1/multidoc?partial=true', 'table other {\n  schema {\n    int id\n  }\n}')
  expect(pushed.status).toBe(200)
  expect(pushed.text).toContain('Index unique(code asc) of table \\"coupon\\" could not be built')
  expect(await isThere()).toEqual([])
  expect(await stateOf()).toMatchObject({ state: 'failed', problem: expect.stringContaining('could not create unique index') })

  await sql(`delete from ws_1_live.coupon where id = (select max(id) from ws_1_live.coupon)`)
  await server.meta('PUT', `${table}/meta`, { description: 'Codes.' })
  expect(await stateOf()).toMatchObject({ state: 'ready' })
  expect(await isThere()).toEqual([{ valid: true }])
  expect(await sql('select 1 from stackhold.index_failure')).toEqual([])
})

it('tries again when a server starts, one of several at a time', async () => {
  await breakIndex()
  await sql(`delete from ws_1_live.coupon where id > 1`)
  const { db } = server.instance
  const problems: string[] = []
  const options = {
    onError: (error: unknown) => {
      throw error
    },
    onProblem: (problem: string) => void problems.push(problem),
  }
  const nodes = [startHousekeeping(db, options), startHousekeeping(db, options)]
  await expect.poll(async () => (await stateOf()).state, { timeout: 10_000 }).toBe('ready')
  await Promise.all(nodes.map((node) => node.stop()))
  expect(problems).toEqual([])
  expect(await isThere()).toEqual([{ valid: true }])
})

it('builds again indexes of every kind, and those of a branch with tables of its own', async () => {
  await server.meta('POST', '/workspace/1/branch', { label: 'apart', tables: 'own' })
  const [branch] = await sql<{ id: number }>(`select id from stackhold.branch where label = 'apart'`)
  const schema = `ws_1b${branch?.id}_live`
  const pushed = await server.meta(
    'POST',
    '/workspace/1/multidoc?partial=true&branch=apart',
    'table paper {\n  schema {\n    int id\n    text title\n    text[] tags?\n    json extra?\n  }\n  index = [\n    {type: "primary", field: [{name: "id"}]}\n    {type: "gin", field: [{name: "tags"}]}\n    {type: "gin", field: [{name: "extra", op: "jsonb_path_op"}]}\n    {type: "search", field: [{name: "title"}], lang: "english"}\n    {type: "btree", field: [{name: "title", op: "desc"}]}\n  ]\n}',
  )
  expect(pushed.status).toBe(200)
  const standing = () =>
    sql<{ name: string; kind: string; valid: boolean; definition: string }>(
      `select c.relname as name, a.amname as kind, i.indisvalid as valid, pg_get_indexdef(c.oid) as definition from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
       where c.relnamespace = '"${schema}"'::regnamespace and i.indrelid = '"${schema}".paper'::regclass and not i.indisprimary order by 1`,
    )
  const before = await standing()
  expect(before.map(({ kind }) => kind).sort()).toEqual(['btree', 'gin', 'gin', 'gin'])
  const [first, second, ...rest] = before
  // One is half-built, one was never begun, one broke off and said why.
  await sql(`update pg_index set indisvalid = false where indexrelid = '"${schema}"."${first?.name}"'::regclass`)
  await sql(`drop index "${schema}"."${second?.name}"`)
  await sql(`update pg_index set indisvalid = false where indexrelid = '"${schema}"."${rest[0]?.name}"'::regclass`)
  await sql(
    `insert into stackhold.index_failure (workspace_id, schema_name, index_name, message) values (1, '${schema}', '${rest[0]?.name}', 'the disk was full')`,
  )
  const paper = (await server.meta('GET', '/workspace/1/table?branch=apart&search=paper')).body.items[0]
  const states = async () => (await server.meta('GET', `/workspace/1/table/${paper.id}/index`)).body.map(({ state }: { state: string }) => state).sort()
  expect(await states()).toEqual(['failed', 'failed', 'missing', 'ready', 'ready'])
  const { db } = server.instance
  const fail = (error: unknown): never => {
    throw error instanceof Error ? error : new Error(String(error))
  }
  const node = startHousekeeping(db, { onError: fail, onProblem: fail })
  await expect.poll(states, { timeout: 20_000 }).toEqual(['ready', 'ready', 'ready', 'ready', 'ready'])
  await node.stop()
  expect(await standing()).toEqual(before)
  expect(await sql('select 1 from stackhold.index_failure')).toEqual([])
})

it('forgets failures of indexes that nobody asks for', async () => {
  await breakIndex()
  await server.meta('POST', '/workspace/1/multidoc?partial=true', 'table other {\n  schema {\n    int id\n    text a?\n  }\n}')
  expect(await sql('select 1 from stackhold.index_failure')).toHaveLength(1)
  await server.meta('PUT', `${table}/index`, [
    { type: 'primary', fields: [{ name: 'id' }] },
    { type: 'btree', fields: [{ name: 'code' }] },
  ])
  await sql(
    `drop index ws_1_live."${(await sql<{ name: string }>(`select indexname as name from pg_indexes where tablename = 'coupon' and indexname ~ 'code'`))[0]?.name}"`,
  )
  await server.meta('PUT', `${table}/meta`, { description: 'Codes again.' })
  expect(await sql('select 1 from stackhold.index_failure')).toEqual([])
  expect(await stateOf('btree')).toMatchObject({ state: 'ready' })
})

it('builds a spatial index where PostGIS may be had, and again after the extension was away; endpoints answer the same', async () => {
  const { db } = server.instance
  const expected = (await readExtensions(db)).postgis === undefined ? 'unsupported' : 'ready'
  const pushed = await server.meta(
    'POST',
    '/workspace/1/multidoc?partial=true',
    `table shop {
  schema {
    int id
    geo_point place?
  }
  index = [
    {type: "primary", field: [{name: "id"}]}
    {type: "spatial", field: [{name: "place"}]}
  ]
}
---
api_group map {
  canonical = "map"
}
---
query near verb=GET {
  api_group = "map"
  public = "test"
  input {
    decimal lng
    int metres
  }
  stack {
    var $here { value = {type: "point", data: {lng: $input.lng, lat: 52}} }
    db.query shop {
      where = $db.shop.place|within:$here:$input.metres
      sort = {id: "asc"}
      output = ["id"]
    } as $near
  }
  response = $near
}`,
  )
  expect(pushed.status).toBe(200)
  const shop = (await server.meta('GET', '/workspace/1/table?search=shop')).body.items[0]
  const spatial = async () =>
    (await server.meta('GET', `/workspace/1/table/${shop.id}/index`)).body.find((one: { type: string }) => one.type === 'spatial').state
  const near = async () => (await server.api('GET', 'map/near?lng=13.0&metres=10000')).body
  for (const lng of [13, 13.1, 14]) await server.meta('POST', `/workspace/1/table/${shop.id}/content`, { place: { type: 'point', data: { lng, lat: 52 } } })
  expect([await spatial(), await near()]).toEqual([expected, [{ id: 1 }, { id: 2 }]])

  await db.query('drop extension if exists postgis cascade')
  await server.instance.live.refreshAll()
  expect(await near()).toEqual([{ id: 1 }, { id: 2 }])
  await server.meta('PUT', `/workspace/1/table/${shop.id}/meta`, { description: 'Shops.' })
  expect([await spatial(), await near()]).toEqual([expected, [{ id: 1 }, { id: 2 }]])
})
