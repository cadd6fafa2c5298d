/** A database of its own for a test file, with the catalog in it. */
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { inject } from 'vitest'
import { type Database, type DatabaseOptions, openDatabase } from '../../src/db/client.js'

export interface TestDatabase {
  database: Database
  /** For tests that open connections of their own. */
  connection: pg.ClientConfig
  /** Closes `database` and drops it; call it in `afterAll`. */
  drop(): Promise<void>
}

/** Clones the migrated template; about 100 ms. `options` tune the client. */
export async function createTestDatabase(options: Omit<DatabaseOptions, 'connection'> = {}): Promise<TestDatabase> {
  const server = inject('testServer')
  const template = inject('testTemplate')
  const name = `${template}_${randomBytes(6).toString('hex')}`
  await runAsAdmin(server, `create database ${name} template ${template}`)
  const connection = inDatabase(server, name)
  const database = openDatabase({ poolSize: 5, ...options, connection })
  return {
    database,
    connection,
    async drop() {
      await database.close()
      await runAsAdmin(server, `drop database if exists ${name} with (force)`)
    },
  }
}

/** An empty database without the catalog. */
export async function createEmptyDatabase(): Promise<{ connection: pg.ClientConfig; drop(): Promise<void> }> {
  const server = inject('testServer')
  const name = `${inject('testTemplate')}_${randomBytes(6).toString('hex')}`
  await runAsAdmin(server, `create database ${name}`)
  return { connection: inDatabase(server, name), drop: () => runAsAdmin(server, `drop database if exists ${name} with (force)`) }
}

/** The same server, another database. */
export function inDatabase(connection: pg.ClientConfig, database: string): pg.ClientConfig {
  if (connection.connectionString === undefined) return { ...connection, database }
  const url = new URL(connection.connectionString)
  url.pathname = `/${database}`
  return { ...connection, connectionString: url.toString() }
}

/** The template may be in use by another clone at this moment; that passes. */
async function runAsAdmin(server: pg.ClientConfig, statement: string): Promise<void> {
  const admin = new pg.Client(server)
  admin.on('error', () => {})
  await admin.connect()
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        await admin.query(statement)
        return
      } catch (error) {
        if ((error as { code?: string }).code !== '55006' || attempt >= 50) throw error
        await new Promise((resolve) => setTimeout(resolve, 20 * attempt))
      }
    }
  } finally {
    await admin.end()
  }
}
