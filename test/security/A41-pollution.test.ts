/** A parameter that is there twice is not chosen from (ASVS 15.3.7). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assertUniqueKeys } from '../../src/http/json-keys.js'
import { createServer, type TestServer } from '../meta/server.js'

const workspace = `api_group twice {
  canonical = "twice"
}
---
query pick/{id} verb=GET {
  api_group = "twice"
  public = "test"
  input {
    int id
    text name?
    int n?
    bool flag?
    email mail?
    text[] tags?
  }
  stack {
  }
  response = $input
}
---
query pick verb=POST {
  api_group = "twice"
  public = "test"
  input {
    text name?
    int n?
  }
  stack {
  }
  response = $input
}`

let server: TestServer
beforeAll(async () => {
  server = await createServer()
  expect((await server.meta('POST', '/workspace/1/multidoc?partial=true', workspace)).status).toBe(200)
}, 60_000)
afterAll(() => server.close())

describe('of an endpoint', () => {
  it.each([
    'name=a&name=b',
    'n=1&n=2',
    'flag=true&flag=false',
    'mail=a@x.com&mail=b@x.com',
    'name=a&name[]=b',
    'name[]=a',
    'n=1&n=1',
    'name=a&na%6De=b',
    'x-data-source=live&x-data-source=test',
  ])('a scalar of the query: %s', async (query) => {
    const answer = await server.api('GET', `twice/pick/1?${query}`)
    expect([answer.status, answer.body.code]).toEqual([400, expect.stringMatching(/^ERROR_CODE_(INPUT_ERROR|BAD_REQUEST)$/)])
  })

  it('a scalar of a form', async () => {
    const answer = await server.app.inject({
      method: 'POST',
      url: '/api:twice/pick',
      payload: 'name=a&name=b',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    })
    expect(answer.statusCode).toBe(400)
  })

  it('a list takes what it is given, and the path wins over the query', async () => {
    expect((await server.api('GET', 'twice/pick/1?tags=a&tags=b&id=9')).body).toMatchObject({ id: 1, tags: ['a', 'b'] })
  })
})

describe('of the Metadata API', () => {
  it.each([
    '{"name":"a","name":"b"}',
    '{"name":"a","n\\u0061me":"b"}',
    '{"name":"a","x":{"y":1,"y":2}}',
    '{"name":"a","x":[{"y":1},{"y":1,"z":"}","y":3}]}',
    '{"name" :"a", "name"\n\t:"b"}',
  ])('a key of the body: %s', async (payload) => {
    const answer = await server.app.inject({
      method: 'POST',
      url: '/api:meta/workspace',
      payload,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${server.adminToken}` },
    })
    expect([answer.statusCode, answer.json().message]).toEqual([400, expect.stringMatching(/^The body names the key "(name|y)" twice\.$/)])
  })

  it.each(['branch=v1&branch=dev', 'branch=v1&branch=v1'])('a parameter of the query: %s', async (query) => {
    expect((await server.meta('GET', `/workspace/1/function?${query}`)).status).toBe(400)
  })

  it('the same key in two objects is no pollution', () => {
    for (const text of ['{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}', '{"a":"a","b":"a:","c":"\\"a\\":1"}', '[]', '"a"', '{}'])
      expect(() => assertUniqueKeys(text)).not.toThrow()
  })
})
