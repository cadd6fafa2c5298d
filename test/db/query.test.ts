import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { raw, sql } from '../../src/lib/sql.js'
import type { SqlFace } from '../../src/runtime/define.js'
import { createTestDatabase, type TestDatabase } from '../helpers/database.js'
import { type Bench, createBench, errorOf } from './records-fixture.js'

const author = `table author {
  schema {
    int id
    text name
    text secret? { access = "internal" }
    password password?
  }
}`
const book = `table book {
  schema {
    int id
    text title
    int author_id? { table = "author" }
    int year?
    decimal price?
    text[] tags?
    json? data?
    bool active?=true
    timestamp? sold_at?
  }
  index = [{type: "btree", field: [{name: "author_id"}]}]
}`

const toLower: SqlFace = (input) => ({ sql: sql`lower(${input.sql})`, type: 'text' })
const add: SqlFace = (input, [value]) => ({ sql: sql`(${input.sql} + ${value?.sql ?? raw('0')}::numeric)`, type: 'decimal' })

let test: TestDatabase
let bench: Bench
beforeAll(async () => {
  test = await createTestDatabase()
  bench = await createBench(test.database, [author, book], { compiler: { lookupSqlFilter: (name) => ({ to_lower: toLower, add })[name] } })
  await bench.run('db.bulk.add "author" { items = $items }', {
    items: [
      { name: 'Ann', secret: 'zz', password: 'p1' },
      { name: 'Bob', secret: 'aa', password: 'p2' },
    ],
  })
  const items = Array.from({ length: 10 }, (_, i) => ({
    title: `Book ${i + 1}`,
    author_id: i < 7 ? 1 : i < 9 ? 2 : 0,
    year: 2000 + (i % 4),
    price: i + 0.5,
    tags: i % 2 ? ['odd'] : ['even', 'x'],
    data: { n: i, deep: { k: `v${i}` } },
    sold_at: i < 5 ? 1_000_000_000_000 + i : null,
  }))
  await bench.run('db.bulk.add "book" { items = $items }', { items })
})
afterAll(() => test.drop())

const ids = (rows: unknown): number[] => (rows as { id: number }[]).map((row) => row.id)

describe('return types', () => {
  it('list, in order of ids when nothing else is said', async () => {
    expect(ids(await bench.run('db.query "book" { where = $db.book.year == 2001 }'))).toEqual([2, 6, 10])
    expect(bench.sql).toContain(`from "ws_1_live"."book" as "book" where "book"."year" = $1::bigint order by "book"."id"`)
  })

  it('single is the first row in sort order, or null', async () => {
    expect(await bench.run('db.query "book" { sort = {price: "desc"}\n return = {type: "single"}\n output = ["id", "price"] }')).toEqual({ id: 10, price: 9.5 })
    expect(await bench.run('db.query "book" { where = $db.book.id == 99\n return = {type: "single"} }')).toBeNull()
  })

  it('count and exists', async () => {
    expect(await bench.run('db.query "book" { where = $db.book.author_id == 1\n return = {type: "count"} }')).toBe(7)
    expect(await bench.run('db.query "book" { where = $db.book.author_id == 3\n return = {type: "exists"} }')).toBe(false)
    expect(await bench.run('db.query "book" { return = {type: "exists"} }')).toBe(true)
    expect(await bench.run('db.count "book" { where = $db.book.author_id == 2 }')).toBe(2)
  })

  it('aggregate groups and computes', async () => {
    const rows = await bench.run(
      'db.query "book" { return = {type: "aggregate", group: {author: $db.book.author_id}, eval: {n: $db.book.id|count, total: $db.book.price|sum, first: $db.book.title|min}}\n sort = {total: "desc"} }',
    )
    expect(rows).toEqual([
      { author: 1, n: 7, total: 24.5, first: 'Book 1' },
      { author: 2, n: 2, total: 16, first: 'Book 8' },
      { author: 0, n: 1, total: 9.5, first: 'Book 10' },
    ])
    expect(await bench.run('db.query "book" { return = {type: "aggregate", eval: {mean: $db.book.price|avg, last: $db.book.sold_at|max}} }')).toEqual([
      { mean: 5, last: 1_000_000_000_004 },
    ])
    expect(() => bench.compile('db.query "book" { return = {type: "aggregate", eval: {x: $db.book.title|sum}} }')).toThrow('sum needs a number')
  })

  it('distinct rows', async () => {
    expect(await bench.run('db.query "book" { return = {type: "list", distinct: "yes"}\n output = ["year"]\n sort = {year: "asc"} }')).toEqual([
      { year: 2000 },
      { year: 2001 },
      { year: 2002 },
      { year: 2003 },
    ])
  })

  it('refuses unknown ones with a suggestion', async () => {
    const error = await errorOf((async () => bench.compile('db.query "book" { return = {type: "lst"} }'))())
    expect(error).toMatchObject({ message: 'Unknown return type: lst', hint: 'Did you mean `list`?' })
  })
})

