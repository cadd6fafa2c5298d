import { createServer, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseConnectionString } from '../../src/db/external/connection-string.js'
import { createExternalDatabases } from '../../src/db/external/external-databases.js'
import { buildExternalStatement } from '../../src/db/external/statement.js'
import type { Value } from '../../src/lib/value.js'
import { createEgress } from '../../src/services/egress.js'
import { openSocket } from '../../src/services/outbound/socket.js'
import { hasMariadb, type MysqlServer, startMariadb } from '../helpers/mysql-server.js'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { startTestServer, type TestServer } from '../helpers/test-server.js'

const password = "p@ss:w0rd/'?"

describe('connection strings', () => {
  it('are read whole, and name nothing but a server', () => {
    expect(parseConnectionString('postgres', 'postgresql://bo%40b:p%3Ass@db.example:6432/my%20db?sslmode=require')).toEqual({
      host: 'db.example',
      port: 6432,
      user: 'bo@b',
      password: 'p:ss',
      database: 'my db',
      tls: 'verified',
    })
    expect(parseConnectionString('mysql', 'mysql://u@[2606:4700::1]/d?ssl-mode=DISABLED')).toMatchObject({
      host: '2606:4700::1',
      port: 3306,
      password: '',
      tls: 'off',
    })
    expect(parseConnectionString('postgres', 'postgres://u@h/d?sslmode=no-verify').tls).toBe('unverified')
  })

  it.each([
    'postgres://u:hunter2@/d',
    'postgres://u:hunter2@%2Fvar%2Frun/d',
    'mysql://u:hunter2@h/d',
    'hunter2',
    'postgres://u:hunter2@h:99999/d',
    'postgres://u:hunter2@h/d?sslmode=maybe',
    'postgres://u:hunter2%@h/d',
    'postgres://:hunter2@h/d',
  ])('%s is refused without repeating it', (text) => {
    const refused = (() => {
      try {
        return JSON.stringify(parseConnectionString('postgres', text))
      } catch (error) {
        return error as { status: number; message: string; hint: string }
      }
    })()
    expect(refused).toMatchObject({ status: 400 })
    expect(JSON.stringify(refused) + (refused as { message: string }).message).not.toContain('hunter2')
  })
})

describe('statements', () => {
  const build = (engine: 'postgres' | 'mysql', text: string, args: Value[] = [], raw = false) => buildExternalStatement(engine, text, args, raw)

  it('have placeholders where no string or comment is', () => {
    expect(build('postgres', `select '?', "?", $$?$$ /* ? */ from t where a = ? and b = ? -- ?`, [1, null])).toEqual({
      text: `select '?', "?", $$?$$ /* ? */ from t where a = $1 and b = $2`,
      values: ['1', null],
    })
    expect(build('mysql', "select '\\'?', \"?\", `?` /* ? */ from t # ?\n where a = ? and b = 1--1", [true])).toEqual({
      text: "select '\\'?', \"?\", `?` /* ? */ from t # ?\n where a = ? and b = 1--1",
      values: [1],
    })
  })

  it('quote names, and take raw text only when it is allowed', () => {
    expect(build('postgres', 'select ?:alias from t', ['a"b']).text).toBe('select "a""b" from t')
    expect(build('mysql', 'select ?:alias from t', ['a`b']).text).toBe('select `a``b` from t')
    expect(() => build('mysql', 'select ?:raw', ['1'])).toThrow('?:raw is not allowed')
    expect(build('mysql', 'select ?:raw', ['1'], true)).toEqual({ text: 'select 1', values: [] })
    expect(() => build('postgres', 'select ?:raw', ['1; drop table t'], true)).toThrow('One statement')
  })

  it.each(['select 1; select 2', 'begin', 'set role x', 'copy t from program $$x$$', 'load data infile $$x$$ into table t', '', 'use x', 'lock tables t read'])(
    'refuse %s',
    (text) => {
      expect(() => build('postgres', text)).toThrow(expect.objectContaining({ status: 400 }))
    },
  )

  it('refuse comments that MySQL runs, and arguments that do not fit', () => {
    expect(() => build('mysql', 'select 1 /*!50000 ; drop table t */')).toThrow('a comment')
    expect(() => build('mysql', 'select ?', [])).toThrow('more placeholders')
    expect(() => build('mysql', 'select 1', [1])).toThrow('fewer placeholders')
  })
})

