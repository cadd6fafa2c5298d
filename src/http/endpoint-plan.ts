/** What the HTTP layer works out about an endpoint or a group once, not per request. */
import { createBinding, type TokenBinding } from '../auth/tokens.js'
import { challengePurpose } from '../auth/totp.js'
import { textAttribute } from '../definitions/attributes.js'
import { type ChallengeModel, readChallenge } from '../definitions/challenge.js'
import { publicReasonOf } from '../definitions/query.js'
import type { TableModel } from '../definitions/table.js'
import { AppError } from '../errors.js'
import type { Expr, Statement } from '../lang/tree.js'
import type { EndpointSnapshot, GroupSnapshot } from '../workspace/snapshot.js'
import { unsafeOrigins } from '../workspace/unsafe-cors.js'
import { identifierInputs, issuedTable } from './account-key.js'
import { type CorsPlan, planCors } from './cors.js'
import { type PlannedLimit, planLimits } from './endpoint-limits.js'
import { historyOf } from './history.js'
import type { HttpSettings } from './settings.js'

export interface EndpointPlan {
  /** `token`: needs one. `open`: public with a reason or by policy. `unreviewed`: names no auth and nobody said why. */
  readonly exposure: 'token' | 'open' | 'unreviewed'
  /** Table whose tokens open it; null when there is no such table or its auth is off, which refuses everyone. */
  readonly authTable: TableModel | null
  /** Checks passwords or issues tokens, itself or through functions: counted under the stricter limit. */
  readonly checksCredentials: boolean
  /** Whether an answer without an error is a login. */
  readonly logsIn: boolean
  /** Whether it lets in by handing out tokens: an answer without one is no login. */
  readonly issuesTokens: boolean
  /** Names of inputs by which a caller of such an endpoint names an account. */
  readonly identifiers: readonly string[]
  /** May change or delete rows of a table with auth: what that does to tokens is in force before the answer goes out. */
  readonly changesAccounts: boolean
  /** Reads the body itself, so it may have any content type. */
  readonly readsRawInput: boolean
  /** Its requests go into the request history. */
  readonly keepsHistory: boolean
  /** Statements of each request that go there with it; 0: none. */
  readonly statementsKept: number
  /** Limits of its own and of its group; null when it has none. */
  readonly limits: readonly PlannedLimit[] | null
  /** What its callers do first; null when nothing. */
  readonly challenge: ChallengeModel | null
  /** Whether it has limits or a challenge. */
  readonly hasPreconditions: boolean
  readonly label: string
  /** Name of the table whose accounts it is about, for events: its own auth, or that of the tokens it issues; empty when neither is known. */
  readonly accountTable: string
  bindingFor(datasource: string): TokenBinding
  /** What a token of the workspace may be good for instead. */
  otherBindings(datasource: string): TokenBinding[]
}

export interface GroupPlan {
  readonly cors: CorsPlan
  /** Data source of requests that name none. */
  readonly datasource: string
}

/** An endpoint that runs one of these and answers well has let somebody in. */
const issuingStatements = ['security.create_auth_token', 'security.create_session']
const loginStatements = [...issuingStatements, 'security.check_password', 'security.check_second_factor']
const credentialStatements = new Set([
  ...loginStatements,
  'security.create_one_time_token',
  'security.use_one_time_token',
  'security.oauth_start',
  'security.oauth_finish',
])
const writingStatements = new Set([
  'db.edit',
  'db.patch',
  'db.add_or_edit',
  'db.del',
  'db.truncate',
  'db.bulk.update',
  'db.bulk.patch',
  'db.bulk.delete',
  'db.direct_query',
  'security.rotate_session',
  'security.revoke_session',
  'security.revoke_tokens',
])
const rawInputStatements = new Set(['util.get_raw_input', 'util.get_input'])

/** Plans live as long as the snapshot they belong to. */
export function createPlans(settings: HttpSettings): { endpoint: (endpoint: EndpointSnapshot) => EndpointPlan; group: (group: GroupSnapshot) => GroupPlan } {
  const endpoints = new WeakMap<EndpointSnapshot, EndpointPlan>()
  const groups = new WeakMap<GroupSnapshot, GroupPlan>()
  return {
    endpoint(endpoint) {
      let plan = endpoints.get(endpoint)
      if (plan === undefined) {
        plan = planEndpoint(endpoint, settings)
        endpoints.set(endpoint, plan)
      }
      return plan
    },
    group(group) {
      let plan = groups.get(group)
      if (plan === undefined) {
        assertServable(group, settings.mode)
        const { datasources } = group.branch.workspace
        plan = { cors: planCors(group.cors, settings.mode), datasource: datasources.includes('live') ? 'live' : (datasources[0] ?? 'live') }
        groups.set(group, plan)
      }
      return plan
    },
  }
}

