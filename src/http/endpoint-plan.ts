/** What the HTTP layer works out about an endpoint or a group once, not per request. */
import { createBinding, type TokenBinding } from '../auth/tokens.js'
import { textAttribute } from '../definitions/attributes.js'
import { publicReasonOf } from '../definitions/query.js'
import type { TableModel } from '../definitions/table.js'
import type { Expr, Statement } from '../lang/tree.js'
import type { EndpointSnapshot, GroupSnapshot } from '../workspace/snapshot.js'
import { identifierInputs } from './account-key.js'
import { type CorsPlan, planCors } from './cors.js'
import type { HttpSettings } from './settings.js'

export interface EndpointPlan {
  /** `token`: needs one. `open`: public with a reason or by policy. `unreviewed`: names no auth and nobody said why. */
  readonly exposure: 'token' | 'open' | 'unreviewed'
  /** Table whose tokens open it; null when there is no such table or its auth is off, which refuses everyone. */
  readonly authTable: TableModel | null
  /** Checks passwords or issues tokens, itself or through functions: counted under the stricter limit. */
  readonly checksCredentials: boolean
  /** Names of inputs by which a caller of such an endpoint names an account. */
  readonly identifiers: readonly string[]
  /** May change or delete rows of a table with auth: what that does to tokens is in force before the answer goes out. */
  readonly changesAccounts: boolean
  /** Reads the body itself, so it may have any content type. */
  readonly readsRawInput: boolean
  readonly label: string
  bindingFor(datasource: string): TokenBinding
}

export interface GroupPlan {
  readonly cors: CorsPlan
  /** Data source of requests that name none. */
  readonly datasource: string
}

const credentialStatements = new Set(['security.check_password', 'security.create_auth_token'])
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
        const { datasources } = group.branch.workspace
        plan = { cors: planCors(group.cors, settings.mode), datasource: datasources.includes('live') ? 'live' : (datasources[0] ?? 'live') }
        groups.set(group, plan)
      }
      return plan
    },
  }
}

function planEndpoint(endpoint: EndpointSnapshot, settings: HttpSettings): EndpointPlan {
  const { branch } = endpoint.group
  const table = endpoint.auth === null ? undefined : branch.workspace.tables.get(endpoint.auth)
  const authTable = table?.auth === true ? table : null
  const bindings = new Map<string, TokenBinding>()
  const used = statementsOf(endpoint)
  return {
    exposure: exposureOf(endpoint, settings),
    authTable,
    checksCredentials: [...used].some((name) => credentialStatements.has(name)),
    identifiers: identifierInputs(endpoint.definition.input ?? []),
    changesAccounts: [...used].some((name) => writingStatements.has(name)) && [...branch.workspace.tables.values()].some((model) => model.auth),
    readsRawInput: [...used].some((name) => rawInputStatements.has(name)),
    label: `${endpoint.verb} ${endpoint.path}`,
    bindingFor(datasource) {
      let binding = bindings.get(datasource)
      if (binding === undefined) {
        binding = createBinding(branch.workspace.id, authTable?.id ?? 0, datasource)
        bindings.set(datasource, binding)
      }
      return binding
    },
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
