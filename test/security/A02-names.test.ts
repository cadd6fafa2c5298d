/**
 * SQL injection through names: columns, dot paths, aliases, sorting, operators, and the names builders give to things.
 * Class: Parse Server on PostgreSQL, GHSA-qpr4-jrj4-6f27, GHSA-gqpp-xgvh-9h7h, GHSA-q3vj-96h2-gwvg, GHSA-c442-97qw-j6c6, GHSA-p2w6-rmh7-w8q3,
 * GHSA-c2hr-cqg6-8j6r, GHSA-6927-3vr9-fxf2.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createServer, type TestServer } from '../meta/server.js'

/** What could end a name, a literal, a statement or a comment, and names of Postgres itself. */
const hostileNames: readonly string[] = [
  '"',
  '""',
  `'`,
  `''`,
  '`',
  '\\',
  `\\'`,
  `"; drop table victim; --`,
  `'; drop table victim; --`,
  `x"; drop schema ws_1_live cascade; --`,
  `id" or "1"="1`,
  `id' or '1'='1`,
  'id) or (1=1',
  `id"::text"`,
  'id/**/or/**/1=1',
  'id -- ',
  'id;select pg_sleep(5)',
  `(select secret from victim limit 1)`,
  `"name" desc, (select 1/0)`,
  'name.first',
  `data"->>'a`,
  `data'a`,
  `data.a'] or 1=1 --`,
  'data.{a}',
  '$1',
  '?',
  ':name',
  '%I',
  '%s%n',
  '$$',
  '$do$',
  'ctid',
  'xmin',
  'tableoid',
  'pg_catalog.pg_user',
  'stackhold.admin_token',
  '*',
  'victim.*',
  '__proto__',
  'constructor',
  'toString',
  'a\nb',
  'a\u0000b',
  'ａ＇',
  'ʼ; drop table victim',
  '\u202Ename',
  'x'.repeat(64),
  '😀'.repeat(30),
  '',
  ' ',
]

const documents = `
api_group names {
  canonical = "names"
}
---
table victim {
  schema {
    int id
    text name
    json? data?
    text? secret? {
      access = "internal"
    }
  }
}
---
query search verb=POST {
  api_group = "names"
  public = "test"
  input {
    json filter?
    json sort?
  }
  stack {
    db.query victim {
      additional_where = $input.filter
      override_sort = $input.sort
    } as $rows
  }
  response = $rows
}
---
query lookup verb=POST {
  api_group = "names"
  public = "test"
  input {
    text field
    json value?
  }
  stack {
    db.get victim {
      field_name = $input.field
      field_value = $input.value
    } as $row
  }
  response = $row
}
---
query patch verb=POST {
  api_group = "names"
  public = "test"
  input {
    json data
  }
  stack {
    db.patch victim {
      field_name = "id"
      field_value = 1
      data = $input.data
    } as $row
  }
  response = $row
}
`

let server: TestServer
const rows = () => server.instance.db.query(`select id, name, secret from ws_1_live.victim order by id`)
const expected = [
  { id: 1, name: 'one', secret: 'SECRET-1' },
  { id: 2, name: 'two', secret: 'SECRET-2' },
]

beforeAll(async () => {
  server = await createServer({ fresh: false, env: { STACKHOLD_ENV: 'production' } })
  const pushed = await server.meta('POST', '/workspace/1/multidoc?partial=true', documents)
  expect([pushed.status, pushed.body?.message]).toEqual([200, undefined])
  await server.instance.db.query(`insert into ws_1_live.victim (name, data, secret) values ('one', '{"a": 1}', 'SECRET-1'), ('two', '{"a": 2}', 'SECRET-2')`)
})
afterAll(() => server.close())

/** What Postgres itself refuses to read would be the proof that a name became SQL. */
async function assertHarmless(path: string, body: unknown): Promise<void> {
  const { status, text } = await server.api('POST', `names/${path}`, body)
  // An unknown column of a lookup is the builder's mistake: 500, and no more.
  if (path !== 'lookup') expect([body, status < 500]).toEqual([body, true])
  expect(text).not.toMatch(/SQL Error|syntax error at|SECRET-\d/)
}

