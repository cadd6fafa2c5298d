import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, openDatabase, statementName } from '../../src/db/client.js'
import { AppError } from '../../src/errors.js'
import { createTestDatabase, type TestDatabase } from '../helpers/database.js'

let test: TestDatabase
let database: Database

beforeAll(async () => {
  test = await createTestDatabase()
  database = test.database
  await database.query('create table note (id int primary key, text text not null)')
})
afterAll(() => test.drop())

describe('values', () => {
  it.each([
    ['42::int8', 42],
    ['9007199254740993::int8', '9007199254740993'],
    ['1.50::numeric', 1.5],
    ['12345678901234567890.5::numeric', '12345678901234567890.5'],
    ['avg(x) from (values (1),(2)) t(x)', 1.5],
    [`'NaN'::numeric`, 'NaN'],
    [`'2026-02-03 04:05:06.789012+00'::timestamptz`, Date.UTC(2026, 1, 3, 4, 5, 6, 789)],
    [`'2026-02-03 04:05:06.5+05:30'::timestamptz`, Date.UTC(2026, 1, 2, 22, 35, 6, 500)],
    [`'2026-02-03 04:05:06'::timestamp`, Date.UTC(2026, 1, 3, 4, 5, 6)],
    [`'0044-03-15 12:00:00+00 BC'::timestamptz`, -63517694400000 + 0],
    [`'12026-01-01 00:00:00+00'::timestamptz`, Date.UTC(12026, 0, 1)],
    [`'infinity'::timestamptz`, Number.POSITIVE_INFINITY],
    [`'2026-02-03'::date`, '2026-02-03'],
    [`'{1,NULL,3}'::int8[]`, [1, null, 3]],
    [`'{2026-02-03}'::date[]`, ['2026-02-03']],
    [`'{"a":[1]}'::jsonb`, { a: [1] }],
    [`null::timestamptz`, null],
  ])('%s', async (sql, expected) => {
    const [row] = await database.query<{ v: unknown }>(`select ${sql.includes(' from ') ? sql.replace(' from', ' as v from') : `${sql} as v`}`)
    const wanted = sql.includes('BC') ? new Date(Date.UTC(2000, 2, 15, 12)).setUTCFullYear(-43) : expected
    expect(row?.v).toEqual(wanted)
  })
})

describe('statements', () => {
  it('tells rows and the count touched', async () => {
    await database.query('insert into note values ($1, $2)', [1, 'a'])
    expect(await database.execute('update note set text = $2 where id = $1', [1, 'b'])).toEqual({ rows: [], count: 1 })
    expect(await database.query('select text from note where id = $1', [1])).toEqual([{ text: 'b' }])
  })

  it('runs many fast statements at once, each with its own answer', async () => {
    const text = 'select $1::int as n'
    const answers = await Promise.all(Array.from({ length: 500 }, (_, n) => database.query<{ n: number }>(text, [n], { fast: true })))
    expect(answers.map(([row]) => row?.n)).toEqual(Array.from({ length: 500 }, (_, n) => n))
    const backends = new Set(
      (await Promise.all(Array.from({ length: 50 }, () => database.query<{ pid: number }>('select pg_backend_pid() as pid', [], { fast: true })))).map(
        ([row]) => row?.pid,
      ),
    )
    expect(backends.size).toBeLessThanOrEqual(2)
  })

  it('an error of one pipelined statement leaves its neighbours alone', async () => {
    const text = 'select 10 / $1::int as n'
    const results = await Promise.allSettled([1, 0, 2, 0, 5].map((n) => database.query<{ n: number }>(text, [n], { fast: true })))
    expect(results.map((result) => (result.status === 'fulfilled' ? result.value[0]?.n : (result.reason as { code: string }).code))).toEqual([
      10,
      '22012',
      5,
      '22012',
      2,
    ])
  })

  it('refuses two statements in one text', async () => {
    await expect(database.query('select 1; select 2')).rejects.toMatchObject({ code: '42601' })
  })

  it('a changed table does not break prepared statements, pooled or pipelined', async () => {
    await database.query('create table shape (a int)')
    await database.query('insert into shape values (1)')
    const text = 'select * from shape'
    const once = async (fast: boolean) => database.query(text, [], { name: statementName(text), fast })
    for (let i = 0; i < 8; i++) await Promise.all([once(true), once(true), once(false), once(false)])
    await database.query('alter table shape add column b text default $$x$$')
    const rows = await Promise.all([once(true), once(true), once(true), once(false), once(false), once(false)])
    expect(rows).toEqual(Array.from({ length: 6 }, () => [{ a: 1, b: 'x' }]))
    expect(await once(false)).toEqual([{ a: 1, b: 'x' }])
  })

  it('keeps the number of prepared statements bounded', async () => {
    const own = await createTestDatabase({ poolSize: 1, fastConnections: 1 })
    try {
      for (let i = 0; i < 1300; i++) {
        const text = `select ${i} as n, $1::int`
        const [row] = await own.database.query<{ n: number }>(text, [i], { name: statementName(text), fast: i % 2 === 0 })
        expect(row?.n).toBe(i)
      }
      const [count] = await own.database.query<{ n: number }>('select count(*) as n from pg_prepared_statements')
      expect(count?.n).toBeLessThan(513)
    } finally {
      await own.drop()
    }
  })
})

