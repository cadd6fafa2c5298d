/** An empty list has no members, and null is no value: `in []` finds nothing and `not in []` everything. Class: Directus GHSA-hxgm-ghmv-xjjm. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Bench, createBench } from '../db/records-fixture.js'
import { createTestDatabase, type TestDatabase } from '../helpers/database.js'

let test: TestDatabase
let bench: Bench
beforeAll(async () => {
  test = await createTestDatabase()
  bench = await createBench(test.database, ['table t {\n schema {\n int id\n int? n?\n text? s?\n int[] list?\n json? j?\n }\n}'])
  await test.database.query(`insert into ws_1_live.t (n, s, list, j) values (1, 'a', '{1}', '[1]'), (2, 'b', '{}', '[]'), (null, null, '{}', null)`)
})
afterAll(() => test.drop())

const ids = async (condition: string, given: unknown): Promise<number[]> =>
  ((await bench.run(`db.query t { where = ${condition}\n sort = {id: "asc"} }`, { given })) as { id: number }[]).map((row) => row.id)
const external = async (filter: unknown): Promise<number[]> =>
  ((await bench.run('db.query t { additional_where = $filter\n sort = {id: "asc"} }', { filter })) as { id: number }[]).map((row) => row.id)

describe('empty lists and null in conditions', () => {
  it.each([
    ['$db.t.n in $given', [], []],
    ['$db.t.n not in $given', [], [1, 2, 3]],
    ['$db.t.s in $given', [], []],
    ['$db.t.n in $given', null, []],
    ['$db.t.n in $given', [null], []],
    ['$db.t.n in $given', [1, null], [1]],
    ['$db.t.n not in $given', [1], [2]],
    ['$db.t.n in $given', ['nonsense'], []],
    ['$db.t.n not in $given', ['nonsense'], [1, 2, 3]],
    ['$db.t.list overlaps $given', [], []],
    ['$db.t.j overlaps $given', [], []],
    ['!($db.t.n in $given)', [], [1, 2, 3]],
    ['$db.t.n == $given', null, [3]],
    ['$db.t.n != $given', null, [1, 2]],
    ['$db.t.n in $given || $db.t.id == 2', [], [2]],
    ['$db.t.n in $given && $db.t.id == 2', [], []],
  ])('%s with %j finds %j', async (condition, given, expected) => {
    expect(await ids(condition, given)).toEqual(expected)
  })

  it.each([
    [{ 'n|in': [] }, []],
    [{ 'n|not in': [] }, [1, 2, 3]],
    [{ 'n|in': null }, []],
    [{ expression: [{ statement: { left: { tag: 'col', operand: 'n' }, op: 'in', right: { operand: [] } } }] }, []],
    [{ expression: [{ statement: { left: { tag: 'col', operand: 's' }, op: 'not in', right: { operand: [] } } }] }, [1, 2, 3]],
    [{ 'n|in': [], 'id|=|or': 2 }, [2]],
  ])('a filter of a caller, %j, finds %j', async (filter, expected) => {
    expect(await external(filter)).toEqual(expected)
  })

  it('nothing is deleted by an empty list, and a condition that says nothing is refused', async () => {
    expect(await bench.run('db.bulk.delete t { where = $db.t.n in $given }', { given: [] })).toBe(0)
    expect(await bench.run('db.bulk.delete t { where = $db.t.n in $given }', { given: null })).toBe(0)
    await expect(bench.run('db.bulk.delete t { where = $db.t.n ==? $given }', { given: null })).rejects.toThrow('needs a where that constrains rows')
    expect(await test.database.query('select count(*)::int as n from ws_1_live.t')).toEqual([{ n: 3 }])
  })
})
