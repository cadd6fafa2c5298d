/** A small request costs little, however deep, long or branched it is (Parse GHSA-9xp9-j92r-p88v, Directus CVE-2026-35441, GHSA-6q22-g298-grjh). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'

const workspace = `api_group bombs {
  canonical = "bombs"
}
---
query echo verb=POST {
  api_group = "bombs"
  public = "test"
  input {
    json value?
  }
  stack {
  }
  response = $input.value
}
---
query echo verb=GET {
  api_group = "bombs"
  public = "test"
  input {
    json value?
  }
  stack {
  }
  response = $input.value
}
---
query decode verb=POST {
  api_group = "bombs"
  public = "test"
  input {
    text text
  }
  stack {
    var $value {
      value = $input.text|json_decode
    }
  }
  response = "decoded"
}`

let server: ListeningServer
beforeAll(async () => {
  server = await startListeningServer()
  await server.pushText(workspace)
}, 60_000)
afterAll(() => server.close())

const send = async (path: string, type: string, body: string): Promise<number> =>
  (await fetch(`${server.url}${path}`, { method: 'POST', body, headers: { 'content-type': type, authorization: `Bearer ${server.adminToken}` } })).status
const nested = (open: string, close: string, depth: number, inner = ''): string => open.repeat(depth) + inner + close.repeat(depth)
const many = (n: number, one: (i: number) => string, by: string): string => Array.from({ length: n }, (_, i) => one(i)).join(by)

const bombs: [what: string, type: string, body: string][] = [
  ['65 lists', 'application/json', `{"value":${nested('[', ']', 64)}}`],
  ['65 objects', 'application/json', nested('{"a":', '}', 65, '1')],
  ['500,000 lists', 'application/json', nested('[', ']', 500_000)],
  ['200,000 objects', 'application/json', nested('{"a":', '}', 150_000, '1')],
  ['lists that never close', 'application/json', '['.repeat(900_000)],
  ['10,001 keys', 'application/json', `{${many(10_001, (i) => `"k${i}":1`, ',')}}`],
  ['10,001 keys in many objects', 'application/json', `{"value":[${many(5_001, () => '{"a":1,"b":1}', ',')}]}`],
  ['1,001 pairs of a form', 'application/x-www-form-urlencoded', many(1_001, (i) => `k${i}=1`, '&')],
  ['34 brackets', 'application/x-www-form-urlencoded', `a${'[b]'.repeat(34)}=1`],
  ['100,000 brackets', 'application/x-www-form-urlencoded', `a${'[b]'.repeat(100_000)}=1`],
]

describe.each(['/api:bombs/echo', '/api:meta/workspace'])('%s', (path) => {
  it.each(bombs)('refuses %s', async (_what, type, body) => {
    // The Metadata API reads no forms.
    expect([400, 415]).toContain(await send(path, type, body))
    expect((await server.call('GET', '/health')).status).toBe(200)
  })
})

it('a stranger may not have the server read more than a login needs, while a push may be large', async () => {
  const login = (size: number) => send('/api:meta/auth/login', 'application/json', `{"email":"a@example.com","password":"${'x'.repeat(size)}"}`)
  expect(await login(900)).toBe(401)
  expect(await login(20_000)).toBe(413)
  const push = await server.meta('POST', '/workspace/1/multidoc/dry-run', `// ${'x'.repeat(2_000_000)}\n`)
  expect(push.status).not.toBe(413)
})

it('takes what is just small enough', async () => {
  expect(await send('/api:bombs/echo', 'application/json', `{"value":${nested('[', ']', 63)}}`)).toBe(200)
  expect(await send('/api:bombs/echo', 'application/json', `{${many(10_000, (i) => `"k${i}":1`, ',')}}`)).toBe(200)
})

it('the same in the query', async () => {
  expect((await server.call('GET', `/api:bombs/echo?value${'[b]'.repeat(34)}=1`)).status).toBe(400)
  expect((await server.call('GET', `/api:bombs/echo?${many(1_001, (i) => `a${i}`, '&')}`)).status).toBe(400)
})

it('JSON inside of text does not overflow the stack of the process', async () => {
  const status = await send('/api:bombs/decode', 'application/json', JSON.stringify({ text: nested('[', ']', 200_000) }))
  expect([200, 400, 500]).toContain(status)
  expect((await server.call('GET', '/health')).status).toBe(200)
})

it.each([
  ['parentheses', (n: number) => `var $x { value = ${nested('(', ')', n, '1')} }`],
  ['lists', (n: number) => `var $x { value = ${nested('[', ']', n)} }`],
  ['objects', (n: number) => `var $x { value = ${nested('{a: ', '}', n, '1')} }`],
  ['conditions', (n: number) => nested('conditional { if (true) { ', '} }', n)],
  ['signs', (n: number) => `var $x { value = ${'!'.repeat(n)}true }`],
  ['sums', (n: number) => `var $x { value = ${many(n, () => '1', ' + ')} }`],
  ['members', (n: number) => `var $x { value = $input${'.a'.repeat(n)} }`],
  ['filters', (n: number) => `var $x { value = ""${'|trim'.repeat(n)} }`],
])(
  'a program of 50,000 nested %s is refused or stored, and the server lives',
  async (_what, stack) => {
    const body = `function bomb {\n  input {\n  }\n  stack {\n    ${stack(50_000)}\n  }\n  response = 1\n}`
    const answer = await server.call('POST', '/api:meta/workspace/1/multidoc?partial=true', { body, token: server.adminToken })
    expect([200, 400, 413]).toContain(answer.status)
    expect((await server.call('GET', '/health')).status).toBe(200)
  },
  30_000,
)

it('the health check asks the database once a second at most', async () => {
  const before = await server.query<{ n: number }>(`select xact_commit::int as n from pg_stat_database where datname = current_database()`)
  expect(before).toHaveLength(1)
  const answers = await Promise.all(Array.from({ length: 200 }, () => server.call('GET', '/health')))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
})
