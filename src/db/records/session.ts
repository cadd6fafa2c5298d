/** Rows within one run: one data source, at most one open transaction. */
import { AppError, fatal } from '../../errors.js'
import { didYouMean } from '../../lang/suggest.js'
import type { RecordsSession } from '../../runtime/capabilities.js'
import type { SqlFact } from '../../runtime/trace.js'
import { placeOf, schemaName } from '../ddl/names.js'
import { type DirectMode, ensureDirectRole } from '../direct/role.js'
import type { Command } from '../inputs.js'
import type { Queryable, QueryOptions, QueryResult, TextRow, Transaction, TransactionOptions } from '../queryable.js'
import { type Behalf, inTurn, runAs } from './behalf.js'
import { openStreamConnection, type StreamBase, type StreamConnection, streamsOf } from './cursor.js'
import { createEmptyCopy } from './empty-copy.js'
import { toRecordsError } from './failure.js'

/** A statement that ran; for traces and metrics. */
export type StatementFact = SqlFact

/** A database, or a transaction that everything shall be part of. */
export type SessionBase = StreamBase

export interface RecordsSessionOptions {
  workspaceId: number
  datasource: string
  /** Data sources of the workspace; anything else is refused. */
  datasources: readonly string[]
  /** The branch whose own tables these are; absent: those that branches share. */
  tablesOf?: number | null
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
  /** Rows as lists of the columns' texts, see `runTexts`. */
  texts?: boolean
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
  #streams: { connection: Promise<StreamConnection>; users: number } | null = null
  #cursors = 0
  /** Blocks of the open transaction whose errors are caught. */
  #attempts = 0
  #behalf: Behalf | null = null
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
    const { workspaceId, datasources } = this.#options
    return ensureDirectRole(this.#database, { workspaceId, tablesOf: this.tablesOf, datasources }, mode)
  }