/** A group that any website could call is not served in production, however it came there (R23). Throws AppError 503. */
function assertServable(group: GroupSnapshot, mode: HttpSettings['mode']): void {
  if (mode === 'production' && unsafeOrigins(group.cors).length > 0)
    throw new AppError('unavailable', 'This API group is not served: its settings are not safe for production. The log of the server names them.')
}

function planEndpoint(endpoint: EndpointSnapshot, settings: HttpSettings): EndpointPlan {
  const { branch } = endpoint.group
  const table = endpoint.auth === null ? undefined : branch.workspace.tables.get(endpoint.auth)
  const authTable = table?.auth === true ? table : null
  const bindings = new Map<string, TokenBinding>()
  const used = statementsOf(endpoint)
  const limits = planLimits(endpoint, used, settings.expensiveLimit)
  const challenge = readChallenge(endpoint.definition)
  const history = historyOf(endpoint, settings.history)
  return {
    exposure: exposureOf(endpoint, settings),
    authTable,
    checksCredentials: [...used].some((name) => credentialStatements.has(name)),
    logsIn: loginStatements.some((name) => used.has(name)),
    issuesTokens: issuingStatements.some((name) => used.has(name)),
    identifiers: identifierInputs(endpoint.definition.input ?? []),
    changesAccounts: [...used].some((name) => writingStatements.has(name)) && [...branch.workspace.tables.values()].some((model) => model.auth),
    readsRawInput: [...used].some((name) => rawInputStatements.has(name)),
    keepsHistory: history.keeps,
    statementsKept: history.statements,
    limits,
    challenge,
    hasPreconditions: limits !== null || challenge !== null,
    label: `${endpoint.verb} ${endpoint.path}`,
    accountTable: endpoint.auth ?? issuedTable(endpoint.definition.stack ?? []) ?? '',
    bindingFor(datasource) {
      let binding = bindings.get(datasource)
      if (binding === undefined) {
        binding = createBinding(branch.workspace.id, authTable?.id ?? 0, datasource)
        bindings.set(datasource, binding)
      }
      return binding
    },
    otherBindings: (datasource) =>
      [...branch.workspace.tables.values()]
        .filter((model) => model.auth)
        .flatMap((model) => ['auth', challengePurpose].map((purpose) => createBinding(branch.workspace.id, model.id, datasource, purpose))),
  }
}

/** The exposure gate of docs/security.md. */
function exposureOf(endpoint: EndpointSnapshot, settings: HttpSettings): EndpointPlan['exposure'] {
  if (endpoint.auth !== null) return 'token'
  if (publicReasonOf(endpoint.definition) !== null || settings.publicEndpoints === 'allow') return 'open'
  const workspace = endpoint.group.branch.definitions.find((stored) => stored.kind === 'workspace')
  return workspace !== undefined && textAttribute(workspace.definition, 'public_endpoints') === 'allow' ? 'open' : 'unreviewed'
}

/** Names of all statements an endpoint may reach, through the functions it runs too. */
function statementsOf(endpoint: EndpointSnapshot): Set<string> {
  const found = new Set<string>()
  const visited = new Set<string>()
  const visit = (statements: readonly Statement[]): void => {
    for (const statement of statements) {
      if (statement.disabled === true) continue
      found.add(statement.name)
      for (const block of statement.blocks) visit(block.statements)
      const name = statement.name === 'function.run' ? nameOf(statement.head[0]) : undefined
      if (name === undefined || visited.has(name)) continue
      visited.add(name)
      const called = endpoint.group.branch.definitions.find((stored) => stored.kind === 'function' && stored.name === name)
      visit(called?.definition.stack ?? [])
    }
  }
  visit(endpoint.definition.stack ?? [])
  return found
}

const nameOf = (head: Expr | undefined): string | undefined => (head?.type === 'text' || head?.type === 'word' ? head.value : undefined)
