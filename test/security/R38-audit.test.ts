/** The audit on the real server: a clean install has nothing, and every planted misconfiguration is found on its line. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { auditCommand } from '../../src/cli/audit.js'
import { parseConfig } from '../../src/config.js'
import { type RunningServer, startServer } from '../../src/server.js'
import { auditChecks, type SecurityReport } from '../../src/workspace/audit/report.js'
import { securityRules } from '../../src/workspace/rules/security/index.js'

const dataDir = mkdtempSync(join(tmpdir(), 'stackhold-audit-'))
const base = { PORT: '0', STACKHOLD_DATA: dataDir, STACKHOLD_LOG_LEVEL: 'warn' }

const query = (path: string, verb: string, head: string, input: string, stack: string, response = 'null', group = 'planted'): string =>
  `query "${path}" verb=${verb} {\n  api_group = "${group}"\n  ${head}\n  input {\n    ${input}\n  }\n  stack {\n    ${stack}\n  }\n  response = ${response}\n}`
const auth = 'auth = "user"'
const reason = 'public = "Anyone may do this."'
const byId = 'field_name = "id"\n  field_value = $input.id\n'

/** Line of the checklist, what is planted, and the rule (or the words) that must name it. */
const documents: [line: string, rule: string, text: string][] = [
  ['C1', 'public-endpoint-without-reason', query('unreviewed', 'GET', '', '', '')],
  ['C1', 'public-endpoint-without-reason', query('excuse', 'GET', 'public = "todo"', '', '')],
  ['C1', 'The workspace opens every endpoint', 'workspace Stackhold {\n  public_endpoints = "allow"\n}'],
  ['C2', 'account-email-not-unique', 'table applicant {\n  auth = true\n  schema {\n    int id\n    email email\n    password password\n  }\n}'],
  ['C3', 'weak-password-filters', 'table weak {\n  schema {\n    int id\n    password p filters=min:6\n  }\n}'],
  ['C3', 'short-password-maximum', 'table short {\n  schema {\n    int id\n    password p filters=min:15|max:20\n  }\n}'],
  ['C3', 'default-password', 'table factory {\n  schema {\n    int id\n    password p?="Welcome-2024!!"\n  }\n}'],
  [
    'C4',
    'auth-endpoint-without-limit',
    query(
      'code',
      'POST',
      reason,
      'int id\n    text otp {\n      sensitive = true\n    }',
      `db.get user {\n  ${byId}} as $u\nprecondition ($u.name == $input.otp)`,
    ),
  ],
  ['C5', 'idor-dataflow', query('order/{id}', 'GET', auth, 'int id', `db.get order {\n  ${byId}} as $x`, '$x')],
  ['C5', 'mass-assignment', query('profile', 'PATCH', auth, 'text name', 'db.edit user {\n  field_name = "id"\n  field_value = $auth.id\n  data = $input\n}')],
  ['C5', 'unproven-token', query('become', 'POST', reason, 'int id', 'security.create_auth_token {\n  table = "user"\n  id = $input.id\n} as $t', '$t')],
  [
    'C6',
    'long-lived-token',
    query('remember', 'POST', auth, '', 'security.create_auth_token {\n  table = "user"\n  id = $auth.id\n  expiration = 31536000\n} as $t', '$t'),
  ],
  ['C7', 'admin-endpoint-without-role', query('admin/purge', 'POST', auth, '', '')],
  [
    'C8',
    'missing-ownership-check',
    query('orders', 'GET', auth, '', 'db.query order {\n  return = {type: "list", paging: {page: 1, per_page: 10}}\n} as $x', '$x'),
  ],
  ['C8', 'bypassed-rules', query('office', 'GET', `${auth}\n  bypass_rules = "todo"`, '', '')],
  ['C8', 'shared-cache', query('cached', 'GET', `${auth}\n  cache = {ttl: 60, auth: false}`, '', '')],
  ['C9', 'insecure-cors-origin', 'api_group plain {\n  cors = {mode: "custom", origins: ["http://app.example.com"]}\n}'],
  ['C10', 'wildcard-cors', 'api_group wild {\n  cors = {mode: "custom", origins: ["*"]}\n}'],
  ['C10', 'reflected-origin', query('reflect', 'GET', auth, '', 'util.set_header {\n  value = "Access-Control-Allow-Origin: *"\n}')],
  ['C11', 'guessable-canonical', 'api_group guess {\n  canonical = "shop"\n}'],
  ['C11', 'open-documentation', 'api_group docs {\n  swagger = {active: true}\n}'],
  ['C13', 'plain-text-password-column', 'table legacy {\n  schema {\n    int id\n    text password\n  }\n}'],
  ['C13', 'exposed-secret-column', 'table integration {\n  schema {\n    int id\n    text api_key?\n  }\n}'],
  [
    'C13',
    'secret-in-output',
    query('hash', 'GET', auth, '', 'db.get user {\n  field_name = "id"\n  field_value = $auth.id\n  output = ["id", "password"]\n} as $x', '$x'),
  ],
  ['C13', 'secret-in-output', query('env', 'GET', auth, '', '', '$env.STRIPE_KEY')],
  [
    'C13',
    'direct-query-concatenation',
    query('sql', 'GET', auth, 'text q', 'db.direct_query {\n  sql = "select * from x where y = \'" ~ $input.q ~ "\'"\n} as $x'),
  ],
  ['C13', 'request-to-caller-url', query('fetch', 'POST', auth, 'text url', 'api.request {\n  url = $input.url\n} as $x')],
  ['C15', 'unbounded-query', query('all', 'GET', reason, '', 'db.query order {\n  sort = {id: "desc"}\n} as $x', '$x')],
  ['C18', 'exception-without-reason', query('excused', 'GET', `${auth}\n  security_exceptions = {"unbounded-query": ""}`, '', '')],
  ['C19', 'unmasked-password-input', query('typed', 'POST', auth, 'text password', '')],
  ['C19', 'history-of-everything', query('hoard', 'GET', `${auth}\n  history = "all"`, '', '')],
  ['S1', 'missing-auth-on-mutating-endpoint', query('wipe', 'POST', reason, '', 'db.truncate order { reset = true }')],
  [
    'S2',
    'public-account-data',
    query('people', 'GET', reason, '', 'db.query user {\n  return = {type: "list", paging: {page: 1, per_page: 10}}\n} as $x', '$x'),
  ],
  ['S4', 'secret-in-program', query('pay', 'POST', auth, '', 'var $k { value = "sk_live_4eC39HqLyjWDarjtT1zdp7dc" }')],
  ['S4', 'token-in-query', query('verify', 'GET', auth, 'text token', '')],
  ['S5', 'header-from-input', query('go', 'GET', auth, 'text to', 'util.set_header {\n  value = "Location: " ~ $input.to\n}')],
]
const around = [
  'api_group planted {\n}',
  query('nightly', 'GET', `${auth}\n  bypass_rules = "A nightly report counts all orders."`, '', ''),
  'table order {\n  schema {\n    int id\n    int user_id {\n      table = "user"\n    }\n  }\n}',
]

