/** The whole server, listening on a free port of loopback, over a database of its own. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseConfig } from '../../src/config.js'
import { startServer } from '../../src/server.js'
import { createEmptyDatabase } from './database.js'
import { createTemporaryDirectory } from './temporary-directory.js'

export interface ListeningServer {
  url: string
  adminToken: string
  /** Pushes every `.xs` file below a directory of the repository. Throws with the answer when it is refused. */
  push(directory: string): Promise<void>
  close(): Promise<void>
}

const secret = 'a secret for tests that is long enough'
const adminToken = 'shk_an-admin-token-for-tests-that-is-long-enough'
const unlimited = { max: 1_000_000, windowMs: 60_000 }

export async function startListeningServer(environment: Record<string, string> = {}): Promise<ListeningServer> {
  const { connection, drop } = await createEmptyDatabase()
  const config = parseConfig({
    PORT: '8686',
    DATABASE_URL: toUrl(connection),
    STACKHOLD_DATA: createTemporaryDirectory().path,
    STACKHOLD_SECRET: secret,
    STACKHOLD_ADMIN_TOKEN: adminToken,
    STACKHOLD_LOG_LEVEL: 'silent',
    ...environment,
  })
  const server = await startServer({ ...config, http: { ...config.http, port: 0 } }, { settings: { requestLimit: unlimited, authLimit: unlimited } })
  return {
    url: server.url,
    adminToken,
    async push(directory) {
      const root = resolve(import.meta.dirname, '../..', directory)
      const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.xs'))
      const body = files
        .sort()
        .map((file) => readFileSync(join(root, file), 'utf8'))
        .join('\n---\n')
      const answer = await fetch(`${server.url}/api:meta/workspace/1/multidoc?partial=true`, {
        method: 'POST',
        headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'text/x-xanoscript' },
        body,
      })
      if (!answer.ok) throw new Error(await answer.text())
    },
    async close() {
      await server.close(1000)
      await drop()
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
