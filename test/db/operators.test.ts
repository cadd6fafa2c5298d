import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPrograms, functionDocument, type Programs } from './program-fixture.js'

/** Every operator of query expressions: column, a value, and the rows it finds. Row 4 holds nothing but null. */
const operators: readonly [operator: string, column: string, value: unknown, ids: number[]][] = [
  ['==', 'n', 2, [2]],
  ['=', 'n', 2, [2]],
  ['!=', 'n', 2, [1, 3]],
  ['>', 'n', 1, [2, 3]],
  ['>=', 'n', 2, [2, 3]],
  ['<', 'n', 2, [1]],
  ['<=', 'n', 2, [1, 2]],
  ['in', 'n', [1, 3, 9], [1, 3]],
  ['not in', 'n', [1, 9], [2, 3]],
  ['like', 's', '%Bb%', [2]],
  ['not like', 's', '%Bb%', [1, 3]],
  ['ilike', 's', '%bb%', [2]],
  ['not ilike', 's', 'A%', [2, 3]],
  ['includes', 's', 'A', [1]],
  ['not includes', 's', 'a', [2, 3]],
  ['contains', 'l', ['x'], [1, 2]],
  ['not contains', 'l', ['x'], [3]],
  ['@>', 'l', ['x', 'y'], [2]],
  ['overlaps', 'l', ['y', 'z'], [2, 3]],
  ['not overlaps', 'l', ['y'], [1, 3]],
  ['~', 's', '^[A-B]', [1, 2]],
  ['!~', 's', '^A', [2, 3]],
]
const all = [1, 2, 3, 4]

const queryOf = (name: string, where: string): string =>
  functionDocument(
    name,
    '    json? value?\n    json? low?\n    json? high?',
    `    db.query "thing" {\n      where = ${where}\n      sort = {id: "asc"}\n    } as $rows`,
    '$rows|map:$$.id',
  )

let programs: Programs
beforeAll(async () => {
  programs = await createPrograms([
    `table thing {
  schema {
    int id
    int? n?
    text? s?
    text[]? l?
  }
  items = [
    {id: 1, n: 1, s: "Aaa", l: ["x"]}
    {id: 2, n: 2, s: "Bbb", l: ["x", "y"]}
    {id: 3, n: 3, s: "cCc", l: ["z"]}
    {id: 4, n: null, s: null, l: null}
  ]
}`,
    ...operators.flatMap(([operator, column], i) => [
      queryOf(`plain ${i}`, `$db.thing.${column} ${operator} $input.value`),
      queryOf(`ignoring ${i}`, `$db.thing.${column} ${operator}? $input.value`),
      queryOf(`and ${i}`, `$db.thing.${column} ${operator}? $input.value && $db.thing.id < 3`),
      queryOf(`or ${i}`, `$db.thing.${column} ${operator}? $input.value || $db.thing.id == 4`),
    ]),
    ...['between', 'not between'].flatMap((operator) => [
      queryOf(`${operator} plain`, `$db.thing.n ${operator} $input.low:$input.high`),
      queryOf(`${operator} ignoring`, `$db.thing.n ${operator}? $input.low:$input.high`),
    ]),
  ])
})
afterAll(() => programs?.drop())

describe.each(operators.map(([operator, column, value, ids], i) => ({ operator, column, value, ids, i })))('$operator', ({ value, ids, i }) => {
  it('finds its rows', async () => {
    expect(await programs.run(`plain ${i}`, { value })).toEqual(ids)
  })

  it('with ? does the same for a value, and says nothing for null', async () => {
    expect(await programs.run(`ignoring ${i}`, { value })).toEqual(ids)
    expect(await programs.run(`ignoring ${i}`, { value: null })).toEqual(all)
    expect(await programs.run(`and ${i}`, { value })).toEqual(ids.filter((id) => id < 3))
    expect(await programs.run(`and ${i}`, { value: null })).toEqual([1, 2])
    expect(await programs.run(`or ${i}`, { value })).toEqual([...new Set([...ids, 4])].sort())
    expect(await programs.run(`or ${i}`, { value: null })).toEqual([4])
  })
})

describe('between', () => {
  it('finds its rows, both bounds included', async () => {
    expect(await programs.run('between plain', { low: 2, high: 3 })).toEqual([2, 3])
    expect(await programs.run('not between plain', { low: 2, high: 3 })).toEqual([1])
  })

  it('with ? leaves out the bound that is null', async () => {
    expect(await programs.run('between ignoring', { low: 2, high: 3 })).toEqual([2, 3])
    expect(await programs.run('between ignoring', { low: 2, high: null })).toEqual([2, 3])
    expect(await programs.run('between ignoring', { low: null, high: null })).toEqual(all)
    expect(await programs.run('not between ignoring', { low: 2, high: 3 })).toEqual([1])
    expect(await programs.run('not between ignoring', { low: null, high: null })).toEqual(all)
  })
})
