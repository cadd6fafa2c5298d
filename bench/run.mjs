// npm run bench [-- --seconds 4 --rounds 3 --only hello,get]
// Hand-written Fastify + pg and Stackhold side by side over one PostgreSQL, in turn; prints the table of docs/performance.md.
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { startEmbedded } from '../dist/src/db/embedded/supervisor.js'
import { measure, median, script, sleep, start, wrk } from './load.mjs'

const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '64' },
    only: { type: 'string' },
  },
})
const seconds = Number(options.seconds)
const rounds = Number(options.rounds)
const connections = Number(options.connections)
const here = import.meta.dirname
const itemCount = 100_000
const userCount = 1000

const freePort = () =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })

function urlOf(database) {
  const { host, user } = postgres.connection
  return `postgres:///${database}?host=${encodeURIComponent(host)}&user=${encodeURIComponent(user)}`
}

async function query(database, text, values = []) {
  const client = new pg.Client({ ...postgres.connection, database })
  await client.connect()
  try {
    return (await client.query(text, values)).rows
  } finally {
    await client.end()
  }
}

const items = (table) => `insert into ${table} (created_at, name, description, price, qty, active, meta)
  select now() - (i || ' seconds')::interval, 'Item ' || i, 'A description of item ' || i || ' that is about eighty characters long, more or less ok',
    (i % 10000) / 100.0, i % 500, i % 7 <> 0, jsonb_build_object('color', (array['red','green','blue'])[1 + i % 3], 'tags', jsonb_build_array('a','b'), 'w', i % 90)
  from generate_series(1, ${itemCount}) i`
const users = (table) =>
  `insert into ${table} (created_at, name, email, password) select now(), 'User ' || i, 'user' || i || '@example.com', $1 from generate_series(1, ${userCount}) i`

async function startLimit() {
  await query('postgres', 'create database hand_written')
  await query('hand_written', readFileSync(join(here, 'limit/seed.sql'), 'utf8'))
  const port = await freePort()
  const server = await start({
    args: [join(here, 'limit/server.mjs')],
    env: { PORT: String(port), DATABASE_URL: urlOf('hand_written'), NODE_ENV: 'production' },
    url: `http://127.0.0.1:${port}/hello`,
  })
  servers.push(server)
  const base = `http://127.0.0.1:${port}`
  const hash = await (await fetch(`${base}/hash`)).text()
  await query('hand_written', items('item'))
  await query('hand_written', users('users'), [hash])
  await query('hand_written', 'vacuum analyze')
  return { name: 'hand-written', base, prefix: '', pid: server.pid, hash }
}

async function startStackhold(hash) {
  await query('postgres', 'create database served')
  const port = await freePort()
  const token = `shk_${randomBytes(24).toString('base64url')}`
  const env = {
    PORT: String(port),
    HOST: '127.0.0.1',
    DATABASE_URL: urlOf('served'),
    STACKHOLD_SECRET: randomBytes(32).toString('hex'),
    STACKHOLD_ADMIN_TOKEN: token,
    STACKHOLD_ENV: 'production',
    STACKHOLD_LOG_LEVEL: 'error',
    NODE_ENV: 'production',
  }
  const base = `http://127.0.0.1:${port}`
  const server = await start({ args: [join(here, 'stackhold/server.mjs')], env, url: `${base}/health` })
  servers.push(server)
  const pushed = await fetch(`${base}/api:meta/workspace/1/multidoc?partial=true`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'text/x-xanoscript' },
    body: readFileSync(join(here, 'stackhold/bench.xs'), 'utf8'),
  })
  if (!pushed.ok) throw new Error(`push: ${await pushed.text()}`)
  await query('served', items('ws_1_live.bench_item'))
  await query('served', users('ws_1_live.bench_user'), [hash])
  await query('served', 'vacuum analyze')
  return { name: 'stackhold', base, prefix: '/api:bench-group', pid: server.pid }
}

async function run() {
  const limit = await startLimit()
  const ours = await startStackhold(limit.hash)
  const json = { 'content-type': 'application/json' }
  const body = JSON.stringify({
    name: 'Bench item',
    description: 'A description of a new item that is about eighty characters long, more or less',
    price: 9.5,
    qty: 3,
    active: true,
    meta: { color: 'red', tags: ['a', 'b'], w: 1 },
  })
  const login = { prefix: '{"email":"user', suffix: '@example.com","password":"Secret-password-1"}' }
  const tokenOf = async ({ base, prefix }) =>
    (await (await fetch(`${base}${prefix}/auth/login`, { method: 'POST', headers: json, body: `${login.prefix}7${login.suffix}` })).json()).authToken
  const cases = {
    hello: ({ prefix }) => ({ path: `${prefix}/hello` }),
    get: ({ prefix }) => ({ path: [`${prefix}/item/`, itemCount] }),
    list: ({ prefix }) => ({ path: [`${prefix}/item?per_page=20&page=`, 50] }),
    insert: ({ prefix }) => ({ method: 'POST', path: `${prefix}/item`, headers: json, body }),
    me: async (server) => ({ path: `${server.prefix}/auth/me`, headers: { authorization: `Bearer ${await tokenOf(server)}` } }),
    login: ({ prefix }) => ({ method: 'POST', path: `${prefix}/auth/login`, headers: json, body: [login.prefix, userCount, login.suffix] }),
  }
  const chosen = Object.keys(cases).filter((name) => !options.only || options.only.split(',').includes(name))
  console.log(
    '| endpoint | hand-written req/s | Stackhold req/s | ratio | CPU µs | CPU µs | CPU ratio | p50 ms | p99 ms |\n| --- | --: | --: | --: | --: | --: | --: | --: | --: |',
  )
  for (const name of chosen) {
    const runs = { limit: [], ours: [] }
    const files = { limit: script(await cases[name](limit)), ours: script(await cases[name](ours)) }
    const width = name === 'login' ? 8 : connections
    for (const [key, server] of [
      ['limit', limit],
      ['ours', ours],
    ])
      await wrk({ base: server.base, file: files[key], connections: width, seconds: 2 })
    for (let round = 0; round < rounds; round++) {
      for (const [key, server] of [
        ['limit', limit],
        ['ours', ours],
      ]) {
        await sleep(300)
        const result = await measure({ pid: server.pid, base: server.base, file: files[key], connections: width, seconds })
        if (result.bad > 0) throw new Error(`${server.name} ${name}: ${result.bad} requests failed`)
        runs[key].push(result)
      }
    }
    const of = (key, figure) => median(runs[key].map((result) => result[figure]))
    const [theirs, own] = [of('limit', 'rps'), of('ours', 'rps')]
    console.log(
      `| ${name} | ${theirs.toFixed(0)} | ${own.toFixed(0)} | ${(own / theirs).toFixed(2)} | ${of('limit', 'cpu').toFixed(0)} | ${of('ours', 'cpu').toFixed(0)} | ${(of('ours', 'cpu') / of('limit', 'cpu')).toFixed(2)} | ${of('ours', 'p50').toFixed(1)} | ${of('ours', 'p99').toFixed(1)} |`,
    )
  }
}

const directory = mkdtempSync(join(tmpdir(), 'stackhold-bench-'))
const postgres = await startEmbedded({ dataDir: directory, settings: { shared_buffers: '256MB' } })
const servers = []
try {
  await run()
} finally {
  for (const server of servers) await server.stop()
  await postgres.stop()
  rmSync(directory, { recursive: true, force: true })
}
