/** An app over a hand-made snapshot with literal programs: the HTTP layer alone, no language and no database. */

import { type AppDeps, buildApp, toSettings } from '../../src/app.js'
import { createEpochs, type EpochStore } from '../../src/auth/epochs.js'
import { createPasswords } from '../../src/auth/passwords.js'
import { createBinding, createTokenService, type TokenService } from '../../src/auth/tokens.js'
import { type Config, parseConfig } from '../../src/config.js'
import type { TableModel } from '../../src/definitions/table.js'
import type { HttpSettings } from '../../src/http/settings.js'
import type { Definition, Field, Statement } from '../../src/lang/tree.js'
import { compileIpLists, type IpLists } from '../../src/lib/ip-list.js'
import { type Obj, obj, type Value } from '../../src/lib/value.js'
import type { RecordsSession } from '../../src/runtime/capabilities.js'
import type { Run } from '../../src/runtime/frame.js'
import type { Fact } from '../../src/services/observe.js'
import { systemRandom } from '../../src/services/random.js'
import { createGroupRouter } from '../../src/workspace/router.js'
import type { BranchSnapshot, CorsPolicy, EndpointSnapshot, GroupSnapshot, Snapshot, WorkspaceSnapshot } from '../../src/workspace/snapshot.js'

export interface TestEndpoint {
  verb?: string
  path: string
  auth?: string
  /** Reason; `null` leaves it unreviewed. Public by default when there is no auth. */
  public?: string | null
  active?: boolean
  input?: string[]
  /** Names of statements its stack is said to contain. */
  statements?: string[]
  run: (run: Run, input: ReadonlyMap<string, Value>) => Value | Promise<Value>
}

export interface TestGroup {
  canonical?: string
  branch?: string
  active?: boolean
  cors?: Partial<CorsPolicy>
  swagger?: { active: boolean; token: string; stated?: boolean }
  /** Lists of networks, as a group has them. */
  ipAccess?: Partial<IpLists>
  endpoints: TestEndpoint[]
}

const table = (id: number, name: string, auth: boolean): TableModel => ({
  id,
  guid: `guid-${name}`,
  name,
  description: '',
  auth,
  columns: [],
  indexes: [],
  views: [],
  items: null,
})

const closedCors: CorsPolicy = { mode: 'default', origins: [], methods: [], headers: [], credentials: false, maxAge: 3600 }

const statement = (name: string): Statement => ({ name, head: [], headAttributes: [], args: [], blocks: [] })
const field = (name: string): Field => ({ name, type: 'text', filters: [], options: [] })

function definitionOf(endpoint: TestEndpoint): Definition {
  const reason = endpoint.public === undefined && endpoint.auth === undefined ? 'test' : endpoint.public
  return {
    kind: 'query',
    name: endpoint.path,
    headAttributes: [],
    attributes: reason === undefined || reason === null ? [] : [{ name: 'public', value: { type: 'text', value: reason } }],
    input: (endpoint.input ?? []).map(field),
    stack: (endpoint.statements ?? []).map(statement),
    tests: [],
    groups: [],
  }
}

/** A snapshot of one workspace with live branch `v1` and branch `dev`. */
export function makeSnapshot(groups: TestGroup[], env: Obj = obj()): Snapshot {
  const branches = new Map<string, BranchSnapshot>()
  const workspace: WorkspaceSnapshot = {
    id: 1,
    name: 'test',
    guid: 'ws',
    liveBranch: 'v1',
    branches,
    tables: new Map([table(10, 'user', true), table(11, 'applicant', true), table(12, 'plain', false)].map((model) => [model.name, model])),
    datasources: ['live', 'test'],
    env,
  }
  const found = new Map<string, GroupSnapshot>()
  for (const label of ['v1', 'dev']) {
    const own = new Map<string, GroupSnapshot>()
    const branch: BranchSnapshot = {
      workspace,
      id: branches.size + 1,
      label,
      live: label === 'v1',
      groups: own,
      definitions: [],
      program: () => {
        throw new Error('none')
      },
      compile: {
        program: () => {
          throw new Error('none')
        },
        test: () => {
          throw new Error('none')
        },
      },
    }
    branches.set(label, branch)
    for (const given of groups.filter((group) => (group.branch ?? 'v1') === label)) {
      const group = makeGroup(given, branch)
      own.set(group.name, group)
      found.set(`${group.canonical} ${label}`, group)
      if (branch.live) found.set(`${group.canonical} null`, group)
    }
  }
  return { workspaces: new Map([[1, workspace]]), findGroup: (canonical, branch) => found.get(`${canonical} ${branch}`) ?? null }
}

