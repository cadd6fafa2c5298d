import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPrograms, functionDocument, type Programs } from './program-fixture.js'

const rows = 200_000

const each = (body: string, query = 'sort = {id: "asc"}\n return = {type: "stream"}') =>
  `var $n { value = 0 }\n db.query "event" {\n ${query}\n } as $events\n foreach ($events) {\n each as $event {\n ${body}\n }\n }`

let programs: Programs
let collect: () => void
beforeAll(async () => {
  programs = await createPrograms(
    [
      `table event {\n  schema {\n    int id\n    text body\n    int? kind_id? {\n      table = "kind"\n    }\n  }\n}`,
      `table kind {\n  schema {\n    int id\n    text name\n  }\n}`,
      `addon kind {\n  input {\n    int? kind_id?\n  }\n  stack {\n    db.query "kind" {\n      where = $db.kind.id == $input.kind_id\n      return = {type: "single"}\n    }\n  }\n}`,
      functionDocument('sum', '', each('math.add $n { value = $event.id }'), '$n'),
      functionDocument(
        'list',
        '',
        each('math.add $n { value = 1 }', 'where = $db.event.id <= 1200\n return = {type: "stream"}'),
        '{n: $n, count: $events|count}',
      ),
      functionDocument('first', '', each('conditional {\n if ($event.id == 3) {\n break\n }\n }\n math.add $n { value = 1 }'), '$n'),
      functionDocument('early', '', each('return { value = $event.id }'), '$n'),
      functionDocument('throws', '', each('throw { name = "Stop"  value = "now" }'), '$n'),
      functionDocument('endless', '', each('math.add $n { value = 1 }\n while (true) {\n each {\n math.add $n { value = 1 }\n }\n }'), '$n'),
      functionDocument(
        'nested',
        '',
        each(
          'db.query "kind" {\n sort = {id: "asc"}\n return = {type: "stream"}\n } as $kinds\n foreach ($kinds) {\n each as $kind {\n math.add $n { value = $kind.id }\n db.get "kind" {\n field_name = "id"\n field_value = $kind.id\n } as $again\n }\n }',
          'where = $db.event.id <= 3\n sort = {id: "asc"}\n return = {type: "stream"}',
        ),
        '$n',
      ),
      functionDocument(
        'twice',
        '',
        `${each('math.add $n { value = 1 }', 'where = $db.event.id <= 1200\n return = {type: "stream"}')}\n foreach ($events) {\n each as $event {\n math.add $n { value = 1 }\n }\n }`,
        '$n',
      ),
      functionDocument(
        'inside',
        '',
        `db.transaction {\n stack {\n db.add "event" { data = {body: "new"} } as $new\n ${each('db.edit "event" {\n field_name = "id"\n field_value = $event.id\n data = {body: "changed"}\n }\n math.add $n { value = 1 }', 'where = $db.event.body == "new"\n return = {type: "stream"}')}\n db.del "event" {\n field_name = "id"\n field_value = $new.id\n }\n }\n }`,
        '$n',
      ),
      functionDocument(
        'enriched',
        '',
        `var $names { value = [] }\n ${each('array.push $names { value = $event.kind.name }', 'where = $db.event.id <= 1200 && $db.event.kind_id != null\n sort = {id: "asc"}\n return = {type: "stream"}\n addon = [{name: "kind", input: {kind_id: $output.kind_id}, as: "kind"}]')}`,
        '$names|count',
      ),
      functionDocument('writes', '', each('db.add "kind" { data = {name: "x"} } as $added', 'where = $db.event.id <= 10\n return = {type: "stream"}'), '$n'),
    ],
    120_000,
  )
  const { db, workspaceId } = programs.instance
  await db.query(`insert into "ws_${workspaceId}_live"."kind" (name) select 'kind ' || n from generate_series(1, 3) n`)
  for (let from = 1; from <= rows; from += 10_000)
    await db.query(
      `insert into "ws_${workspaceId}_live"."event" (body, kind_id)
       select repeat(chr(97 + n % 26), 1500), case when n % 2 = 0 then n % 3 + 1 end from generate_series(${from}, ${from + 9_999}) n`,
    )
  setFlagsFromString('--expose-gc')
  collect = runInNewContext('gc') as () => void
}, 300_000)
afterAll(() => programs?.drop())

/** No connection is left in a transaction, and the pool has all of its own back. */
async function expectNothingHeld(): Promise<void> {
  const { db } = programs.instance
  await expect.poll(() => db.poolCounts.total - db.poolCounts.idle).toBe(0)
  const [held] = await db.query<{ count: number }>(
    `select count(*) as count from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`,
  )
  expect(held?.count).toBe(0)
}

describe('a stream in foreach', () => {
  it('reads every row in order, in bounded memory', async () => {
    collect()
    const before = process.memoryUsage().heapUsed
    let peak = 0
    const timer = setInterval(() => {
      collect()
      peak = Math.max(peak, process.memoryUsage().heapUsed - before)
    }, 500)
    expect(await programs.run('sum')).toBe((rows * (rows + 1)) / 2)
    clearInterval(timer)
    expect(peak).toBeGreaterThan(0)
    // All rows would be more than 300 MB.
    expect(peak).toBeLessThan(30_000_000)
    expect(programs.facts).toMatchObject([{ rows, sql: expect.stringMatching(/^select/) }])
    await expectNothingHeld()
  }, 300_000)

  it('gives its connection back on break, return, throw, and when the run is over time', async () => {
    expect(await programs.run('first')).toBe(2)
    await expectNothingHeld()
    expect(await programs.run('early')).toBe(1)
    await expectNothingHeld()
    await expect(programs.run('throws')).rejects.toThrow('now')
    await expectNothingHeld()
    await expect(programs.run('endless')).rejects.toThrow(/limit/)
    await expectNothingHeld()
    expect(programs.facts.at(-1)?.rows).toBe(500)
  }, 60_000)

  it('may hold other streams and statements, on one connection', async () => {
    expect(await programs.run('nested')).toBe(18)
    await expectNothingHeld()
  })

  it('may be gone over again', async () => {
    expect(await programs.run('twice')).toBe(2400)
  })

  it('reads in the open transaction, whose rows it sees', async () => {
    expect(await programs.run('inside')).toBe(1)
    await expectNothingHeld()
  })

  it('has its addons, one statement for each batch', async () => {
    expect(await programs.run('enriched')).toBe(600)
    expect(programs.facts.filter(({ sql }) => sql.includes('"kind" as'))).toHaveLength(2)
  })

  it('leaves room for what runs inside, however many streams are open', async () => {
    const all = await Promise.all(Array.from({ length: 12 }, () => programs.run('writes')))
    expect(all).toEqual(new Array(12).fill(0))
    await expectNothingHeld()
  })
})

describe('a stream anywhere else', () => {
  it('is a list', async () => {
    expect(await programs.run('list')).toEqual({ n: 1200, count: 1200 })
  })
})
