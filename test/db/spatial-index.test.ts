/** Places with PostGIS, where the server has it, and without: the same rows. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { planIndex } from '../../src/db/ddl/index-sql.js'
import { installedOnly, readExtensions } from '../../src/db/extensions.js'
import type { Extensions } from '../../src/definitions/table.js'
import { allFilters } from '../../src/filters/index.js'
import { createRegistry } from '../../src/runtime/registry.js'
import { createTestDatabase, type TestDatabase } from '../helpers/database.js'
import { type Bench, createBench, tableModel } from './records-fixture.js'

const registry = createRegistry([], allFilters)
const compiler = { lookupSqlFilter: (name: string) => registry.queryFilter(name)?.sql, isQueryOnly: (name: string) => registry.isQueryOnly(name) }
const document = `table spot {
  schema {
    int id
    geo_point? place?
    geo_polygon? area?
    geo_linestring? way?
  }
  index = [
    {type: "spatial", field: [{name: "place"}]}
    {type: "spatial", field: [{name: "area"}]}
    {type: "spatial", field: [{name: "way"}]}
  ]
}`

interface Position {
  lng: number
  lat: number
}
const point = (lng: number, lat: number) => ({ type: 'point', data: { lng, lat } })
const box = (lng: number, lat: number, size: number) => ({
  type: 'poly',
  data: [
    [lng, lat],
    [lng + size, lat],
    [lng + size, lat + size],
    [lng, lat + size],
  ].map(([x = 0, y = 0]): Position => ({ lng: x > 180 ? x - 360 : x, lat: Math.min(y, 90) })),
})
const path = (...data: [number, number][]) => ({ type: 'path', data: data.map(([lng, lat]) => ({ lng, lat })) })
const items = [
  ...Array.from({ length: 60 }, (_, i) => ({
    place: point(((i * 47) % 360) - 180, ((i * 29) % 180) - 90),
    area: box(((i * 61) % 360) - 180, ((i * 31) % 160) - 85, 1 + (i % 7)),
    way: path([((i * 13) % 360) - 180, ((i * 7) % 180) - 90], [((i * 13 + 20) % 360) - 180, ((i * 7 + 5) % 180) - 90]),
  })),
  { place: null, area: null, way: null },
  // Degenerate: an area of two corners, a way of one point, an area around a pole, one over the date line.
  {
    place: point(180, 0),
    area: {
      type: 'poly',
      data: [
        { lng: 1, lat: 1 },
        { lng: 2, lat: 2 },
      ],
    },
    way: path([5, 5]),
  },
  { place: point(0, 90), area: { type: 'poly', data: [0, 90, 180, -90].map((lng) => ({ lng, lat: 80 })) }, way: path([-179, 1], [179, -1]) },
  { place: point(-180, 0), area: box(178, -2, 4), way: path([0, 0], [0, 0]) },
]

let test: TestDatabase
let plain: Bench
let indexed: Bench
let extensions: Extensions
beforeAll(async () => {
  test = await createTestDatabase()
  const creatable = await readExtensions(test.database)
  plain = await createBench(test.database, [document], { workspaceId: 1, compiler })
  await createBench(test.database, [document.replace('table spot', 'table other')], { workspaceId: 2, compiler, extensions: creatable })
  extensions = installedOnly(await readExtensions(test.database))
  indexed = await createBench(test.database, [document], { workspaceId: 2, compiler, extensions })
  for (const bench of [plain, indexed]) await bench.run('db.bulk.add "spot" { items = $items }', { items })
  await test.database.query('analyze')
})
afterAll(() => test.drop())

const hasPostgis = (): boolean => extensions.postgis !== undefined

const same = async (where: string, vars: Record<string, unknown>): Promise<unknown[]> => {
  const query = `db.query "spot" { where = ${where}\n output = ["id"] }`
  const [without, having] = [await plain.run(query, vars), await indexed.run(query, vars)]
  expect(indexed.sql.includes('geo_shape')).toBe(hasPostgis())
  expect(having).toEqual(without)
  return having as unknown[]
}

describe('places', () => {
  it('take the same rows, however far', async () => {
    let total = 0
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('place', 'area', 'way'),
        fc.integer({ min: -180, max: 180 }),
        fc.integer({ min: -90, max: 90 }),
        fc.constantFrom(0, 1, 50_000, 800_000, 3_000_000, 12_000_000, 30_000_000, -5),
        fc.boolean(),
        async (column, lng, lat, metres, negated) => {
          const within = `$db.spot.${column}|within:$p:$metres`
          total += (await same(negated ? `!(${within})` : within, { p: point(lng, lat), metres })).length
        },
      ),
      { numRuns: 60 },
    )
    expect(total).toBeGreaterThan(0)
  }, 60_000)

  it('are covered by the same areas', async () => {
    let total = 0
    for (const [lng, lat] of [
      [0, 90],
      [0, 85],
      [179.5, 0],
      [-179.5, 0],
      [1.5, 1.5],
      ...items.slice(0, 20).map(({ area }) => {
        const corner = (area?.data as Position[] | undefined)?.[0]
        return [(corner?.lng ?? 0) + 0.5, (corner?.lat ?? 0) + 0.5]
      }),
    ])
      total += (await same('$db.spot.area|covers:$p', { p: point(lng as number, lat as number) })).length
    expect(total).toBeGreaterThan(10)
  })

  it('are found through the index', async () => {
    await indexed.run('db.query "spot" { where = $db.spot.place|within:$p:$metres }', { p: point(13, 52), metres: 1000 })
    const operand = (text: string): string => text.replace(/\$(\d+)::jsonb/g, `'${JSON.stringify(point(13, 52))}'::jsonb`).replace(/\$\d+::numeric/g, '1000')
    const plan = await test.database.withTransaction(async (transaction) => {
      await transaction.query('set local enable_seqscan = off')
      return transaction.query<{ 'QUERY PLAN': string }>(`explain ${operand(indexed.sql)}`)
    })
    const lines = plan.map((row) => row['QUERY PLAN']).join('\n')
    expect(lines.includes('spot_place_')).toBe(hasPostgis())
  })
})

it('an index on something else is not built, and says why', () => {
  const model = tableModel(document.replace('field: [{name: "place"}]', 'field: [{name: "id"}]'))
  const [index] = model.indexes.filter(({ type }) => type === 'spatial')
  if (index === undefined) throw new Error('no index')
  expect(planIndex(model, index, { postgis: { schema: 'public', installed: true } })).toMatchObject({
    body: null,
    note: 'A spatial index needs one geo column.',
  })
  expect(planIndex(tableModel(document), index, {})).toMatchObject({ body: null })
})
