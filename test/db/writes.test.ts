import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Content, createContent } from '../../src/db/content.js'
import type { TableModel } from '../../src/definitions/table.js'
import { fromPlain, type Obj, toPlain } from '../../src/lib/value.js'
import { createTestDatabase, type TestDatabase } from '../helpers/database.js'
import { type Bench, clockNow, createBench, errorOf, hashOf } from './records-fixture.js'

const item = `table item {
  schema {
    int id
    timestamp created_at?=now
    text name
    int stock?
    decimal? price?
    text[] tags?
    json? data?
    password password?
    enum kind?="a" { values = ["a", "b"] }
  }
  index = [{type: "unique", field: [{name: "name"}]}]
}`
/** One column of every type. */
const every = `table every {
  schema {
    uuid id
    int i?
    decimal d?
    text t?
    bool b?
    email e?
    uuid? u?
    timestamp ts?
    date day?
    json j?
    enum en? { values = ["x", "y"] }
    object o? { schema { int n? } }
    vector v? { size = 3 }
    image img?
    attachment att?
    geo_point gp?
    geo_polygon gl?
    int[] is?
    decimal[] ds?
    text[] texts?
    bool[] bs?
    timestamp[] tss?
    date[] days?
    uuid[] us?
    json[] js?
    object[] os? { schema { text a? } }
    enum[] ens? { values = ["x", "y"] }
  }
}`

let test: TestDatabase
let bench: Bench
let content: Content
let table: TableModel
beforeAll(async () => {
  test = await createTestDatabase()
  bench = await createBench(test.database, [item, every])
  table = bench.tables.get('item') as TableModel
  content = createContent(test.database, {
    workspaceId: 1,
    datasource: 'live',
    datasources: ['live'],
    clock: { now: () => clockNow },
    hash: async (text) => hashOf(text),
    judge: async () => null,
  })
})
afterAll(() => test.drop())

const plain = (rows: readonly unknown[]): unknown[] => rows.map((row) => toPlain(row as Obj))

describe('every column type', () => {
  const row = {
    i: 9007199254740991,
    d: 0.1,
    t: 'it\'s \\ "x" $1 💡',
    b: true,
    e: 'a@b.co',
    u: 'c0ffee00-0000-4000-8000-000000000001',
    ts: 1_700_000_000_123,
    day: '2024-02-29',
    j: { deep: [1, { x: null }], "quo'te": '\\' },
    en: 'y',
    o: { n: 3 },
    v: [0.5, -1, 2],
    img: { path: '/vault/a.png', meta: {} },
    att: { path: '/vault/b' },
    gp: { type: 'point', data: { lat: 1.5, lng: 2 } },
    gl: {
      type: 'poly',
      data: [
        { lat: 0, lng: 0 },
        { lat: 1, lng: 1 },
      ],
    },
    is: [1, 2],
    ds: [1.5, 2],
    texts: ['a,b', '"q"', 'NULL', '{}', ''],
    bs: [true, false],
    tss: [0, 1000],
    days: ['2024-01-01'],
    us: ['c0ffee00-0000-4000-8000-000000000002'],
    js: [{ a: 1 }, 'text', 5, [2]],
    os: [{ a: 'x' }, { a: 'y' }],
    ens: ['x', 'x'],
  }

  it.each(['db.add "every" { data = $row }', 'db.bulk.add "every" { items = [$row] }'])('comes back as it went in: %s', async (statement) => {
    const result = await bench.run(statement, { row })
    const [stored] = Array.isArray(result) ? result : [result]
    expect(stored).toEqual({ id: expect.any(String), ...row })
    const { id } = stored as { id: string }
    expect(await bench.run('db.get "every" { field_name = "id"\n field_value = $id }', { id })).toEqual(stored)
    const changed = await bench.run('db.bulk.patch "every" { items = [{id: $id, data: $row}] }', { id, row })
    expect(changed).toEqual([stored])
  })

  it('has empty values for everything left out', async () => {
    expect(await bench.run('db.add "every" { data = {} }')).toMatchObject({
      i: 0,
      t: '',
      b: false,
      u: null,
      ts: null,
      day: null,
      j: null,
      en: null,
      o: {},
      v: null,
      img: null,
      is: [],
      js: [],
    })
  })
})

