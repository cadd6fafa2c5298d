/** What a running stack may use. Implemented below the engine (db, auth, services); a test passes literal objects. */
import type { PasswordPolicy } from '../fields/password-policy.js'
import type { Expr } from '../lang/tree.js'
import type { Obj, Value } from '../lib/value.js'
import type { Evaluate, Frame } from './frame.js'

export interface Clock {
  /** Epoch milliseconds. */
  now(): number
}

export interface Random {
  bytes(count: number): Uint8Array
  /** Uniform, both bounds inclusive. */
  int(min: number, max: number): number
  uuid(): string
}

/** What is asked of a password that becomes part of a row. */
export interface PasswordRules {
  policy: PasswordPolicy
  /** Names, e-mail addresses and the like of its owner, which it must not contain. */
  words: readonly string[]
}

export interface Passwords {
  hash(text: string): Promise<string>
  /** Why the text may not become a password, to follow `Input "x" …`; null when it may. */
  judge(text: string, rules: PasswordRules): Promise<string | null>
  /** False for anything that is not a hash; takes the same time either way. */
  verify(text: string, hash: string): Promise<boolean>
}

export interface Tokens {
  /** Errors: unknown table, table without auth, extras over 2 KB, expiration out of range. `expiration` in seconds. */
  issue(claims: { table: string; id: Value; extras: Obj; expiration?: number }): Promise<string>
}

/** Seals values at rest for one workspace. `place` is authenticated along with them: a sealed value opens where it was sealed for only. */
export interface Vault {
  seal(text: string, place: string): string
  /** `undefined` for what was sealed for another place, was changed, or has a key that is gone. */
  open(sealed: string, place: string): string | undefined
  /** Whether the key in force sealed it. */
  isCurrent(sealed: string): boolean
}

/** Rows of the builder's tables within one run: one data source, at most one open transaction. */
export interface RecordsSession {
  readonly datasource: string
  setDatasource(name: string): void
  /** Everything inside uses one client; nesting is a savepoint; a throw rolls back. */
  transaction<T>(body: () => Promise<T>, options?: { isolation?: string }): Promise<T>
  /** Runs what may fail and be caught: in a transaction, a statement that fails then undoes itself alone. */
  attempt?<T>(body: () => Promise<T>): Promise<T>
}

/** One database statement, its SQL already built. */
export interface RecordsAction {
  (session: RecordsSession, frame: Frame): Promise<Value>
  /** The same with rows as RawJson, for results that only the writer of the response looks into; absent when they cannot be. */
  passThrough?: RecordsAction
  /** The same as a ValueStream, for results that only loops go over; absent when the statement asks for none. */
  stream?(session: RecordsSession, frame: Frame): Value
}

export type RecordsOperation =
  | 'query'
  | 'get'
  | 'has'
  | 'add'
  | 'edit'
  | 'patch'
  | 'add_or_edit'
  | 'del'
  | 'count'
  | 'truncate'
  | 'increment'
  | 'bulk.add'
  | 'bulk.update'
  | 'bulk.patch'
  | 'bulk.delete'
  | 'direct_query'
  | 'schema'

export interface RecordsRequest {
  operation: RecordsOperation
  /** As written in the head; absent for `direct_query`. */
  table?: string
  /** Arguments as trees, under their canonical names; a repeated argument is a list literal. */
  args: ReadonlyMap<string, Expr>
  /** Compiles a part of the tree that is a stack value (everything that names no column). */
  compileValue(expr: Expr): Evaluate
  /** The same in which `$name` is a value given at every evaluation. */
  compileBound(expr: Expr, name: string): (frame: Frame, value: Value) => Value
  /** Fills a template with the variables of the program; present for statements that may be templates. */
  fillTemplate?(frame: Frame, source: string): Promise<string>
  /** Tells the builder, when saving, of a part that is left out. */
  warn(message: string, hint?: string): void
  /** The query of an addon. Throws AppError when nothing has that name, and for an addon that is no query. */
  addon(name: string): AddonRequest
}

