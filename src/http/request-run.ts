/** Stage 5: the run of a request, everything its stack may use. */
import type { AccountServices } from '../auth/accounts.js'
import type { PasswordService } from '../auth/passwords.js'
import type { TokenService } from '../auth/tokens.js'
import { tokensOf } from '../auth/tokens.js'
import type { Obj, Value } from '../lib/value.js'
import type { Accounts, Mail } from '../runtime/accounts.js'
import { Budget, type BudgetLimits } from '../runtime/budget.js'
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
} from '../runtime/capabilities.js'
import type { Run } from '../runtime/frame.js'
import { noteSql, type SqlFact, type Trace } from '../runtime/trace.js'
import type { WorkspaceSnapshot } from '../workspace/snapshot.js'
import { type LoginNotes, noteAccounts, noteTokens } from './login-notes.js'

/** `guarded`, `empty` and `observe`: see RecordsSessionOptions. */
export interface OpenRecordsOptions {
  guarded?: boolean
  empty?: boolean
  observe?(fact: SqlFact): void
}

/** What every run shares. */
export interface RunServices {
  clock: Clock
  random: Random
  passwords: Passwords & Pick<PasswordService, 'needsRehash'>
  tokens: TokenService
  templates?: Templates
  javascript?: JavaScript
  places?: Places
  accounts?: AccountServices
  mail?: Mail
  external?: ExternalDatabases
  /** Keys of a workspace for ids that filters obscure, the current one first. */
  instanceKeys?(workspaceId: number): readonly Uint8Array[]
  openRecords(workspace: WorkspaceSnapshot, datasource: string, options?: OpenRecordsOptions): RecordsSession
  /** Hashes a password again with today's parameters after it proved right; absent: hashes stay as they are. */
  rehash?(workspace: WorkspaceSnapshot, datasource: string, text: string, hash: string): Promise<void>
}

/** For the session of a traced run. */
export const observing = (trace: Trace): OpenRecordsOptions => ({ observe: (fact) => noteSql(trace, fact) })

export class RequestRun implements Run, ResponseHead {
  readonly budget: Budget
  readonly clock: Clock
  readonly random: Random
  readonly caller: Caller
  readonly request: RequestFacts
  readonly env: Obj
  /** Set before the run begins when the request history wants to know what it does. */
  trace: Trace | null = null
  readonly logs: Value[] | null = null
  /** The head of the response is the run itself: one object less per request. */
  status: number | null = null
  readonly headers: [name: string, value: string][] = []
  /** Work for after the response; null when there is none. */
  later: (() => Promise<void>)[] | null = null
  private readonly services: RunServices
  private readonly workspace: WorkspaceSnapshot
  private readonly datasource: string
  private session: RecordsSession | undefined
  private issuer: Tokens | undefined
  private signIn: Accounts | undefined
  private checker: Passwords | undefined
  /** What it did about somebody's login; null when nothing. */
  login: LoginNotes | null = null

  constructor(services: RunServices, limits: BudgetLimits, workspace: WorkspaceSnapshot, datasource: string, caller: Caller, request: RequestFacts) {
    this.services = services
    this.workspace = workspace
    this.budget = new Budget(limits)
    this.clock = services.clock
    this.random = services.random
    this.caller = caller
    this.request = request
    this.env = workspace.env
    this.datasource = datasource
  }

  get response(): ResponseHead {
    return this
  }

  get templates(): Templates | undefined {
    return this.services.templates
  }

  get javascript(): JavaScript | undefined {
    return this.services.javascript
  }

  get places(): Places | undefined {
    return this.services.places
  }

  get external(): ExternalDatabases | undefined {
    return this.services.external
  }

  get records(): RecordsSession {
    this.session ??= this.services.openRecords(this.workspace, this.datasource, this.trace === null ? undefined : observing(this.trace))
    return this.session
  }

  get passwords(): Passwords {
    this.checker ??= this.services.rehash === undefined ? this.services.passwords : this.rehashing(this.services.rehash)
    return this.checker
  }

  get instanceKeys(): readonly Uint8Array[] | undefined {
    return this.services.instanceKeys?.(this.workspace.id)
  }

  get mail(): Mail | undefined {
    return this.services.mail
  }

  get accounts(): Accounts | undefined {
    if (this.signIn === undefined && this.services.accounts !== undefined)
      this.signIn = noteAccounts(
        this.services.accounts({
          workspaceId: this.workspace.id,
          tables: this.workspace.tables,
          records: () => this.records,
          ip: () => this.request.remoteIp,
        }),
        this,
      )
    return this.signIn
  }

  get tokens(): Tokens {
    this.issuer ??= noteTokens(
      tokensOf(this.services.tokens, this.workspace.id, this.workspace.tables, () => this.records.datasource),
      this,
    )
    return this.issuer
  }

  /** A right password whose hash is out of date is hashed anew once the caller has his answer: it shall not show in the time. */
  private rehashing(rehash: NonNullable<RunServices['rehash']>): Passwords {
    const { passwords } = this.services
    return {
      hash: (text) => passwords.hash(text),
      judge: (text, rules) => passwords.judge(text, rules),
      verify: async (text, hash) => {
        const matches = await passwords.verify(text, hash)
        if (matches && passwords.needsRehash(hash)) this.afterResponse(() => rehash(this.workspace, this.records.datasource, text, hash))
        return matches
      },
    }
  }

  afterResponse(work: () => Promise<void>): void {
    this.later ??= []
    this.later.push(work)
  }
}
