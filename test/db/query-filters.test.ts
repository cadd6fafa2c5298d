/** The query faces of filters on a real database: every example of the reference, every case a filter tells about itself, and columns. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allFilters } from '../../src/filters/index.js'
import type { Json } from '../../src/lib/value.js'
import { createRegistry } from '../../src/runtime/registry.js'
import { createTestDatabase, type TestDatabase } from '../helpers/database.js'
import { type Bench, createBench } from './records-fixture.js'

const registry = createRegistry([], allFilters)
const lookupSqlFilter = (name: string) => registry.queryFilter(name)?.sql

const table = `table t {
  schema {
    int id
    text name
    decimal price
    int n
    timestamp created_at
    date day
    text[] tags
    int[] numbers
    json c
    vector v { size = 2 }
    geo_point geo
    geo_polygon area
    text body
  }
  index = [{type: "search", lang: "english", field: [{name: "body", op: "A"}]}]
}`
const berlin = { type: 'point', data: { lng: 13.4, lat: 52.5 } }
const potsdam = { type: 'point', data: { lng: 13.06, lat: 52.4 } }
const area = {
  type: 'poly',
  data: [
    { lng: 13, lat: 52 },
    { lng: 14, lat: 52 },
    { lng: 14, lat: 53 },
    { lng: 13, lat: 53 },
  ],
}
const createdAt = Date.UTC(2024, 0, 31, 22, 45, 30, 500)
const row = {
  name: 'José María',
  price: 50.255,
  n: -7,
  created_at: createdAt,
  day: '2024-01-31',
  tags: ['a', 'b', 'c'],
  numbers: [1, 2],
  c: { list: ['x', 'y'], k: 'Deep' },
  v: [3, 4],
  geo: berlin,
  area,
  body: 'The quick brown foxes were jumping',
}

let test: TestDatabase
/** Filters on columns, as in production. */
let bench: Bench
/** Every filter is computed by Postgres, plain values included. */
let inSql: Bench
beforeAll(async () => {
  test = await createTestDatabase()
  bench = await createBench(test.database, [table], { compiler: { lookupSqlFilter, isQueryOnly: (name) => registry.isQueryOnly(name) } })
  inSql = await createBench(test.database, ['table one { schema { int id } }'], {
    compiler: { lookupSqlFilter, isQueryOnly: (name) => lookupSqlFilter(name) !== undefined },
  })
  await bench.run('db.add "t" { data = $row }', { row })
  await inSql.run('db.add "one" { data = {} }')
})
afterAll(() => test.drop())

/** The value of an expression over the columns of the only row. */
const valueFor = async (expression: string, vars: Record<string, unknown> = {}): Promise<Json> => {
  const [first] = (await bench.run(`db.query "t" { eval = {x: ${expression}}\n output = ["x"] }`, vars)) as { x: Json }[]
  return first?.x ?? null
}

interface Example {
  name: string
  kind: string
  expr: string
  result: string
}
const examples = (JSON.parse(readFileSync(new URL('../cases/filters.json', import.meta.url), 'utf8')) as Example[]).filter(({ kind }) => kind === 'query')
const onColumns = examples.filter(({ expr }) => expr.includes('$db.'))
const onValues = examples.filter(({ expr }) => !expr.includes('$db.'))