describe.each([
  ['pooled', false],
  ['pipelined', true],
])('rows as texts, %s', (_, fast) => {
  const texts = (database: Database, text: string, values: unknown[] = []) => database.query(text, values, { name: statementName(text), fast, texts: true })

  it('are what Postgres sends, column by column', async () => {
    const text = `select n, null::text as nothing, 'é' as "the text", array[1, 2] as list, '{"b": 1, "a": 2}'::jsonb as object, n as n from generate_series(1, $1::int) n`
    for (let again = 0; again < 3; again++) {
      const rows = await texts(database, text, [300])
      expect(rows).toHaveLength(300)
      expect(rows[299]).toEqual(['300', null, 'é', '{1,2}', '{"a": 2, "b": 1}', '300'])
    }
    expect(await texts(database, text, [0])).toEqual([])
  })

  it('reach their own caller, whatever happens to others', async () => {
    const text = 'select 10 / $1::int, $1::text'
    const results = await Promise.allSettled(Array.from({ length: 100 }, (_, i) => texts(database, text, [i % 11])))
    results.forEach((result, i) => {
      if (i % 11 === 0) expect(result).toMatchObject({ reason: { code: '22012' } })
      else expect(result).toMatchObject({ value: [[String(Math.trunc(10 / (i % 11))), String(i % 11)]] })
    })
  })

  it('survive a changed table', async () => {
    const table = `texts_${fast}`
    await database.query(`create table ${table} (a int)`)
    await database.query(`insert into ${table} values (1)`)
    const text = `select * from ${table}`
    for (let i = 0; i < 8; i++) await texts(database, text)
    await database.query(`alter table ${table} alter column a type text, add column b text default 'x'`)
    expect(await Promise.all(Array.from({ length: 4 }, () => texts(database, text)))).toEqual(Array.from({ length: 4 }, () => [['1', 'x']]))
  })

  it('refuse what the driver cannot send, and go on', async () => {
    const circular: unknown[] = []
    circular.push(circular)
    await expect(texts(database, 'select $1::jsonb', [{ circular }])).rejects.toThrow(/circular/i)
    expect(await texts(database, 'select $1::jsonb', [{ a: 1 }])).toEqual([['{"a": 1}']])
  })

  it('end with an error when the server cancels them or the connection is lost', async () => {
    const own = await createTestDatabase({ statementTimeoutMs: 300 })
    try {
      await expect(texts(own.database, 'select pg_sleep(5)')).rejects.toMatchObject({ code: '57014' })
      await expect(texts(own.database, 'select pg_terminate_backend(pg_backend_pid())')).rejects.toMatchObject({ kind: 'unavailable' })
      await expect.poll(() => texts(own.database, 'select 1').catch(() => null)).toEqual([['1']])
    } finally {
      await own.drop()
    }
  })
})

describe('limits', () => {
  it('a full pool answers 503 with Retry-After, stays healthy and recovers', async () => {
    const own = await createTestDatabase({ poolSize: 2, connectTimeoutMs: 200 })
    try {
      let over = false
      const sleep = () =>
        own.database.query('select pg_sleep(2)').finally(() => {
          over = true
        })
      const slow = [sleep(), sleep()]
      await expect(own.database.query('select 1')).rejects.toMatchObject({ kind: 'unavailable', status: 503, headers: { 'retry-after': '1' } })
      expect(over).toBe(false)
      expect(await own.database.healthy()).toBe(true)
      await Promise.all(slow)
      expect(await own.database.query('select 1 as n')).toEqual([{ n: 1 }])
      expect(own.database.poolCounts).toMatchObject({ waiting: 0 })
    } finally {
      await own.drop()
    }
  })

  it('a long statement is cancelled by the server', async () => {
    const own = await createTestDatabase({ statementTimeoutMs: 150 })
    try {
      await expect(own.database.query('select pg_sleep(5)')).rejects.toMatchObject({ code: '57014' })
      await expect(own.database.query('select pg_sleep(5)', [], { fast: true })).rejects.toMatchObject({ code: '57014' })
    } finally {
      await own.drop()
    }
  })

  it('waits for locks only so long', async () => {
    const own = await createTestDatabase({ lockTimeoutMs: 100 })
    try {
      await own.database.query('create table locked (id int)')
      await own.database.withTransaction(async (transaction) => {
        await transaction.query('lock table locked')
        await expect(own.database.query('select * from locked')).rejects.toMatchObject({ code: '55P03' })
      })
    } finally {
      await own.drop()
    }
  })
})