  /** This session on behalf of a caller, as it is now: every statement obeys the rules of the tables it reaches. */
  onBehalfOf(behalf: Behalf): DatabaseSession {
    const own = new DatabaseSession(this.#database, { ...this.#options, datasource: this.#datasource })
    own.#transaction = this.#transaction
    own.#schema = this.#schema
    own.#attempts = this.#attempts
    own.#behalf = behalf
    return own
  }

  /** Schema of a data source. */
  schemaOf(datasource: string): string {
    return schemaName(this.#options.workspaceId, placeOf(datasource, this.#options.tablesOf))
  }

  /** The branch whose own tables these are. */
  get tablesOf(): number | null {
    return this.#options.tablesOf ?? null
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
    this.#schema = this.schemaOf(name)
  }

  async transaction<T>(body: () => Promise<T>, options: { isolation?: string } = {}): Promise<T> {
    const outer = this.#transaction
    const attempts = this.#attempts
    const copies = outer === null && this.#options.empty === true
    const run = async (transaction: Transaction): Promise<T> => {
      this.#transaction = transaction
      // What fails in here undoes all of this transaction, whoever catches it outside.
      this.#attempts = 0
      try {
        if (copies) this.#schema = await createEmptyCopy(transaction, this.#schema)
        return await body()
      } finally {
        this.#transaction = outer
        this.#attempts = attempts
        if (copies) this.#schema = this.schemaOf(this.#datasource)
      }
    }
    try {
      return await (outer === null ? this.#database.withTransaction(run, toOptions(options.isolation)) : outer.withTransaction(run))
    } catch (error) {
      throw toRecordsError(error)
    }
  }

  async attempt<T>(body: () => Promise<T>): Promise<T> {
    if (this.#transaction === null) return body()
    this.#attempts++
    try {
      return await body()
    } finally {
      this.#attempts--
    }
  }

  /** Whether a statement that fails must leave the open transaction usable. */
  get #isGuarded(): boolean {
    return this.#attempts > 0 || this.#options.guarded === true
  }

  /** Runs statements that belong together: in the open transaction, else in one that only `body` sees, so that others may use this session meanwhile. */
  async atomically<T>(body: (session: DatabaseSession) => Promise<T>): Promise<T> {
    if (this.#transaction !== null) return this.#isGuarded ? this.transaction(() => body(this)) : body(this)
    try {
      return await this.#database.withTransaction((transaction) => {
        const inner = new DatabaseSession(this.#database, { ...this.#options, datasource: this.#datasource })
        inner.#transaction = transaction
        inner.#behalf = this.#behalf
        return body(inner)
      })
    } catch (error) {
      throw toRecordsError(error)
    }
  }

  /** As {@link run}, sharing the answer with an identical statement under way: for counts. In a transaction every statement sees its own state. */
  async runShared(command: Command): Promise<QueryResult<Record<string, unknown>>> {
    if (this.#transaction !== null || this.#behalf !== null) return this.run(command)
    const map = underway.get(this.#database) ?? new Map<string, Promise<QueryResult<Record<string, unknown>>>>()
    underway.set(this.#database, map)
    const key = JSON.stringify([command.text, command.values])
    const found = map.get(key)
    if (found !== undefined) return this.#options.observe === undefined ? found : observed(this.#options.observe, command, () => found)
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
    const { observe } = this.#options
    try {
      return await (observe === undefined ? this.#execute(command, options) : observed(observe, command, () => this.#execute(command, options)))
    } catch (error) {
      throw toRecordsError(error)
    }
  }

  /** As {@link run}: rows as their columns' texts. */
  async runTexts(command: Command, fast = false): Promise<TextRow[]> {
    const { rows } = await this.run(command, { fast, texts: true })
    return rows as unknown as TextRow[]
  }

  #executeAs(behalf: Behalf, command: Command, texts?: boolean): Promise<QueryResult<Record<string, unknown>>> {
    const { workspaceId, empty } = this.#options
    const guard = { workspaceId, schema: this.#schema, role: empty !== true }
    const open = this.#transaction
    if (open === null) return this.#database.withTransaction((own) => runAs(own, behalf, guard, command, false, texts))
    const execute = (on: Queryable) => runAs(on, behalf, guard, command, true, texts)
    return inTurn(open, () => (this.#isGuarded ? this.#guard(open, execute) : execute(open)))
  }

  /** Reads by a cursor, `rows` at a time: in the open transaction, else in one that all streams of this run share. */
  async *stream(command: Command, rows: number): AsyncGenerator<Record<string, unknown>[]> {
    // Rules hold for one statement at a time, not for a cursor that outlives it.
    if (this.#behalf !== null || (this.#transaction === null && streamsOf(this.#database) === 0)) {
      yield (await this.run(command)).rows
      return
    }
    const own = this.#transaction === null
    const transaction = this.#transaction ?? (await this.#shareStreams())
    const run = async (text: string, values: readonly unknown[] = []): Promise<QueryResult<Record<string, unknown>>> => {
      const began = performance.now()
      try {
        const execute = (queryable: Queryable) => queryable.execute(text, values)
        return await (!own && this.#isGuarded ? this.#guard(transaction, execute) : execute(transaction))
      } catch (error) {
        throw toRecordsError(error)
      } finally {
        milliseconds += performance.now() - began
      }
    }
    const name = `stream_${++this.#cursors}`
    let milliseconds = 0
    let count = 0
    let open = false
    try {
      await run(`declare ${name} no scroll cursor for ${command.text}`, command.values)
      open = true
      for (let found = rows; found === rows; ) {
        const batch = (await run(`fetch forward ${rows} from ${name}`)).rows
        found = batch.length
        count += found
        if (found > 0) yield batch
      }
    } finally {
      this.#options.observe?.({ sql: command.text, parameters: command.values.length, milliseconds, rows: count, ...(open ? {} : { failed: true }) })
      if (open) await run(`close ${name}`).catch(() => {})
      if (own) await this.#leaveStreams()
    }
  }

  async #shareStreams(): Promise<Transaction> {
    this.#streams ??= { connection: openStreamConnection(this.#database), users: 0 }
    const shared = this.#streams
    shared.users++
    try {
      return (await shared.connection).transaction
    } catch (error) {
      if (this.#streams === shared) this.#streams = null
      throw toRecordsError(error)
    }
  }

  async #leaveStreams(): Promise<void> {
    const shared = this.#streams
    if (shared === null || --shared.users > 0) return
    this.#streams = null
    await (await shared.connection).end().catch(() => {})
  }

  #execute(command: Command, options: RunOptions): Promise<QueryResult<Record<string, unknown>>> {
    if (this.#behalf !== null) return this.#executeAs(this.#behalf, command, options.texts)
    const execute = (queryable: Queryable): Promise<QueryResult<Record<string, unknown>>> =>
      queryable.execute(command.text, command.values, toQueryOptions(command, options))
    return this.#transaction !== null && this.#isGuarded ? this.#guard(this.#transaction, execute) : execute(this.#transaction ?? this.#database)
  }
}

/** Of a statement without a name, which is planned each time, nothing is short. */
const toQueryOptions = ({ name }: Command, { fast, texts }: RunOptions): QueryOptions =>
  name === undefined ? { texts: texts === true } : { name, fast: fast === true, texts: texts === true }

/** Runs a statement and tells of it, also when it fails. */
async function observed<T extends { count: number }>(observe: (fact: StatementFact) => void, command: Command, execute: () => Promise<T>): Promise<T> {
  const started = performance.now()
  const tell = (rows: number, failed: { failed?: true } = {}): void =>
    observe({ ...(command.shown ?? { sql: command.text, parameters: command.values.length }), milliseconds: performance.now() - started, rows, ...failed })
  try {
    const result = await execute()
    tell(result.count)
    return result
  } catch (error) {
    tell(0, { failed: true })
    throw error
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
