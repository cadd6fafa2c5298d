/** The state of one function execution. */
import type { AppError } from '../errors.js'
import type { Obj, Value } from '../lib/value.js'
import type { Accounts, Mail } from './accounts.js'
import type { Budget } from './budget.js'
import type {
  Caller,
  Clock,
  ExternalDatabases,
  JavaScript,
  Passwords,
  Places,
  Random,
  RecordsSession,
  RequestFacts,
  ResponseHead,
  Templates,
  Tokens,
} from './capabilities.js'
import type { FilterContext } from './define.js'
import type { Trace } from './trace.js'
import type { Answers } from './waiting.js'

/** An expression, compiled. Always synchronous. */
export type Evaluate = (frame: Frame) => Value

/** What is shared by every frame of one request, task or function run. */
export interface Run {
  readonly budget: Budget
  readonly clock: Clock
  readonly random: Random
  readonly tokens: Tokens
  readonly passwords: Passwords
  readonly records: RecordsSession
  readonly caller: Caller
  readonly request: RequestFacts
  readonly response: ResponseHead
  /** Workspace variables, `$env.NAME`. */
  readonly env: Obj
  /** Null when nothing is recorded. */
  readonly trace: Trace | null
  /** Values of `debug.log`; null outside debug runs. */
  readonly logs: Value[] | null
  /** Registers work for after the response (`util.post_process`). */
  afterResponse(work: () => Promise<void>): void
  /** Absent where no templates are filled. */
  readonly templates?: Templates | undefined
  /** Absent where no JavaScript runs. */
  readonly javascript?: JavaScript | undefined
  /** Sessions, single-use tokens, second factors, other providers; absent where there are no accounts. */
  readonly accounts?: Accounts | undefined
  /** Keys of this workspace on this instance, the current one first, for ids that filters obscure; absent where there is no instance. */
  readonly instanceKeys?: readonly Uint8Array[] | undefined
  /** Absent where no mails are sent. */
  readonly mail?: Mail | undefined
  /** Absent where no addresses are looked up. */
  readonly places?: Places | undefined
  /** Absent where no databases of others are queried. */
  readonly external?: ExternalDatabases | undefined
  /** The caller a token stands for, where stacks call endpoints. Throws AppError `unauthorized`. */
  authenticate?(token: string, table: string): Promise<Caller>
  /** Name of the unit test that runs: statements with a `mock` of that name answer it. */
  readonly test?: string
  /** Within `expect.to_throw`: an endpoint that fails throws instead of answering its error. */
  readonly throwing?: true
}

export interface Frame {
  readonly run: Run
  /** Stack variables by slot; `undefined` = not declared yet. */
  readonly slots: (Value | undefined)[]
  /** Owner token per slot, null while it owns nothing; see ownership.ts. */
  readonly owners: (object | null)[]
  readonly input: Obj
  /** Depth of nested function runs, from 0. */
  readonly depth: number
  /** The result goes to the writer of a response and nowhere else: parts that nobody looks into may be RawJson. */
  readonly passThrough?: boolean
  /** Set before a `return` completion. */
  returned: Value
  /** Inside `catch`. */
  error: AppError | null
  /** What filters get. */
  readonly context: FilterContext
  /** What the expression being evaluated has waited for so far; see waiting.ts. */
  answers?: Answers | undefined
}

/** How a statement ended. Normal is `undefined`; the returned value waits in `frame.returned`. */
export type Completion = undefined | 'return' | 'break' | 'continue'
