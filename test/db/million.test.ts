/** The queries of `bench/million.mjs` over 50,000 rows: none reads the table from end to end, whatever the values. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cases, fill } from '../../bench/million-cases.mjs'
import { createServer, type TestServer } from '../meta/server.js'

const rows = 50_000
const bench = resolve(import.meta.dirname, '../../bench/stackhold/million.xs')

interface Sent {
  text: string
  values: readonly unknown[]
}

let server: TestServer
const sent: Sent[] = []
beforeAll(async () => {
  server = await createServer()
  const pushed = await server.meta('POST', '/workspace/1/multidoc?partial=true', readFileSync(bench, 'utf8'))
  expect(pushed.text).toContain('guid_map')
  const { db } = server.instance
  for (const statement of fill('ws_1_live', rows)) await db.query(statement)
  await db.query('vacuum analyze ws_1_live.event')
  await db.query('analyze ws_1_live.customer')
  // Everything the endpoints send goes through here.
  const { query, execute } = db
  const keep = (text: string, values: readonly unknown[] = []): void => {
    if (/"event"/.test(text) && !/^(explain|prepare)/.test(text)) sent.push({ text, values })
  }
  db.query = ((text: string, values?: readonly unknown[], options?: object) => {
    keep(text, values)
    return query(text, values, options)
  }) as typeof query
  db.execute = ((text: string, values?: readonly unknown[], options?: object) => {
    keep(text, values)
    return execute(text, values, options)
  }) as typeof execute
}, 60_000)
afterAll(() => server?.close())

const linesOf = (rows: { 'QUERY PLAN': string }[]): string => rows.map((row) => row['QUERY PLAN']).join('\n')
const planFor = async ({ text, values }: Sent): Promise<string> => linesOf(await server.instance.db.query(`explain ${text}`, values))

/** The plan for any values, to which Postgres turns after five executions when it looks as cheap. */
const planForAny = ({ text, values }: Sent): Promise<string> =>
  server.instance.db.withTransaction(async (transaction) => {
    await transaction.query(`prepare any_values as ${text}`)
    await transaction.query('set local plan_cache_mode = force_generic_plan')
    const plan = linesOf(await transaction.query(`explain execute any_values${values.length === 0 ? '' : `(${values.map(() => 'null').join(', ')})`}`))
    await transaction.query('deallocate any_values')
    return plan
  })

describe('over 50,000 rows', () => {
  it.each(cases)('$name', async ({ path }) => {
    for (const n of [1, 7]) {
      sent.length = 0
      const answer = await server.api('GET', `million/${path(n, rows)}`)
      expect(answer.status).toBe(200)
      const statements = [...sent]
      expect(statements.length).toBeGreaterThan(0)
      for (const statement of statements)
        for (const plan of [await planFor(statement), await planForAny(statement)]) expect(plan).not.toMatch(/Seq Scan on event/)
    }
  })
})
