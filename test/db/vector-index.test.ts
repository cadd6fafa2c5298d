/** Vectors with pgvector and without: the same rows in the same order; with it, through an index. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createIndexSql, planIndex } from '../../src/db/ddl/index-sql.js'
import { readIndexStates, repairIndexes, type WantedIndex } from '../../src/db/ddl/index-upkeep.js'
import { readExtensions } from '../../src/db/extensions.js'
import { allFilters } from '../../src/filters/index.js'
import { createRegistry } from '../../src/runtime/registry.js'
import { createPglite, type Pglite } from '../helpers/pglite.js'
import { type Bench, createBench, tableModel } from './records-fixture.js'

const registry = createRegistry([], allFilters)
const compiler = { lookupSqlFilter: (name: string) => registry.queryFilter(name)?.sql, isQueryOnly: (name: string) => registry.isQueryOnly(name) }
const metrics = {
  cosine_distance: 'vector_cosine_ops',
  l2_distance_euclidean: 'vector_l2_ops',
  negative_inner_product: 'vector_ip_ops',
  l1_distance_manhattan: 'vector_l1_ops',
}
const document = (size: number): string => `table spot {
  schema {
    int id
    vector? v? { size = ${size} }
  }
  index = [${Object.values(metrics)
    .map((op) => `{type: "vector", field: [{name: "v", op: "${op}"}]}`)
    .join(' ')}]
}`

/** Numbers that look random and are the same every time. */
const wave = (n: number): number => Math.round(Math.sin(n * 12.9898) * 10_000) / 1_000

let server: Pglite
let plain: Bench
let indexed: Bench
beforeAll(async () => {
  server = await createPglite()
  const creatable = await readExtensions(server.database)
  expect(creatable).toEqual({ vector: { schema: 'public', installed: false } })
  plain = await createBench(server.database, [document(3)], { workspaceId: 1, compiler })
  indexed = await createBench(server.database, [document(3)], { workspaceId: 2, compiler, extensions: creatable })
  expect(await readExtensions(server.database)).toEqual({ vector: { schema: 'public', installed: true } })
  const items = [...Array.from({ length: 200 }, (_, i) => ({ v: [wave(i), wave(i + 500), wave(i + 900)] })), { v: null }, { v: [0, 0, 0] }]
  for (const bench of [plain, indexed]) await bench.run('db.bulk.add "spot" { items = $items }', { items })
  // A row from before the size was what it is now.
  for (const schema of ['ws_1_live', 'ws_2_live']) await server.database.query(`insert into ${schema}.spot (v) values ('{1,2,3,4}')`)
  await server.database.query('analyze')
}, 60_000)
afterAll(() => server?.close())

const nearest = (metric: string, more = ''): string =>
  `db.query "spot" { eval = {d: $db.spot.v|${metric}:$v}\n sort = {d: "asc"}\n output = ["id", "d"]\n ${more} }`

describe.each(Object.keys(metrics))('%s', (metric) => {
  it.each([[[1, 2, 3]], [[-4.5, 0.25, 9]], [[0, 0, 0]], [[1, 2]]])('to %j: the same rows, order and values', async (v) => {
    const [without, having] = (await Promise.all([plain, indexed].map((bench) => bench.run(nearest(metric), { v })))) as { id: number; d: number | null }[][]
    expect(indexed.sql).toContain('operator("public".')
    expect(plain.sql).not.toContain('operator(')
    const distances = new Map(having?.map(({ id, d }) => [id, d]))
    expect(distances.size).toBe(without?.length)
    for (const [i, { id, d }] of (without ?? []).entries()) {
      // The same row is as far, and the same place in the order is; pgvector computes in single precision.
      for (const other of [distances.get(id), having?.[i]?.d])
        if (d === null) expect(other).toBeNull()
        else expect(Math.abs((other ?? Number.NaN) - d)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(d)))
    }
  })

  it('finds the nearest through the index', async () => {
    const page = 'return = {type: "list", paging: {page: 1, per_page: 5, metadata: false}}'
    const found = (await indexed.run(nearest(metric, page), { v: [1, 2, 3] })) as { id: number }[]
    const { text, values } = server.last()
    await server.database.query('set enable_seqscan = off')
    const plan = await server.database.query<{ 'QUERY PLAN': string }>(`explain ${text}`, values)
    await server.database.query('set enable_seqscan = on')
    const lines = plan.map((row) => row['QUERY PLAN']).join('\n')
    expect(lines).toMatch(/Index Scan using spot_v_/)
    expect(lines).not.toContain('Seq Scan')
    expect(found).toHaveLength(5)
  })
})

