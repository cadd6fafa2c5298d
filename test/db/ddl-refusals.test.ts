import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { applyPlan } from '../../src/db/ddl/apply.js'
import { planTable } from '../../src/db/ddl/plan-table.js'
import { createTestDatabase } from '../helpers/database.js'
import { createInstance, type TestInstance } from '../workspace/instance.js'
import { errorOf, tableModel } from './records-fixture.js'

let instance: TestInstance
let schema = ''
beforeAll(async () => {
  instance = await createInstance()
  schema = `ws_${instance.workspaceId}_live`
})
afterAll(() => instance?.drop())

const table = (columns: string, more = ''): string => `table person {\n  schema {\n    int id\n${columns}\n  }${more}\n}`
const uniqueOn = (...names: string[]): string =>
  `\n  index = [\n    {type: "btree|unique", field: [${names.map((name) => `{name: "${name}", op: "asc"}`).join(', ')}]}\n  ]`
const shape = async (): Promise<object[]> =>
  instance.db.query(
    `select column_name, data_type, is_nullable from information_schema.columns where table_schema = $1 and table_name = 'person' order by ordinal_position`,
    [schema],
  )
const rows = async (): Promise<object[]> => instance.db.query(`select * from "${schema}".person order by id`)

const open = '    text? name?\n    int? year?\n    text? secret? {\n      sensitive = true\n    }'

describe('a push over rows that do not fit', () => {
  beforeEach(async () => {
    await instance.push(table(open))
    await instance.db.query(`truncate "${schema}".person restart identity`)
    await instance.db.query(
      `insert into "${schema}".person (name, year, secret)
       select case when n % 3 = 0 then null else 'n' || n % 4 end, n % 2, case when n <= 2 then null else 'hidden-' || n % 3 end from generate_series(1, 12) n`,
    )
  })

  /** The refusal of a push; nothing may have changed, neither tables nor definitions. */
  const refusal = async (text: string) => {
    const before = [await shape(), await rows(), await instance.pull()]
    const error = await errorOf(instance.push(text))
    expect([await shape(), await rows(), await instance.pull()]).toEqual(before)
    return error
  }

  it('counts and samples the rows without a value when a column is to have one', async () => {
    expect(await refusal(table(open.replace('text? name?', 'text name')))).toMatchObject({
      status: 400,
      message: 'Table "person": 4 rows have null in "name".',
      payload: {
        table: 'person',
        column: 'name',
        count: 4,
        sample: [3, 6, 9, 12].map((id) => ({ id, value: null })),
      },
      hint: expect.stringContaining('payload.sample'),
    })
  })

  it('samples five rows at most', async () => {
    await instance.db.query(`update "${schema}".person set name = null`)
    expect(await refusal(table(open.replace('text? name?', 'text name')))).toMatchObject({
      payload: { count: 12, sample: [1, 2, 3, 4, 5].map((id) => ({ id, value: null })) },
    })
  })

  it('counts and samples the values that a unique index would meet twice', async () => {
    const { status, payload } = await refusal(table(open, uniqueOn('name')))
    expect(status).toBe(400)
    expect(payload).toMatchObject({ table: 'person', column: 'name', count: 4 })
    const { sample } = payload as { sample: unknown[] }
    expect(sample).toHaveLength(4)
    expect(JSON.stringify(sample)).toContain('n1')
    expect(await refusal(table(open, uniqueOn('name', 'year')))).toMatchObject({ status: 400, payload: { column: expect.stringContaining('name') } })
  })

  it('never shows values of sensitive columns', async () => {
    for (const text of [
      table(open, uniqueOn('secret')),
      table(open.replace('text? secret?', 'text secret')),
      table(open.replace('text? secret?', 'int? secret?')),
    ]) {
      const error = await refusal(text)
      expect(error.status).toBe(400)
      expect(JSON.stringify(error.payload) + error.message).not.toContain('hidden-')
    }
  })

  it('counts and samples the rows that would not convert', async () => {
    expect(await refusal(table(open.replace('text? name?', 'int? name?')))).toMatchObject({
      status: 400,
      payload: { column: 'name', count: 8, sample: expect.arrayContaining([{ id: 1, value: 'n1' }]) },
    })
  })

  it('counts and samples the rows that a foreign key would leave without their like', async () => {
    const owner = 'table owner {\n  schema {\n    int id\n  }\n  items = [{id: 1}]\n}\n---\n'
    const keyed = table(open.replace('int? year?', 'int? year? {\n      table = "owner"\n    }'))
    await instance.db.query(`update "${schema}".person set year = case when id <= 3 then 1 when id <= 5 then id when id = 6 then null else 0 end`)
    expect(await refusal(owner + keyed)).toMatchObject({
      status: 400,
      message: 'Table "person": 2 rows have a value in "year" that no row of "owner" has as its id.',
      payload: { table: 'person', column: 'year', count: 2, sample: [4, 5].map((id) => ({ id, value: String(id) })) },
    })
    // Rows that come with the same push count.
    await instance.push(owner.replace('[{id: 1}]', '[{id: 1}, {id: 4}, {id: 5}]') + keyed)
    // Nothing is asked of rows whose table only gets another name.
    await instance.db.query(`delete from "${schema}".owner where id = 5`)
    const guid = /table owner \{[\s\S]*?guid = "([^"]+)"/.exec(await instance.pull())?.[1] ?? ''
    await instance.push(`table holder {\n  schema {\n    int id\n  }\n  guid = "${guid}"\n}`)
    expect(await instance.pull()).toContain('table = "holder"')
  })

  it('goes through when the rows are put right', async () => {
    await instance.db.query(`update "${schema}".person set name = 'p' || id`)
    await instance.push(table(open.replace('text? name?', 'text name'), uniqueOn('name')))
    expect(await shape()).toContainEqual({ column_name: 'name', data_type: 'text', is_nullable: 'NO' })
    await expect(instance.db.query(`insert into "${schema}".person (name) values ('p1')`)).rejects.toThrow('duplicate key')
  })
})

describe('a change that takes long', () => {
  it('has more time than other statements, and gives the connection back as it was', async () => {
    const test = await createTestDatabase({ statementTimeoutMs: 100, poolSize: 1 })
    try {
      const [before, after] = [
        tableModel('table slow {\n  schema {\n    int id\n  }\n}', 1),
        tableModel('table slow {\n  schema {\n    int id\n    text? a?\n  }\n}', 1),
      ]
      const options = { workspaceId: 1, datasources: ['live'] }
      const apply = (from: typeof before | null, to: typeof before, more = {}) =>
        test.database.withTransaction((transaction) => applyPlan(transaction, planTable(from, to, options), { catalog: false, ...more }))
      await apply(null, before)
      // Longer than the server would give it, and longer than the client would wait.
      await test.database.query(`create function public.linger() returns event_trigger language plpgsql as $$ begin perform pg_sleep(2.5); end $$`)
      await test.database.query(`create event trigger linger on ddl_command_end when tag in ('ALTER TABLE') execute function public.linger()`)
      expect(await errorOf(apply(before, after, { statementTimeoutMs: 200 }))).toMatchObject({
        status: 400,
        message: expect.stringContaining('could not be changed'),
      })
      await apply(before, after)
      expect(
        await test.database.query(`select column_name as name from information_schema.columns where table_name = 'slow' order by ordinal_position`),
      ).toEqual([{ name: 'id' }, { name: 'a' }])
      expect(await test.database.query(`select current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock`)).toEqual([
        { statement: '100ms', lock: '3s' },
      ])
    } finally {
      await test.drop()
    }
  }, 60_000)
})
