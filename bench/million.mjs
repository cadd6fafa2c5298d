// npm run bench:million [-- --rows 1000000 --plans]
// A table of a million rows behind the server as it ships. Every statement it sends is explained by Postgres itself while it runs (auto_explain with
// ANALYZE and BUFFERS); prints the table of docs/performance.md, and ends with 1 when a request reads the table from end to end or touches more rows than it may.
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import pg from 'pg'
import { startEmbedded } from '../dist/src/db/embedded/supervisor.js'
import { median, sleep, start } from './load.mjs'
import { cases, fill } from './million-cases.mjs'

const { values: options } = parseArgs({ options: { rows: { type: 'string', default: '1000000' }, plans: { type: 'boolean', default: false } } })
const rows = Number(options.rows)
/** Past five executions of a prepared statement Postgres may turn to a plan for any values. */
const requests = 12
const schema = 'ws_1_live'

const freePort = () =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })

async function query(text) {
  const client = new pg.Client({ ...postgres.connection, database: 'million' })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

async function startServer() {
  const { host, user } = postgres.connection
  const port = await freePort()
  const token = `shk_${randomBytes(24).toString('base64url')}`
  const base = `http://127.0.0.1:${port}`
  const env = {
    PORT: String(port),
    HOST: '127.0.0.1',
    DATABASE_URL: `postgres:///million?host=${encodeURIComponent(host)}&user=${encodeURIComponent(user)}`,
    STACKHOLD_SECRET: randomBytes(32).toString('hex'),
    STACKHOLD_ADMIN_TOKEN: token,
    STACKHOLD_ENV: 'production',
    STACKHOLD_LOG_LEVEL: 'error',
    NODE_ENV: 'production',
  }
  const server = await start({ args: [join(import.meta.dirname, 'stackhold/server.mjs')], env, url: `${base}/health` })
  const pushed = await fetch(`${base}/api:meta/workspace/1/multidoc?partial=true`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'text/x-xanoscript' },
    body: readFileSync(join(import.meta.dirname, 'stackhold/million.xs'), 'utf8'),
  })
  if (!pushed.ok) throw new Error(`push: ${await pushed.text()}`)
  return { server, base }
}

/** Plans that Postgres logged since `offset`, as soon as a mark of ours is in the log behind them. */
async function plansSince(offset) {
  const mark = `mark ${randomBytes(6).toString('hex')}`
  await query(`do $$ begin raise log '${mark}'; end $$`)
  for (;;) {
    const text = readFileSync(logFile, 'utf8').slice(offset)
    if (text.includes(mark))
      return text
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .map((line) => JSON.parse(line).message ?? '')
        .filter((message) => message.includes(' plan:'))
        .map((message) => JSON.parse(message.slice(message.indexOf('{'))))
        .filter((plan) => plan['Query Text'].includes(`"${schema}"."event"`))
    await sleep(20)
  }
}

const nodesOf = (node) => [node, ...(node.Plans ?? []).flatMap(nodesOf)]
/** Rows of `event` that a plan read, those a filter threw away among them. */
const touched = (plan) =>
  nodesOf(plan.Plan)
    .filter((node) => node['Relation Name'] === 'event')
    .reduce(
      (sum, node) => sum + (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0)) * node['Actual Loops'],
      0,
    )
const pages = ({ Plan: plan }) => plan['Shared Hit Blocks'] + plan['Shared Read Blocks']
const scans = (plan) =>
  nodesOf(plan.Plan)
    .filter((node) => node['Relation Name'] === 'event')
    .map((node) => node['Node Type'])

async function measure(base, { name, most, path }) {
  const runs = []
  for (let n = 1; n <= requests; n++) {
    const offset = statSync(logFile).size
    const answer = await fetch(`${base}/api:million/${path(n, rows)}`)
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${name}: ${answer.status} ${text}`)
    runs.push({ plans: await plansSince(offset) })
  }
  const sum = (run, of) => run.plans.reduce((total, plan) => total + of(plan), 0)
  const rowsRead = Math.max(...runs.map((run) => sum(run, touched)))
  const kinds = [...new Set(runs.flatMap((run) => run.plans.flatMap(scans)))]
  const problems = []
  if (runs.some((run) => run.plans.length === 0)) problems.push('no plan was logged')
  if (kinds.some((kind) => kind.includes('Seq Scan'))) problems.push('it reads the table from end to end')
  if (rowsRead > most) problems.push(`it touches ${rowsRead} rows, more than ${most}`)
  const figures = [
    rowsRead,
    Math.max(...runs.map((run) => sum(run, pages))),
    median(runs.map((run) => sum(run, (plan) => plan['Execution Time'] ?? plan.Plan['Actual Total Time']))).toFixed(2),
  ]
  console.log(`| ${name} | ${figures.join(' | ')} | ${kinds.join(', ')} |`)
  if (options.plans) for (const plan of runs.at(-1).plans) console.log(`\n${plan['Query Text']}\n${JSON.stringify(plan.Plan, null, 1)}\n`)
  return problems.map((problem) => `${name}: ${problem}`)
}

const directory = mkdtempSync(join(tmpdir(), 'stackhold-million-'))
const logs = join(directory, 'logs')
mkdirSync(logs)
// Run by root, Postgres is another user.
chmodSync(directory, 0o711)
chmodSync(logs, 0o777)
const logFile = join(logs, 'server.json')
const postgres = await startEmbedded({
  dataDir: join(directory, 'data'),
  settings: {
    shared_buffers: '512MB',
    maintenance_work_mem: '256MB',
    shared_preload_libraries: 'auto_explain',
    'auto_explain.log_min_duration': '0',
    'auto_explain.log_analyze': 'on',
    'auto_explain.log_buffers': 'on',
    'auto_explain.log_format': 'json',
    logging_collector: 'on',
    log_destination: 'jsonlog',
    log_directory: logs,
    log_filename: 'server.log',
    log_file_mode: '0644',
    log_rotation_age: '0',
    log_rotation_size: '0',
  },
})
let server
try {
  const admin = new pg.Client({ ...postgres.connection, database: 'postgres' })
  await admin.connect()
  await admin.query('create database million')
  await admin.end()
  const started = await startServer()
  server = started.server
  const began = performance.now()
  for (const statement of fill(schema, rows)) await query(`set auto_explain.log_min_duration = -1; ${statement}`)
  await query(`vacuum analyze ${schema}.event`)
  await query(`vacuum analyze ${schema}.customer`)
  console.log(`${rows} rows in ${((performance.now() - began) / 1000).toFixed(0)} s\n`)
  console.log('| request | rows touched | pages | Postgres ms | reads the table by |\n| --- | --: | --: | --: | --- |')
  const problems = []
  for (const one of cases) problems.push(...(await measure(started.base, one)))
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
} finally {
  await server?.stop()
  await postgres.stop()
  rmSync(directory, { recursive: true, force: true })
}
