/** The one PostgreSQL of a test run: the embedded binaries, Debian's, or a server that is there already. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type pg from 'pg'
import type { Binaries } from '../../src/db/embedded/binaries.js'
import { startEmbedded } from '../../src/db/embedded/supervisor.js'
import { createTemporaryDirectory } from './temporary-directory.js'

export interface TestServer {
  connection: pg.ClientConfig
  stop(): Promise<void>
}

/** Which server to test on: a URL, or `system` for Debian's; the embedded one when neither is set. */
export interface TestServerChoice {
  url?: string | undefined
  database?: string | undefined
}

export async function startTestServer({ url, database }: TestServerChoice): Promise<TestServer> {
  if (url !== undefined && url !== '') return { connection: { connectionString: url }, stop: async () => {} }
  const directory = createTemporaryDirectory()
  try {
    const server = await startEmbedded({
      dataDir: directory.path,
      unsafe: true,
      settings: { max_connections: '200', max_wal_size: '2GB', autovacuum_naptime: '10min' },
      ...(database === 'system' ? { binaries: findSystemBinaries() } : {}),
    })
    return {
      connection: server.connection,
      async stop() {
        await server.stop()
        directory.remove()
      },
    }
  } catch (error) {
    directory.remove()
    throw error
  }
}

const systemRoot = '/usr/lib/postgresql'

/** The newest PostgreSQL that Debian's packages installed. */
export function findSystemBinaries(): Binaries {
  const majors = existsSync(systemRoot)
    ? readdirSync(systemRoot)
        .map(Number)
        .filter(Boolean)
        .sort((a, b) => b - a)
    : []
  const major = majors.find((version) => existsSync(join(systemRoot, String(version), 'bin/initdb')))
  if (major === undefined) throw new Error(`TEST_DATABASE=system: no PostgreSQL in ${systemRoot}`)
  return { directory: join(systemRoot, String(major), 'bin'), major }
}