describe('names that callers send', () => {
  it.each([
    ['a column of a filter', (name: string) => ['search', { filter: { [`${name}|=`]: 'one' } }]],
    [
      'a column of a condition',
      (name: string) => ['search', { filter: { expression: [{ statement: { left: { tag: 'col', operand: name }, op: '=', right: { operand: 'one' } } }] } }],
    ],
    [
      'a column on the right',
      (name: string) => [
        'search',
        { filter: { expression: [{ statement: { left: { tag: 'col', operand: 'name' }, op: '=', right: { tag: 'col', operand: name } } }] } },
      ],
    ],
    ['a path into JSON', (name: string) => ['search', { filter: { [`data.${name}|=`]: 1 } }]],
    ['an alias', (name: string) => ['search', { filter: { [`${name}.name|=`]: 'one' } }]],
    ['an operator', (name: string) => ['search', { filter: { [`name|${name}`]: 'one' } }]],
    [
      'a tag',
      (name: string) => [
        'search',
        { filter: { expression: [{ statement: { left: { tag: 'col', operand: 'name' }, op: '=', right: { tag: name, operand: 'one' } } }] } },
      ],
    ],
    ['a sort column', (name: string) => ['search', { sort: [{ sortBy: name, orderBy: 'asc' }] }]],
    ['a sort direction', (name: string) => ['search', { sort: [{ sortBy: 'name', orderBy: name }] }]],
    ['the other form of sorting', (name: string) => ['search', { sort: { [name]: 'asc' } }]],
    ['a path of a sorting', (name: string) => ['search', { sort: { [`data.${name}`]: 'asc' } }]],
    ['a field to look up', (name: string) => ['lookup', { field: name, value: 'one' }]],
    ['a column to write', (name: string) => ['patch', { data: { [name]: 'x' } }]],
    ['a value', (name: string) => ['search', { filter: { 'name|=': name } }]],
    ['a pattern', (name: string) => ['search', { filter: { 'name|ilike': name } }]],
  ] as [string, (name: string) => [string, unknown]][])('as %s become nothing but names', async (_where, build) => {
    for (const name of hostileNames) await assertHarmless(...build(name))
    expect(await rows()).toEqual(expected)
  })

  it('real names still work', async () => {
    expect((await server.api('POST', 'names/search', { filter: { 'data.a|=': 2 } })).body).toMatchObject([{ id: 2 }])
    expect((await server.api('POST', 'names/search', { sort: { name: 'desc' } })).body).toMatchObject([{ id: 2 }, { id: 1 }])
  })
})

describe('names that builders give', () => {
  const quoted = (name: string): string => JSON.stringify(name)

  it('to tables and columns are refused, or quoted wherever they are used', async () => {
    let made = 0
    for (const [i, name] of hostileNames.filter((_name, at) => at % 2 === 0).entries()) {
      const table = {
        name: `${name}`,
        schema: [
          { name: 'id', type: 'int' },
          { name: name === 'id' ? 'x' : `c${name}`, type: 'text' },
        ],
      }
      const answer = await server.meta('POST', '/workspace/1/table', table)
      expect([name, answer.status < 500]).toEqual([name, true])
      expect(answer.text).not.toMatch(/syntax error at/)
      if (answer.status !== 200) continue
      made++
      const content = `/workspace/1/table/${answer.body.id}/content`
      const added = await server.meta('POST', content, { [`c${name}`]: `v${i}` })
      expect([name, added.status, added.body?.[`c${name}`]]).toEqual([name, 200, `v${i}`])
      const found = await server.meta('POST', `${content}/search`, { search: { [`c${name}`]: `v${i}` } })
      expect([name, found.status < 500]).toEqual([name, true])
      const deleted = await server.meta('DELETE', `/workspace/1/table/${answer.body.id}`)
      expect([name, deleted.status, deleted.body?.message]).toEqual([name, 200, undefined])
    }
    expect(made).toBeGreaterThan(5)
    expect(await rows()).toEqual(expected)
  })

  it('in queries are refused, or quoted', async () => {
    const statements: ((name: string) => string)[] = [
      (name) => `output = ["id", ${quoted(name)}]`,
      (name) => `eval = {${quoted(name)}: $db.victim.name}`,
      (name) => `sort = {${quoted(name)}: "asc"}`,
      (name) => `return = {type: "aggregate", group: {${quoted(name)}: $db.victim.name}, eval: {n: $db.victim.id|count}}`,
      (name) => `return = {type: "aggregate", group: {n: $db.victim.name}, eval: {${quoted(name)}: $db.victim.id|count}}`,
      (name) => `join = {${quoted(name)}: {table: "victim", where: $db.victim.id == 1}}`,
      (name) => `where = $db.victim.data[${quoted(name)}] == 1`,
      (name) => `where = $db.victim.name == ${quoted(name)}`,
    ]
    let ran = 0
    for (const name of hostileNames.filter((one, i) => i % 4 === 0 && !/[\n\0]/.test(one)))
      for (const statement of statements) {
        const text = `function probe {\n input {\n }\n stack {\n db.query victim {\n ${statement(name)}\n } as $rows\n }\n response = $rows\n}`
        const pushed = await server.meta('POST', '/workspace/1/multidoc?partial=true', text)
        expect([text, pushed.status < 500]).toEqual([text, true])
        if (pushed.status !== 200) continue
        const id = server.instance.live.current.workspaces
          .get(1)
          ?.branches.get('v1')
          ?.definitions.find((one) => one.kind === 'function')?.id
        const answer = await server.meta('POST', `/workspace/1/function/${id ?? 0}/run`, { input: {} })
        expect(`${text} ${answer.text}`).not.toMatch(/syntax error at|SQL Error/)
        ran++
      }
    expect(ran).toBeGreaterThan(20)
    expect(await rows()).toEqual(expected)
  }, 60_000)
})