it('conditions on a distance hold for the same rows', async () => {
  for (const where of ['($db.spot.v|cosine_distance:$v) < 0.2', '($db.spot.v|l2_distance_euclidean:$v) <= 5', '!(($db.spot.v|cosine_distance:$v) < 0.2)']) {
    const query = `db.query "spot" { where = ${where}\n output = ["id"] }`
    const [without, having] = await Promise.all([plain, indexed].map((bench) => bench.run(query, { v: [1, 2, 3] })))
    expect(having).toEqual(without)
    expect((having as unknown[]).length).toBeGreaterThan(0)
  }
})

it('an index that cannot be says why', () => {
  const model = tableModel(document(2_001))
  return Promise.all(
    [
      [model, 'at most 2000 dimensions'],
      [tableModel(document(3).replaceAll('{ size = 3 }', '')), 'needs one vector column with a size'],
    ].map(async ([table, message]) => {
      const { planIndex } = await import('../../src/db/ddl/index-sql.js')
      const { indexes } = table as ReturnType<typeof tableModel>
      const [index] = indexes.filter(({ type }) => type === 'vector')
      if (index === undefined) throw new Error('no index')
      expect(planIndex(table as ReturnType<typeof tableModel>, index, { vector: { schema: 'public', installed: true } })?.note).toContain(message)
    }),
  )
})

it('a build that failed says so, and is done again when the extension is back', async () => {
  const { database } = server
  await database.query(
    `create table stackhold.index_failure (workspace_id int, schema_name text, index_name text, message text, failed_at timestamptz default now(), primary key (schema_name, index_name))`,
  )
  const db = {
    ...database,
    runLong: async (text: string) => void (await database.query(text)),
    withLock: async <T>(_name: string, _wait: number, fn: () => Promise<T>): Promise<T | null> => fn(),
  }
  const table = tableModel(document(3))
  const readWanted = async (broken = false): Promise<WantedIndex[]> => {
    const extensions = await readExtensions(database)
    return table.indexes.flatMap((index) => {
      const plan = planIndex(table, index, extensions)
      if (plan?.body == null) return []
      const sql = createIndexSql(plan, '"ws_2_live"."spot"', true)
      return [
        {
          schema: 'ws_2_live',
          table: 'spot',
          name: plan.name,
          label: index.type,
          sql: broken ? sql.replace('hnsw', 'nope') : sql,
          prelude: plan.prelude ?? [],
        },
      ]
    })
  }
  const states = async () => [...(await readIndexStates(db, await readWanted())).values()].map(({ state }) => state)
  expect(await states()).toEqual(['ready', 'ready', 'ready', 'ready'])
  await database.query('drop extension vector cascade')
  expect(await states()).toEqual(['missing', 'missing', 'missing', 'missing'])
  expect(await repairIndexes(db, 2, () => readWanted(true))).toEqual(
    Array.from({ length: 4 }, () => expect.stringContaining('access method "nope" does not exist')),
  )
  expect(await states()).toEqual(['failed', 'failed', 'failed', 'failed'])
  expect(await repairIndexes(db, 2, readWanted)).toEqual([])
  expect(await states()).toEqual(['ready', 'ready', 'ready', 'ready'])
  expect(await database.query('select 1 from stackhold.index_failure')).toEqual([])
  await database.query('set enable_seqscan = off')
  const found = await indexed.run(nearest('cosine_distance', 'return = {type: "list", paging: {page: 1, per_page: 5, metadata: false}}'), { v: [1, 2, 3] })
  const { text, values } = server.last()
  const plan = await database.query<{ 'QUERY PLAN': string }>(`explain ${text}`, values)
  expect(plan.map((row) => row['QUERY PLAN']).join()).toContain('Index Scan using spot_v_')
  expect(found).toHaveLength(5)
})