describe('paging', () => {
  const page =
    'db.query "book" { return = {type: "list", paging: {page: $page, per_page: $per, totals: $totals, offset: $offset, metadata: $meta}}\n output = ["items.id"] }'

  it('wraps the page in its envelope and counts only when asked', async () => {
    const before = bench.facts.length
    expect(await bench.run(page, { page: 2, per: 4, totals: false, offset: 0, meta: true })).toEqual({
      itemsReceived: 4,
      curPage: 2,
      nextPage: 3,
      prevPage: 1,
      offset: 0,
      perPage: 4,
      items: [{ id: 5 }, { id: 6 }, { id: 7 }, { id: 8 }],
    })
    expect(bench.facts.length - before).toBe(1)
    expect(bench.sql).toContain('order by "book"."id" limit 5 offset $1::bigint')
    expect(await bench.run(page, { page: 3, per: 4, totals: true, offset: 0, meta: true })).toEqual({
      itemsReceived: 2,
      curPage: 3,
      nextPage: null,
      prevPage: 2,
      offset: 0,
      perPage: 4,
      itemsTotal: 10,
      pageTotal: 3,
      items: [{ id: 9 }, { id: 10 }],
    })
    expect(bench.facts.length - before).toBe(3)
  })

  it('skips the offset before page 1, and gives the bare list without metadata', async () => {
    expect(await bench.run(page, { page: 1, per: 3, totals: false, offset: 1, meta: false })).toEqual([{ id: 2 }, { id: 3 }, { id: 4 }])
  })

  it('takes sizes as text, raises small ones, refuses nonsense', async () => {
    expect(await bench.run(page, { page: '0', per: '2', totals: false, offset: null, meta: false })).toEqual([{ id: 1 }, { id: 2 }])
    expect(await errorOf(bench.run(page, { page: 'x', per: 2, totals: false, offset: 0, meta: true }))).toMatchObject({
      status: 400,
      payload: { param: 'page' },
    })
  })

  it('a caller may override it', async () => {
    const statement = 'db.query "book" { return = {type: "list", paging: {page: 1, per_page: 5}}\n override_paging = $p }'
    expect(await bench.run(statement, { p: { page: 5, per_page: 2 } })).toMatchObject({ curPage: 5, itemsReceived: 2, nextPage: null })
    expect(await bench.run(statement, { p: null })).toMatchObject({ curPage: 1, itemsReceived: 5, nextPage: 2 })
  })
})

describe('join and eval', () => {
  it('inner joins reach the columns of the other table', async () => {
    const rows = await bench.run(
      'db.query "book" { join = {author: {table: "author", where: $db.book.author_id == $db.author.id}}\n where = $db.author.name == "Bob"\n eval = {author_name: $db.author.name, lower: $db.book.title|to_lower}\n output = ["id", "author_name", "lower"] }',
    )
    expect(rows).toEqual([
      { id: 8, author_name: 'Bob', lower: 'book 8' },
      { id: 9, author_name: 'Bob', lower: 'book 9' },
    ])
    expect(bench.sql).toContain('inner join "ws_1_live"."author" as "author" on "book"."author_id" = "author"."id" where "author"."name" = $1::text')
  })

  it('left joins keep rows without partner; sort by alias and by eval', async () => {
    const rows = await bench.run(
      'db.query "book" { join = {a: {table: "author", type: "left", where: $db.book.author_id == $db.a.id}}\n where = $db.a.id == null || $db.book.id == 1\n sort = {"a.name": "desc"}\n eval = {who: $db.a.name} }',
    )
    expect((rows as { id: number; who: string | null }[]).map(({ id, who }) => [id, who])).toEqual([
      [10, null],
      [1, 'Ann'],
    ])
    expect(
      ids(
        await bench.run(
          'db.query "book" { eval = {twice: $db.book.price|add:$n}\n sort = {twice: "desc"}\n return = {type: "list", paging: {per_page: 2, metadata: false}} }',
          { n: 3 },
        ),
      ),
    ).toEqual([10, 9])
  })

  it('names what is wrong', () => {
    expect(() => bench.compile('db.query "book" { join = {author: {table: "autor", where: $db.book.id == $db.author.id}} }')).toThrow('Unknown table: autor')
    expect(() => bench.compile('db.query "book" { join = {a: {table: "author"}} }')).toThrow('needs a where')
    expect(() => bench.compile('db.query "book" { join = {a: {table: "author", type: "outer", where: true}} }')).toThrow('Unknown join type')
    expect(() => bench.compile('db.query "book" { sort = {titel: "asc"} }')).toThrow('Unsupported parameter reference - titel')
    bench.compile('db.query "book" { output = ["id", "titel"] }')
    expect(bench.warnings.at(-1)).toBe('"output" names an unknown column of table "book": titel')
  })

  it('gives the ids where output names no column at all', async () => {
    const rows = (await bench.run('db.query "book" { output = ["idd"] }')) as object[]
    expect(new Set(rows.flatMap((row) => Object.keys(row)))).toEqual(new Set(['id']))
    expect(bench.warnings.at(-1)).toBe('"output" names an unknown column of table "book": idd')
  })
})

