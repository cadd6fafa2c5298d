/** Whatever goes wrong, production does not say how the server is made: no SQL, no table, no column, no path, no library, no stack. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'

const failing: [name: string, stack: string][] = [
  ['not_null', 'db.add canary_table {\n      data = {canary_column: null, canary_number: $input.v}\n    } as $x'],
  ['unique', 'db.add canary_table {\n      data = {canary_column: "same", canary_number: 1}\n    } as $x'],
  ['too_large', 'db.add canary_table {\n      data = {canary_column: $input.v, canary_number: 99999999999999999999}\n    } as $x'],
  ['wrong_type', 'db.add canary_table {\n      data = {canary_column: "x", canary_number: $input.v}\n    } as $x'],
  ['foreign', 'db.add canary_child {\n      data = {canary_table_id: 424242}\n    } as $x'],
  ['by_key', 'db.get canary_table {\n      field_name = "id"\n      field_value = $input.v\n    } as $x'],
  ['where', 'db.query canary_table {\n      where = $db.canary_table.canary_number == $input.v\n    } as $x'],
  ['edit', 'db.edit canary_table {\n      field_name = "id"\n      field_value = 424242\n      data = {canary_column: "x"}\n    } as $x'],
  ['divide', 'var $x {\n      value = 1 / ($input.v|to_int)\n    }'],
  ['member', 'var $x {\n      value = $input.v.a.b.c\n    }'],
  ['regex', 'var $x {\n      value = $input.v|regex_replace:"/x/":"y"\n    }'],
  ['json', 'var $x {\n      value = $input.v|json_decode\n    }'],
  ['date', 'var $x {\n      value = $input.v|to_timestamp:"nowhere/zone"\n    }'],
  ['decrypt', 'security.decrypt {\n      data = $input.v\n      algorithm = "aes-256-cbc"\n      key = "canary-key"\n      iv = "x"\n    } as $x'],
  ['jws', 'security.jws_decode {\n      token = $input.v\n      key = "canary-key"\n      signature_algorithm = "HS256"\n    } as $x'],
  ['template', 'util.template_engine {\n      value = $input.v\n    } as $x'],
  ['call', 'function.run canary_function {\n      input = {v: $input.v}\n    } as $x'],
  ['loop', 'for ($input.v) {\n      each as $i {\n      }\n    }'],
  ['header', 'util.set_header {\n      value = "X-A: " ~ $input.v\n    }'],
  ['list', 'foreach ($input.v) {\n      each as $i {\n      }\n    }'],
]
const workspace = [
  'api_group failing {\n  canonical = "failing"\n}',
  'table canary_table {\n  schema {\n    int id\n    text canary_column\n    int canary_number\n  }\n  index = [\n    {type: "primary", field: [{name: "id"}]}\n    {type: "btree|unique", field: [{name: "canary_column", op: "asc"}]}\n  ]\n}',
  'table canary_child {\n  schema {\n    int id\n    int canary_table_id {\n      table = "canary_table"\n    }\n  }\n}',
  'function canary_function {\n  input {\n    int v\n  }\n  stack {\n    var $x {\n      value = 1 / ($input.v - $input.v)\n    }\n  }\n  response = $x\n}',
  ...failing.map(
    ([name, stack]) =>
      `query ${name} verb=POST {\n  api_group = "failing"\n  public = "test"\n  input {\n    json v?\n  }\n  stack {\n    ${stack}\n  }\n  response = "fine"\n}`,
  ),
].join('\n---\n')

const inside =
  /canary|ws_\d|stackhold\.|\bselect\b|\binsert\b|\bupdate\b .*\bset\b|relation "|column "|constraint|duplicate key|violates|syntax error at|\bpg_|postgres|kysely|fastify|undici|ioredis|argon2|node:|node_modules|\/work\/|\/src\/|\/home\/|\/tmp\/|\.[jt]s:\d+|at \w+ \(|TypeError|RangeError|ReferenceError|SyntaxError|\[object |undefined|Cannot read prop|ECONN|ENOENT|ERR_/i
const values: unknown[] = [
  null,
  'x',
  '{{ canary',
  '{"a":',
  -1,
  0,
  1e308,
  '99999999999999999999',
  { a: 1 },
  [1],
  "'; drop table x; --",
  '\u0000',
  'a\r\nb',
  true,
]

let server: ListeningServer
beforeAll(async () => {
  server = await startListeningServer()
  await server.pushText(workspace)
  await server.call('POST', '/api:failing/unique', { body: {} })
}, 60_000)
afterAll(() => server.close())

it('by what a program does', async () => {
  const told: string[] = []
  const statuses = new Set<number>()
  let errors = 0
  for (const [name] of failing)
    for (const v of values) {
      const { status, text, body } = await server.call('POST', `/api:failing/${name}`, { body: { v } })
      statuses.add(status)
      if (status >= 400) errors++
      // An input error names its parameter, that is the column; and a caller's own word may come back in what is wrong with it.
      const named = body?.code === 'ERROR_CODE_INPUT_ERROR' ? text.replaceAll(String(body.payload.param), '') : text
      const answer = typeof v === 'string' && v !== '' ? named.replaceAll(JSON.stringify(v).slice(1, -1), '') : named
      if (inside.test(answer)) told.push(`${name} ${JSON.stringify(v)}: ${answer.slice(0, 200)}`)
    }
  expect(told).toEqual([])
  expect(errors).toBeGreaterThanOrEqual(60)
  expect(statuses).toContain(500)
}, 60_000)

it('by what a request is', async () => {
  const requests: [method: string, path: string, headers?: Record<string, string>, body?: string][] = [
    ['POST', '/api:failing/unique', { 'content-type': 'application/json' }, '{'],
    ['POST', '/api:failing/unique', { 'content-type': 'application/json' }, '{"__proto__":1}'],
    ['POST', '/api:failing/unique', { 'content-type': 'multipart/form-data; boundary=x' }, '--x'],
    ['POST', '/api:failing/unique', { 'content-type': 'nonsense' }, 'x'],
    ['POST', '/api:failing/unique', { 'content-type': 'application/json' }, `"${'a'.repeat(1_100_000)}"`],
    ['GET', '/api:failing/unique'],
    ['GET', '/api:nope/x'],
    ['GET', '/%zz'],
    ['GET', `/${'a'.repeat(9_000)}`],
    ['GET', '/api:meta/workspace'],
    ['GET', '/api:meta/workspace', { authorization: 'Bearer x' }],
    ['POST', '/api:meta/workspace', { 'content-type': 'application/json', authorization: `Bearer ${server.adminToken}` }, '{'],
    ['GET', '/api:meta/workspace/abc', { authorization: `Bearer ${server.adminToken}` }],
    ['GET', '/api:failing/unique', { 'x-data-source': 'nowhere' }],
  ]
  for (const [method, path, headers = {}, body] of requests) {
    const answer = await fetch(server.url + path, { method, headers, ...(body === undefined ? {} : { body }) })
    const text = await answer.text()
    expect([`${method} ${path.slice(0, 60)}`, answer.status >= 400, inside.exec(text.replaceAll('undefined', ''))?.[0]]).toEqual([
      `${method} ${path.slice(0, 60)}`,
      true,
      undefined,
    ])
  }
})

it('while the database is away', async () => {
  await server.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()')
  const answers = await Promise.all(Array.from({ length: 10 }, () => server.call('POST', '/api:failing/by_key', { body: { v: 1 } })))
  for (const { text } of answers) expect(text).not.toMatch(inside)
})
