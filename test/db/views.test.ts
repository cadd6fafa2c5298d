import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyPlan } from '../../src/db/ddl/apply.js'
import { planSql } from '../../src/db/ddl/plan.js'
import { planTable } from '../../src/db/ddl/plan-table.js'
import { createTestDatabase, type TestDatabase } from '../helpers/database.js'
import { type Bench, createBench, tableModel } from './records-fixture.js'

const document = (columns = '', search = `$db.book.year >= 2000 && $db.book.title != "it's" && $db.book.tags overlaps ["a"]`): string => `table book {
  schema {
    int id
    text title
    int year
    text[] tags
    text note?
    ${columns}
  }
  view = {
    recent: {alias: "recent_books", search: ${search}, hide: ["note"], sort: {year: "desc"}}
    unnamed: {search: $db.book.year > 0}
  }
}`

let test: TestDatabase
let bench: Bench
beforeAll(async () => {
  test = await createTestDatabase()
  bench = await createBench(test.database, [document()])
  const items = [
    { title: 'old', year: 1990, tags: ['a'] },
    { title: 'new', year: 2020, tags: ['a', 'b'], note: 'x' },
    { title: "it's", year: 2021, tags: ['a'] },
    { title: 'mid', year: 2005, tags: ['a'] },
    { title: 'untagged', year: 2006, tags: [] },
  ]
  await bench.run('db.bulk.add "book" { items = $items }', { items })
})
afterAll(() => test.drop())

describe('views', () => {
  it('are SQL views that anyone can read', async () => {
    expect(await test.database.query('select * from ws_1_live.recent_books')).toEqual([
      { id: 2, title: 'new', year: 2020, tags: ['a', 'b'] },
      { id: 4, title: 'mid', year: 2005, tags: ['a'] },
    ])
  })

  it('are read like tables, and never written', async () => {
    expect(await bench.run('db.query "recent_books" { where = $db.recent_books.year > 2010 }')).toEqual([{ id: 2, title: 'new', year: 2020, tags: ['a', 'b'] }])
    expect(await bench.run('db.count "recent_books"')).toBe(2)
    expect(await bench.run('db.get "recent_books" { field_name = "id"\n field_value = 4\n output = ["title"] }')).toEqual({ title: 'mid' })
    expect(() => bench.compile('db.query "recent_books" { where = $db.recent_books.note == "x" }')).toThrow('Unsupported parameter reference')
    expect(() => bench.compile('db.truncate "recent_books" {}')).toThrow('is a view: it can be read only.')
  })

  it('follow the changes of their table', async () => {
    const options = { workspaceId: 1, datasources: ['live'], stamp: 's' }
    const [before, wider] = [tableModel(document(), 1), tableModel(document('text isbn?'), 1)]
    expect(planTable(before, tableModel(document(), 1), options).operations).toEqual([])
    const apply = (plan: ReturnType<typeof planTable>) => test.database.withTransaction((transaction) => applyPlan(transaction, plan, { catalog: false }))
    await apply(planTable(before, wider, options))
    expect(Object.keys((await test.database.query('select * from ws_1_live.recent_books'))[0] ?? {})).toContain('isbn')
    const narrower = tableModel(document('text isbn?', '$db.book.year == 2020'), 1)
    await apply(planTable(wider, narrower, options))
    expect(await test.database.query('select id from ws_1_live.recent_books')).toEqual([{ id: 2 }])
    await apply(planTable(narrower, null, options))
    expect(await test.database.query(`select 1 from pg_views where schemaname = 'ws_1_live'`)).toEqual([])
  })

  it('refuse what is no constant', () => {
    const plan = () => planTable(null, tableModel(document('', '$db.book.year == $input.year'), 1), { workspaceId: 1, datasources: ['live'] })
    expect(() => planSql(plan())).toThrow('columns and constants')
  })
})
