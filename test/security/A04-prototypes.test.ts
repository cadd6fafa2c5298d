/**
 * Names that lead to prototypes are plain names or refused, wherever they come in.
 * Classes: n8n CVE-2026-42231 and CVE-2026-54306, NocoDB CVE-2026-24766, Parse CVE-2026-32878, GHSA-prm5-8g2m-24gg, GHSA-462x-c3jw-7vr6 and
 * GHSA-93vw-8fm5-p2jf, Appwrite CVE-2021-23682.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createServer, type TestServer } from '../meta/server.js'

const documents = `
api_group proto {
  canonical = "proto"
}
---
table thing {
  auth = true
  schema {
    int id
    text name?
    json? data?
  }
}
---
query echo verb=POST {
  api_group = "proto"
  public = "test"
  input {
    json value?
    object shape? {
      schema {
        text name?
      }
    }
  }
  stack {
    var $copy { value = {} }
    var.update $copy.merged { value = $copy|set:"polluted":$input.value }
    db.add thing { data = {name: "x", data: $input.value} } as $row
  }
  response = {value: $input.value, shape: $input.shape, stored: $row.data, admin: $copy|get:"isAdmin":false}
}
---
query path verb=POST {
  api_group = "proto"
  public = "test"
  input {
    text path
    text value
  }
  stack {
    var $object { value = {} }
    var $changed { value = $object|set:$input.path:$input.value }
    var $fresh { value = {} }
  }
  response = {changed: $changed, fresh: $fresh|get:"polluted":null, got: $fresh|get:$input.path:null}
}
---
query token verb=POST {
  api_group = "proto"
  public = "test"
  input {
    json extras
  }
  stack {
    security.create_auth_token {
      table = "thing"
      id = 1
      extras = $input.extras
    } as $token
  }
  response = $token
}
`
const poison = '"__proto__": {"polluted": "yes", "isAdmin": true}'
const bodies = [
  `{"value": {${poison}}}`,
  `{${poison}}`,
  `{"value": {"constructor": {"prototype": {"polluted": "yes", "isAdmin": true}}}}`,
  `{"value": [{${poison}}]}`,
  `{"value": {"a": {"b": {${poison}}}}}`,
  `{"shape": {"name": "x", ${poison}}}`,
  `{"value": {"\\u005f_proto__": {"polluted": "yes"}}}`,
  `{"value": {"__defineGetter__": 1, "hasOwnProperty": 2, "toString": 3, "valueOf": 4}}`,
]

let server: TestServer
beforeAll(async () => {
  server = await createServer({ fresh: false })
  const pushed = await server.meta('POST', '/workspace/1/multidoc?partial=true', documents)
  expect([pushed.status, pushed.body?.message]).toEqual([200, undefined])
})
afterAll(() => server.close())
afterEach(() => {
  const plain = {} as Record<string, unknown>
  expect([plain['polluted'], plain['isAdmin'], ([] as unknown as Record<string, unknown>)['polluted'], Object.keys(Object.prototype)]).toEqual([
    undefined,
    undefined,
    undefined,
    [],
  ])
})

const send = (url: string, payload: string, type = 'application/json', token = '') =>
  server.app.inject({ method: 'POST', url, headers: { 'content-type': type, ...(token === '' ? {} : { authorization: `Bearer ${token}` }) }, payload })

describe('names of prototypes', () => {
  it.each(bodies)('in a body: %s', async (body) => {
    const response = await send('/api:proto/echo', body)
    expect(response.statusCode).toBeLessThan(500)
    if (response.statusCode === 200) expect(JSON.parse(response.body)).toMatchObject({ admin: false })
    if (response.statusCode === 200 && body.includes('"toString"')) expect(response.body).toContain('"toString":3')
  })

  it.each([
    'value[__proto__][polluted]=yes',
    '__proto__[polluted]=yes',
    'value.__proto__.polluted=yes',
    'value[constructor][prototype][polluted]=yes',
    'shape[__proto__][name]=yes',
  ])('in a query string, a form and parts: %s', async (text) => {
    expect((await send(`/api:proto/echo?${text}`, '{}')).statusCode).toBeLessThan(500)
    expect((await send('/api:proto/echo', text, 'application/x-www-form-urlencoded')).statusCode).toBeLessThan(500)
    const [name, value] = text.split('=')
    const part = `--b\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n--b--\r\n`
    expect((await send('/api:proto/echo', part, 'multipart/form-data; boundary=b')).statusCode).toBeLessThan(500)
  })

  it.each(['__proto__.polluted', 'constructor.prototype.polluted', 'a.__proto__.polluted', '__proto__'])('in a path that a stack sets: %s', async (path) => {
    const response = await send('/api:proto/path', JSON.stringify({ path, value: 'yes' }))
    expect(response.statusCode).toBeLessThan(500)
    expect(JSON.parse(response.body)).toMatchObject({ fresh: null, got: null })
  })

  it.each(bodies.slice(0, 3))('in extras of a token: %s', async (body) => {
    const response = await send('/api:proto/token', body.replace('"value"', '"extras"'))
    expect(response.statusCode).toBeLessThan(500)
  })

  it('in rows of an import, in content, and in definitions', async () => {
    const table = server.instance.live.current.workspaces.get(1)?.tables.get('thing')?.id ?? 0
    const meta = (path: string, payload: string, type = 'application/json') => send(`/api:meta/workspace/1${path}`, payload, type, server.adminToken)
    for (const payload of [`{"name": "x", ${poison}}`, `{"data": {${poison}}}`])
      expect((await meta(`/table/${table}/content`, payload)).statusCode).toBeLessThan(500)
    expect((await meta(`/table/${table}/content/import`, `__proto__,name\nyes,x\n`, 'text/csv')).statusCode).toBeLessThan(500)
    expect((await meta(`/table/${table}/content/import`, `[{"name": "x", ${poison}}]`)).statusCode).toBeLessThan(500)
    expect((await meta('/table', `{"name": "__proto__", "schema": [{"name": "id", "type": "int"}, {"name": "__proto__", "type": "text"}]}`)).statusCode).toBe(
      400,
    )
    expect((await meta('/table', `{"name": "t", ${poison}}`)).statusCode).toBeLessThan(500)
  })
})
