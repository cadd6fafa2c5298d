/** Rows within one run: one data source, at most one open transaction. */
import { AppError, fatal } from '../../errors.js'
import { didYouMean } from '../../lang/suggest.js'
import type { RecordsSession } from '../../runtime/capabilities.js'
import type { Database } from '../client.js'
import { schemaName } from '../ddl/names.js'
import { type DirectMode, ensureDirectRole } from '../direct/role.js'
import type { Command } from '../inputs.js'
import type { Queryable, QueryResult, Transaction, TransactionOptions } from '../queryable.js'
import { createEmptyCopy } from './empty-copy.js'
import { toRecordsError } from './failure.js'

/** A statement that ran; for traces and metrics. */
export interface StatementFact {
  sql: string
  milliseconds: number
  rows: number
}

/** A database, or a transaction that everything shall be part of. */
export type SessionBase = Queryable & Pick<Database, 'withTransaction'>

export interface RecordsSessionOptions {
  workspaceId: number
  datasource: string
  /** Data sources of the workspace; anything else is refused. */
  datasources: readonly string[]
  observe?: (fact: StatementFact) => void
  /** In a transaction a statement that fails leaves it usable, as one outside would: for tests, which run in one. */
  guarded?: boolean
  /** A transaction sees the tables of the data source without their rows: for tests. */
  empty?: boolean
  /** Name of the workspace: no password may contain it. */
  appName?: string
}

export interface RunOptions {
  /** Short by construction: one row by a unique key. */
  fast?: boolean
}

const isolations = new Map<string, NonNullable<TransactionOptions['isolation']>>([
  ['read committed', 'read committed'],
  ['repeatable read', 'repeatable read'],
  ['serializable', 'serializable'],
])

export class DatabaseSession implements RecordsSession {
  readonly #database: SessionBase
  readonly #options: RecordsSessionOptions
  #transaction: Transaction | null = null
  #guarded: Promise<unknown> = Promise.resolve()
  #datasource = ''
  #schema = ''

  constructor(database: SessionBase, options: RecordsSessionOptions) {
    this.#database = database
    this.#options = options
    this.setDatasource(options.datasource)
  }

  get datasource(): string {
    return this.#datasource
  }

  /** Schema of the current data source. */
  get schema(): string {
    return this.#schema
  }

  /** Words no password of this app may contain. */
  get appNames(): readonly string[] {
    const { appName } = this.#options
    return appName === undefined ? ['stackhold'] : ['stackhold', appName]
  }

  get workspaceId(): number {
    return this.#options.workspaceId
  }

  /** Every data source of the workspace. */
  get datasources(): readonly string[] {
    return this.#options.datasources
  }

  /** Makes sure of the role under which SQL of builders runs on the current data source. */
  ensureDirectRole(mode: DirectMode): Promise<void> {
    return ensureDirectRole(this.#database, this.#options.workspaceId, this.#options.datasources, mode)
  }

  get inTransaction(): boolean {
    return this.#transaction !== null
  }

  setDatasource(name: string): void {
    if (!this.#options.datasources.includes(name)) {
      const hint = didYouMean(name, this.#options.datasources)
      throw new AppError('input', `Unknown data source: ${name}`, { payload: { param: 'datasource' }, ...(hint === undefined ? {} : { hint }) })
    }
    this.#datasource = name
    this.#schema = schemaName(this.#options.workspaceId, name)
  }

  async transaction<T>(body: () => Promise<T>, options: { isolation?: string } = {}): Promise<T> {
    const outer = this.#transaction
    const run = async (transaction: Transaction): Promise<T> => {
      this.#transaction = transaction
      const schema = this.#schema
      try {
        if (outer === null && this.#options.empty === true) this.#schema = await createEmptyCopy(transaction, schema)
        return await body()
      } finally {
        this.#transaction = outer
        if (outer === null) this.#schema = schema
      }
    }
    try {
      return await (outer === null ? this.#database.withTransaction(run, toOptions(options.isolation)) : outer.withTransaction(run))
    } catch (error) {
      throw toRecordsError(error)
    }
  }

  /** Runs statements that belong together: in the open transaction, else in one that only `body` sees, so that others may use this session meanwhile. */
  async atomically<T>(body: (session: DatabaseSession) => Promise<T>): Promise<T> {
    if (this.#transaction !== null) return body(this)
    try {
      return await this.#database.withTransaction((transaction) => {
        const inner = new DatabaseSession(this.#database, { ...this.#options, datasource: this.#datasource })
        inner.#transaction = transaction
        return body(inner)
      })
    } catch (error) {
      throw toRecordsError(error)
    }
  }

  /** As {@link run}, sharing the answer with an identical statement under way: for counts. In a transaction every statement sees its own state. */
  async runShared(command: Command): Promise<QueryResult<Record<string, unknown>>> {
    if (this.#transaction !== null) return this.run(command)
    const map = underway.get(this.#database) ?? new Map<string, Promise<QueryResult<Record<string, unknown>>>>()
    underway.set(this.#database, map)
    const key = JSON.stringify([command.text, command.values])
    const found = map.get(key)
    if (found !== undefined) return found
    const running = this.run(command).finally(() => map.delete(key))
    map.set(key, running)
    return running
  }

  /** In a savepoint of its own; one at a time, because savepoints nest. */
  #guard<T>(transaction: Transaction, execute: (queryable: Queryable) => Promise<T>): Promise<T> {
    const result = this.#guarded.then(() => transaction.withTransaction(execute))
    this.#guarded = result.catch(() => {})
    return result
  }

  /** Runs a statement in the open transaction, else on a connection of its own. */
  async run(command: Command, options: RunOptions = {}): Promise<QueryResult<Record<string, unknown>>> {
    const target: Queryable = this.#transaction ?? this.#database
    const started = performance.now()
    try {
      const execute = (queryable: Queryable): Promise<QueryResult<Record<string, unknown>>> =>
        queryable.execute(command.text, command.values, {
          ...(command.name === undefined ? {} : { name: command.name }),
          fast: options.fast === true && command.name !== undefined,
        })
      const result = await (this.#transaction !== null && this.#options.guarded === true ? this.#guard(this.#transaction, execute) : execute(target))
      this.#options.observe?.({ sql: command.text, milliseconds: performance.now() - started, rows: result.count })
      return result
    } catch (error) {
      throw toRecordsError(error)
    }
  }
}

/** Statements under way that others with the same text and values may wait for, by database. */
const underway = new WeakMap<SessionBase, Map<string, Promise<QueryResult<Record<string, unknown>>>>>()

function toOptions(isolation: string | undefined): TransactionOptions {
  if (isolation === undefined || isolation === '') return {}
  const level = isolations.get(isolation.toLowerCase().replaceAll('_', ' '))
  if (level === undefined) throw fatal(`Unknown isolation level: ${isolation}`, { hint: `Use one of ${[...isolations.keys()].join(', ')}.` })
  return { isolation: level }
}

/** The session behind the engine's interface. */
export function asDatabaseSession(session: RecordsSession): DatabaseSession {
  if (session instanceof DatabaseSession) return session
  throw new TypeError('This session has no database')
}
