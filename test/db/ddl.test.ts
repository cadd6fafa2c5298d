import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { applyPlan } from '../../src/db/ddl/apply.js'
import { restoreFromBin } from '../../src/db/ddl/bin.js'
import { planSql } from '../../src/db/ddl/plan.js'
import { planRename, planTable } from '../../src/db/ddl/plan-table.js'
import type { TableModel } from '../../src/definitions/table.js'
import { createTestDatabase, type TestDatabase } from '../helpers/database.js'
import { errorOf, tableModel } from './records-fixture.js'

let test: TestDatabase
beforeAll(async () => {
  test = await createTestDatabase()
  await test.database.query(`insert into stackhold.workspace (id, name, guid) values (7, 'w', 'g')`)
  await test.database.query(`insert into stackhold.datasource (workspace_id, label) values (7, 'live'), (7, 'test')`)
  await test.database.query(`insert into stackhold.definition (id, workspace_id, kind, name, guid, definition) values (1, 7, 'table', 't', 'g1', '{}')`)
})
afterAll(() => test.drop())

const options = { workspaceId: 7, datasources: ['live', 'test'], stamp: 's1' }
let current: TableModel | null = null
let stamp = 0
/** Changes table 1 to what the text says; null drops it. */
async function change(text: string | null): Promise<string[]> {
  const after = text === null ? null : tableModel(text, 1)
  const plan = planTable(current, after, { ...options, stamp: `s${++stamp}` })
  await test.database.withTransaction((transaction) => applyPlan(transaction, plan))
  current = after
  return plan.operations.map(({ action, details }) => `${action}: ${details}`)
}
const rows = (text: string) => test.database.query(text)

beforeEach(async () => {
  if (current !== null) await change(null)
})

const table = (columns: string, rest = '', name = 't'): string => `table ${name} {\n  schema {\n    int id\n    ${columns}\n  }\n  ${rest}\n}`

describe('creating', () => {
  it('makes real columns in a schema per data source', async () => {
    const model = tableModel(
      `table "Mixed Case" {
        schema {
          uuid id
          timestamp created_at?=now
          text name
          int n?=5
          decimal? d?
          text[] tags?
          enum k?="a" { values = ["a", "it's"] }
          vector? v? { size = 2 }
          geo_point? p?
        }
        index = [
          {type: "primary", field: [{name: "id"}]}
          {type: "btree", field: [{name: "created_at", op: "desc"}, {name: "n"}]}
          {type: "btree|unique", field: [{name: "name"}]}
          {type: "gin", field: [{name: "tags"}]}
          {type: "gin", field: [{name: "xdo", op: "jsonb_path_op"}]}
          {type: "search", field: [{name: "name", op: "A"}], lang: "english"}
          {type: "vector", field: [{name: "v", op: "vector_cosine_ops"}]}
        ]
      }`,
      99,
    )
    const plan = planTable(null, model, { workspaceId: 7, datasources: ['live'] })
    expect(planSql(plan)[1]).toBe(`create table "ws_7_live"."Mixed Case" (
  "id" uuid primary key default gen_random_uuid(),
  "created_at" timestamptz not null default now(),
  "name" text not null,
  "n" bigint not null default 5,
  "d" numeric,
  "tags" text[] not null default array[]::text[],
  "k" text not null default 'a' constraint "k_enum" check ("k" = any(array['a', 'it''s']::text[])),
  "v" real[],
  "p" jsonb
)`)
    expect(
      planSql(plan)
        .slice(2)
        .map((sql) => sql.replace(/index ".*?"/, 'index …')),
    ).toEqual([
      'create index … on "ws_7_live"."Mixed Case" ("created_at" desc, "n")',
      'create unique index … on "ws_7_live"."Mixed Case" ("name")',
      'create index … on "ws_7_live"."Mixed Case" using gin ("tags")',
      `create index … on "ws_7_live"."Mixed Case" using gin ((setweight(to_tsvector('english'::regconfig, coalesce("name", '')), 'A')))`,
    ])
    expect(plan.notes).toEqual([expect.stringContaining('there is no pgvector here')])
    await test.database.withTransaction((transaction) => applyPlan(transaction, plan, { catalog: false }))
    expect(await rows(`insert into ws_7_live."Mixed Case" (name) values ('x') returning n, k, tags`)).toEqual([{ n: 5, k: 'a', tags: [] }])
    await expect(rows(`insert into ws_7_live."Mixed Case" (name, k) values ('y', 'z')`)).rejects.toThrow('k_enum')
    await expect(rows(`insert into ws_7_live."Mixed Case" (n) values (1)`)).rejects.toThrow('null value')
  })

  it('records where the table stands', async () => {
    expect(await change(table('text a?'))).toEqual(['create: 2 columns'])
    expect(await rows('select datasource, schema_name, table_name from stackhold.physical_table order by 1')).toEqual([
      { datasource: 'live', schema_name: 'ws_7_live', table_name: 't' },
      { datasource: 'test', schema_name: 'ws_7_test', table_name: 't' },
    ])
  })
})

