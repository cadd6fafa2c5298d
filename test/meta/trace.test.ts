import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createServer, type TestServer } from './server.js'

let server: TestServer
beforeAll(async () => {
  server = await createServer({ fresh: false })
  await server.instance.push(`table book {
  schema {
    int id
    text title
    password? word?
  }
}
---
function "inner" {
  input {
  }
  stack {
    db.query "book" {
      return = {type: "count"}
    } as $n
  }
  response = $n
}
---
function "outer" {
  input {
    text title { sensitive = true }
  }
  stack {
    db.transaction {
      stack {
        db.add "book" {
          data = {title: $input.title}
        } as $book
      }
    }
    function.run "inner" as $n
    var $plain { value = 1 }
  }
  response = {book: $book, n: $n}

  test "adds" {
    input = {title: "Heidi"}
    expect.to_equal ($response.n) { value = 2 }
  }
}
---
function "fails" {
  input {
  }
  stack {
    db.query "book" {
      where = $db.book.title ~ "("
    } as $rows
  }
  response = $rows
}
---
workflow_test "streamed" {
  stack {
    db.bulk.add "book" {
      items = [{title: "a"}, {title: "b"}, {title: "c"}]
    } as $added
    db.query "book" {
      where = $db.book.title in ["a", "b", "c"]
      return = {type: "stream"}
    } as $books
    var $n { value = 0 }
    foreach ($books) {
      each as $book {
        db.edit "book" {
          field_name = "id"
          field_value = $book.id
          data = {title: "seen"}
        }
        math.add $n { value = 1 }
      }
    }
    expect.to_equal ($n) { value = 3 }
  }
}
---
workflow_test "flow" {
  stack {
    function.call "inner" as $n
  }
}`)
})
afterAll(() => server?.close())

const run = async (name: string, input: object, query = '') =>
  (await server.meta('POST', `/workspace/${server.instance.workspaceId}/function/run${query}`, { name, input })).body

interface Entry {
  statement: string
  duration: number
  sql?: { sql: string; parameters: number; milliseconds: number; rows: number; failed?: true }[]
}

describe('the trace of a run', () => {
  it('tells which SQL each statement sent, how long it took, and no value', async () => {
    const { status, trace } = await run('outer', { title: 'Momo the secret' }, '?trace=true')
    expect(status).toBe('ok')
    const entries: Entry[] = trace.entries
    expect(entries.map(({ statement, sql }) => [statement, sql?.length ?? 0])).toEqual([
      ['db.transaction', 0],
      ['db.add', 1],
      ['function.run', 0],
      ['db.query', 1],
      ['var', 0],
    ])
    const [add] = entries[1]?.sql ?? []
    expect(add).toMatchObject({ sql: expect.stringMatching(/^insert into .*"book"/i), rows: 1 })
    expect(add?.parameters).toBeGreaterThan(0)
    expect(add?.milliseconds).toBeGreaterThan(0)
    expect(add?.milliseconds).toBeLessThanOrEqual(entries[1]?.duration ?? 0)
    expect(entries[3]?.sql?.[0]).toMatchObject({ sql: expect.stringContaining('count(*)'), parameters: 0, rows: 1 })
    expect(JSON.stringify(trace)).not.toContain('Momo')
  })

  it('tells of a statement that failed', async () => {
    const { status, trace } = await run('fails', {}, '?trace=true')
    expect(status).toBe('error')
    expect(trace.entries).toMatchObject([{ statement: 'db.query', failed: true, sql: [{ rows: 0, failed: true }] }])
  })

  it('comes only when it is asked for', async () => {
    expect(await run('outer', { title: 'x' })).not.toHaveProperty('trace')
  })

  it('comes with tests, too', async () => {
    const path = `/workspace/${server.instance.workspaceId}`
    const [unit] = (await server.meta('GET', `${path}/unit_test`)).body.items
    const plain = (await server.meta('POST', `${path}/unit_test/${unit.id}/run`, {})).body
    expect(plain).not.toHaveProperty('trace')
    const traced = (await server.meta('POST', `${path}/unit_test/${unit.id}/run?trace=true`, {})).body
    const sent = (traced.trace.entries as Entry[]).flatMap(({ sql }) => sql ?? [])
    expect(sent.some(({ sql }) => /^insert into/i.test(sql))).toBe(true)
    const flows = (await server.meta('GET', `${path}/workflow_test`)).body.items as { id: number; name: string }[]
    const flow = flows.find(({ name }) => name === 'flow')
    const streamed = flows.find(({ name }) => name === 'streamed')
    expect((await server.meta('POST', `${path}/workflow_test/${streamed?.id}/run`, {})).body).toMatchObject({ status: 'ok' })
    const { status, trace } = (await server.meta('POST', `${path}/workflow_test/${flow?.id}/run?trace=true`, {})).body
    expect([status, (trace.entries as Entry[]).flatMap(({ sql }) => sql ?? []).length]).toEqual(['ok', 1])
  })
})
