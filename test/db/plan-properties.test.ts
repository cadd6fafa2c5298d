/** Any change from one definition to another: the table ends as one made from scratch, and keeps every value that both can hold. */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applyPlan } from '../../src/db/ddl/apply.js'
import { planTable } from '../../src/db/ddl/plan-table.js'
import type { TableModel } from '../../src/definitions/table.js'
import { createTestDatabase, type TestDatabase } from '../helpers/database.js'
import { tableModel } from './records-fixture.js'

let test: TestDatabase
beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(() => test.drop())

const names = ['alpha', 'beta', 'gamma']
/** Every type of column, with a value that it holds, as SQL. */
const samples: Record<string, string> = {
  int: '7',
  decimal: '7.5',
  text: "'7'",
  bool: 'true',
  timestamp: "'2024-01-31T00:00:00Z'",
  date: "'2024-01-31'",
  json: "'7'",
  uuid: "'00000000-0000-4000-8000-000000000007'",
  email: "'a@b.co'",
  enum: "'red'",
  password: "'$argon2id$x'",
  object: `'{"a": "x"}'`,
  vector: "'{1,2.5}'",
  image: `'{"path": "/a"}'`,
  attachment: `'{"path": "/b"}'`,
  geo_point: `'{"type": "point", "data": {"lat": 1, "lng": 2}}'`,
  geo_polygon: `'{"type": "poly", "data": []}'`,
  'text[]': "'{x,y}'",
  'int[]': "'{1,2}'",
  'enum[]': "'{red}'",
  'uuid[]': "'{00000000-0000-4000-8000-000000000007}'",
  'json[]': "'[1]'",
  'geo_point[]': "'[]'",
  'image[]': "'[]'",
}
const types = Object.keys(samples)
/** What follows the name. */
const block: Record<string, string> = {
  enum: '{\n values = ["red", "blue"]\n }',
  object: '{\n schema {\n text a\n }\n }',
  vector: '{\n size = 2\n }',
}
const unindexed = new Set(['json', 'object', 'vector', 'image', 'attachment', 'geo_point', 'geo_polygon', 'password'])
const column = fc.record({ name: fc.constantFrom(...names), type: fc.constantFrom(...types), nullable: fc.boolean(), indexed: fc.boolean() })
const columns = fc.uniqueArray(column, { selector: ({ name }) => name, maxLength: 3 })
type Columns = { name: string; type: string; nullable: boolean; indexed: boolean }[]

const model = (list: Columns): TableModel =>
  tableModel(
    `table t {\n  schema {\n    int id\n${list.map(({ name, type, nullable }) => `    ${type}${nullable ? '?' : ''} ${name}? ${block[type.replace('[]', '')] ?? ''}`).join('\n')}\n  }\n  index = [${list
      .filter(({ indexed, type }) => indexed && !unindexed.has(type))
      .map(({ name, type }) => `{type: "${type.endsWith('[]') ? 'gin' : 'btree'}", field: [{name: "${name}"}]}`)
      .join(', ')}]\n}`,
    1,
  )

/** What Postgres knows of a table, apart from the order of its columns and what lies in the bin. */
async function shapeOf(schema: string): Promise<unknown> {
  const columnsOf = await test.database.query(
    `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as needed, pg_get_expr(d.adbin, d.adrelid) as initial
     from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     where a.attrelid = ('"' || $1 || '".t')::regclass and a.attnum > 0 and not a.attisdropped and a.attname not like '~%' order by 1`,
    [schema],
  )
  const indexes = await test.database.query<{ definition: string }>(
    `select indexdef as definition from pg_indexes where schemaname = $1 and tablename = 't' order by indexname`,
    [schema],
  )
  return { columns: columnsOf, indexes: indexes.map(({ definition }) => definition.replaceAll(schema, 'schema').replace(/index \S+ on/i, 'index on')) }
}

let run = 0
const apply = (plan: ReturnType<typeof planTable>) => test.database.withTransaction((transaction) => applyPlan(transaction, plan, { catalog: false }))

describe('plan and apply', () => {
  it('end like a table made from scratch, keep what both can hold, and have nothing left to do', async () => {
    await fc.assert(
      fc.asyncProperty(columns, columns, async (from, to) => {
        const id = ++run
        const options = { workspaceId: 1, datasources: [`a${id}`], stamp: `s${id}` }
        const [before, after] = [model(from), model(to)]
        await apply(planTable(null, before, options))
        const schema = `ws_1_a${id}`
        const places = from.map(({ name }) => `"${name}"`)
        for (let i = 0; i < 2; i++)
          await test.database.query(
            `insert into "${schema}".t ${places.length === 0 ? 'default values' : `(${places.join(', ')}) values (${from.map(({ type }) => samples[type]).join(', ')})`}`,
          )
        const kept = from.filter(({ name, type }) => to.some((other) => other.name === name && other.type === type)).map(({ name }) => `"${name}"`)
        const read = () => test.database.query(`select ${['id', ...kept].join(', ')} from "${schema}".t order by id`)
        const old = await read()
        let changed = true
        try {
          await apply(planTable(before, after, options))
        } catch (error) {
          // A type that does not convert is refused, and nothing has changed then.
          expect((error as { status?: number }).status, String(error)).toBe(400)
          changed = false
        }
        expect(await read()).toEqual(old)
        if (!changed) {
          await apply(planTable(null, before, { ...options, datasources: [`b${id}`] }))
          expect(await shapeOf(schema)).toEqual(await shapeOf(`ws_1_b${id}`))
          return
        }
        expect(planTable(after, model(to), options).operations).toEqual([])
        await apply(planTable(null, after, { ...options, datasources: [`b${id}`] }))
        expect(await shapeOf(schema)).toEqual(await shapeOf(`ws_1_b${id}`))
      }),
      { numRuns: 120 },
    )
  }, 60_000)
})
