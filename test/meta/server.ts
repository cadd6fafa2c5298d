/** The real app over a database of its own, with the Metadata API and an administrator's token. */
import { buildApp, toSettings } from '../../src/app.js'
import { createAccountServices } from '../../src/auth/accounts.js'
import { createAdminAccounts } from '../../src/auth/admin-accounts.js'
import { createAdminTokens } from '../../src/auth/admin-tokens.js'
import { createEpochs } from '../../src/auth/epochs.js'
import { createTokenService } from '../../src/auth/tokens.js'
import { createVaults } from '../../src/auth/vault.js'
import { parseConfig } from '../../src/config.js'
import { createRecordsSession } from '../../src/db/records.js'
import { metaApi } from '../../src/http/meta/index.js'
import type { RunServices } from '../../src/http/request-run.js'
import type { HttpSettings } from '../../src/http/settings.js'
import { createAuditLog } from '../../src/services/audit-log.js'
import { systemClock } from '../../src/services/clock.js'
import { createLocalLoginLimits } from '../../src/services/login-limits.js'
import { createMetrics } from '../../src/services/metrics.js'
import type { Fact } from '../../src/services/observe.js'
import { systemRandom } from '../../src/services/random.js'
import { assertNoSecrets } from '../helpers/canaries.js'
import { assertSecurityHeaders } from '../helpers/security-headers.js'
import { createInstance, passwords, type TestInstance } from '../workspace/instance.js'

export interface Answer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: its shape is what the tests assert.
  body: any
  text: string
  headers: Record<string, unknown>
}

export interface TestServer {
  instance: TestInstance
  /** What the Metadata API reported. */
  facts: Fact[]
  app: Awaited<ReturnType<typeof buildApp>>
  adminToken: string
  /** Issues a token with other scopes. */
  tokenWith(scopes: string[]): Promise<string>
  /** Metadata API; the path is below `/api:meta`. */
  meta(method: string, path: string, body?: unknown, options?: { token?: string; headers?: Record<string, string> }): Promise<Answer>
  /** An endpoint: `blogapi/post`. */
  api(method: string, path: string, body?: unknown, token?: string): Promise<Answer>
  close(): Promise<void>
}

export interface TestServerOptions {
  fresh?: boolean
  env?: Record<string, string>
  /** Instead of hardly any. */
  limits?: Partial<Pick<HttpSettings, 'requestLimit' | 'authLimit' | 'accountLimit'>>
}

export async function createServer({ fresh = true, env = {}, limits: given = {} }: TestServerOptions = {}): Promise<TestServer> {
  const instance = await createInstance({ fresh })
  const config = parseConfig({ STACKHOLD_LOG_LEVEL: 'silent', ...env })
  const adminTokens = createAdminTokens({ db: instance.db, clock: systemClock, random: systemRandom })
  const adminToken = (await adminTokens.ensureFirst()) ?? ''
  const tokens = createTokenService({ secrets: [Buffer.alloc(32, 7)], clock: systemClock, random: systemRandom, epochs: createEpochs() })
  const services: RunServices = {
    clock: systemClock,
    random: systemRandom,
    passwords,
    tokens,
    accounts: createAccountServices({
      clock: systemClock,
      random: systemRandom,
      tokens,
      vaults: createVaults([Buffer.alloc(32, 7)]),
      maxSeconds: 30 * 86_400,
      outbound: { send: () => Promise.reject(new Error('Nothing is sent here')) },
    }),
    openRecords: (workspace, datasource, options) =>
      createRecordsSession(instance.db, {
        workspaceId: workspace.id,
        datasource,
        datasources: workspace.datasources,
        tablesOf: workspace.tablesOf ?? null,
        appName: workspace.name,
        ...options,
      }),
  }
  const limits = {
    requestLimit: { max: 100_000, windowMs: 60_000 },
    authLimit: { max: 100_000, windowMs: 60_000 },
    accountLimit: { max: 100_000, windowMs: 60_000 },
    expensiveLimit: { max: 0, windowMs: 60_000 },
    ...given,
  }
  const facts: Fact[] = []
  const audit = createAuditLog({ db: instance.db, clock: systemClock, keys: [Buffer.alloc(32, 9)] })
  await audit.open()
  const metrics = createMetrics()
  const settings = { ...toSettings(config), hideRoutes: false, ...limits }
  const plugin = metaApi({
    ...instance.context,
    config,
    settings,
    services,
    adminTokens,
    accounts: createAdminAccounts(instance.db, passwords),
    audit,
    loginLimits: createLocalLoginLimits({ address: settings.authLimit, account: settings.accountLimit }),
    metrics,
    instanceName: 'stackhold',
    pushLimit: 16 * 1_048_576,
    observe: (fact) => void facts.push(fact),
  })
  const app = await buildApp(config, { services, snapshot: () => instance.live.current, adminTokens, plugins: [plugin], metrics, settings, observe: () => {} })
  await app.ready()

  const call = async (method: string, url: string, body: unknown, headers: Record<string, string>): Promise<Answer> => {
    const type = headers['content-type'] ?? (typeof body === 'string' ? 'text/x-xanoscript' : 'application/json')
    const payload = body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }
    const response = await app.inject({
      method: method as 'GET',
      url,
      headers: { ...(body === undefined ? {} : { 'content-type': type }), ...headers },
      ...payload,
    })
    assertNoSecrets(url, response.body)
    assertSecurityHeaders(`${method} ${url} ${response.statusCode}`, (name) => response.headers[name])
    const isJson = String(response.headers['content-type']).startsWith('application/json')
    return { status: response.statusCode, body: isJson ? JSON.parse(response.body) : null, text: response.body, headers: response.headers }
  }
  return {
    instance,
    facts,
    app,
    adminToken,
    tokenWith: async (scopes) => (await adminTokens.issue('other', scopes)).token,
    meta: (method, path, body, { token = adminToken, headers = {} } = {}) =>
      call(method, `/api:meta${path}`, body, { ...(token === '' ? {} : { authorization: `Bearer ${token}` }), ...headers }),
    api: (method, path, body, token) => call(method, `/api:${path}`, body, token === undefined ? {} : { authorization: `Bearer ${token}` }),
    async close() {
      await app.close()
      await instance.drop()
    },
  }
}