describe('db.bulk', () => {
  const add = 'db.bulk.add "item" { items = $items\n allow_id_field = $allow }'

  it('adds rows in order, in one statement, passwords hashed', async () => {
    const before = bench.facts.length
    const rows = (await bench.run(add, {
      items: [
        { name: 'b', password: 'secret' },
        { name: 'a', tags: ['x'], id: 500 },
      ],
      allow: false,
    })) as { id: number; name: string }[]
    expect(rows.map(({ id, name }) => [id, name])).toEqual([
      [1, 'b'],
      [2, 'a'],
    ])
    expect(rows[0]).not.toHaveProperty('password')
    expect(bench.facts.length - before).toBe(1)
    expect(await bench.run('db.get "item" { field_name = "id"\n field_value = 1\n output = ["password"] }')).toEqual({ password: hashOf('secret') })
  })

  it('keeps ids when that is allowed, and counts on behind them', async () => {
    expect(await bench.run(add, { items: [{ name: 'n1' }, { name: 'n2', id: 40 }, { name: 'n3' }], allow: true })).toMatchObject([
      { id: 41, name: 'n1' },
      { id: 40, name: 'n2' },
      { id: 42, name: 'n3' },
    ])
    expect(await bench.run('db.add "item" { data = {name: "n4"} }')).toMatchObject({ id: 43 })
  })

  it('writes nothing when one row is wrong, and says which', async () => {
    const count = await bench.run('db.count "item"')
    expect(await errorOf(bench.run(add, { items: [{ name: 'ok' }, { name: 'bad', kind: 'z' }], allow: false }))).toMatchObject({
      status: 400,
      message: 'items[1]: Input "kind" is not one of the allowable values.',
      payload: { param: 'kind', row: 1 },
    })
    expect((await errorOf(bench.run(add, { items: [{ name: 'ok' }, { name: 'a' }], allow: false }))).message).toMatch(/^Duplicate record/)
    expect(await bench.run('db.count "item"')).toBe(count)
  })

  it('writes more rows than fit one statement, all or none', async () => {
    const items = Array.from({ length: 5_200 }, (_, i) => ({ name: `many${i}` }))
    expect(await bench.run(add, { items, allow: false })).toHaveLength(5_200)
    expect((await errorOf(bench.run(add, { items: [...items.map(({ name }) => ({ name: `x${name}` })), { name: 'a' }], allow: false }))).message).toMatch(
      /^Duplicate/,
    )
    expect(await bench.run('db.count "item" { where = $db.item.name like "xmany%" }')).toBe(0)
    expect(await bench.run('db.bulk.delete "item" { where = $db.item.name like "many%" }')).toBe(5_200)
  })

  it('patches what is given and replaces whole rows', async () => {
    expect(
      await bench.run('db.bulk.patch "item" { items = $items }', {
        items: [
          { id: 2, stock: 4 },
          { id: 1, data: { price: 1.5 } },
          { id: 999, stock: 1 },
        ],
      }),
    ).toMatchObject([
      { id: 2, name: 'a', stock: 4, tags: ['x'] },
      { id: 1, name: 'b', price: 1.5 },
    ])
    expect(await bench.run('db.bulk.update "item" { items = $items }', { items: [{ id: 2, name: 'A' }] })).toMatchObject([
      { id: 2, name: 'A', stock: 0, tags: [], created_at: clockNow },
    ])
    expect(await errorOf(bench.run('db.bulk.patch "item" { items = $items }', { items: [{ stock: 1 }] }))).toMatchObject({
      status: 400,
      payload: { param: 'id' },
    })
  })

  it('deletes what a condition says, never everything by accident', async () => {
    expect(await bench.run('db.bulk.delete "item" { where = $db.item.name in $names }', { names: ['n1', 'n2'] })).toBe(2)
    expect(await bench.run('db.bulk.delete "item" { where = $db.item.name in $names }', { names: [] })).toBe(0)
    expect((await errorOf(bench.run('db.bulk.delete "item" { where = $db.item.name ==? $x }', { x: null }))).message).toContain('needs a where')
    expect(() => bench.compile('db.bulk.delete "item"')).toThrow('needs a where')
  })
})

describe('db.increment and db.truncate', () => {
  it('adds under the condition', async () => {
    await bench.run('db.patch "item" { field_name = "id"\n field_value = 1\n data = {stock: 3, price: null} }')
    const take = 'db.increment "item" { where = $db.item.id == 1 && $db.item.stock >= 1\n field_name = "stock"\n value = -1\n return_type = "count" }'
    const taken = await Promise.all(Array.from({ length: 6 }, () => bench.run(take)))
    expect(taken.sort()).toEqual([0, 0, 0, 1, 1, 1])
    expect(await bench.run('db.increment "item" { where = $db.item.id == 1\n field_name = "price"\n value = 2.5 }')).toMatchObject([
      { id: 1, stock: 0, price: 2.5 },
    ])
    expect(await errorOf(bench.run('db.increment "item" { where = $db.item.id == 1\n field_name = "stock"\n value = 1.5 }'))).toMatchObject({ status: 400 })
    expect(() => bench.compile('db.increment "item" { where = $db.item.id == 1\n field_name = "name"\n value = 1 }')).toThrow('cannot be incremented')
    expect((await errorOf(bench.run('db.increment "item" { where = $db.item.id ==? $x\n field_name = "stock"\n value = 1 }', { x: null }))).message).toContain(
      'needs a where',
    )
  })

  it('empties the table and restarts ids when told', async () => {
    expect(await bench.run('db.truncate "item" { reset = true }')).toBeNull()
    expect(await bench.run('db.add "item" { data = {name: "again"} }')).toMatchObject({ id: 1 })
  })
})

