/** JavaScript through the real server: endpoints, database statements, background runs, debug runs, and a server that refuses it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'

const program = [
  'api_group "js" {\n  canonical = "js"\n}',
  'table person {\n  auth = false\n  schema {\n    int id\n    text name\n    json tags?\n  }\n}',
  `function "greet" {
  input {
    text name
  }
  stack {
    api.lambda {
      code = """
        console.log("greeting", $input)
        return "Hello " + $input.name
        """
    } as $x
  }
  response = $x
}`,
  `query "people" verb=POST {
  api_group = "js"
  input {
    text[] names
  }
  stack {
    db.bulk.add person {
      items = $input.names|lambda_map:"return { name: $this.toUpperCase(), tags: [$index] }"
    } as $added
    db.query person {
      where = $db.person.name == ($input.names|lambda:"return $this[0].toUpperCase()")
      return = {type: "list"}
    } as $rows
    function.run greet {
      input = {name: $input.names|lambda_find:"return $this.length > 2"}
    } as $greeting
  }
  response = {rows: $rows|lambda_map:"return $this.name + $this.tags[0]", greeting: $greeting, count: $rows|lambda:"return $var.rows.length"}
}`,
  'query "fails" verb=GET {\n  api_group = "js"\n  input {\n  }\n  stack {\n    api.lambda { code = "throw new Error($env.$remote_ip)" } as $x\n  }\n  response = $x\n}',
  `function "web" {
  input {
  }
  stack {
    var $link { value = "https://example.com/a" }
    api.lambda {
      code = """
        const url = new URL($var.link)
        url.searchParams.set("id", crypto.randomUUID())
        return [url.hostname, url.searchParams.get("id").length]
        """
    } as $x
  }
  response = $x
}`,
].join('\n---\n')

describe('a server', () => {
  let server: ListeningServer
  beforeAll(async () => {
    server = await startListeningServer({ STACKHOLD_ENV: 'development' })
    await server.pushText(program)
  }, 60_000)
  afterAll(() => server?.close())

  it('runs it in database statements, calls and responses', async () => {
    const { status, body } = await server.call('POST', '/api:js/people', { body: { names: ['al', 'bob'] } })
    expect([status, body]).toEqual([200, { rows: ['AL0'], greeting: 'Hello bob', count: 1 }])
  })

  it('tells the lines of console in the logs of a debug run', async () => {
    const { body } = await server.meta('POST', '/workspace/1/function/run', { name: 'greet', input: { name: 'Ann' } })
    expect(body).toMatchObject({ status: 'ok', result: 'Hello Ann', logs: ['greeting {"name":"Ann"}'] })
  })

  it('has URL and crypto', async () => {
    const { body } = await server.meta('POST', '/workspace/1/function/run', { name: 'web', input: {} })
    expect(body).toMatchObject({ status: 'ok', result: ['example.com', 36] })
  })

  it('answers an error of the code with 500 and its place', async () => {
    const { status, body } = await server.call('GET', '/api:js/fails')
    expect(status).toBe(500)
    expect(body).toMatchObject({ code: 'ERROR_FATAL', message: 'JavaScript: Error: 127.0.0.1 (line 1)' })
  })
})

describe('a server whose operator allows no JavaScript', () => {
  it('refuses it when it is reached', async () => {
    const server = await startListeningServer({ STACKHOLD_ENV: 'development', STACKHOLD_JAVASCRIPT_PROCESSES: '0' })
    await server.pushText(program)
    const { status, body } = await server.call('GET', '/api:js/fails')
    await server.close()
    expect([status, body.message]).toEqual([500, 'JavaScript does not run here.'])
  })
})
