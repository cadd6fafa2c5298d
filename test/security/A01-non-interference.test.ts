/**
 * Two databases that differ in hidden values only answer every request alike: status, body, order, count and headers.
 * Classes: Strapi CVE-2023-22894 and CVE-2026-27886, Directus CVE-2025-30352, CVE-2025-64748, CVE-2024-34708 and CVE-2026-35442, Parse CVE-2022-36079,
 * NocoDB CVE-2026-47378. The data layer by itself: test/db/non-interference.test.ts.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, createServer, type TestServer } from '../meta/server.js'

const documents = `
api_group people {
  canonical = "people"
}
---
table user {
  auth = true
  schema {
    int id
    text name
  }
}
---
table person {
  schema {
    int id
    text name
    int? age?
    text secret? {
      access = "internal"
    }
    int hidden? {
      access = "internal"
    }
    json? vault? {
      access = "internal"
    }
    password? pass? filters=min:1
    text? sealed? {
      encrypted = true
      access = "public"
    }
    int? salary?
    int owner_id?=1 {
      table = "user"
    }
  }
  rules = {
    read   : $db.person.owner_id == 1
    columns: {salary: $auth.role == "admin"}
  }
}
---
query list verb=POST {
  api_group = "people"
  public = "test"
  input {
    json filter?
    json sort?
    json paging?
  }
  stack {
    db.query person {
      additional_where = $input.filter
      override_sort = $input.sort
      override_paging = $input.paging
      output = ["items.id", "items.name", "items.age", "items.salary"]
      return = {type: "list", paging: {page: 1, per_page: 3, totals: true, metadata: true}}
    } as $x
  }
  response = $x
}
---
query rows verb=POST {
  api_group = "people"
  public = "test"
  input {
    json filter?
    json sort?
  }
  stack {
    db.query person {
      where = $input.filter
      sort = $input.sort
      output = ["id", "name", "salary"]
    } as $x
  }
  response = $x
}
---
query single verb=POST {
  api_group = "people"
  public = "test"
  input {
    json filter?
    json sort?
  }
  stack {
    db.query person {
      where = $input.filter
      sort = $input.sort
      output = ["id", "name", "salary"]
      return = {type: "single"}
    } as $x
  }
  response = $x
}
---
query count verb=POST {
  api_group = "people"
  public = "test"
  input {
    json filter?
  }
  stack {
    db.query person {
      additional_where = $input.filter
      return = {type: "count"}
    } as $x
  }
  response = $x
}
---
query groups verb=POST {
  api_group = "people"
  public = "test"
  input {
    json filter?
    json sort?
  }
  stack {
    db.query person {
      additional_where = $input.filter
      override_sort = $input.sort
      return = {type: "aggregate", group: {age: $db.person.age}, eval: {n: $db.person.id|count, top: $db.person.salary|max}}
    } as $x
  }
  response = $x
}
---
query one verb=POST {
  api_group = "people"
  public = "test"
  input {
    int id
  }
  stack {
    db.get person {
      field_name = "id"
      field_value = $input.id
      output = ["id", "name", "age", "salary"]
    } as $x
  }
  response = $x
}
---
query upsert verb=POST {
  api_group = "people"
  public = "test"
  input {
    json field
    json value
  }
  stack {
    db.has person {
      field_name = $input.field
      field_value = $input.value
    } as $x
  }
  response = $x
}
`

let server: TestServer
const canaries = { live: 'CANARY-live', test: 'CANARY-test' }

beforeAll(async () => {
  server = await createServer({ fresh: false, env: { STACKHOLD_ENV: 'production' } })
  const made = await server.meta('POST', '/workspace/1/datasource', { label: 'test', color: '#112233' })
  expect(made.status).toBe(200)
  const pushed = await server.meta('POST', '/workspace/1/multidoc?partial=true', documents)
  expect([pushed.status, pushed.body?.message]).toEqual([200, undefined])
  const table = server.instance.live.current.workspaces.get(1)?.tables.get('person')?.id
  for (const datasource of ['live', 'test'] as const) {
    const isLive = datasource === 'live'
    for (let i = 0; i < 8; i++) {
      const [secret, hidden] = isLive ? [`${canaries.live}${i}`, i] : [`${canaries.test}${7 - i}`, 9 - i]
      const row = {
        name: `n${i % 5}`,
        age: i % 3,
        secret,
        hidden,
        vault: { s: secret },
        pass: `${secret}-Aa1!`,
        sealed: secret,
        salary: hidden * 100,
        owner_id: 1,
      }
      const added = await server.meta('POST', `/workspace/1/table/${table}/content`, row, { headers: { 'x-data-source': datasource } })
      expect([added.status, added.body?.message]).toEqual([200, undefined])
    }
    // A row that no one may see, with an id and a name of its own.
    for (let i = 0; i < (isLive ? 1 : 3); i++)
      await server.instance.db.query(`insert into "ws_1_${datasource}".person (name, age, owner_id) values ($1, 1, 2)`, [`${canaries[datasource]}-row`])
  }
}, 60_000)
afterAll(() => server.close())

const columns = [
  'name',
  'age',
  'id',
  'person.name',
  'secret',
  'hidden',
  'vault',
  'vault.s',
  'pass',
  'sealed',
  'salary',
  'person.secret',
  'person.salary',
  'SECRET',
  '"secret"',
  'secret"--',
  'ctid',
  'xmin',
  'owner_id',
  'nonesuch',
  '',
]
const column = fc.constantFrom(...columns)
const operator = fc.constantFrom('=', '!=', '>', '<=', 'in', 'not in', 'like', 'ilike', 'includes', 'contains', 'between', '~', 'nonesuch')
const value = fc.oneof(
  fc.constantFrom('CANARY%', 'CANARY-live0', 'n1', '', '%'),
  fc.integer({ min: -1, max: 900 }),
  fc.constant(null),
  fc.constant([0, 400]),
  fc.boolean(),
)
const operand = fc.oneof(
  value,
  value.map((given) => ({ operand: given })),
  column.map((name) => ({ tag: 'col', operand: name })),
)
const statement = fc.record({ left: fc.record({ tag: fc.constant('col'), operand: column }), op: operator, right: operand })
const filter = fc.oneof(
  fc.record({ expression: fc.array(fc.record({ statement, or: fc.boolean() }), { maxLength: 3 }) }),
  fc.dictionary(
    fc.tuple(column, operator).map(([name, op]) => `${name}|${op}`),
    value,
    { maxKeys: 2 },
  ),
)
const sort = fc.oneof(
  fc.array(fc.record({ sortBy: column, orderBy: fc.constantFrom('asc', 'desc') }), { maxLength: 2 }),
  fc.dictionary(column, fc.constantFrom('asc', 'desc'), { maxKeys: 2 }),
)
const paging = fc.option(fc.record({ page: fc.integer({ min: 0, max: 4 }), per_page: fc.integer({ min: 1, max: 4 }) }))
const request = fc.oneof(
  fc.tuple(fc.constantFrom('list', 'rows', 'single', 'count', 'groups'), fc.record({ filter, sort, paging }, { requiredKeys: [] })),
  fc.tuple(fc.constant('one'), fc.record({ id: fc.integer({ min: 1, max: 12 }) })),
  fc.tuple(fc.constant('upsert'), fc.record({ field: fc.constantFrom('name', 'age', 'salary', 'sealed', 'nonesuch'), value })),
)

/** Everything a caller can tell, but the time. */
const told = ({ status, text, headers }: Answer): unknown => {
  const {
    date: _date,
    'x-ratelimit-remaining': _left,
    'ratelimit-remaining': _rest,
    ratelimit: _ratelimit,
    'x-ratelimit-reset': _reset,
    'ratelimit-reset': _at,
    ...rest
  } = headers
  return { status, text, headers: rest }
}
const ask = (datasource: string, path: string, body: unknown): Promise<Answer> =>
  server.app
    .inject({
      method: 'POST',
      url: `/api:people/${path}`,
      headers: { 'content-type': 'application/json', 'x-data-source': datasource },
      payload: JSON.stringify(body),
    })
    .then((response) => ({ status: response.statusCode, body: null, text: response.body, headers: response.headers }))

describe('hidden values', () => {
  it('influence no answer: internal, password, encrypted, and what rules hide', async () => {
    const statuses = new Set<number>()
    await fc.assert(
      fc.asyncProperty(request, async ([path, body]) => {
        const [live, test] = [await ask('live', path, body), await ask('test', path, body)]
        statuses.add(live.status)
        expect(told(live)).toEqual(told(test))
        expect(live.text).not.toContain('CANARY-')
        expect(live.status).not.toBe(503)
      }),
      { numRuns: 500 },
    )
    expect([...statuses].sort()).toContain(200)
  })

  it('show to nobody through the answers of an endpoint that lists them all', async () => {
    const { body } = await server.api('POST', 'people/list', {})
    expect(body).toMatchObject({ itemsTotal: 8, items: [{ salary: null }, { salary: null }, { salary: null }] })
  })
})