describe('content of the Metadata API', () => {
  const row = (value: object): Obj => fromPlain(value) as Obj

  it('adds, reads, edits and deletes rows; passwords are hashed and never shown', async () => {
    const added = await content.add(table, row({ name: 'c1', password: 'secret', stock: '5' }))
    const id = added.get('id') as number
    expect(toPlain(added)).not.toHaveProperty('password')
    expect(toPlain(await content.get(table, String(id)))).toMatchObject({ id, name: 'c1', stock: 5 })
    expect(toPlain(await content.edit(table, id, row({ stock: 6 })))).toMatchObject({ stock: 6, name: 'c1' })
    await content.delete(table, id)
    expect((await errorOf(content.get(table, id))).status).toBe(404)
    expect((await errorOf(content.delete(table, 'x'))).status).toBe(404)
  })

  it('can be part of a transaction', async () => {
    const failed = test.database.withTransaction(async (transaction) => {
      const inside = createContent(transaction, {
        workspaceId: 1,
        datasource: 'live',
        datasources: ['live'],
        clock: { now: () => clockNow },
        hash: async (text) => hashOf(text),
        judge: async () => null,
      })
      await inside.bulkAdd(table, [row({ name: 'undone', id: 70 })], { allowIds: true })
      throw new Error('stop')
    })
    await expect(failed).rejects.toThrow('stop')
    expect(await bench.run('db.has "item" { field_name = "name"\n field_value = "undone" }')).toBe(false)
  })

  it('adds in bulk and answers with ids', async () => {
    const ids = await content.bulkAdd(table, [row({ name: 'm1', stock: 1 }), row({ name: 'm2', stock: 2 }), row({ name: 'm3', stock: 3, tags: ['x'] })])
    expect(ids).toHaveLength(3)
    expect(await content.bulkPatch(table, [{ rowId: ids[0] ?? 0, updates: row({ stock: 10 }) }])).toEqual({ success: [ids[0]], success_total: 1 })
  })

  it('browses with search, sort and totals', async () => {
    const page = await content.browse(table, { page: 1, perPage: 2, search: fromPlain({ 'name|like': 'm%' }), sort: fromPlain({ stock: 'desc' }) })
    expect(toPlain(page)).toMatchObject({ itemsTotal: 3, pageTotal: 2, nextPage: 2, items: [{ name: 'm1' }, { name: 'm3' }] })
    const older = await content.browse(table, {
      page: 1,
      perPage: 9,
      search: fromPlain([{ type: 'statement', left: { tag: 'col', operand: 'tags' }, op: 'contains', right: { operand: 'x' } }]),
    })
    expect(toPlain(older)).toMatchObject({ itemsTotal: 1, items: [{ name: 'm3' }] })
    expect(await errorOf(content.browse(table, { page: 1, perPage: 9, search: fromPlain({ 'password|like': 'h%' }) }))).toMatchObject({ status: 400 })
  })

  it('patches and deletes by search, but not everything by an empty one', async () => {
    expect(await content.searchPatch(table, fromPlain({ 'stock|>=': 3 }), row({ kind: 'b' }))).toMatchObject({ success_total: 2 })
    expect(await errorOf(content.searchPatch(table, fromPlain({}), row({ kind: 'b' })))).toMatchObject({ status: 400, payload: { param: 'search' } })
    expect(await content.searchDelete(table, fromPlain({ kind: 'b' }))).toMatchObject({ success_total: 2 })
    const left = toPlain(await content.browse(table, { page: 1, perPage: 9 })) as { items: { id: number; name: string }[] }
    expect(left.items.map(({ name }) => name)).toEqual(['again', 'm2'])
    expect(
      await content.bulkDelete(
        table,
        left.items.map(({ id }) => id),
      ),
    ).toMatchObject({ success_total: 2 })
    await content.truncate(table, { reset: true })
    expect(plain([await content.add(table, row({ name: 'z' }))])).toMatchObject([{ id: 1 }])
  })
})
