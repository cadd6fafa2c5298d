import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allFilters } from '../../src/filters/index.js'
import { createRegistry } from '../../src/runtime/registry.js'
import { createTestDatabase, type TestDatabase } from '../helpers/database.js'
import { type Bench, createBench, errorOf } from './records-fixture.js'

const thing = `table thing {
  schema {
    int id
    int? n?
    text? s?
    bool? b?
    text[]? l?
    json? j?
    timestamp? at?
    uuid? u?
  }
}`
const rows = [
  { n: 1, s: 'Alpha', b: true, l: ['a', 'b'], j: { k: 'x', d: { n: 5 }, t: ['p'] }, at: 1_700_000_000_000, u: 'c0ffee00-0000-4000-8000-000000000001' },
  { n: 2, s: 'beta', b: false, l: [], j: { k: null, d: { n: 10 } }, at: 1_700_000_001_000, u: null },
  { n: null, s: null, b: null, l: null, j: null, at: null, u: null },
  { n: 4, s: '50%_off', b: true, l: ['b', 'c'], j: ['p', 'q'], at: 0, u: null },
  { n: -3, s: "it's", b: false, l: ["quo'te"], j: { k: 'X' }, at: 1_700_000_000_500, u: null },
]

const registry = createRegistry([], allFilters)

let test: TestDatabase
let bench: Bench
beforeAll(async () => {
  test = await createTestDatabase()
  bench = await createBench(test.database, [thing], { compiler: { lookupSqlFilter: (name) => registry.queryFilter(name)?.sql } })
  await bench.run('db.bulk.add "thing" { items = $items }', { items: rows })
})
afterAll(() => test.drop())

const idsWhere = async (where: string, vars: Record<string, unknown> = {}): Promise<number[]> =>
  ((await bench.run(`db.query "thing" { where = ${where}\n output = ["id"] }`, vars)) as { id: number }[]).map(({ id }) => id)
/** The condition as SQL. */
const sqlOf = (): string => / where (.*) order by /.exec(bench.sql)?.[1] ?? ''