/** Loopback TCP in front of a server that listens on a local socket. */
async function startProxy(connection: pg.ClientConfig): Promise<{ port: number; open: Set<Socket>; server: Server }> {
  const open = new Set<Socket>()
  const path = join(connection.host ?? '', `.s.PGSQL.${connection.port ?? 5432}`)
  const { connect } = await import('node:net')
  const server = createServer((socket) => {
    open.add(socket)
    const upstream = connect(path)
    socket
      .on('error', () => upstream.destroy())
      .on('close', () => {
        open.delete(socket)
        upstream.destroy()
      })
    upstream.on('error', () => socket.destroy()).on('close', () => socket.destroy())
    socket.pipe(upstream).pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, open, server }
}

let second: TestServer
let proxy: Awaited<ReturnType<typeof startProxy>>
let mariadb: MysqlServer | undefined
let server: ListeningServer
let closed: ListeningServer

beforeAll(async () => {
  second = await startTestServer({ database: process.env['TEST_DATABASE'] })
  proxy = await startProxy(second.connection)
  const admin = new pg.Client(second.connection)
  await admin.connect()
  await admin.query(`create role bob login password ${pg.escapeLiteral(password)}`)
  await admin.query(`create table customer (id bigint primary key, name text, paid numeric, at timestamptz, born date, tags text[], more jsonb, raw bytea)`)
  await admin.query(
    `insert into customer values (1, 'Ann', 1.50, '2026-01-02T03:04:05Z', '1990-01-02', '{a,b}', '{"k": [1]}', 'x'), (2, 'Bo', null, null, null, null, null, null)`,
  )
  await admin.query('grant select, insert, update, delete on customer to bob')
  const { rows } = await admin.query<{ hba_file: string }>('show hba_file')
  // From here on bob needs his password.
  await admin.query(`copy (select 'local all bob scram-sha-256' union all select 'local all all trust') to ${pg.escapeLiteral(rows[0]?.hba_file ?? '')}`)
  await admin.query('select pg_reload_conf()')
  await admin.end()
  if (hasMariadb)
    mariadb = await startMariadb(`create database shop;
create table shop.customer (id bigint primary key, name varchar(50), paid decimal(10,2), at timestamp null, born date, more json, small tinyint(1));
insert into shop.customer values (1, 'Ann', 1.50, '2026-01-02 03:04:05', '1990-01-02', '{"k": [1]}', 1), (2, 'Bo', null, null, null, null, 0);`)
  server = await startListeningServer({ STACKHOLD_EGRESS_ALLOW: '127.0.0.1', STACKHOLD_ENV: 'development', STACKHOLD_STATEMENT_TIMEOUT_MS: '1500' })
  closed = await startListeningServer({ STACKHOLD_ENV: 'development' })
  for (const one of [server, closed])
    await one.pushText(
      ['postgres', 'mysql', 'mssql', 'oracle', 'snowflake']
        .map(
          (name) => `function "${name}" {
  input {
    text sql
    text url { sensitive = true }
    json args?
    text type?="list"
  }
  stack {
    db.external.${name}.direct_query {
      sql = $input.sql
      response_type = $input.type
      connection_string = $input.url
      arg = $input.args
    } as $rows
  }
  response = $rows
}`,
        )
        .concat(
          `function "templated" {
  input {
    text url
  }
  stack {
    db.external.postgres.direct_query {
      sql = "select {{ 1 }}"
      response_type = "single"
      connection_string = $input.url
      parser = "template_engine"
    } as $rows
  }
  response = $rows
}`,
          `function "plain" {
  input {
    text url
  }
  stack {
    db.external.postgres.direct_query {
      sql = "select 1 as n"
      response_type = "single"
      connection_string = $input.url
    } as $row
  }
  response = $row
}`,
        )
        .join('\n---\n'),
    )
}, 120_000)
afterAll(async () => {
  await server?.close()
  await closed?.close()
  await mariadb?.close()
  proxy?.server.close()
  await second?.stop()
})

const url = (given: { user?: string; password?: string; port?: number; host?: string; database?: string } = {}) =>
  `postgres://${given.user ?? 'bob'}:${encodeURIComponent(given.password ?? password)}@${given.host ?? '127.0.0.1'}:${given.port ?? proxy.port}/${given.database ?? second.connection.database ?? 'stackhold'}`
const mysqlUrl = (given: { password?: string; port?: number; database?: string } = {}) =>
  `mysql://bob:${encodeURIComponent(given.password ?? mariadb?.password ?? '')}@127.0.0.1:${given.port ?? mariadb?.port ?? 1}/${given.database ?? 'shop'}`

const call = async (name: string, sql: string, args: unknown[], connection: string, more: object = {}, on = server) =>
  (await on.meta('POST', '/workspace/1/function/run', { name, input: { sql, args: args.length === 1 ? args[0] : args, url: connection, ...more } })).body
const postgres = (sql: string, args: unknown[] = [], more: object = {}) => call('postgres', sql, args, url(), more)

describe('PostgreSQL', () => {
  it('answers rows with the values of the language', async () => {
    expect((await postgres('select id, name, paid, at, born, tags, more from customer where id = ? and name = ?', [1, 'Ann'])).result).toEqual([
      { id: 1, name: 'Ann', paid: 1.5, at: Date.UTC(2026, 0, 2, 3, 4, 5), born: '1990-01-02', tags: ['a', 'b'], more: { k: [1] } },
    ])
    expect((await postgres('select id from customer order by id desc', [], { type: 'single' })).result).toEqual({ id: 2 })
    expect((await postgres('select id from customer where id = ?', [9], { type: 'single' })).result).toBeNull()
    expect((await postgres('select id from customer where id = any(?) and tags @> ? limit ?', [[1, 2], ['a'], 5])).result).toEqual([{ id: 1 }])
  })

  it('binds values, whatever they look like, and writes', async () => {
    const name = "x'); drop table customer; --\\"
    expect((await postgres('insert into customer (id, name, more) values (?, ?, ?) returning name, more', [3, name, { a: '?' }])).result).toEqual([
      { name, more: { a: '?' } },
    ])
    expect((await postgres('delete from customer where id = ?', [3])).result).toEqual([])
  })

  it('tells what the server says of a statement, and nothing of the connection', async () => {
    const wrong = await postgres('select nothing from customer')
    expect(wrong).toMatchObject({ status: 'error', error: { message: 'SQL Error: column "nothing" does not exist' } })
    const refused = [
      await call('postgres', 'select 1', [], url({ password: 'hunter2hunter2' })),
      await call('postgres', 'select 1', [], url({ user: 'mallory', password: 'hunter2hunter2' })),
      await call('postgres', 'select 1', [], url({ database: 'hunter2hunter2' })),
    ]
    for (const answer of refused) {
      expect(answer).toMatchObject({ status: 'error', error: { message: 'The external database refused the connection.' } })
      expect(JSON.stringify(answer)).not.toMatch(/hunter2|mallory|127\.0\.0\.1/)
    }
    const nobody = await call('plain', '', [], url({ port: 1 }))
    expect(nobody).toMatchObject({ error: { message: 'The external database cannot be reached.' } })
    expect(JSON.stringify(nobody)).not.toMatch(/w0rd|bob|127\.0\.0\.1/)
  })

  it('refuses templates unless the operator allows them', async () => {
    expect(await call('templated', '', [], url())).toMatchObject({ status: 'error', error: { code: 'ERROR_CODE_ACCESS_DENIED' } })
  })

  it('cancels a statement that takes too long, and goes on', async () => {
    expect(await postgres('select pg_sleep(20)')).toMatchObject({ error: { message: 'SQL Error: the statement took too long and was cancelled.' } })
    expect((await postgres('select 1 as n')).result).toEqual([{ n: 1 }])
  })

  it('holds three connections at most, and keeps none of what a statement set', async () => {
    const many = await Promise.all(Array.from({ length: 12 }, () => postgres('select pg_sleep(0.02), pg_backend_pid() as pid')))
    const pids = new Set(many.map(({ result }) => result[0].pid))
    expect(pids.size).toBeLessThanOrEqual(3)
    expect(proxy.open.size).toBeLessThanOrEqual(3)
  })

  it('makes a new connection when one was lost', async () => {
    await postgres('select 1')
    for (const socket of proxy.open) socket.destroy()
    await expect.poll(() => proxy.open.size).toBe(0)
    await expect.poll(async () => (await postgres('select 1 as n')).result).toEqual([{ n: 1 }])
  })
})

describe('addresses that are not public', () => {
  it('are refused unless the operator lists them', async () => {
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '[::ffff:127.0.0.1]', '0x7f.1', '2130706433', '169.254.169.254', '10.0.0.1']) {
      const before = proxy.open.size
      const answer = await call('postgres', 'select 1', [], url({ host }), {}, closed)
      expect(answer, host).toMatchObject({ status: 'error', error: { code: 'ERROR_CODE_ACCESS_DENIED' } })
      expect(proxy.open.size).toBeLessThanOrEqual(before)
    }
    expect(await call('mysql', 'select 1', [], 'mysql://u:p@127.0.0.1/d', {}, closed)).toMatchObject({ error: { code: 'ERROR_CODE_ACCESS_DENIED' } })
  })

  it('the server never reads files or local sockets for a connection string', async () => {
    for (const text of [
      `postgres:///stackhold?host=${second.connection.host ?? ''}`,
      'socket:/var/run/postgresql',
      `postgres://u:p@127.0.0.1:${proxy.port}/d?host=/var/run/postgresql&sslmode=maybe`,
    ])
      expect(await call('postgres', 'select 1', [], text), text).toMatchObject({ status: 'error', error: { code: 'ERROR_CODE_INPUT_ERROR' } })
  })
})

