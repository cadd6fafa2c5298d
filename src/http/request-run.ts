/** Stage 5: the run of a request, everything its stack may use. */
import type { TokenService } from '../auth/tokens.js'
import { tokensOf } from '../auth/tokens.js'
import type { Obj, Value } from '../lib/value.js'
import { Budget, type BudgetLimits } from '../runtime/budget.js'
import type { Caller, Clock, Passwords, Random, RecordsSession, RequestFacts, ResponseHead, Tokens } from '../runtime/capabilities.js'
import type { Run } from '../runtime/frame.js'
import type { Trace } from '../runtime/trace.js'
import type { WorkspaceSnapshot } from '../workspace/snapshot.js'

/** What every run shares. */
export interface RunServices {
  clock: Clock
  random: Random
  passwords: Passwords
  tokens: TokenService
  openRecords(workspace: WorkspaceSnapshot, datasource: string): RecordsSession
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
    this.passwords = services.passwords
    this.caller = caller
    this.request = request
    this.env = workspace.env
    this.records = services.openRecords(workspace, datasource)
  }

  get response(): ResponseHead {
    return this
  }

  get tokens(): Tokens {
    this.issuer ??= tokensOf(this.services.tokens, this.workspace.id, this.workspace.tables, () => this.records.datasource)
    return this.issuer
  }

  afterResponse(work: () => Promise<void>): void {
    this.later ??= []
    this.later.push(work)
  }
}
