/** Conditions over every type of column, with random rows: what Postgres selects is what a reading of the same condition in memory selects. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../helpers/database.js'
import { type Bench, createBench } from './records-fixture.js'

type Item = string | number | boolean
type Held = Item | Item[] | Record<string, unknown> | null
type Row = Record<string, Held>
/** SQL's three truths. */
type Truth = boolean | null
interface Condition {
  text: string
  judge(row: Row): Truth
}

/** A type: its values, and whether they have an order that JavaScript shares. */
interface Kind {
  type: string
  options?: string
  ordered: boolean
  values: fc.Arbitrary<Item>
  /** As the program writes it, when not as JSON does. */
  literal?(value: Item): string
}

const day = (n: number): string => new Date(Date.UTC(2024, 0, 1) + n * 86_400_000).toISOString().slice(0, 10)
const kinds: Record<string, Kind> = {
  int: { type: 'int', ordered: true, values: fc.integer({ min: -3, max: 3 }) },
  decimal: { type: 'decimal', ordered: true, values: fc.constantFrom(-2.5, -0.01, 0, 0.1, 1, 1.25, 3) },
  bool: { type: 'bool', ordered: false, values: fc.boolean() },
  text: { type: 'text', ordered: false, values: fc.constantFrom('', 'a', 'A', "it's", '50%_', 'Ω\\n') },
  email: { type: 'email', ordered: false, values: fc.constantFrom('a@x.org', 'b@x.org') },
  enum: { type: 'enum', options: '{ values = ["red", "green"] }', ordered: false, values: fc.constantFrom('red', 'green') },
  uuid: { type: 'uuid', ordered: false, values: fc.constantFrom('00000000-0000-4000-8000-00000000000a', 'ffffffff-ffff-4fff-8fff-ffffffffffff') },
  timestamp: { type: 'timestamp', ordered: true, values: fc.integer({ min: -2, max: 2 }).map((n) => 1_700_000_000_000 + n * 500) },
  date: { type: 'date', ordered: true, values: fc.integer({ min: 0, max: 4 }).map(day) },
}
const names = Object.keys(kinds)
const kindOf = (name: string): Kind => kinds[name] as Kind
const literal = (value: Item | Item[]): string => JSON.stringify(value)

const document = `table every {
  schema {
    int id
${names.map((name) => `    ${kindOf(name).type}? c_${name}? ${kindOf(name).options ?? ''}`).join('\n')}
${names.map((name) => `    ${kindOf(name).type}[]? l_${name}? ${kindOf(name).options ?? ''}`).join('\n')}
    json? j?
    object? o? {
      schema {
        int n?
      }
    }
  }
}`

const orNull = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values, { nil: null, freq: 5 })
const row: fc.Arbitrary<Row> = fc.record({
  ...Object.fromEntries(names.map((name) => [`c_${name}`, orNull(kindOf(name).values)])),
  ...Object.fromEntries(names.map((name) => [`l_${name}`, orNull(fc.array(kindOf(name).values, { maxLength: 3 }))])),
  j: orNull(fc.record({ k: fc.constantFrom(1, 'x', true), t: fc.array(fc.constantFrom('p', 'q'), { maxLength: 2 }) })),
  o: orNull(fc.record({ n: fc.integer({ min: 0, max: 3 }) })),
})

const compare = (op: string, a: Item, b: Item): boolean => ({ '==': a === b, '!=': a !== b, '<': a < b, '<=': a <= b, '>': a > b, '>=': a >= b })[op] ?? false
/** Null in, null out. */
const ofItem =
  (column: string, judge: (value: Item) => boolean) =>
  (held: Row): Truth => {
    const value = held[column] ?? null
    return value === null ? null : judge(value as Item)
  }
const ofList =
  (column: string, judge: (value: Item[]) => boolean) =>
  (held: Row): Truth => {
    const value = held[column] ?? null
    return value === null ? null : judge(value as Item[])
  }

const scalar: fc.Arbitrary<Condition> = fc.constantFrom(...names).chain((name) => {
  const { ordered, values } = kindOf(name)
  const column = `c_${name}`
  const left = `$db.every.${column}`
  const ops = ordered ? ['==', '!=', '<', '<=', '>', '>='] : ['==', '!=']
  const comparison = fc
    .record({ op: fc.constantFrom(...ops), value: values })
    .map(({ op, value }): Condition => ({ text: `${left} ${op} ${literal(value)}`, judge: ofItem(column, (held) => compare(op, held, value)) }))
  const nullness = fc
    .constantFrom('==', '!=')
    .map((op): Condition => ({ text: `${left} ${op} null`, judge: (held) => (held[column] === null) === (op === '==') }))
  const membership = fc.record({ not: fc.boolean(), list: fc.array(values, { maxLength: 3 }) }).map(
    ({ not, list }): Condition => ({
      text: `${left} ${not ? 'not in' : 'in'} ${literal(list)}`,
      judge: (held) => (list.length === 0 ? not : ofItem(column, (value) => list.includes(value) !== not)(held)),
    }),
  )
  const range = fc
    .tuple(values, values)
    .map(
      ([low, high]): Condition => ({ text: `${left} between ${literal(low)}:${literal(high)}`, judge: ofItem(column, (held) => held >= low && held <= high) }),
    )
  return ordered ? fc.oneof(comparison, nullness, membership, range) : fc.oneof(comparison, nullness, membership)
})