describe('changing', () => {
  it('adds columns with a value for the rows that exist', async () => {
    await change(table('text a?'))
    await rows(`insert into ws_7_live.t (a) values ('x')`)
    expect(await change(table('text a?\n int age?=18\n text b\n timestamp c?=now'))).toEqual([
      'add_field: age int',
      'add_field: b text',
      'add_field: c timestamp',
    ])
    expect(await rows('select age, b, c is not null as c from ws_7_live.t')).toEqual([{ age: 18, b: '', c: true }])
  })

  it('knows changes that only the engine sees', async () => {
    await change(table('text a?'))
    expect(await change(table('text a? filters=trim { sensitive = true }'))).toEqual(['update_field: a text'])
    expect(await change(table('text a? filters=trim { sensitive = true }'))).toEqual([])
  })

  it.each([
    ['int a?', 'text a?', `(1), (2)`, ['1', '2']],
    ['text a?', 'int a?', `('1'), ('-2')`, [1, -2]],
    ['int a?', 'decimal a?', `(1)`, [1]],
    ['text a?', 'bool a?', `('true'), ('0')`, [true, false]],
    ['timestamp? a?', 'int? a?', `('1970-01-01T00:00:01Z'), (null)`, [1000, null]],
    ['int a?', 'timestamp? a?', `(1000)`, [1000]],
    ['text a?', 'text[] a?', `('x')`, [['x']]],
    ['text a?', 'json? a?', `('x')`, ['x']],
    ['text? a?', 'text a?', `('x')`, ['x']],
    ['text a?', 'enum? a? { values = ["x", "y"] }', `('x')`, ['x']],
  ])('converts %s to %s', async (from, to, values, expected) => {
    await change(table(from))
    await rows(`insert into ws_7_live.t (a) values ${values}`)
    await change(table(to))
    expect((await rows('select a from ws_7_live.t order by id')).map((row) => row['a'])).toEqual(expected)
  })

  it.each([
    [
      'text a?',
      'int a?',
      `('1'), ('x'), ('y')`,
      '2 rows have a value of "a" that does not convert to int',
      [
        { id: 2, value: 'x' },
        { id: 3, value: 'y' },
      ],
    ],
    ['decimal a?', 'int a?', `(1), (1.5)`, '1 row has a value of "a" that does not convert to int', [{ id: 2, value: '1.5' }]],
    ['text[] a?', 'text? a?', `('{x,y}')`, '1 row has a value of "a" that does not convert to text', [{ id: 1, value: '{x,y}' }]],
    ['text? a?', 'text a?', `('x'), (null)`, '1 row has null in "a"', [{ id: 2, value: null }]],
    ['enum? a? { values = ["x", "y"] }', 'enum? a? { values = ["x"] }', `('y')`, '1 row has a value of "a" that is not in its values', [{ id: 1, value: 'y' }]],
  ])('refuses %s to %s when rows stand in the way', async (from, to, values, message, sample) => {
    await change(table(from))
    await rows(`insert into ws_7_live.t (a) values ${values}`)
    expect(await errorOf(change(table(to)))).toMatchObject({
      status: 400,
      message: `Table "t": ${message}.`,
      payload: { table: 't', column: 'a', count: sample.length, sample },
    })
    expect(await rows('select count(*) from ws_7_live.t')).toEqual([{ count: values.split('), (').length }])
  })

  it('refuses a unique index over duplicates, with the values', async () => {
    await change(table('text a?'))
    await rows(`insert into ws_7_live.t (a) values ('x'), ('x'), ('y')`)
    const unique = 'index = [{type: "btree|unique", field: [{name: "a"}]}]'
    expect(await errorOf(change(table('text a?', unique)))).toMatchObject({ status: 400, payload: { count: 1, sample: [{ a: 'x', rows: 2 }] } })
    await rows('delete from ws_7_live.t where id = 1')
    expect(await change(table('text a?', unique))).toEqual(['update: add index unique(a)'])
    await expect(rows(`insert into ws_7_live.t (a) values ('x')`)).rejects.toThrow('duplicate key')
    expect(await change(table('text a?'))).toEqual(['update: drop index unique(a)'])
  })

  it('rebuilds indexes around a changed type', async () => {
    const search = 'index = [{type: "search", field: [{name: "a"}]}]'
    await change(table('text a?', search))
    await rows(`insert into ws_7_live.t (a) values ('1')`)
    await change(table('int a?', 'index = [{type: "btree", field: [{name: "a"}]}]'))
    await change(table('text a?', search))
    expect(await rows('select a from ws_7_live.t')).toEqual([{ a: '1' }])
  })

  it('never makes a password readable', async () => {
    await change(table('password a?'))
    expect(await errorOf(change(table('text a?')))).toMatchObject({ status: 400, message: '"a" cannot change from password to text.' })
  })

  it('renames by explicit call, with the data, the check and the index', async () => {
    const index = (name: string): string => `index = [{type: "btree|unique", field: [{name: "${name}"}]}]`
    await change(table('enum? a? { values = ["x"] }', index('a')))
    await rows(`insert into ws_7_live.t (a) values ('x')`)
    const after = tableModel(table('enum? b? { values = ["x"] }', index('b')), 1)
    await test.database.withTransaction((transaction) => applyPlan(transaction, planRename(current as TableModel, after, 'a', 'b', options)))
    current = after
    expect(await rows('select b from ws_7_live.t')).toEqual([{ b: 'x' }])
    expect(await change(table('enum? b? { values = ["x", "y"] }'))).toEqual(['update: drop index unique(b)', 'alter_field: b enum?, values changed'])
    await rows(`insert into ws_7_live.t (b) values ('y')`)
  })

  it('renames the table with its rows and indexes', async () => {
    const index = 'index = [{type: "btree|unique", field: [{name: "a"}]}]'
    await change(table('text a?', index))
    await rows(`insert into ws_7_live.t (a) values ('x')`)
    expect(await change(table('text a?', index, 'renamed'))).toEqual(['update: rename to renamed'])
    expect(await rows('select a from ws_7_live.renamed')).toEqual([{ a: 'x' }])
    expect(await change(table('text a?', '', 'renamed'))).toEqual(['update: drop index unique(a)'])
  })
})

