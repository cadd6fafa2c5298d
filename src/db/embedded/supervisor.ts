/** The embedded database: real PostgreSQL started beside the server, kept alive, stopped with it. */
import { mkdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { type Binaries, findBinaryPlaces, prepareBinaries } from './binaries.js'
import { databaseName, ensureCluster, superuser } from './cluster.js'
import { type DataLock, lockDataDirectory } from './data-lock.js'
import { adoptPostmaster, type Postmaster, startPostmaster, stopPostmaster } from './postmaster.js'
import { findRunningPostmaster } from './postmaster-file.js'
import { chooseServerUser, type ServerUser } from './server-user.js'
import { createSocketDirectory, ensureSocketDirectory, removeSocketDirectory } from './socket-directory.js'

/** What happens to the embedded database, for the log. */
export type EmbeddedFact =
  | { kind: 'database_created'; ms: number }
  | { kind: 'database_started'; pid: number; ms: number }
  | { kind: 'database_adopted'; pid: number }
  | { kind: 'database_exited'; how: string }
  | { kind: 'database_start_failed'; message: string; retryInMs: number }
  | { kind: 'database_stopped'; ms: number }

export interface EmbeddedOptions {
  dataDir: string
  log?: (fact: EmbeddedFact) => void
  /** Other binaries than the package's. */
  binaries?: Binaries
  /** No fsync; for throw-away data only. */
  unsafe?: boolean
  /** Further settings of the server, for example `max_connections`. */
  settings?: Readonly<Record<string, string>>
}

export interface EmbeddedDatabase {
  /** For `openDatabase` and `migrateCatalog`; stays valid over restarts. */
  connection: pg.ClientConfig
  /** The process id of Postgres now; `undefined` while it is being restarted. */
  readonly pid: number | undefined
  /** Told each time Postgres ended without being asked to; it is restarted by itself. */
  onExit(handler: (how: string) => void): void
  /** Stops Postgres (SIGINT) and lets go of the data directory. */
  stop(): Promise<void>
}

const retryMs = { first: 100, most: 5_000 }
const startTries = 8

/**
 * Starts PostgreSQL on `dataDir`, or takes over the one a killed Stackhold left running there.
 * Throws `AppError` when another Stackhold uses the directory or the platform has no binaries.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const dataDir = resolve(options.dataDir)
  mkdirSync(dataDir, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
  const lock = await lockDataDirectory(dataDir)
  try {
    const supervisor = new Supervisor(dataDir, options, lock)
    await supervisor.start()
    return supervisor
  } catch (error) {
    lock.release()
    throw error
  }
}

class Supervisor implements EmbeddedDatabase {
  connection: pg.ClientConfig = {}
  readonly #dataDir: string
  readonly #clusterDir: string
  readonly #noteFile: string
  readonly #user: ServerUser | undefined
  readonly #binaries: Binaries
  readonly #options: EmbeddedOptions
  readonly #lock: DataLock
  readonly #exitHandlers: ((how: string) => void)[] = []
  readonly #stopping = new AbortController()
  #socketDir = ''
  #postmaster: Postmaster | undefined
  #restarting: Promise<void> | undefined

  constructor(dataDir: string, options: EmbeddedOptions, lock: DataLock) {
    this.#dataDir = dataDir
    this.#clusterDir = join(dataDir, 'postgres')
    this.#noteFile = join(dataDir, 'postgres.socket')
    this.#options = options
    this.#lock = lock
    this.#user = chooseServerUser(this.#clusterDir)
    this.#binaries = options.binaries ?? prepareBinaries(findBinaryPlaces(dataDir), this.#user)
  }

  get pid(): number | undefined {
    return this.#postmaster?.pid
  }

  async start(): Promise<void> {
    const began = Date.now()
    const created = await ensureCluster(this.#clusterDir, { binaries: this.#binaries, user: this.#user, unsafe: this.#options.unsafe === true })
    if (created) this.#log({ kind: 'database_created', ms: Date.now() - began })
    const adopted = await adoptPostmaster(this.#clusterDir, answers)
    if (adopted !== undefined) {
      this.#log({ kind: 'database_adopted', pid: adopted.pid })
      this.#use(adopted)
      return
    }
    this.#socketDir = createSocketDirectory(this.#noteFile, this.#user)
    this.#use(await this.#startWithRetries(startTries))
  }

  onExit(handler: (how: string) => void): void {
    this.#exitHandlers.push(handler)
  }

  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return
    const began = Date.now()
    this.#stopping.abort()
    await this.#restarting?.catch(() => {})
    if (this.#postmaster !== undefined) await stopPostmaster(this.#postmaster)
    this.#postmaster = undefined
    removeSocketDirectory(this.#socketDir, this.#noteFile)
    this.#lock.release()
    this.#log({ kind: 'database_stopped', ms: Date.now() - began })
  }

  #use(postmaster: Postmaster): void {
    this.#postmaster = postmaster
    this.#socketDir = postmaster.socketDir
    this.connection = toConnection(postmaster.socketDir)
    void postmaster.exited.then((how) => this.#onExited(postmaster, how))
  }

  #onExited(postmaster: Postmaster, how: string): void {
    if (this.#stopping.signal.aborted || this.#postmaster !== postmaster) return
    this.#postmaster = undefined
    this.#log({ kind: 'database_exited', how })
    this.#restarting = this.#startWithRetries(Number.POSITIVE_INFINITY).then(
      (next) => this.#use(next),
      () => {},
    )
    for (const handler of this.#exitHandlers) handler(how)
  }

  /** The first tries may fail while the last processes of a killed server still hold its shared memory. */
  async #startWithRetries(tries: number): Promise<Postmaster> {
    for (let attempt = 1; ; attempt++) {
      const began = Date.now()
      try {
        return await this.#startOnce(began)
      } catch (error) {
        if (attempt >= tries || this.#stopping.signal.aborted) throw error
        const retryInMs = Math.min(retryMs.first * 2 ** (attempt - 1), retryMs.most)
        this.#log({ kind: 'database_start_failed', message: error instanceof Error ? error.message : String(error), retryInMs })
        await sleep(retryInMs, undefined, { signal: this.#stopping.signal })
      }
    }
  }

  async #startOnce(began: number): Promise<Postmaster> {
    findRunningPostmaster(this.#clusterDir)
    ensureSocketDirectory(this.#socketDir, this.#user)
    rmSync(join(this.#socketDir, '.s.PGSQL.5432.lock'), { force: true })
    const postmaster = await startPostmaster({
      binaries: this.#binaries,
      clusterDir: this.#clusterDir,
      socketDir: this.#socketDir,
      logFile: join(this.#dataDir, 'postgres.log'),
      user: this.#user,
      settings: { ...(this.#options.unsafe === true ? unsafeSettings : {}), ...this.#options.settings },
    })
    this.#log({ kind: 'database_started', pid: postmaster.pid, ms: Date.now() - began })
    return postmaster
  }

  #log(fact: EmbeddedFact): void {
    this.#options.log?.(fact)
  }
}

const unsafeSettings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }

const toConnection = (socketDir: string): pg.ClientConfig => ({ host: socketDir, port: 5432, user: superuser, database: databaseName })

async function answers(socketDir: string): Promise<boolean> {
  const client = new pg.Client({ ...toConnection(socketDir), connectionTimeoutMillis: 5_000, query_timeout: 5_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => {})
  }
}