const list: fc.Arbitrary<Condition> = fc.constantFrom(...names).chain((name) => {
  const { values } = kindOf(name)
  const column = `l_${name}`
  const left = `$db.every.${column}`
  const wanted = fc.array(values, { minLength: 1, maxLength: 3 })
  return fc.oneof(
    fc.record({ not: fc.boolean(), items: wanted }).map(
      ({ not, items }): Condition => ({
        text: `${left} ${not ? 'not ' : ''}contains ${literal(items)}`,
        judge: ofList(column, (held) => items.every((item) => held.includes(item)) !== not),
      }),
    ),
    fc.record({ not: fc.boolean(), items: wanted }).map(
      ({ not, items }): Condition => ({
        text: `${left} ${not ? 'not ' : ''}overlaps ${literal(items)}`,
        judge: ofList(column, (held) => items.some((item) => held.includes(item)) !== not),
      }),
    ),
    values.map((item): Condition => ({ text: `${literal(item)} in ${left}`, judge: ofList(column, (held) => held.includes(item)) })),
    wanted.map(
      (items): Condition => ({ text: `${left} == ${literal(items)}`, judge: ofList(column, (held) => JSON.stringify(held) === JSON.stringify(items)) }),
    ),
  )
})

const json: fc.Arbitrary<Condition> = fc.oneof(
  fc
    .constantFrom<Item>(1, 'x', true)
    .map((value): Condition => ({ text: `$db.every.j.k == ${literal(value)}`, judge: ({ j }) => (j === null ? null : (j as { k: Item }).k === value) })),
  fc
    .constantFrom('p', 'q')
    .map(
      (value): Condition => ({ text: `$db.every.j.t contains "${value}"`, judge: ({ j }) => (j === null ? null : (j as { t: string[] }).t.includes(value)) }),
    ),
  fc.record({ op: fc.constantFrom('<', '>='), value: fc.integer({ min: 0, max: 3 }) }).map(
    ({ op, value }): Condition => ({
      text: `$db.every.o.n ${op} ${value}`,
      judge: ({ o }) => (o === null ? null : compare(op, (o as { n: number }).n, value)),
    }),
  ),
)

const and = (a: Truth, b: Truth): Truth => (a === false || b === false ? false : a === null || b === null ? null : true)
const or = (a: Truth, b: Truth): Truth => (a === true || b === true ? true : a === null || b === null ? null : false)
const { tree } = fc.letrec<{ tree: Condition }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.oneof({ weight: 4, arbitrary: scalar }, { weight: 3, arbitrary: list }, { weight: 1, arbitrary: json }),
    fc.record({ word: fc.constantFrom('&&', '||'), parts: fc.array(tie('tree'), { minLength: 2, maxLength: 3 }) }).map(
      ({ word, parts }): Condition => ({
        text: `(${parts.map(({ text }) => text).join(` ${word} `)})`,
        judge: (held) => parts.map((part) => part.judge(held)).reduce(word === '&&' ? and : or),
      }),
    ),
    tie('tree').map(
      (part): Condition => ({
        text: `!(${part.text})`,
        judge: (held) => {
          const truth = part.judge(held)
          return truth === null ? null : !truth
        },
      }),
    ),
  ),
}))

let test: TestDatabase
let bench: Bench
beforeAll(async () => {
  test = await createTestDatabase()
  bench = await createBench(test.database, [document])
})
afterAll(() => test.drop())

describe('any condition over any type', () => {
  it('selects what it says', async () => {
    let selected = 0
    let left = 0
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 4, maxLength: 8 }), fc.array(tree, { minLength: 12, maxLength: 12 }), async (rows, conditions) => {
        await test.database.query('truncate ws_1_live.every restart identity')
        await bench.run('db.bulk.add "every" { items = $items }', { items: rows })
        for (const condition of conditions) {
          const expected = rows.flatMap((held, i) => (condition.judge(held) === true ? [i + 1] : []))
          const found = (await bench.run(`db.query "every" { where = ${condition.text}\n sort = {id: "asc"}\n output = ["id"] }`)) as { id: number }[]
          expect([condition.text, found.map(({ id }) => id)]).toEqual([condition.text, expected])
          selected += expected.length
          left += rows.length - expected.length
        }
      }),
      { numRuns: 30 },
    )
    // The law says nothing about conditions that select all or nothing.
    expect(Math.min(selected, left)).toBeGreaterThan(100)
  }, 60_000)
})
