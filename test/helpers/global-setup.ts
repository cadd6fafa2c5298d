/** Starts the server of the run and makes the template that every test file's database is cloned from. */
import pg from 'pg'
import type { TestProject } from 'vitest/node'
import { migrateCatalog } from '../../src/db/migrate.js'
import { inDatabase } from './database.js'
import { startTestServer } from './test-server.js'

declare module 'vitest' {
  export interface ProvidedContext {
    testServer: pg.ClientConfig
    testTemplate: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTestServer({ url: process.env['TEST_DATABASE_URL'], database: project.name === 'system' ? 'system' : process.env['TEST_DATABASE'] })
  const template = `stackhold_test_${process.pid}`
  try {
    await dropTestDatabases(server.connection)
    await runAsAdmin(server.connection, (admin) => admin.query(`create database ${template}`))
    await migrateCatalog(inDatabase(server.connection, template))
  } catch (error) {
    await server.stop()
    throw error
  }
  project.provide('testServer', server.connection)
  project.provide('testTemplate', template)

  return async () => {
    await dropTestDatabases(server.connection)
    await server.stop()
  }
}

/** Removes this run's databases, and those of runs that died. */
async function dropTestDatabases(connection: pg.ClientConfig): Promise<void> {
  await runAsAdmin(connection, async (admin) => {
    const { rows } = await admin.query<{ name: string }>(`select datname as name from pg_database where datname ~ '^stackhold_test_[0-9]+'`)
    for (const { name } of rows) {
      const pid = Number(name.split('_')[2])
      if (pid === process.pid || !isRunning(pid)) await admin.query(`drop database if exists ${name} with (force)`)
    }
  })
}

async function runAsAdmin(connection: pg.ClientConfig, fn: (admin: pg.Client) => Promise<unknown>): Promise<void> {
  const admin = new pg.Client(connection)
  await admin.connect()
  try {
    await fn(admin)
  } finally {
    await admin.end()
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
