/** Two tables that differ in hidden values only answer every caller alike: rows, order, counts, pages and errors (security.md, row 1). */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../helpers/database.js'
import { type Bench, createBench } from './records-fixture.js'

const documents = [
  `table person {
  schema {
    int id
    text name
    int? age?
    json? data?
    text secret? { access = "internal" }
    int hidden? { access = "internal" }
    json? vault? { access = "internal" }
    password? pass?
  }
}`,
  `table note {
  schema {
    int id
    int person_id
    text body
    text private? { access = "internal" }
  }
}`,
]

let test: TestDatabase
let bench: Bench
beforeAll(async () => {
  test = await createTestDatabase()
  bench = await createBench(test.database, documents, { datasources: ['live', 'test'] })
  const shared = { names: ['Ann', 'Bob', 'Cy', 'Di', 'Ed'], secrets: { live: ['a', 'b', 'c', 'd', 'e'], test: ['e', 'zz', 'a', '', 'b'] } }
  for (const datasource of ['live', 'test'] as const) {
    const secrets = shared.secrets[datasource]
    for (const [i, name] of shared.names.entries()) {
      const values = [
        name,
        i % 3,
        JSON.stringify({ k: i }),
        secrets[i],
        datasource === 'live' ? i : 9 - i,
        JSON.stringify({ s: secrets[i] }),
        `hash-${datasource}-${i}`,
      ]
      await test.database.query(
        `insert into "ws_1_${datasource}".person (name, age, data, secret, hidden, vault, pass) values ($1, $2, $3, $4, $5, $6, $7)`,
        values,
      )
      await test.database.query(`insert into "ws_1_${datasource}".note (person_id, body, private) values ($1, $2, $3)`, [i + 1, `note ${i}`, secrets[4 - i]])
    }
  }
})
afterAll(() => test.drop())

/** What callers might try: columns that exist and may be seen, hidden ones, and spellings that could slip past. */
const column = fc.constantFrom(
  ...['name', 'age', 'data.k', 'person.name', 'id', 'n.body'],
  ...['secret', 'hidden', 'vault', 'vault.s', 'pass', 'person.secret', 'person.vault.s', 'person.pass', 'n.private', 'note.private', 'n.person_id'],
  ...[
    'SECRET',
    'secret ',
    '"secret"',
    'person"."secret',
    'secret"--',
    'person.*',
    '*',
    'data.secret',
    'name.secret',
    'who',
    'ctid',
    'xmin',
    'tableoid',
    'n',
    '',
    'secret::text',
    "name') or (secret",
    '__proto__',
  ],
)
const operator = fc.constantFrom(
  '=',
  '==',
  '!=',
  '>',
  '>=',
  '<',
  '<=',
  'between',
  'not between',
  'in',
  'not in',
  'like',
  'ilike',
  'not ilike',
  'includes',
  'contains',
  'overlaps',
  'regex',
  'not regex',
  '~',
  '@>',
  'secret',
  'is not null or true',
)
const value = fc.oneof(
  fc.constantFrom('a', 'b', 'e', 'hash%', '%', '', 'zz', "' or secret = 'a"),
  fc.integer({ min: -1, max: 10 }),
  fc.constant(null),
  fc.constant(['a', 'e']),
  fc.constant([0, 5]),
  fc.boolean(),
  fc.constant({ s: 'a' }),
)
const operand = fc.oneof(
  { weight: 3, arbitrary: value.map((given) => ({ operand: given })) },
  { weight: 2, arbitrary: column.map((name) => ({ tag: 'col', operand: name })) },
  value,
)
const statement = fc.record({ left: fc.record({ tag: fc.constant('col'), operand: column }), op: operator, right: operand })
const { filter } = fc.letrec<{ filter: unknown }>((tie) => ({
  filter: fc.oneof(
    fc.record({
      expression: fc.array(
        fc.oneof(fc.record({ statement, or: fc.boolean() }), fc.record({ type: fc.constant('group'), group: tie('filter'), or: fc.boolean() })),
        { maxLength: 3 },
      ),
    }),
    fc.dictionary(
      fc.tuple(column, operator, fc.constantFrom('', '|or')).map(([name, op, or]) => `${name}|${op}${or}`),
      value,
      { maxKeys: 3 },
    ),
  ),
}))
const sort = fc.array(fc.record({ sortBy: column, orderBy: fc.constantFrom('asc', 'desc') }), { maxLength: 2 })
const paging = fc.option(fc.record({ page: fc.integer({ min: 0, max: 3 }), per_page: fc.integer({ min: 1, max: 3 }) }))

const join = 'join = {n: {table: "note", type: "left", where: $db.n.person_id == $db.person.id}}\n eval = {who: $db.n.body}'
const statements = [
  'db.query "person" { additional_where = $filter\n override_sort = $sort\n output = ["id", "name"] }',
  `db.query "person" { ${join}\n additional_where = $filter\n override_sort = $sort }`,
  'db.query "person" { additional_where = $filter\n override_sort = $sort\n override_paging = $paging\n return = {type: "list", paging: {page: 1, per_page: 2, totals: true}} }',
  'db.query "person" { where = $filter\n sort = $sort\n return = {type: "single"} }',
  'db.query "person" { additional_where = $filter\n return = {type: "count"} }',
  'db.query "person" { additional_where = $filter\n return = {type: "exists"} }',
  'db.query "person" { additional_where = $filter\n override_sort = $sort\n return = {type: "aggregate", group: {age: $db.person.age}, eval: {n: $db.person.id|count}} }',
]

/** Everything a caller can tell from an answer. Statements do not bring passwords back unless they name them. */
async function outcome(datasource: string, text: string, vars: Record<string, unknown>): Promise<string> {
  bench.session.setDatasource(datasource)
  try {
    return JSON.stringify(await bench.run(text, vars))
  } catch (error) {
    const { status, code, message, payload, hint } = error as { status: number; code: string; message: string; payload: unknown; hint: string }
    return JSON.stringify({ status, code, message, payload, hint })
  }
}

describe('hidden columns', () => {
  it('influence no answer to anything a caller can send', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...statements), filter, sort, paging, async (text, given, order, page) => {
        const vars = { filter: given, sort: order, paging: page }
        expect(await outcome('live', text, vars)).toBe(await outcome('test', text, vars))
      }),
      { numRuns: 600 },
    )
  })

  it('are answered like columns that do not exist', async () => {
    for (const name of ['secret', 'person.secret', 'pass', 'vault.s', 'n.private']) {
      const vars = (wanted: string) => ({
        filter: { expression: [{ statement: { left: { tag: 'col', operand: wanted }, op: '=', right: { operand: 'a' } } }] },
        sort: [],
        paging: null,
      })
      const hidden = await outcome('live', statements[1] as string, vars(name))
      const missing = await outcome('live', statements[1] as string, vars('nonesuch'))
      expect({ ...JSON.parse(hidden), message: '', hint: '' }).toEqual({ ...JSON.parse(missing), message: '', hint: '' })
      expect(JSON.parse(hidden)).toMatchObject({ status: 400, message: `Unsupported parameter reference - ${name}` })
      expect(JSON.parse(hidden).hint).not.toMatch(/secret|pass|vault|private/)
    }
  })
})
