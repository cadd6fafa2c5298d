/** R37: the statements of a request are kept where its history asks for so many, without values, in bounds; elsewhere nothing is recorded. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTrace, type Trace } from '../../src/runtime/trace.js'
import { mostStatementsText, statementsJson } from '../../src/services/request-statements.js'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'

const canary = 'canary-51d2-statement'
const stack = `
    var $copy {
      value = $input.word
    }
    db.query note {
      where = $db.note.text == $input.word
    } as $notes
    for (3) {
      each as $i {
        var.update $copy {
          value = $copy ~ $i
        }
      }
    }
    function.run inner {
      input = {word: $input.word}
    } as $inner`
const query = (name: string, history: string, body = stack, group = 'kept') =>
  `query "${name}" verb=POST {\n  api_group = "${group}"\n  public = "For the test."\n  input {\n    text word\n  }\n  stack {${body}\n  }\n  response = {word: $input.word}\n  ${history}\n}`
const workspace = [
  'api_group kept {\n  canonical = "keptkeptkeptkeptkeptke"\n}',
  'api_group deep {\n  canonical = "deepdeepdeepdeepdeepde"\n  history = 1000\n}',
  'table note {\n  auth = false\n  schema {\n    int id\n    text text\n  }\n}',
  'function inner {\n  input {\n    text word\n  }\n  stack {\n    precondition ($input.word != "fail") {\n      error = "no " ~ $input.word\n    }\n  }\n  response = $input.word\n}',
  query('full', 'history = 100'),
  query('few', 'history = 10'),
  query('all', 'history = "all"'),
  query('zero', 'history = 0'),
  query('plain', ''),
  query('yes', 'history = true'),
  query('inherited', 'history = "inherit"', stack, 'deep'),
].join('\n---\n')

let server: ListeningServer
beforeAll(async () => {
  server = await startListeningServer()
  await server.pushText(workspace)
}, 60_000)
afterAll(() => server.close())

const latest = async () => (await server.meta('GET', '/workspace/1/request_history?per_page=1&include_output=true')).body.items[0]
const call = async (name: string, word = canary, group = 'keptkeptkeptkeptkeptke') => {
  const answer = await server.call('POST', `/api:${group}/${name}`, { body: { word } })
  return { answer, entry: await latest() }
}
interface Kept {
  name: string
  line: number | null
  document: string
  start: number
  duration: number
  sql?: { count: number; duration: number; rows: number }
  failed?: true
}

describe('R37: statements', () => {
  it('are name, place, time and time of SQL, in the order they began, those of functions too, and no value', async () => {
    const { answer, entry } = await call('full')
    expect(answer.body).toEqual({ word: canary })
    const kept: Kept[] = entry.statements
    expect(kept.map(({ name }) => name)).toEqual(['var', 'db.query', 'for', 'var.update', 'var.update', 'var.update', 'function.run', 'precondition'])
    expect(kept.map(({ line }) => line)).toEqual([8, 11, 14, 16, 16, 16, 21, 6])
    expect(kept.map(({ document }) => document.split(' ')[0])).toEqual([...Array(7).fill('query'), 'function'])
    expect(kept[1]!.sql).toEqual({ count: 1, duration: expect.any(Number), rows: 0 })
    expect(kept[1]!.sql!.duration).toBeLessThanOrEqual(kept[1]!.duration)
    for (const { start, duration } of kept) {
      expect(start).toBeGreaterThanOrEqual(0)
      expect(start + duration).toBeLessThanOrEqual(entry.duration + 0.001)
    }
    expect(entry.statements_left_out).toBe(0)
    const rows = JSON.stringify(await server.query('select statements from stackhold.request_history'))
    expect(rows).not.toContain(canary)
    expect(rows).not.toContain('select')
  })

  it('of a request that failed are kept up to where it failed, without the message', async () => {
    const { answer, entry } = await call('full', 'fail')
    expect(answer.status).toBeGreaterThanOrEqual(400)
    const kept: Kept[] = entry.statements
    expect(kept.filter(({ failed }) => failed).map(({ name }) => name)).toEqual(['function.run', 'precondition'])
    expect(JSON.stringify(kept)).not.toContain('no fail')
  })

  it.each([
    ['few', 'keptkeptkeptkeptkeptke', 8, 0],
    ['all', 'keptkeptkeptkeptkeptke', 8, 0],
    ['inherited', 'deepdeepdeepdeepdeepde', 8, 0],
    ['zero', 'keptkeptkeptkeptkeptke', undefined, undefined],
    ['plain', 'keptkeptkeptkeptkeptke', undefined, undefined],
    ['yes', 'keptkeptkeptkeptkeptke', undefined, undefined],
  ])('%s keeps %s %s', async (name, group, count, leftOut) => {
    const { answer, entry } = await call(name, 'word', group)
    expect([answer.status, entry.uri.endsWith(name), entry.statements?.length, entry.statements_left_out]).toEqual([200, true, count, leftOut])
  })

  it('stop at the number that was asked for, and the rest is counted', async () => {
    const loop = '\n    for (50) {\n      each as $i {\n        var $x {\n          value = $i\n        }\n      }\n    }'
    await server.pushText(query('many', 'history = 10', loop))
    const { entry } = await call('many')
    expect([entry.statements.length, entry.statements_left_out]).toEqual([10, 41])
  })

  it('are shown with one request and with include_output, not in a plain list', async () => {
    await call('full')
    const { items } = (await server.meta('GET', '/workspace/1/request_history?per_page=1')).body
    expect(items[0]).not.toHaveProperty('statements')
    expect((await server.meta('GET', `/workspace/1/request_history/${items[0].id}`)).body.statements).toHaveLength(8)
  })

  it('stay within their room, whatever a stack does', () => {
    const trace: Trace = createTrace(10_000, { withoutValues: true })
    for (let i = 0; i < 10_000; i++)
      trace.entries.push({ statement: 'db.query', line: i, document: `query "${'x'.repeat(50)}" GET`, start: i, duration: 1, sql: [] })
    const text = statementsJson(trace)
    const { statements, statements_left_out } = JSON.parse(text) as { statements: Kept[]; statements_left_out: number }
    expect(text.length).toBeLessThan(mostStatementsText + 100)
    expect(statements.length + statements_left_out).toBe(10_000)
    expect(statements.length).toBeGreaterThan(100)
  })
})