describe('operators', () => {
  it.each<[where: string, vars: Record<string, unknown>, ids: number[], sql?: string]>([
    ['$db.thing.n == 2', {}, [2], '"thing"."n" = $1::bigint'],
    ['$db.n == 2', {}, [2], '"thing"."n" = $1::bigint'],
    ['$db.thing.n == $v', { v: '2' }, [2]],
    ['$db.thing.n == $v', { v: null }, [3], '"thing"."n" is null'],
    ['$db.thing.n != $v', { v: null }, [1, 2, 4, 5], '"thing"."n" is not null'],
    ['$db.thing.n != 2', {}, [1, 4, 5], '"thing"."n" <> $1::bigint'],
    ['$db.thing.n == $v', { v: 'abc' }, [], 'false'],
    ['$db.thing.n == $v', { v: 1.5 }, []],
    ['$db.thing.n != $v', { v: 'abc' }, [1, 2, 4, 5]],
    ['$db.thing.u == $v', { v: 'not a uuid' }, []],
    ['2 < $db.thing.n', {}, [4], '"thing"."n" > $1::bigint'],
    ['$db.thing.n > 1.5', {}, [2, 4]],
    ['$db.thing.n >= 1.5', {}, [2, 4]],
    ['$db.thing.n < 1.5', {}, [1, 5]],
    ['$db.thing.n <= 1.5', {}, [1, 5]],
    ['$db.thing.n in $v', { v: [1, '4', 'x', null, 2.5] }, [1, 4], '"thing"."n" = any(coalesce($1::bigint[], \'{}\'))'],
    ['$db.thing.n in $v', { v: [] }, []],
    ['$db.thing.n in $v', { v: null }, []],
    ['$db.thing.n not in $v', { v: [] }, [1, 2, 3, 4, 5]],
    ['$db.thing.n not in [1, 2]', {}, [4, 5]],
    ['$v in $db.thing.l', { v: 'b' }, [1, 4]],
    ['$db.thing.n between 1:3', {}, [1, 2], '("thing"."n" >= $1::bigint and "thing"."n" <= $2::bigint)'],
    ['$db.thing.n not between 1:3', {}, [4, 5]],
    ['$db.thing.s like "%a"', {}, [1, 2]],
    ['$db.thing.s like "a%"', {}, []],
    ['$db.thing.s ilike "a%"', {}, [1]],
    ['$db.thing.s not ilike "a%"', {}, [2, 4, 5]],
    ['$db.thing.s includes "PH"', {}, [1]],
    ['$db.thing.s includes $v', { v: '%_o' }, [4]],
    ['$db.thing.s includes $v', { v: '%x' }, []],
    ['$db.thing.s not includes "a"', {}, [4, 5]],
    ['$db.thing.s contains "t\'"', {}, [5]],
    ['$db.thing.s ~ "^[a-z]+$"', {}, [2]],
    ['$db.thing.s !~ "^[a-z]+$"', {}, [1, 4, 5]],
    ['$db.thing.l contains "b"', {}, [1, 4], '"thing"."l" @> $1::text[]'],
    ['$db.thing.l contains $v', { v: ['a', 'b'] }, [1]],
    ['$db.thing.l not contains "b"', {}, [2, 5]],
    ['$db.thing.l @> "a"', {}, [1]],
    ['$db.thing.l overlaps $v', { v: ['c', "quo'te"] }, [4, 5], '"thing"."l" && coalesce($1::text[], \'{}\')'],
    ['$db.thing.l overlaps $v', { v: [] }, []],
    ['$db.thing.l includes "QUO"', {}, [5]],
    ['$db.thing.l == $v', { v: ['b', 'c'] }, [4]],
    ['$db.thing.j.k == "x"', {}, [1], '("thing"."j" #> array[\'k\']::text[]) = $1::jsonb'],
    ['$db.thing.j.k == $v', { v: null }, [2, 3, 4]],
    ['$db.thing.j.k != $v', { v: null }, [1, 5]],
    ['$db.thing.j.k ilike "x"', {}, [1, 5]],
    ['$db.thing.j.d.n > 5', {}, [2]],
    ['$db.thing.j.d.n in [5, 10]', {}, [1, 2]],
    ['$db.thing.j contains $v', { v: { k: 'X' } }, [5]],
    ['$db.thing.j.t contains "p"', {}, [1]],
    ['$db.thing.j overlaps $v', { v: ['q'] }, [4]],
    ['$db.thing.b', {}, [1, 4], '"thing"."b"'],
    ['!($db.thing.b)', {}, [2, 5]],
    ['$db.thing.at >= $v', { v: '2023-11-14T22:13:20.500Z' }, [2, 5]],
    ['$db.thing.at == 0', {}, [4]],
    ['$db.thing.n == $db.thing.id', {}, [1, 2, 4], '"thing"."n" = "thing"."id"'],
    ['$db.thing.n * 2 == 4', {}, [2]],
    ['$db.thing.n ==? $v', { v: null }, [1, 2, 3, 4, 5]],
    ['$db.thing.n ==? $v', { v: 4 }, [4]],
    ['$db.thing.s ilike? $v && $db.thing.n > 0', { v: null }, [1, 2, 4], '"thing"."n" > $1::bigint'],
    ['$db.thing.s ilike? $v || $db.thing.n > 1', { v: null }, [2, 4]],
    ['$db.thing.n in? $v', { v: null }, [1, 2, 3, 4, 5]],
    ['$db.thing.n in? $v', { v: [] }, []],
    ['$db.thing.n between? $v:2', { v: null }, [1, 2, 5]],
    ['$v == 1 || $db.thing.n == 4', { v: 1 }, [1, 2, 3, 4, 5]],
    ['$v == 1 || $db.thing.n == 4', { v: 2 }, [4]],
    ['$db.thing.n == 1 || $db.thing.n == 2 && $db.thing.b', {}, [1]],
    ['($db.thing.n == 1 || $db.thing.n == 2) && !($db.thing.b)', {}, [2]],
  ])('%s %j', async (where, vars, ids, sql) => {
    expect(await idsWhere(where, vars)).toEqual(ids)
    if (sql !== undefined) expect(sqlOf()).toBe(sql)
  })

  it('binds values whatever they look like', async () => {
    for (const v of ["'; drop table thing; --", '$1', '\\', '"', '{}', '%'] as const) expect(await idsWhere('$db.thing.s == $v', { v })).toEqual([])
    expect(await bench.run('db.count "thing"')).toBe(5)
  })
})