describe('other products', () => {
  it.each([
    ['mssql', 'Microsoft SQL Server'],
    ['oracle', 'Oracle'],
    ['snowflake', 'Snowflake'],
  ])('%s is kept and says that it does not run', async (name, label) => {
    expect(await call(name, 'select 1', [], `${name}://u:p@db.example/d`)).toMatchObject({
      status: 'error',
      error: { code: 'ERROR_CODE_NOT_SUPPORTED', message: `External ${label} databases cannot be queried yet.` },
    })
  })
})

describe('connections', () => {
  it('are closed when idle, and their number of databases is bounded', async () => {
    const egress = createEgress({ allow: ['127.0.0.1'] })
    const external = createExternalDatabases({ openSocket: () => openSocket(egress), directQuery: 'off', databases: 1, pool: { idleMs: 50 } })
    const query = (connectionString: string) => external.query({ engine: 'postgres', connectionString, sql: 'select 1 as n', args: [], milliseconds: 5_000 })
    expect(await query(url())).toEqual([new Map([['n', 1]])])
    await expect(query(`${url()}?sslmode=disable`)).rejects.toThrow('Too many external databases')
    await expect.poll(() => external.connections).toBe(0)
    expect(await query(`${url()}?sslmode=disable`)).toHaveLength(1)
    external.close()
    expect(external.connections).toBe(0)
  })

  it('that nobody answers are given up', async () => {
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const address = silent.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const egress = createEgress({ allow: ['127.0.0.1'] })
    const external = createExternalDatabases({ openSocket: () => openSocket(egress), directQuery: 'off', connectTimeoutMs: 200 })
    for (const [engine, connectionString] of [
      ['postgres', `postgres://u:p@127.0.0.1:${port}/d`],
      ['mysql', `mysql://u:p@127.0.0.1:${port}/d`],
    ] as const)
      await expect(external.query({ engine, connectionString, sql: 'select 1', args: [], milliseconds: 5_000 }), engine).rejects.toThrow('cannot be reached')
    expect(external.connections).toBe(0)
    silent.close()
  })
})

