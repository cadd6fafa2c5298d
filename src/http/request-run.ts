/** Stage 5: the run of a request, everything its stack may use. */
import type { PasswordService } from '../auth/passwords.js'
import type { TokenService } from '../auth/tokens.js'
import { tokensOf } from '../auth/tokens.js'
import type { Obj, Value } from '../lib/value.js'
import { Budget, type BudgetLimits } from '../runtime/budget.js'
import type { Caller, Clock, Passwords, Places, Random, RecordsSession, RequestFacts, ResponseHead, Templates, Tokens } from '../runtime/capabilities.js'
import type { Run } from '../runtime/frame.js'
import type { Trace } from '../runtime/trace.js'
import type { WorkspaceSnapshot } from '../workspace/snapshot.js'

/** What every run shares. */
export interface RunServices {
  clock: Clock
  random: Random
  passwords: Passwords & Pick<PasswordService, 'needsRehash'>
  tokens: TokenService
  templates?: Templates
  places?: Places
  /** `guarded` and `empty`: see RecordsSessionOptions. */
  openRecords(workspace: WorkspaceSnapshot, datasource: string, options?: { guarded: boolean; empty: boolean }): RecordsSession
  /** Hashes a password again with today's parameters after it proved right; absent: hashes stay as they are. */
  rehash?(workspace: WorkspaceSnapshot, datasource: string, text: string, hash: string): Promise<void>
}

export class RequestRun implements Run, ResponseHead {
  readonly budget: Budget
  readonly clock: Clock
  readonly random: Random
  readonly passwords: Passwords
  readonly caller: Caller
  readonly request: RequestFacts
  readonly env: Obj
  readonly records: RecordsSession
  readonly trace: Trace | null = null
  readonly logs: Value[] | null = null
  /** The head of the response is the run itself: one object less per request. */
  status: number | null = null
  readonly headers: [name: string, value: string][] = []
  /** Work for after the response; null when there is none. */
  later: (() => Promise<void>)[] | null = null
  private readonly services: RunServices
  private readonly workspace: WorkspaceSnapshot
  private issuer: Tokens | undefined

  constructor(services: RunServices, limits: BudgetLimits, workspace: WorkspaceSnapshot, datasource: string, caller: Caller, request: RequestFacts) {
    this.services = services
    this.workspace = workspace
    this.budget = new Budget(limits)
    this.clock = services.clock
    this.random = services.random
    this.passwords = services.rehash === undefined ? services.passwords : this.rehashing(services.rehash)
    this.caller = caller
    this.request = request
    this.env = workspace.env
    this.records = services.openRecords(workspace, datasource)
  }

  get response(): ResponseHead {
    return this
  }

  get templates(): Templates | undefined {
    return this.services.templates
  }

  get places(): Places | undefined {
    return this.services.places
  }

  get tokens(): Tokens {
    this.issuer ??= tokensOf(this.services.tokens, this.workspace.id, this.workspace.tables, () => this.records.datasource)
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