describe('mistakes', () => {
  it.each([
    ['$db.thing.nope == 1', 'Unsupported parameter reference - thing.nope'],
    ['$db.other.nope == 1', 'Unsupported parameter reference - other.nope'],
    ['$db.thing.n.x == 1', '"n" of table "thing" is int: it has no members.'],
    ['$db.thing.n', 'This is not a condition.'],
    ['$db.thing.s @> "x"', '"@>" needs a list or JSON column on its left.'],
    ['$db.thing.n|sqrt == 2', 'The filter "sqrt" cannot be used on a column.'],
    ['$db.thing.n contains 1', '"contains" needs a list, JSON or text column; "thing.n" is int.'],
  ])('%s', (where, message) => {
    expect(() => bench.compile(`db.query "thing" { where = ${where} }`)).toThrow(message)
  })

  it('suggests columns', async () => {
    expect(await errorOf((async () => bench.compile('db.query "thing" { where = $db.thing.idd == 1 }'))())).toMatchObject({
      status: 400,
      hint: 'Did you mean `id`?',
    })
  })

  it('of callers are input errors', async () => {
    expect(await errorOf(idsWhere('$db.thing.n > $v', { v: 'abc' }))).toMatchObject({ status: 400, payload: { param: 'thing.n' } })
    expect(await errorOf(idsWhere('$db.thing.s ~ $v', { v: '(' }))).toMatchObject({ status: 400, code: 'ERROR_CODE_BAD_REQUEST' })
    expect(await idsWhere('$db.thing.s == $v', { v: 'a\0' })).toEqual([])
    expect(await errorOf(idsWhere('$db.thing.s includes $v', { v: 'a\0' }))).toMatchObject({ status: 400 })
  })
})

/** SQL's three truths. */
type Truth = boolean | null
const and = (a: Truth, b: Truth): Truth => (a === false || b === false ? false : a === null || b === null ? null : true)
const or = (a: Truth, b: Truth): Truth => (a === true || b === true ? true : a === null || b === null ? null : false)
const not = (a: Truth): Truth => (a === null ? null : !a)

type Row = (typeof rows)[number] & { id: number }
interface Tree {
  text: string
  /** `undefined` = skipped. */
  judge(row: Row): Truth | undefined
}

const compare = (op: string, a: number | string | null, b: number | string | null): Truth => {
  if (op === '==' && b === null) return a === null
  if (op === '!=' && b === null) return a !== null
  if (a === null || b === null) return null
  return { '==': a === b, '!=': a !== b, '<': a < b, '<=': a <= b, '>': a > b, '>=': a >= b }[op] ?? null
}

/** LIKE, in memory. */
function matchesLike(text: string, pattern: string, ignoresCase: boolean): boolean {
  const source = pattern.replace(/\\(.)|([%_])|([^%_\\])/g, (_, escaped?: string, wild?: string, plain?: string) =>
    wild === '%' ? '[\\s\\S]*' : wild === '_' ? '[\\s\\S]' : (escaped ?? plain ?? '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&'),
  )
  return new RegExp(`^${source}$`, ignoresCase ? 'i' : '').test(text)
}

function substr(text: string, start: number, length: number): string {
  const from = start < 0 ? Math.max(text.length + start, 0) : start
  return text.slice(from, length < 0 ? Math.max(text.length + length, from) : from + length)
}

