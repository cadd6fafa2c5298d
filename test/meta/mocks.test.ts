/** Mocks on variables and on what does not run yet, and endpoints that fail within `expect.to_throw`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createServer, type TestServer } from './server.js'

const documents = `
api_group "main" {
  canonical = "main-api"
}
---
query "closed" verb=GET {
  api_group = "main"
  public = "test"
  input {
  }
  stack {
    precondition (false) {
      error_type = "accessdenied"
      error = "No secret is set."
    }
  }
  response = 1
}
---
function "gate" {
  input {
    text given?
  }
  stack {
    var $secret {
      value = $env.GATE_SECRET ?? ""
      mock = {"opens": "s3same", "stays shut": "s3same"}
    }
    var $tries { value = 0 }
    var.update $tries {
      value = $tries + 1
      mock = {"opens": 7}
    }
    webflow.request {
      path = "/sites"
      mock = {"opens": {status: 200}, "stays shut": {status: 401}}
    } as $site
  }
  response = {ok: $given_is_right ?? ($input.given == $secret), tries: $tries, status: $site.status}

  test "opens" {
    input = {given: "s3same"}
    expect.to_equal ($response) { value = {ok: true, tries: 7, status: 200} }
  }
  test "stays shut" {
    input = {given: "other"}
    expect.to_equal ($response) { value = {ok: false, tries: 1, status: 401} }
  }
  test "is not mocked" {
    input = {given: ""}
    expect.to_be_true ($response.ok)
  }
}`

const workflow = (stack: string): string => `workflow_test "w" {\n  stack {\n${stack}\n  }\n}`
const call = 'api.call "closed" verb=GET {\n      api_group = "main"\n    } as $answer'

describe('tests of what cannot run', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await createServer()
    const pushed = await server.meta('POST', '/workspace/1/multidoc?partial=true', documents)
    expect(pushed.status, pushed.text).toBe(200)
  })
  afterAll(() => server.close())

  it.each([
    ['opens', { status: 'ok' }],
    ['stays shut', { status: 'ok' }],
    ['is not mocked', { status: 'error', message: expect.stringContaining('not supported yet: webflow.request') }],
  ])('a test that %s', async (name, outcome) => {
    const { items } = (await server.meta('GET', '/workspace/1/unit_test')).body
    const { id } = items.find((test: { name: string }) => test.name === name)
    expect((await server.meta('POST', `/workspace/1/unit_test/${encodeURIComponent(id)}/run`, {})).body).toMatchObject(outcome)
  })

  it.each([
    ['binds the error of an endpoint', `${call}\n    expect.to_equal ($answer.code) { value = "ERROR_CODE_ACCESS_DENIED" }`, 'ok'],
    ['throws it where it is expected', `expect.to_throw {\n      stack {\n        ${call}\n      }\n      exception = "no secret"\n    }`, 'ok'],
    ['judges what it says', `expect.to_throw {\n      stack {\n        ${call}\n      }\n      exception = "another"\n    }`, 'fail'],
  ])('a workflow %s', async (_name, stack, status) => {
    expect((await server.meta('POST', '/workspace/1/workflow_test/run', workflow(stack))).body).toMatchObject({ status })
  })
})