/** What the prose of the reference means for the row above. */
const expected: Readonly<Record<string, Json>> = {
  covers: true,
  distance: 25584,
  within: false,
  l1_distance_manhattan: 4,
  l2_distance_euclidean: 2.8284,
  inner_product: 11,
  negative_inner_product: -11,
  cosine_distance: 0.0161,
  cosine_similarity: 0.9839,
  between: true,
  length: 3,
  search_rank: 0.0985,
  timestamp_month: 1,
  timestamp_year: 2024,
  timestamp_week: 5,
  timestamp_hour: 22,
  timestamp_minute: 45,
  timestamp_day_of_month: 31,
  timestamp_day_of_week: 3,
  timestamp_day_of_year: 31,
  timestamp_epoch_day: Math.floor(createdAt / 86_400_000),
  timestamp_epoch_hour: Math.floor(createdAt / 3_600_000),
  timestamp_epoch_minute: Math.floor(createdAt / 60_000),
  timestamp_epoch_sec: Math.floor(createdAt / 1000),
  timestamp_epoch_ms: createdAt,
  timestamp_add_seconds: createdAt + 2000,
  timestamp_subtract_seconds: createdAt - 2000,
  timestamp_add_minutes: createdAt + 120_000,
  timestamp_subtract_minutes: createdAt - 120_000,
  timestamp_add_hours: createdAt + 7_200_000,
  timestamp_subtract_hours: createdAt - 7_200_000,
  timestamp_add_days: createdAt + 172_800_000,
  timestamp_subtract_days: createdAt - 172_800_000,
  timestamp_add_months: Date.UTC(2024, 2, 31, 22, 45, 30, 500),
  timestamp_subtract_months: Date.UTC(2023, 10, 30, 22, 45, 30, 500),
  timestamp_add_years: Date.UTC(2026, 0, 31, 22, 45, 30, 500),
  timestamp_subtract_years: Date.UTC(2022, 0, 31, 22, 45, 30, 500),
  contains: true,
  includes: true,
  overlaps: true,
}
/** Columns of the examples that the table above calls otherwise, and what `$input` stands for. */
const columns: Readonly<Record<string, string>> = { contains: 'c', includes: 'name', overlaps: 'tags' }
const inputs: Readonly<Record<string, unknown>> = {
  covers: berlin,
  distance: potsdam,
  within: potsdam,
  contains: { k: 'Deep' },
  includes: 'MAR',
  overlaps: ['z', 'b'],
  search_rank: 'jump fox',
}

const rounded = (value: Json): Json => (typeof value === 'number' ? Number(value.toFixed(value > 1000 ? 0 : 4)) : value)

describe('examples of the reference', () => {
  it.each(onColumns.map(({ name, expr }) => [name, expr]))('%s: %s', async (name, expr) => {
    const written = expr.replace(/ with .*$/, '').replace(/\$db\.\w+\.(\w+)/, (_, column: string) => `$db.t.${columns[name] ?? column}`)
    const value = await valueFor(written.replace(/\$input\.\w+/, '$x'), { x: inputs[name] ?? [1, 2] })
    expect(rounded(value)).toEqual(expected[name])
  })

  it.each(onValues.map(({ name, expr, result }) => [name, expr, result]))('%s: %s → %s', async (_, expr, result) => {
    expect(await inSql.run(`db.count "one" { where = (${expr}) == ${result} }`)).toBe(1)
  })

  it('has a query face for every query filter', () => {
    for (const { name } of examples) expect(lookupSqlFilter(name), name).toBeDefined()
  })
})

