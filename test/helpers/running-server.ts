/** The whole server, listening on a free port of loopback, over a database of its own. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import pg from 'pg'
import { parseConfig } from '../../src/config.js'
import { startServer } from '../../src/server.js'
import { assertNoSecrets, captureLog, createCanaries, readableRows } from './canaries.js'
import { createEmptyDatabase } from './database.js'
import { assertSecurityHeaders } from './security-headers.js'
import { createTemporaryDirectory } from './temporary-directory.js'

export interface ListeningServer {
  url: string
  adminToken: string
  /** As the database itself, for looking behind the answers. */
  query<T extends object = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<T[]>
  /** An endpoint or the Metadata API: `/api:auth…/login`. */
  call(method: string, path: string, options?: CallOptions): Promise<CallAnswer>
  /** The Metadata API as administrator, below `/api:meta`. */
  meta(method: string, path: string, body?: unknown): Promise<CallAnswer>
  /** Pushes one text of XanoScript. Throws with the answer when it is refused. */
  pushText(text: string): Promise<void>
  /** Ends the process's server and starts another one over the same database, with other settings if any are given. */
  restart(changes?: Record<string, string>): Promise<void>
  /** A second node over the same database. */
  addNode(): Promise<{ url: string; close(): Promise<void> }>
  /** Pushes every `.xs` file below a directory of the repository. Throws with the answer when it is refused. */
  push(directory: string): Promise<void>
  close(): Promise<void>
}

export interface CallOptions {
  body?: unknown
  token?: string
  headers?: Record<string, string>
  /** Another node's address. */
  url?: string
}

export interface CallAnswer {
  status: number
  headers: Headers
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: its shape is what the tests assert.
  body: any
}

const secret = 'a secret for tests that is long enough'
const adminToken = 'shk_an-admin-token-for-tests-that-is-long-enough'
/** Tables of what was observed: not even the hash of a secret belongs there. */
const logs = new Set(['audit_entry', 'request_history', 'security_alert', 'security_event'])
/** What builders wrote stands as they wrote it. */
const programs = new Set(['definition', 'definition_version'])
const unlimited = { max: 1_000_000, windowMs: 60_000 }

export interface ListeningOptions {
  /** Limits as configured; without it nothing is limited. */
  limited?: boolean
  /** Login providers over plain http. */
  insecureIssuers?: boolean
}

export async function startListeningServer(
  environment: Record<string, string> = {},
  { limited = false, insecureIssuers = false }: ListeningOptions = {},
): Promise<ListeningServer> {
  const { connection, drop } = await createEmptyDatabase()
  const settled = {
    PORT: '8686',
    DATABASE_URL: toUrl(connection),
    STACKHOLD_DATA: createTemporaryDirectory().path,
    STACKHOLD_SECRET: secret,
    STACKHOLD_ADMIN_TOKEN: adminToken,
    STACKHOLD_LOG_LEVEL: 'silent',
    ...environment,
  }
  const settings = limited
    ? {}
    : { requestLimit: unlimited, authLimit: unlimited, accountLimit: unlimited, totalAuthLimit: unlimited, expensiveLimit: unlimited }
  const canaries = createCanaries([adminToken, settled.STACKHOLD_SECRET])
  const lines = captureLog()
  const start = (changes: Record<string, string> = {}) => {
    const config = parseConfig({ ...settled, ...changes })
    return startServer({ ...config, http: { ...config.http, port: 0 } }, { settings, insecureIssuers, log: lines.log })
  }
  let server = await start()
  const client = new pg.Client(connection)
  await client.connect()

  const call = async (method: string, path: string, { body, token, headers = {}, url = server.url }: CallOptions = {}): Promise<CallAnswer> => {
    const type = typeof body === 'string' ? 'text/x-xanoscript' : 'application/json'
    const answer = await fetch(url + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': type }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await answer.text()
    assertNoSecrets(path, text)
    canaries.learnFrom(token, body, text)
    assertSecurityHeaders(`${method} ${path} ${answer.status}`, (name) => answer.headers.get(name))
    const isJson = answer.headers.get('content-type')?.startsWith('application/json') === true && text !== ''
    return { status: answer.status, headers: answer.headers, text, body: isJson ? JSON.parse(text) : null }
  }
  const pushText = async (text: string): Promise<void> => {
    const answer = await call('POST', '/api:meta/workspace/1/multidoc?partial=true', { body: text, token: adminToken })
    if (answer.status !== 200) throw new Error(answer.text)
  }
  return {
    get url() {
      return server.url
    },
    adminToken,
    query: async (text, values = []) => (await client.query(text, [...values])).rows,
    call,
    meta: (method, path, body) => call(method, `/api:meta${path}`, { body, token: adminToken }),
    pushText,
    async restart(changes) {
      await server.close(1000)
      server = await start(changes)
    },
    async addNode() {
      const node = await start()
      return { url: node.url, close: () => node.close(1000) }
    },
    async push(directory) {
      const root = resolve(import.meta.dirname, '../..', directory)
      const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.xs'))
      await pushText(
        files
          .sort()
          .map((file) => readFileSync(join(root, file), 'utf8'))
          .join('\n---\n'),
      )
    },
    async close() {
      await server.close(1000)
      try {
        canaries.assertClean('The log', lines.text())
        const tables = await client.query<{ name: string }>(`select tablename as name from pg_tables where schemaname = 'stackhold' order by 1`)
        for (const { name } of tables.rows.filter((table) => !programs.has(table.name))) {
          const { rows } = await client.query<{ row: string }>(`select t::text as row from stackhold.${name} t`)
          const text = readableRows(rows.map(({ row }) => row))
          if (logs.has(name)) canaries.assertClean(name, text)
          else canaries.assertUnknown(name, text)
        }
      } finally {
        await client.end()
        await drop()
      }
    },
  }
}

function toUrl(connection: {
  connectionString?: string | undefined
  host?: string | undefined
  user?: string | undefined
  database?: string | undefined
  port?: number | undefined
}): string {
  if (connection.connectionString !== undefined) return connection.connectionString
  const query = new URLSearchParams({ host: connection.host ?? '', user: connection.user ?? '', ...(connection.port ? { port: String(connection.port) } : {}) })
  return `postgres:///${connection.database ?? ''}?${query}`
}