/** The one query of an addon, and how it is entered. */
export interface AddonRequest {
  readonly request: RecordsRequest
  /** A frame of the addon for one set of inputs. Throws `inputError` for inputs that do not fit. */
  enter(frame: Frame, input: ReadonlyMap<string, Value>): Frame
}

/** Builds database statements when a stack is compiled. Throws AppError (`fatal`) naming the table or column, with a did-you-mean. */
export interface RecordsCompiler {
  compile(request: RecordsRequest): RecordsAction
}

/** The caller of a run. Anonymous is a value, never an absence. */
export interface Caller {
  /** Auth-enabled table of the token; null when anonymous. */
  readonly table: string | null
  /** 0 when anonymous. */
  readonly id: Value
  readonly extras: Obj
  /** The session of the token; absent or null when it stands alone. */
  readonly session?: string | null
}
export const anonymous: Caller = Object.freeze({ table: null, id: 0, extras: new Map<string, Value>() })

/** Facts of the HTTP request that started the run, behind `$env.$…`; literals for tasks and function runs. */
export interface RequestFacts {
  readonly remoteIp: string
  readonly method: string
  /** Full URL. */
  readonly uri: string
  readonly querystring: string
  /** Title-Case names. */
  readonly headers: Obj
  readonly authToken: string
  readonly apiBaseUrl: string
  readonly branch: string
  readonly debugger: boolean
  /** Raw body for `util.get_raw_input`. */
  readonly rawBody: Uint8Array | null
  /** All inputs as received, undeclared ones included. */
  readonly rawInput: Obj
}

/** Status and headers a stack sets on its response. */
export interface ResponseHead {
  status: number | null
  /** In order; names as the builder wrote them. */
  readonly headers: [name: string, value: string][]
}

/** Fills Twig templates apart from the server, so that none can hang it. */
export interface Templates {
  /** HTML is escaped. Errors: AppError `fatal` for a wrong template, or one that takes longer than `milliseconds`. */
  fill(source: string, variables: Obj, milliseconds: number): Promise<string>
}

/** Where IP addresses are. */
export interface Places {
  /** `{continent, country, region, city, postal, location}`; null for an unknown address. */
  find(address: string): Obj | null
}

/** Databases of others that stacks may query. */
export type ExternalEngine = 'postgres' | 'mysql'

export interface ExternalQuery {
  readonly engine: ExternalEngine
  /** With its credentials: nothing of it may show anywhere. */
  readonly connectionString: string
  readonly sql: string
  /** One per `?`, in order. */
  readonly args: readonly Value[]
  /** The longest it may take, waiting for a connection included. */
  readonly milliseconds: number
}

export interface ExternalDatabases {
  /** Throws AppError `accessDenied` when a statement may not be a template. */
  assertTemplates(): void
  /** The rows. Throws AppError: `accessDenied` for an address that may not be reached, `input` for what cannot be sent, `fatal` for the rest. */
  query(query: ExternalQuery): Promise<Value[]>
}

/** Code of a builder that runs apart from the server. */
export interface JavaScriptRequest {
  /** Body of an async function of `$this`, `$index`, `$parent`, `$result`, `$var`, `$input`, `$auth`, `$env`; JavaScript or TypeScript. */
  readonly code: string
  /**
   * Body of an async function of `call(item, index, result)`, which runs the code, `value` (`this` of the bindings), its `entries`,
   * `rebuild(entries)` and `initial`: how often the code runs, and what becomes of its results.
   */
  readonly driver: string
  /** JSON text of `{this, initial, var, input, auth, env}`; only this crosses. */
  readonly bindings: string
  /** How long it may take. */
  readonly milliseconds: number
  /** How long it may wait for its turn. */
  readonly patience: number
  /** Takes the lines of `console`; null when nobody reads them. */
  readonly log: ((line: string) => void) | null
}

/** Runs JavaScript where it reaches nothing but its data. */
export interface JavaScript {
  /** Errors: AppError `fatal` (name `JavaScriptError`) for code that throws, takes too long or too much memory; `unavailable` when too many runs wait. */
  run(request: JavaScriptRequest): Promise<Value>
}
