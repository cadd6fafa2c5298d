/** Tests as builders write them, through the Metadata API as the official client calls it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createServer, type TestServer } from './server.js'

const workspace = `table "note" {
  auth = false
  schema {
    int id
    text title {
      unique = true
    }
  }
  index = [
    {type: "primary", field: [{name: "id"}]}
    {type: "btree|unique", field: [{name: "title"}]}
  ]
}
---
table "member" {
  auth = true
  schema {
    int id
    text name
  }
}
---
api_group "main" {
  canonical = "main-api"
}
---
function "remote" {
  input {
  }
  stack {
    throw {
      name = "RemoteDown"
      value = "the world is not reachable"
    }
  }
  response = null
}
---
function "price" {
  input {
    int amount
    text kind?
  }
  stack {
    precondition ($input.amount > 0) {
      error_type = "badrequest"
      error = "Too few: " ~ $input.amount
    }
    function.run "remote" {
      mock = {
        "uses the mock": {rate: 3}
        "fails an expectation": {rate: 4}
        "counts rows": {rate: 1}
        "catches a duplicate": {rate: 1}
        "starts empty": {rate: 1}
      }
    } as $remote
    db.add "note" {
      data = {title: "n" ~ $input.amount}
    } as $note
    try_catch {
      try {
        db.add "note" {
          data = {title: "n" ~ $input.amount}
        }
      }
      catch {
        var $duplicate { value = $error.message }
      }
    }
    db.query "note" {
      return = {type: "count"}
    } as $count
  }
  response = {
    total: $input.amount * $remote.rate
    count: $count
    id: $note.id
    duplicate: $duplicate
  }

  test "uses the mock" {
    input = {amount: 2}
    expect.to_equal ($response.total) {
      value = 6
    }
    expect.to_be_defined ($response.count)
    expect.to_not_be_defined ($response.none)
    expect.to_be_within ($response.total) {
      min = 5
      max = 7
    }
  }

  test "fails an expectation" {
    input = {amount: 2}
    expect.to_be_defined ($response.total)
    expect.to_equal ($response.total) {
      value = 6
    }
    expect.to_be_null ($response.total)
  }

  test "counts rows" {
    input = {amount: 5}
    expect.to_equal ($response.count) {
      value = 2
    }
  }

  test "catches a duplicate" {
    input = {amount: 7}
    expect.to_contain ($response.duplicate) {
      value = "Duplicate"
    }
    expect.to_equal ($response.count) {
      value = 2
    }
  }

  test "starts empty" {
    datasource = ""
    input = {amount: 9}
    expect.to_equal ($response.count) {
      value = 1
    }
    expect.to_equal ($response.id) {
      value = 1
    }
  }

  test "refuses nothing" {
    input = {amount: 0}
    expect.to_throw {
      exception = "too few"
    }
  }

  test "needs its input" {
    expect.to_throw {
      exception = "ERROR_CODE_INPUT_ERROR"
    }
  }

  test "has no mock" {
    input = {amount: 1}
    expect.to_be_defined ($response)
  }

  test "expects an error in vain" {
    datasource = "nowhere"
    input = {amount: 1}
    expect.to_throw
  }
}
---
query "me" verb=GET {
  api_group = "main"
  auth = "member"
  input {
  }
  stack {
  }
  response = {id: $auth.id, role: $auth.extras.role}

  test "knows its caller" {
    auth = {id: 7, extras: {role: "admin"}}
    expect.to_equal ($response) {
      value = {id: 7, role: "admin"}
    }
  }
}
---
query "note/{id}" verb=GET {
  api_group = "main"
  public = "test"
  input {
    int id
  }
  stack {
    db.get "note" {
      field_name = "id"
      field_value = $input.id
    } as $note
    precondition ($note != null) {
      error_type = "notfound"
      error = "No note"
    }
  }
  response = $note
}
---
middleware "stamp" {
  input {
    json vars
    enum type {
      values = ["pre", "post"]
    }
  }
  stack {
  }
  response = {stamped: true}
  response_strategy = "merge"

  test "stamps" {
    input = {vars: {}, type: "pre"}
    expect.to_be_true ($response.stamped)
  }
}
---
workflow_test "notes" {
  stack {
    db.add "note" {
      data = {title: "from the flow"}
    } as $note
    api.call "note/{id}" verb=GET {
      api_group = "main"
      input = {id: $note.id}
    } as $read
    expect.to_equal ($read.title) {
      value = "from the flow"
    }
    api.call "note/{id}" verb=GET {
      api_group = "main"
      input = {id: 999999}
    } as $missing
    expect.to_equal ($missing.code) {
      value = "ERROR_CODE_NOT_FOUND"
    }
    security.create_auth_token {
      table = "member"
      id = 3
      extras = {role: "x"}
      expiration = 60
    } as $token
    api.call "me" verb=GET {
      api_group = "main"
      headers = ["Authorization: Bearer " ~ $token]
    } as $me
    expect.to_equal ($me) {
      value = {id: 3, role: "x"}
    }
    api.call "me" verb=GET {
      api_group = "main"
    } as $anonymous
    expect.to_equal ($anonymous.code) {
      value = "ERROR_CODE_UNAUTHORIZED"
    }
    expect.to_throw {
      stack {
        function.call "price" {
          input = {amount: 0}
        }
      }
      exception = "Too few"
    }
  }
}
---
workflow_test "broken" {
  stack {
    var $x { value = 1 }
    expect.to_equal ($x) {
      value = 2
    }
  }
}`

let server: TestServer
let W = ''
beforeAll(async () => {
  server = await createServer({ fresh: false })
  W = `/workspace/${server.instance.workspaceId}`
  await server.instance.push(workspace)
  await server.meta(
    'POST',
    `${W}/function`,
    'function "seed" {\n  input {\n  }\n  stack {\n    db.add "note" {\n      data = {title: "kept"}\n    }\n  }\n  response = 1\n}',
  )
  expect((await server.meta('POST', `${W}/function/run`, { name: 'seed' })).body).toMatchObject({ status: 'ok' })
})
afterAll(() => server.close())

const rows = async (): Promise<number> => {
  const tables = await server.meta('GET', `${W}/table`)
  const { id } = tables.body.items.find((table: { name: string }) => table.name === 'note')
  return (await server.meta('GET', `${W}/table/${id}/content`)).body.itemsTotal
}
const unit = async (name: string) => {
  const { body } = await server.meta('GET', `${W}/unit_test?per_page=100`)
  const { id } = body.items.find((test: { name: string }) => test.name === name)
  return (await server.meta('POST', `${W}/unit_test/${id}/run`, {})).body
}

describe('unit tests', () => {
  it('are listed, by page and by kind', async () => {
    const { body } = await server.meta('GET', `${W}/unit_test?page=1&per_page=2`)
    expect(body).toMatchObject({ itemsTotal: 11, nextPage: 2, curPage: 1 })
    expect(body.items[0]).toMatchObject({ name: 'uses the mock', obj_name: 'price', obj_type: 'function', input_count: 1, expect_count: 4 })
    const queries = await server.meta('GET', `${W}/unit_test?obj_type=query`)
    expect(queries.body.items).toMatchObject([{ name: 'knows its caller', obj_name: 'me' }])
    expect((await server.meta('GET', `${W}/unit_test?obj_type=middleware`)).body.items).toMatchObject([{ name: 'stamps' }])
  })

  it.each(['uses the mock', 'counts rows', 'catches a duplicate', 'starts empty', 'refuses nothing', 'needs its input', 'knows its caller', 'stamps'])(
    'pass: %s',
    async (name) => {
      const { status, message } = await unit(name)
      expect({ status, message }).toEqual({ status: 'ok', message: '' })
    },
  )

  it('fail with the first expectation that does not hold', async () => {
    const outcome = await unit('fails an expectation')
    expect(outcome).toMatchObject({ status: 'fail', results: [{ status: 'ok' }, { status: 'fail', message: expect.stringContaining('expected value 6') }] })
    expect(outcome.message).toContain('line')
  })

  it('fail when the stack fails, naming where', async () => {
    expect(await unit('has no mock')).toMatchObject({
      status: 'error',
      message: expect.stringMatching(/the world is not reachable .*function "remote" line \d+, throw/),
    })
    expect(await unit('expects an error in vain')).toMatchObject({ status: 'error', message: expect.stringContaining('nowhere') })
  })

  it('leave nothing behind', async () => {
    const before = await rows()
    for (const name of ['counts rows', 'fails an expectation', 'has no mock', 'starts empty']) await unit(name)
    expect(await rows()).toBe(before)
    const { rows: schemas } = { rows: await server.instance.db.query(`select nspname from pg_namespace where nspname like '%empty%'`) }
    expect(schemas).toEqual([])
  })

  it('do not exist under other ids', async () => {
    expect((await server.meta('POST', `${W}/unit_test/1-99/run`, {})).status).toBe(404)
  })
})

describe('workflow tests', () => {
  const find = async (name: string): Promise<number> =>
    (await server.meta('GET', `${W}/workflow_test`)).body.items.find((test: { name: string }) => test.name === name).id

  it('pass when nothing in them fails, and leave nothing behind', async () => {
    const before = await rows()
    const { body } = await server.meta('POST', `${W}/workflow_test/${await find('notes')}/run`)
    expect(body).toEqual({ status: 'ok', message: '', timing: expect.any(Number) })
    expect(await rows()).toBe(before)
  })

  it('fail with the statement that does', async () => {
    const { body } = await server.meta('POST', `${W}/workflow_test/${await find('broken')}/run`, {})
    expect(body).toMatchObject({ status: 'fail', message: expect.stringMatching(/expected value 2 .*workflow_test "broken" line 4, expect.to_equal/) })
    expect((await server.meta('POST', `${W}/workflow_test/999999/run`, {})).status).toBe(404)
  })

  it('run without being stored', async () => {
    const text = 'workflow_test "draft" {\n  stack {\n    expect.to_be_true (1 == 1)\n  }\n}'
    expect((await server.meta('POST', `${W}/workflow_test/run`, text)).body).toMatchObject({ status: 'ok' })
    expect((await server.meta('POST', `${W}/workflow_test/run`, 'workflow_test "draft" {')).status).toBe(400)
    expect((await server.meta('POST', `${W}/workflow_test/run`, {})).status).toBe(400)
  })

  it('are created, read, changed and removed as XanoScript', async () => {
    const made = await server.meta('POST', `${W}/workflow_test`, 'workflow_test "made" {\n  stack {\n  }\n}')
    const path = `${W}/workflow_test/${made.body.id}`
    await server.meta('PUT', path, 'workflow_test "made" {\n  stack {\n    throw {\n      name = "E"\n      value = "changed"\n    }\n  }\n}')
    expect((await server.meta('GET', `${path}?include_xanoscript=true`)).body.xanoscript.value).toContain('changed')
    expect((await server.meta('POST', `${path}/run`, {})).body).toMatchObject({ status: 'error', message: expect.stringContaining('changed') })
    expect((await server.meta('DELETE', path)).body).toBeNull()
    expect((await server.meta('GET', path)).status).toBe(404)
  })
})