if (!hasMariadb) console.warn('MariaDB is not installed (apt-get install mariadb-server-core): its tests are skipped.')

describe.runIf(hasMariadb)('MariaDB', () => {
  const run = (sql: string, args: unknown[] = [], more: object = {}) => call('mysql', sql, args, mysqlUrl(), more)

  it('answers rows with the values of the language', async () => {
    expect((await run('select id, name, paid, at, born, small from customer where id = ? and name = ? limit ?', [1, 'Ann', 5])).result).toEqual([
      { id: 1, name: 'Ann', paid: 1.5, at: Date.UTC(2026, 0, 2, 3, 4, 5), born: '1990-01-02', small: 1 },
    ])
    expect((await run('select id from customer order by id desc', [], { type: 'single' })).result).toEqual({ id: 2 })
    expect((await run('select name, paid from customer where id = ?', [2])).result).toEqual([{ name: 'Bo', paid: null }])
  })

  it('binds values, whatever they look like, and writes', async () => {
    const name = "x'); drop table customer; --\\"
    expect((await run('insert into customer (id, name, more) values (?, ?, ?)', [3, name, { a: '?' }])).result).toEqual([])
    expect((await run('select name, json_value(more, "$.a") as a from customer where name = ?', [name])).result).toEqual([{ name, a: '?' }])
    expect((await run('delete from customer where id = ?', [3])).result).toEqual([])
  })

  it('tells what the server says of a statement, and nothing of the connection', async () => {
    expect(await run('select nothing from customer')).toMatchObject({ error: { message: expect.stringMatching(/^SQL Error: Unknown column 'nothing'/) } })
    for (const connection of [mysqlUrl({ password: 'hunter2hunter2' }), mysqlUrl({ database: 'hunter2hunter2' })]) {
      const answer = await call('mysql', 'select 1', [], connection)
      expect(answer).toMatchObject({ error: { message: 'The external database refused the connection.' } })
      expect(JSON.stringify(answer)).not.toMatch(/hunter2|bob/)
    }
    expect(await call('mysql', 'select 1', [], mysqlUrl({ port: 1 }))).toMatchObject({ error: { message: 'The external database cannot be reached.' } })
  })

  it('cancels a statement that takes too long, and goes on', async () => {
    expect(await run('select sleep(20), benchmark(10, 1)')).toMatchObject({ error: { message: 'SQL Error: the statement took too long and was cancelled.' } })
    expect((await run('select 1 as n')).result).toEqual([{ n: 1 }])
    expect((await run('select count(*) as n from information_schema.processlist where info like "select sleep%"')).result).toEqual([{ n: 0 }])
  })

  it('reads no file of this machine', async () => {
    expect(await run('load data local infile "/etc/passwd" into table customer')).toMatchObject({ error: { code: 'ERROR_CODE_BAD_REQUEST' } })
  })

  it('holds three connections at most', async () => {
    const many = await Promise.all(Array.from({ length: 12 }, () => run('select sleep(0.02), connection_id() as id')))
    expect(new Set(many.map(({ result }) => result[0].id)).size).toBeLessThanOrEqual(3)
  })
})