/** Settings of the server, one by one wrong. */
const settings: [line: string, words: string, env: Record<string, string>][] = [
  ['C1', 'The server opens every endpoint', { STACKHOLD_PUBLIC_ENDPOINTS: 'allow' }],
  ['C4', 'any number of passwords a minute', { STACKHOLD_LOGINS_PER_MINUTE: '0' }],
  ['C4', 'any number of times in 15 minutes', { STACKHOLD_LOGINS_PER_ACCOUNT: '0' }],
  ['C6', 'Tokens may live 365 days', { STACKHOLD_TOKEN_MAX_SECONDS: '31536000' }],
  ['C7', 'STACKHOLD_ADMIN_TOKEN can be guessed', { STACKHOLD_ADMIN_TOKEN: 'change-me-change-me-change-me' }],
  ['C13', 'hashed too cheaply', { STACKHOLD_ARGON2_MEMORY_KIB: '8192', STACKHOLD_ARGON2_TIME: '1' }],
  ['C13', 'STACKHOLD_SECRET can be guessed', { STACKHOLD_SECRET: 'a'.repeat(40) }],
  ['C14', 'A request may have 512 MB', { STACKHOLD_BODY_LIMIT: '512mb' }],
  ['C17', 'Requests are not limited', { STACKHOLD_REQUESTS_PER_MINUTE: '0' }],
  ['C17', 'X-Forwarded-For', { STACKHOLD_TRUST_PROXY: 'true' }],
  ['C18', 'drops security events', { STACKHOLD_LOG_LEVEL: 'silent' }],
  ['S5', 'no TLS is known', { HOST: '0.0.0.0', STACKHOLD_BEHIND_TLS: 'true' }],
]