const queryOnly = allFilters.filter((filter) => registry.isQueryOnly(filter.name))
/** Both faces agree on the cases of the value face; null is null in SQL. */
const both = allFilters.filter((filter) => filter.sql !== undefined && !queryOnly.includes(filter))
/** Null and empty text in SQL, texts that only the value face reads, and the default precision of a query. */
const valueOnly = /null|straße.*upper|^""\|coalesce|\|round$|^\("?2\.5|format_timestamp|^false\|coalesce|^0\|coalesce|^\S*-2\.5\|round/

describe('cases of the filters, computed by Postgres', () => {
  const cases = [...queryOnly, ...both].flatMap((filter) => filter.cases.map(([source, result]): [string, string, string] => [filter.name, source, result]))
  it.each(cases.filter(([, source]) => !valueOnly.test(source)))('%s: %s → %s', async (_, source, result) => {
    expect(await inSql.run(`db.count "one" { where = (${source}) == ${result} }`)).toBe(1)
  })
})

describe('on columns', () => {
  it.each<[string, Json]>([
    ['$db.t.price|round', 50.26],
    ['$db.t.price|round:1', 50.3],
    ['$db.t.price|floor', 50],
    ['$db.t.n|add:0.5', -6.5],
    ['$db.t.n|mul:$db.t.n', 49],
    ['$db.t.n|div:0', null],
    ['$db.t.name|unaccent|to_upper', 'JOSE MARIA'],
    ['$db.t.name|concat:$db.t.n:" / "', 'José María / -7'],
    ['$db.t.name|substr:-5:2', 'Ma'],
    ['$db.t.name|length', 10],
    ['$db.t.c.list|length', 2],
    ['$db.t.c.k|to_lower', 'deep'],
    ['$db.t.c.nope|coalesce:"none"', 'none'],
    ['$db.t.created_at|timestamp_day_of_month:"Asia/Tokyo"', 1],
    ['$db.t.day|timestamp_add_days', Date.UTC(2024, 1, 1)],
    ['$db.t.tags|contains:"b"', true],
    ['$db.t.numbers|overlaps:[2, 9]', true],
    ['$db.t.numbers|contains:[2, 9]', false],
    ['"x"|concat:$db.t.name', 'xJosé María'],
    ['$db.t.geo|within:$db.t.area:0', true],
  ])('%s → %j', async (expression, value) => {
    expect(await valueFor(expression)).toEqual(value)
  })

  it('serve conditions, orders and aggregates', async () => {
    expect(await bench.run('db.count "t" { where = ($db.t.v|cosine_similarity:[3, 4]) > 0.99 && ($db.t.tags|contains:"a") }')).toBe(1)
    expect(await bench.run('db.query "t" { eval = {far: $db.t.geo|distance:$p}\n sort = {far: "asc"}\n output = ["id"] }', { p: potsdam })).toEqual([{ id: 1 }])
    expect(
      await bench.run(
        'db.query "t" { return = {type: "aggregate", group: {y: $db.t.created_at|timestamp_year}, eval: {s: $db.t.n|mul:2|sum, r: $db.t.price|sum|round:1}} }',
      ),
    ).toEqual([{ y: 2024, s: -14, r: 50.3 }])
  })

  it('name what does not fit', () => {
    const where = (condition: string) => () => bench.compile(`db.query "t" { where = ${condition} }`)
    expect(where('$db.t.name|floor == 1')).toThrow('The filter "floor" needs a number in a query; "t.name" is text.')
    expect(where('$db.t.name|timestamp_year == 1')).toThrow('needs a timestamp')
    expect(where('$db.t.name|cosine_distance:$v == 1')).toThrow('needs a vector')
    expect(where('$db.t.name|sqrt == 1')).toThrow('cannot be used on a column')
  })
})

describe('places on a sphere', () => {
  const point = (lng: number, lat: number) => ({ type: 'point', data: { lng, lat } })
  const distance = (a: unknown, b: unknown) => valueFor('$db.t.id * 0 + ($a|distance:$b)', { a, b })
  const covers = async (a: unknown, b: unknown) => (await bench.run('db.count "t" { where = $a|covers:$b }', { a, b })) === 1
  const degree = (6371008.8 * Math.PI) / 180

  it.each<[string, unknown, unknown, number]>([
    ['a degree of latitude', point(5, 10), point(5, 11), degree],
    ['a degree of longitude on the equator', point(0, 0), point(1, 0), degree],
    ['across the date line', point(179.5, 0), point(-179.5, 0), degree],
    ['to the other side', point(0, 0), point(180, 0), degree * 180],
    [
      'beside a line',
      point(0.5, 1),
      {
        type: 'path',
        data: [
          { lng: 0, lat: 0 },
          { lng: 1, lat: 0 },
        ],
      },
      degree,
    ],
    [
      'past the end of a line',
      point(3, 0),
      {
        type: 'path',
        data: [
          { lng: 0, lat: 0 },
          { lng: 1, lat: 0 },
        ],
      },
      2 * degree,
    ],
    [
      'the nearest of several',
      point(0, 0),
      {
        type: 'points',
        data: [
          { lng: 5, lat: 0 },
          { lng: 2, lat: 0 },
        ],
      },
      2 * degree,
    ],
    ['inside an area', point(13.5, 52.5), area, 0],
    [
      'crossing lines',
      {
        type: 'path',
        data: [
          { lng: -1, lat: 0 },
          { lng: 1, lat: 0 },
        ],
      },
      {
        type: 'path',
        data: [
          { lng: 0, lat: -1 },
          { lng: 0, lat: 1 },
        ],
      },
      0,
    ],
  ])('%s', async (_, a, b, metres) => {
    expect(Number(await distance(a, b))).toBeCloseTo(metres, 1)
    expect(Number(await distance(b, a))).toBeCloseTo(metres, 1)
  })

  it('areas hold what is inside or on their border, also across the date line', async () => {
    expect(await covers(area, point(13.01, 52.01))).toBe(true)
    expect(await covers(area, point(13, 52))).toBe(true)
    expect(await covers(area, point(12.99, 52.5))).toBe(false)
    expect(await covers(area, point(13.5 - 180, -52.5))).toBe(false)
    const pacific = {
      type: 'poly',
      data: [
        { lng: 179, lat: -1 },
        { lng: -179, lat: -1 },
        { lng: -179, lat: 1 },
        { lng: 179, lat: 1 },
      ],
    }
    expect(await covers(pacific, point(180, 0))).toBe(true)
    expect(await covers(pacific, point(0, 0))).toBe(false)
    expect(await covers({ type: 'polys', data: [area.data, pacific.data] }, point(-179.5, 0.5))).toBe(true)
    expect(
      await covers(area, {
        type: 'path',
        data: [
          { lng: 13.2, lat: 52.2 },
          { lng: 13.8, lat: 52.8 },
        ],
      }),
    ).toBe(true)
    expect(
      await covers(area, {
        type: 'path',
        data: [
          { lng: 13.2, lat: 52.2 },
          { lng: 15, lat: 52.8 },
        ],
      }),
    ).toBe(false)
  })
})

describe('search_rank', () => {
  it('is 0 where the words are not found, and its conditions hold for the same rows whatever index there is', async () => {
    const test = await createTestDatabase()
    const document = (index: string): string => `table note {\n  schema {\n    int id\n    text? title?\n    text? body?\n  }\n  index = [${index}]\n}`
    const indexes = ['', '{type: "search", field: [{name: "title", op: "A"}]}', '{type: "search", field: [{name: "title"}, {name: "body", op: "B"}]}']
    const items = [{ title: 'quick brown fox' }, { title: 'quick dog', body: 'fox' }, { title: null, body: 'quick fox' }, { title: 'Foxes are quick.' }]
    const answers: unknown[] = []
    for (const [i, index] of indexes.entries()) {
      const one = await createBench(test.database, [document(index)], {
        workspaceId: i + 1,
        compiler: { lookupSqlFilter: (name) => registry.queryFilter(name)?.sql, isQueryOnly: (name) => registry.isQueryOnly(name) },
      })
      await one.run('db.bulk.add "note" { items = $items }', { items })
      const found: unknown[] = []
      for (const condition of ['> 0', '>= 0.05', '>= 0', '> -1', '<= 0', '== 0'])
        for (const words of ['quick fox', 'fox -brown', '"quick dog"', 'nothing']) {
          const rows = (await one.run(`db.query "note" { where = ($db.note.title|search_rank:$w) ${condition}\n output = ["id"] }`, { w: words })) as {
            id: number
          }[]
          found.push([condition, words, rows.map(({ id }) => id)])
          expect(one.sql.split(' @@ ').length).toBe(/^> 0|^>= 0\.05/.test(condition) ? 3 : 2)
        }
      answers.push(found)
    }
    expect(answers[0]).toContainEqual(['> 0', 'quick fox', [1, 4]])
    expect(answers[0]).toContainEqual(['<= 0', 'quick fox', [2, 3]])
    for (const other of answers) expect(other).toEqual(answers[0])
    await test.drop()
  })
})