describe('transactions', () => {
  it('commits, and rolls back when the function throws', async () => {
    await database.withTransaction((transaction) => transaction.query('insert into note values (10, $1)', ['kept']))
    const thrown = new Error('stop')
    await expect(
      database.withTransaction(async (transaction) => {
        await transaction.query('insert into note values (11, $1)', ['lost'])
        throw thrown
      }),
    ).rejects.toBe(thrown)
    expect(await database.query('select id from note where id in (10, 11)')).toEqual([{ id: 10 }])
  })

  it('a savepoint undoes only itself', async () => {
    await database.withTransaction(async (outer) => {
      await outer.query(`insert into note values (20, 'outer')`)
      await outer
        .withTransaction(async (inner) => {
          await inner.query(`insert into note values (21, 'inner')`)
          await inner.query(`insert into note values (20, 'twice')`)
        })
        .catch((error: { code: string }) => expect(error.code).toBe('23505'))
      await outer.withTransaction((inner) => inner.query(`insert into note values (22, 'second')`))
    })
    expect(await database.query('select id from note where id between 20 and 29 order by id')).toEqual([{ id: 20 }, { id: 22 }])
  })

  it('does not claim success when a swallowed error has rolled everything back', async () => {
    const run = database.withTransaction(async (transaction) => {
      await transaction.query(`insert into note values (30, 'x')`)
      await transaction.query('select 1/0').catch(() => {})
    })
    await expect(run).rejects.toThrow('rolled back')
    expect(await database.query('select id from note where id = 30')).toEqual([])
  })

  it('uses one connection for SQL and the catalog, and refuses work after the end', async () => {
    let leaked: import('../../src/db/client.js').Transaction | undefined
    await expect(
      database.withTransaction(async (transaction) => {
        leaked = transaction
        await Promise.all([
          transaction.query(`insert into note values (40, 'x')`),
          transaction.kysely.insertInto('setting').values({ key: 'k', value: '1' }).execute(),
        ])
        throw new Error('undo')
      }),
    ).rejects.toThrow('undo')
    expect(await database.kysely.selectFrom('setting').selectAll().execute()).toEqual([])
    await expect(leaked?.query('select 1')).rejects.toThrow('has ended')
  })

  it('retries a serialization failure when asked to', async () => {
    await database.query(`insert into note values (50, '0')`)
    const add = () =>
      database.withTransaction(
        async (transaction) => {
          const [row] = await transaction.query<{ text: string }>('select text from note where id = 50')
          await sleep(20)
          await transaction.query('update note set text = $1 where id = 50', [String(Number(row?.text) + 1)])
        },
        { isolation: 'repeatable read', retries: 20 },
      )
    await Promise.all([add(), add(), add()])
    expect(await database.query('select text from note where id = 50')).toEqual([{ text: '3' }])
  })

  it('a thousand failing transactions leak no connection', async () => {
    for (let i = 0; i < 1000; i += 5)
      await Promise.all(Array.from({ length: 5 }, () => database.withTransaction(async (transaction) => transaction.query('select 1/0')).catch(() => {})))
    const [idle] = await database.query<{ n: number }>(
      `select count(*) as n from pg_stat_activity where state like 'idle in transaction%' and datname = current_database()`,
    )
    expect(idle?.n).toBe(0)
    expect(database.poolCounts.total).toBeLessThanOrEqual(5)
  })
})

describe('notifications', () => {
  it('arrive, after the commit only, and stop when told to', async () => {
    const got: string[] = []
    const stop = await database.listen('news', (payload) => got.push(payload))
    await database.notify('news', 'one')
    await database.withTransaction((transaction) => transaction.notify('news', 'two'))
    await database
      .withTransaction(async (transaction) => {
        await transaction.notify('news', 'never')
        throw new Error('undo')
      })
      .catch(() => {})
    await expect.poll(() => got).toEqual(['one', 'two'])
    await stop()
    await database.notify('news', 'three')
    await sleep(100)
    expect(got).toEqual(['one', 'two'])
  })

  it('a listener that throws harms nobody', async () => {
    const errors: string[] = []
    const got: string[] = []
    const own = openDatabase({ connection: test.connection, onError: (error) => errors.push(error.message) })
    await own.listen('noise', () => {
      throw new Error('mine')
    })
    await own.listen('noise', (payload) => got.push(payload))
    await own.notify('noise', 'x')
    await expect.poll(() => [errors, got]).toEqual([['mine'], ['x']])
    await own.close()
  })

  it('come again after the connection was lost', async () => {
    const got: string[] = []
    let reconnects = 0
    const stop = await database.listen('again', { onMessage: (payload) => got.push(payload), onReconnect: () => reconnects++ })
    await database.query(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`)
    await expect.poll(() => reconnects, { timeout: 5_000 }).toBe(1)
    await database.notify('again', 'x')
    await expect.poll(() => got).toEqual(['x'])
    await stop()
  })
})

describe('the catalog', () => {
  it('has an AppError for a broken connection and the driver error for the rest', async () => {
    await expect(
      database.kysely
        .insertInto('setting')
        .values([
          { key: 'a', value: '1' },
          { key: 'a', value: '1' },
        ])
        .execute(),
    ).rejects.toMatchObject({ code: '23505' })
    const closed = await createTestDatabase()
    await closed.drop()
    await expect(closed.database.kysely.selectFrom('setting').selectAll().execute()).rejects.toBeInstanceOf(AppError)
    await expect(closed.database.query('select 1')).rejects.toMatchObject({ status: 503 })
    expect(await closed.database.healthy()).toBe(false)
  })
})