function makeGroup(given: TestGroup, branch: BranchSnapshot): GroupSnapshot {
  const endpoints: EndpointSnapshot[] = []
  const group: GroupSnapshot = {
    id: 1,
    name: given.canonical ?? 'group',
    canonical: given.canonical ?? 'abc123',
    description: 'A <b>group</b>.',
    active: given.active ?? true,
    branch,
    cors: { ...closedCors, ...given.cors },
    swagger: { active: true, token: '', stated: true, ...given.swagger },
    admits: compileIpLists({ allow: [], deny: [], ...given.ipAccess }),
    endpoints,
    match(method, path) {
      const hit = router.match(method, path)
      return hit === null ? null : { endpoint: hit.target, params: hit.params }
    },
  }
  given.endpoints.forEach((endpoint, id) => {
    const definition = definitionOf(endpoint)
    const program = {
      document: `query "${endpoint.path}"`,
      sensitiveInputs: new Set<string>(),
      run: async (run: Run, input: ReadonlyMap<string, Value>) => endpoint.run(run, input),
      answer: async (run: Run, input: ReadonlyMap<string, Value>) => endpoint.run(run, input),
    }
    endpoints.push({
      id,
      guid: `e${id}`,
      verb: endpoint.verb ?? 'GET',
      path: endpoint.path,
      auth: endpoint.auth ?? null,
      active: endpoint.active ?? true,
      group,
      definition,
      program: () => program,
    })
  })
  const router = createGroupRouter(endpoints.map((endpoint) => ({ verb: endpoint.verb, path: endpoint.path, input: [], target: endpoint })))
  return group
}

export const makeRecords = (datasource: string): RecordsSession => {
  const session = {
    datasource,
    setDatasource(name: string) {
      session.datasource = name
    },
    transaction: <T>(body: () => Promise<T>) => body(),
  }
  return session
}

type TestDeps = Partial<Omit<AppDeps, 'settings'>> & { settings?: Partial<HttpSettings> }

export interface TestApp {
  app: Awaited<ReturnType<typeof buildApp>>
  tokens: TokenService
  epochs: EpochStore
  facts: Fact[]
  /** A token for a row of `user` (10) or `applicant` (11). */
  token(tableId?: number, id?: Value, datasource?: string): Promise<string>
}

export async function makeApp(groups: TestGroup[], env: Record<string, string> = {}, { settings, ...deps }: TestDeps = {}): Promise<TestApp> {
  const config: Config = parseConfig({ STACKHOLD_LOG_LEVEL: 'silent', ...env })
  const snapshot = makeSnapshot(groups)
  const clock = { now: () => Date.now() }
  const epochs = createEpochs()
  const tokens = createTokenService({ secrets: [Buffer.alloc(32, 7)], clock, random: systemRandom, epochs })
  const facts: Fact[] = []
  const app = await buildApp(config, {
    services: { clock, random: systemRandom, passwords: createPasswords(), tokens, openRecords: (_workspace, datasource) => makeRecords(datasource) },
    snapshot: () => snapshot,
    adminTokens: { verify: async (token) => (token === 'shk_admin' ? { id: 1, name: 'admin', scopes: ['*'], role: 'owner' } : null) },
    // What is not there is told, so that routing can be seen; R25 tests the other way.
    settings: { ...toSettings(config), hideRoutes: false, ...settings },
    observe: (fact) => void facts.push(fact),
    ...deps,
  })
  await app.ready()
  return {
    app,
    tokens,
    epochs,
    facts,
    token: (tableId = 10, id = 5, datasource = 'live') => tokens.issue(createBinding(1, tableId, datasource), { id, extras: obj([['role', 'admin']]) }),
  }
}