describe('what callers send', () => {
  const statement = 'db.query "book" { where = $db.book.author_id == 1\n additional_where = $filter\n override_sort = $sort\n output = ["id"] }'

  it('filters and sorts within the condition of the builder', async () => {
    const filter = {
      expression: [
        { statement: { left: { tag: 'col', operand: 'book.year' }, op: '>=', right: { operand: 2002 } } },
        { or: true, statement: { left: { tag: 'col', operand: 'title' }, op: 'in', right: { operand: ['Book 1', 'Book 9'] } } },
      ],
    }
    expect(ids(await bench.run(statement, { filter, sort: [{ sortBy: 'book.price', orderBy: 'desc' }] }))).toEqual([7, 4, 3, 1])
    expect(bench.sql).toContain('("book"."author_id" = $1::bigint and ("book"."year" >= $2::bigint or "book"."title" = any(')
    expect(ids(await bench.run(statement, { filter: null, sort: null }))).toEqual([1, 2, 3, 4, 5, 6, 7])
  })

  it('knows groups, column operands, between and the short form', async () => {
    const group = {
      expression: [{ type: 'group', group: { expression: [{ statement: { left: { operand: 'year' }, op: 'between', right: { operand: [2001, 2002] } } }] } }],
    }
    expect(ids(await bench.run(statement, { filter: group, sort: null }))).toEqual([2, 3, 6, 7])
    expect(ids(await bench.run(statement, { filter: { 'year|=': 2000, 'price|>|or': 6 }, sort: null }))).toEqual([1, 5, 7])
    expect(ids(await bench.run(statement, { filter: [{ 'year|=': 2000 }, { 'price|>|or': 6 }], sort: null }))).toEqual([1, 5, 7])
    expect(ids(await bench.run(statement, { filter: [{ 'price|>|or': 6 }, { 'year|=': 2000 }], sort: null }))).toEqual([])
    expect(
      ids(
        await bench.run(statement, {
          filter: [{ type: 'statement', left: { tag: 'col', operand: 'id' }, op: '==', right: { tag: 'col', operand: 'book.author_id' } }],
          sort: null,
        }),
      ),
    ).toEqual([1])
  })

  it('reaches into JSON; the path is a parameter like every value', async () => {
    expect(ids(await bench.run(statement, { filter: { 'data.deep.k|=': 'v3' }, sort: [{ sortBy: 'data.n', orderBy: 'desc' }] }))).toEqual([4])
    expect(bench.sql).not.toContain('deep')
    const path = "data.x'] = 1 or true -- \0"
    expect(ids(await bench.run(statement, { filter: { [`${path.replace(' \0', '')}|=`]: 1 }, sort: null }))).toEqual([])
    expect(await errorOf(bench.run(statement, { filter: { [`${path}|=`]: 1 }, sort: null }))).toMatchObject({ status: 400 })
  })

  it.each([
    [{ filter: { nope: 1 }, sort: null }, 'additional_where', 'Unsupported parameter reference - nope'],
    [{ filter: { 'id|drop table': 1 }, sort: null }, 'additional_where', 'Unknown operator: drop table'],
    [{ filter: { 'id"; drop table book; --': 1 }, sort: null }, 'additional_where', 'Unsupported parameter reference - id"; drop table book; --'],
    [{ filter: null, sort: [{ sortBy: 'id; drop', orderBy: 'asc' }] }, 'override_sort', 'Unsupported parameter reference - id; drop'],
    [{ filter: null, sort: [{ sortBy: 'id', orderBy: 'sideways' }] }, 'override_sort', 'Input "override_sort" is not a sorting.'],
    [{ filter: { id: 'abc', 'year|>': 'soon' }, sort: null }, 'book.year', 'Input "book.year" is not an int.'],
  ])('refuses %j', async (vars, param, message) => {
    expect(await errorOf(bench.run(statement, vars))).toMatchObject({ status: 400, code: 'ERROR_CODE_INPUT_ERROR', message, payload: { param } })
  })

  it('never lets a column it may not see decide anything', async () => {
    const own = 'db.query "author" { additional_where = $filter\n override_sort = $sort }'
    for (const column of ['secret', 'password', 'author.secret'])
      for (const vars of [
        { filter: { [`${column}|like`]: 'z%' }, sort: null },
        { filter: null, sort: [{ sortBy: column, orderBy: 'asc' }] },
      ])
        expect(await errorOf(bench.run(own, vars))).toMatchObject({ status: 400, message: `Unsupported parameter reference - ${column}` })
    expect(Object.keys(((await bench.run('db.query "author"')) as object[])[0] ?? {})).toEqual(['id', 'name'])
  })

  it('where itself may be data', async () => {
    expect(ids(await bench.run('db.query "book" { where = $filter }', { filter: { 'id|in': [3, 4] } }))).toEqual([3, 4])
  })
})

describe('lock', () => {
  it('locks rows of the main table', async () => {
    await bench.session.transaction(async () => {
      await bench.run('db.query "book" { where = $db.book.id == 1\n lock = true }')
      expect(bench.sql).toMatch(/ for update of "book"$/)
      await bench.run('db.get "book" { field_name = "id"\n field_value = 1\n lock = true }')
      expect(bench.sql).toMatch(/ for update$/)
    })
  })
})