describe('dropping', () => {
  it('moves a column to the bin, and back', async () => {
    await change(table('text a?\n text keep?'))
    await rows(`insert into ws_7_live.t (a) values ('precious')`)
    expect(await change(table('text keep?'))).toEqual(['drop_field: a'])
    await rows(`insert into ws_7_live.t (keep) values ('k')`)
    const [entry] = await rows(`select id from stackhold.table_bin where column_name = 'a' and datasource = 'live' order by id desc`)
    await test.database.withTransaction((transaction) => restoreFromBin(transaction, Number(entry?.['id']), 7))
    expect(await rows('select a from ws_7_live.t order by id')).toEqual([{ a: 'precious' }, { a: null }])
  })

  it('moves a table to the bin as often as it is dropped, and back', async () => {
    const text = table('text a?', 'index = [{type: "btree|unique", field: [{name: "a"}]}]')
    for (const value of ['first', 'second']) {
      await change(text)
      await rows(`insert into ws_7_live.t (a) values ('${value}')`)
      expect(await change(null)).toEqual(['delete: rows move to the bin'])
    }
    await expect(rows('select * from ws_7_live.t')).rejects.toThrow('does not exist')
    const [entry] = await rows(`select id from stackhold.table_bin where kind = 'table' and datasource = 'live' order by id desc limit 1`)
    await test.database.withTransaction((transaction) => restoreFromBin(transaction, Number(entry?.['id']), 7))
    expect(await rows('select a from ws_7_live.t')).toEqual([{ a: 'second' }])
    expect(await rows(`insert into ws_7_live.t (a) values ('third') returning id`)).toEqual([{ id: 2 }])
    await rows('drop table ws_7_live.t')
  })
})

describe('a plan', () => {
  it('fails as a whole', async () => {
    await change(table('text a?'))
    await rows(`insert into ws_7_test.t (a) values ('x')`)
    await errorOf(change(table('int a?\n text b?')))
    expect(await rows(`select column_name from information_schema.columns where table_schema = 'ws_7_live' and table_name = 't' order by 1`)).toEqual([
      { column_name: 'a' },
      { column_name: 'id' },
    ])
  })

  it('does not wait long for a table in use', async () => {
    await change(table('text a?'))
    await test.database.withTransaction(async (other) => {
      await other.query('lock table ws_7_live.t in access share mode')
      const plan = planTable(current, tableModel(table('int a?'), 1), { workspaceId: 7, datasources: ['live'] })
      expect(await errorOf(test.database.withTransaction((transaction) => applyPlan(transaction, plan, { lockTimeoutMs: 50 })))).toMatchObject({ status: 503 })
    })
  })
})