const intLiteral = fc.integer({ min: -4, max: 5 })
const leaf: fc.Arbitrary<Tree> = fc.oneof(
  fc
    .record({ op: fc.constantFrom('==', '!=', '<', '<=', '>', '>='), value: intLiteral, mark: fc.constantFrom('', '?') })
    .map(({ op, value, mark }) => ({ text: `$db.thing.n ${op}${mark} ${value}`, judge: (row: Row) => compare(op, row.n, value) })),
  fc
    .record({ op: fc.constantFrom('==', '!='), mark: fc.constantFrom('', '?') })
    .map(({ op, mark }) => ({ text: `$db.thing.s ${op}${mark} null`, judge: (row: Row) => (mark === '?' ? undefined : compare(op, row.s, null)) })),
  fc.array(intLiteral, { maxLength: 3 }).map((list) => ({
    text: `$db.thing.n in [${list.join(', ')}]`,
    judge: (row: Row) => (list.length === 0 ? false : row.n === null ? null : list.includes(row.n)),
  })),
  fc.array(intLiteral, { maxLength: 3 }).map((list) => ({
    text: `$db.thing.n not in [${list.join(', ')}]`,
    judge: (row: Row) => (list.length === 0 ? true : row.n === null ? null : !list.includes(row.n)),
  })),
  fc
    .tuple(intLiteral, intLiteral)
    .map(([low, high]) => ({ text: `$db.thing.n between ${low}:${high}`, judge: (row: Row) => (row.n === null ? null : row.n >= low && row.n <= high) })),
  fc.constantFrom('a', 'PH', '%', "it's", 'b').map((text) => ({
    text: `$db.thing.s includes ${JSON.stringify(text)}`,
    judge: (row: Row) => (row.s === null ? null : row.s.toLowerCase().includes(text.toLowerCase())),
  })),
  fc
    .constantFrom('a', 'b', 'c', 'zz')
    .map((text) => ({ text: `$db.thing.l contains "${text}"`, judge: (row: Row) => (row.l === null ? null : (row.l as string[]).includes(text)) })),
  fc.constant({ text: '$db.thing.b', judge: (row: Row) => row.b }),
  fc.tuple(intLiteral, intLiteral).map(([low, high]) => ({
    text: `$db.thing.n not between ${low}:${high}`,
    judge: (row: Row) => (row.n === null ? null : !(row.n >= low && row.n <= high)),
  })),
  fc
    .record({
      op: fc.constantFrom('like', 'ilike', 'not like', 'not ilike'),
      start: fc.constantFrom('', '%'),
      text: fc.constantFrom('A', 'alp', 'BETA', '50\\%', "t's"),
      end: fc.constantFrom('', '%', '_'),
    })
    .map(({ op, start, text, end }) => ({
      text: `$db.thing.s ${op} ${JSON.stringify(start + text + end)}`,
      judge: (row: Row): Truth => (row.s === null ? null : matchesLike(row.s, start + text + end, op.includes('ilike')) !== op.startsWith('not')),
    })),
  fc.record({ op: fc.constantFrom('~', '!~'), pattern: fc.constantFrom('^[a-z]+$', 'a', '[0-9]', "'") }).map(({ op, pattern }) => ({
    text: `$db.thing.s ${op} "${pattern}"`,
    judge: (row: Row) => (row.s === null ? null : new RegExp(pattern).test(row.s) === (op === '~')),
  })),
  fc.record({ op: fc.constantFrom('overlaps', 'not overlaps'), list: fc.subarray(['a', 'b', 'c', "quo'te", 'zz']) }).map(({ op, list }) => ({
    text: `$db.thing.l ${op} ${JSON.stringify(list)}`,
    judge: (row: Row) => (row.l === null ? null : (row.l as string[]).some((item) => list.includes(item)) === (op === 'overlaps')),
  })),
  fc.record({ op: fc.constantFrom('contains', 'not contains', '@>'), list: fc.subarray(['a', 'b', 'c']) }).map(({ op, list }) => ({
    text: `$db.thing.l ${op} ${JSON.stringify(list)}`,
    judge: (row: Row) => (row.l === null ? null : list.every((item) => (row.l as string[]).includes(item)) === (op !== 'not contains')),
  })),
  fc.record({ op: fc.constantFrom('==', '<', '>='), add: intLiteral, value: intLiteral }).map(({ op, add, value }) => ({
    text: `($db.thing.n|add:${add}|mul:2) ${op} ${value}`,
    judge: (row: Row) => compare(op, row.n === null ? null : (row.n + add) * 2, value),
  })),
  fc
    .record({ start: fc.integer({ min: -6, max: 6 }), length: fc.integer({ min: -3, max: 4 }), value: fc.constantFrom('A', 'al', '', 'ta', '%_') })
    .map(({ start, length, value }) => ({
      text: `($db.thing.s|substr:${start}:${length}|to_lower) == ${JSON.stringify(value.toLowerCase())}`,
      judge: (row: Row) => (row.s === null ? null : substr(row.s, start, length).toLowerCase() === value.toLowerCase()),
    })),
  fc.constantFrom('x', 'X', 'none').map((value) => ({
    text: `($db.thing.j.k|coalesce:"none"|to_text) == "${value}"`.replace('|to_text', '|concat:""'),
    judge: (row: Row) => ((row.j as { k?: string | null } | null)?.k ?? 'none') === value,
  })),
)

const chain = (parts: readonly Tree[], word: string, join: (a: Truth, b: Truth) => Truth): Tree => ({
  text: `(${parts.map((part) => part.text).join(` ${word} `)})`,
  judge(row) {
    const kept = parts.map((part) => part.judge(row)).filter((truth) => truth !== undefined)
    return kept.length === 0 ? undefined : kept.reduce(join)
  },
})

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.array(tie('tree'), { minLength: 2, maxLength: 3 }).map((parts) => chain(parts, '&&', and)),
    fc.array(tie('tree'), { minLength: 2, maxLength: 3 }).map((parts) => chain(parts, '||', or)),
    tie('tree').map((part) => ({
      text: `!(${part.text})`,
      judge(row: Row) {
        const truth = part.judge(row)
        return truth === undefined ? undefined : not(truth)
      },
    })),
  ),
}))

describe('any tree of conditions', () => {
  it('selects the rows that a reading of the same tree in memory selects', async () => {
    await fc.assert(
      fc.asyncProperty(tree, async (condition) => {
        const expected = rows
          .map((row, i) => ({ ...row, id: i + 1 }))
          .filter((row) => {
            const truth = condition.judge(row)
            return truth === true || truth === undefined
          })
        expect(await idsWhere(condition.text)).toEqual(expected.map(({ id }) => id))
      }),
      { numRuns: 250 },
    )
  })
})