let server: RunningServer
let token = ''
const start = async (env: Record<string, string> = {}): Promise<void> => {
  server = await startServer(parseConfig({ ...base, ...env }))
}
const call = async (path: string, body?: string, method = body === undefined ? 'GET' : 'POST') => {
  const response = await fetch(`${server.url.replace('0.0.0.0', '127.0.0.1')}/api:meta/workspace/1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body === undefined ? {} : { 'content-type': 'text/x-xanoscript' }) },
    ...(body === undefined ? {} : { body }),
  })
  return { status: response.status, text: await response.text() }
}
const report = async (): Promise<SecurityReport> => JSON.parse((await call('/security/report')).text) as SecurityReport
const audit = async (): Promise<{ code: number; text: string }> => {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  process.exitCode = 0
  await auditCommand({ url: server.url, token, workspace: 1 })
  const [text, code] = [write.mock.calls.map(([chunk]) => String(chunk)).join(''), Number(process.exitCode)]
  process.exitCode = 0
  write.mockRestore()
  return { code, text }
}

describe('R38: the audit', () => {
  beforeAll(async () => {
    await start()
    token = server.firstAdminToken ?? ''
  }, 60_000)
  afterAll(async () => {
    await server.close()
    rmSync(dataDir, { recursive: true, force: true })
  })

  it('has every line of the checklist, and a line for every rule', () => {
    const ids = [...Array.from({ length: 20 }, (_, i) => `C${i + 1}`), ...Array.from({ length: 5 }, (_, i) => `S${i + 1}`)]
    expect(auditChecks.map((check) => check.id)).toEqual(ids)
    expect(securityRules.filter((rule) => !ids.includes(rule.seed)).map((rule) => rule.id)).toEqual([])
  })

  it('finds nothing on a clean install, and says so with exit code 0', async () => {
    const { ok, lines, summary } = await report()
    expect(lines.filter((line) => line.status === 'fail').flatMap((line) => line.problems)).toEqual([])
    expect([ok, summary.problems, lines.every((line) => line.evidence.length > 0)]).toEqual([true, 0, true])
    const { code, text } = await audit()
    expect(code).toBe(0)
    expect(text).toContain('pass  C1  Endpoints are private unless someone wrote down why not')
    expect(text).toContain('n/a   C16')
  })

  it('finds nothing on a clean install in development either', async () => {
    await server.close()
    await start({ STACKHOLD_ENV: 'development' })
    const { ok, lines } = await report()
    expect([ok, lines.flatMap((line) => line.problems)]).toEqual([true, []])
    const { code, text } = await audit()
    expect([code, text.includes('FAIL')]).toEqual([0, false])
    await server.close()
    await start()
  })

  it('needs an admin token, of this workspace', async () => {
    const keep = token
    token = 'shk_wrong'
    expect((await call('/security/report')).status).toBe(401)
    token = keep
    const other = await fetch(`${server.url}/api:meta/workspace/99/security/report`, { headers: { authorization: `Bearer ${token}` } })
    expect(other.status).toBe(404)
  })

  it('finds every misconfiguration planted in the workspace, with place and fix, and exits with 1', async () => {
    expect(documents.length).toBeGreaterThanOrEqual(25)
    // Production would refuse the wildcard when it is saved: it came another way.
    await server.close()
    await start({ STACKHOLD_ENV: 'development' })
    const pushed = await call('/multidoc?partial=true', [...around, ...documents.map(([, , text]) => text)].join('\n---\n'))
    expect([pushed.status, pushed.text.slice(0, 300)]).toEqual([200, expect.stringContaining('guid_map')])
    await server.close()
    await start()
    const { ok, lines, accepted } = await report()
    expect(ok).toBe(false)
    expect(accepted).toEqual([
      expect.objectContaining({ rule: 'bypassed-rules', document: 'query "nightly" GET', accepted: 'A nightly report counts all orders.' }),
    ])
    const reason = 'A nightly report counts all orders.'
    expect(lines.find(({ id }) => id === 'C18')?.evidence.join('\n')).toContain(reason)
    const missed = documents.filter(([line, rule, text]) => {
      const name = /^\w+ "?([^" ]+)"?/.exec(text)?.[1] ?? ''
      const problems = lines.find((one) => one.id === line)?.problems ?? []
      return !problems.some(
        (problem) => problem.fix !== '' && (problem.message.startsWith(rule) || (problem.rule === rule && problem.document.includes(`"${name}"`))),
      )
    })
    expect(missed.map(([line, rule]) => `${line} ${rule}`)).toEqual([])
    // Each says where it is and what to do, and shows its line of the checklist as failed.
    for (const { status, problems } of lines) expect(status === 'fail').toBe(problems.length > 0)
    for (const { message, fix, document } of lines.flatMap((line) => line.problems)) expect([message, fix, document]).not.toContain('')
    const { code, text } = await audit()
    expect(code).toBe(1)
    for (const line of new Set(documents.map(([id]) => id))) expect(text).toMatch(new RegExp(`FAIL {2}${line} `))
    expect(text).toMatch(/Accepted with a reason:\n {6}query "nightly" GET:\d+ \(bypassed-rules\)\n {8}A nightly report counts all orders\./)
    expect(text).toMatch(/FAIL {2}C5 {2}Whom a request is for comes from the token alone\n {6}query "order\/\{id\}" GET:\d+ .*\(idor-dataflow\)\n {8}\S/)
  })

  it('finds every wrong setting of the server', async () => {
    await server.close()
    await start(Object.assign({}, ...settings.map(([, , env]) => env)) as Record<string, string>)
    const { lines } = await report()
    const missed = settings.filter(
      ([line, words]) => !lines.find((one) => one.id === line)?.problems.some((problem) => problem.message.includes(words) && problem.fix !== ''),
    )
    expect(missed.map(([line, words]) => `${line} ${words}`)).toEqual([])
  })
})
