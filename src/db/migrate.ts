/** Brings our own tables to the version this server knows. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Kysely, type Migration, Migrator, PostgresDialect } from 'kysely'
import pg from 'pg'
import { migrations as ourMigrations } from '../../migrations/index.js'
import { AppError } from '../errors.js'
import { toClientConfig } from './connection-options.js'
import { isConnectionFailure, sqlState, unavailable } from './failure.js'

/** Any constant will do; it must never change. */
const lockKey = '7305462183315418'
const lockTimeoutMs = 60_000
const oldestServer = 140_000

export interface MigrationOutcome {
  /** Names of the migrations that ran now; empty when the catalog was up to date. */
  applied: string[]
}

export interface MigrateOptions {
  /** Ours when absent. */
  migrations?: Readonly<Record<string, Migration>>
  /** How long to wait for a server that cannot be reached yet; default 0. */
  waitMs?: number
}

/**
 * Runs the migrations that are missing, all in one transaction, one runner at a time (a Postgres advisory lock).
 * Throws `AppError` when the server cannot be reached or refuses us, is older than PostgreSQL 14, or holds the catalog of a newer Stackhold.
 */
export async function migrateCatalog(connection: pg.ClientConfig, { migrations = ourMigrations, waitMs = 0 }: MigrateOptions = {}): Promise<MigrationOutcome> {
  const client = await connect(connection, Date.now() + waitMs)
  try {
    await assertServerVersion(client)
    // Held by the session: a runner that is killed gives it back at once.
    await client.query(`select pg_advisory_lock(${lockKey})`)
    await assertNotNewer(client, Object.keys(migrations))
    return { applied: await runMigrations(client, migrations) }
  } finally {
    await client.end()
  }
}

async function connect(connection: pg.ClientConfig, deadline: number): Promise<pg.Client> {
  const limits = { statementTimeoutMs: 0, lockTimeoutMs, idleTransactionTimeoutMs: 0, connectTimeoutMs: 10_000 }
  for (let waitMs = 250; ; waitMs = Math.min(waitMs * 2, 5_000)) {
    const client = new pg.Client(toClientConfig(connection, limits, 'stackhold migrate'))
    client.on('error', () => {})
    try {
      await client.connect()
      return client
    } catch (error) {
      client.end().catch(() => {})
      const refusal = refusals[sqlState(error)]
      if (refusal !== undefined) throw new AppError('fatal', refusal, { cause: error, hint: 'Correct DATABASE_URL.' })
      const reason = error instanceof Error ? error.message : String(error)
      if (!isConnectionFailure(error) || Date.now() + waitMs > deadline) throw unavailable(error, `The database is not reachable: ${reason}`)
      await sleep(waitMs)
    }
  }
}

/** Answers of a server that is there; waiting does not help. */
const refusals: Readonly<Record<string, string>> = {
  '28P01': 'PostgreSQL refused the password in DATABASE_URL.',
  '28000': 'PostgreSQL does not let the user in DATABASE_URL in from here.',
  '3D000': 'The database named in DATABASE_URL does not exist.',
}

async function runMigrations(client: pg.Client, migrations: Readonly<Record<string, Migration>>): Promise<string[]> {
  const connection = { query: (text: string, values: readonly unknown[]) => client.query(text, [...values]), release: () => {} }
  const pool = { connect: async () => connection as never, end: async () => {} }
  const migrator = new Migrator({
    db: new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) }),
    provider: { getMigrations: async () => ({ ...migrations }) },
    migrationTableSchema: 'stackhold',
    migrationTableName: 'migration',
    migrationLockTableName: 'migration_lock',
  })
  const { error, results = [] } = await migrator.migrateToLatest()
  if (error !== undefined) {
    const failed = results.find((result) => result.status === 'Error')
    const reason = error instanceof Error ? error.message : String(error)
    throw new AppError('fatal', `The database could not be migrated${failed ? ` (${failed.migrationName})` : ''}: ${reason}`, {
      cause: error,
      hint: 'Nothing was changed. Start again; if it fails again, report the message.',
    })
  }
  return results.map((result) => result.migrationName)
}

async function assertServerVersion(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ version: string; name: string }>(
    `select current_setting('server_version_num') as version, current_setting('server_version') as name`,
  )
  const row = rows[0]
  if (row === undefined || Number(row.version) >= oldestServer) return
  throw new AppError('fatal', `PostgreSQL ${row.name} is too old: Stackhold needs 14 or newer.`, { hint: 'Upgrade the server behind DATABASE_URL.' })
}

async function assertNotNewer(client: pg.Client, known: readonly string[]): Promise<void> {
  const { rows: found } = await client.query<{ exists: boolean }>(`select to_regclass('stackhold.migration') is not null as exists`)
  if (found[0]?.exists !== true) return
  const { rows } = await client.query<{ name: string }>('select name from stackhold.migration order by name')
  const unknown = rows.filter((row) => !known.includes(row.name)).map((row) => row.name)
  if (unknown.length === 0) return
  throw new AppError('fatal', `This database was made by a newer Stackhold: it has ${unknown.map((name) => `"${name}"`).join(', ')}.`, {
    hint: 'Start that newer version, or restore a backup made by this one.',
  })
}
