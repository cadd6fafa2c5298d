/** R34: every refusal is one event with the name of the OWASP vocabulary, and never a secret. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createEventLog } from '../../src/services/event-log.js'
import type { Fact } from '../../src/services/observe.js'
import { createTestDatabase } from '../helpers/database.js'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { type Accounts, accountsOf, goodPassword } from './accounts.js'

let server: ListeningServer
let accounts: Accounts
const adminPassword = 'Correct-Horse-42-Battery'
const canary = 'Canary-Passw0rd!-r34'
const spare = `shk_${'Z'.repeat(43)}`

beforeAll(async () => {
  server = await startListeningServer(
    {
      STACKHOLD_TRUST_PROXY: 'true',
      STACKHOLD_ARGON2_MEMORY_KIB: '8192',
      STACKHOLD_ARGON2_TIME: '1',
      STACKHOLD_LOGINS_PER_ACCOUNT: '4',
      STACKHOLD_LOGINS_PER_MINUTE: '6',
      STACKHOLD_REQUESTS_PER_MINUTE: '100',
    },
    { limited: true },
  )
  accounts = await accountsOf(server)
  await accounts.signUp('ann@example.com')
  await server.meta('POST', '/account', { email: 'boss@example.com', role: 'auditor', password: adminPassword })
}, 60_000)
afterAll(() => server.close())

interface Event {
  id: number
  kind: string
  ip: string
  table: string
  account: string
  reason: string
  endpoint: string
  created_at: string
  workspace_id: number | null
}

const eventsOf = async (ip: string): Promise<Event[]> => (await server.meta('GET', `/security/event?ip=${ip}`)).body.items.reverse()
let next = 0
/** An address of its own per case, so that its events can be told apart. */
const from = () => {
  const ip = `198.51.100.${++next}`
  return { ip, headers: { 'x-forwarded-for': ip } }
}
const logIn = (headers: Record<string, string>, email: string, password = canary) =>
  server.call('POST', `${accounts.base}/auth/login`, { body: { email, password }, headers })
const adminLogin = (headers: Record<string, string>, email: string, password = canary) =>
  server.call('POST', '/api:meta/auth/login', { body: { email, password }, headers })

describe('R34: one event each', () => {
  it.each<[string, string, (headers: Record<string, string>) => Promise<unknown>, Partial<Event>]>([
    ['no token', 'authn_login_fail', (headers) => server.call('GET', `${accounts.base}/auth/me`, { headers }), { reason: 'missing', table: 'user' }],
    [
      'a token that is none',
      'authn_login_fail',
      (headers) => server.call('GET', `${accounts.base}/auth/me`, { headers, token: canary }),
      { reason: 'malformed', table: 'user' },
    ],
    [
      'a wrong password',
      'authn_login_fail',
      (headers) => logIn(headers, 'ann@example.com'),
      { reason: 'credentials', table: 'user', account: expect.stringMatching(/^[0-9a-f]{16}$/) as never },
    ],
    ['an unknown account', 'authn_login_fail', (headers) => logIn(headers, 'nobody@example.com'), { reason: 'credentials', table: 'user' }],
    [
      'an input that is not valid',
      'input_validation_fail',
      (headers) => server.call('POST', `${accounts.base}/auth/login`, { body: { email: 'x' }, headers }),
      { table: 'user' },
    ],
    ['no admin token', 'authn_login_fail', (headers) => server.call('GET', '/api:meta/workspace', { headers }), { reason: 'missing', table: 'admin_account' }],
    [
      'a wrong admin token',
      'authn_login_fail',
      (headers) => server.call('GET', '/api:meta/workspace', { headers, token: spare }),
      { reason: 'rejected', table: 'admin_account' },
    ],
    ['a wrong admin password', 'authn_login_fail', (headers) => adminLogin(headers, 'boss@example.com'), { reason: 'credentials', table: 'admin_account' }],
  ])('%s is %s', async (_name, kind, act, more) => {
    const { ip, headers } = from()
    const before = Date.now()
    await act(headers)
    // Why a token was refused is found out beside the answer.
    const events = await vi.waitFor(async () => {
      const found = await eventsOf(ip)
      expect(found).toHaveLength(1)
      return found
    })
    expect(events).toEqual([expect.objectContaining({ kind, ip, ...more })])
    expect(Date.parse(events[0]!.created_at)).toBeGreaterThanOrEqual(before - 1000)
  })

  it('an admin token without the scope is authz_fail, a revoked one authn_token_reuse, an expired one session_use_after_expire', async () => {
    const session = (await adminLogin(from().headers, 'boss@example.com', adminPassword)).body.token
    const cases: [string, string][] = []
    const attempt = async (token: string, path: string, method = 'GET') => {
      const { ip, headers } = from()
      await server.call(method, `/api:meta${path}`, { headers, token, ...(method === 'GET' ? {} : { body: {} }) })
      cases.push([path, (await eventsOf(ip)).map((event) => event.kind).join()])
    }
    await attempt(session, '/workspace/1/multidoc?env=true')
    await server.query(`update stackhold.admin_token set expires_at = now() - interval '1 s' where kind = 'session'`)
    await attempt(session, '/workspace')
    const other = (await adminLogin(from().headers, 'boss@example.com', adminPassword)).body.token
    await attempt(other, '/auth/logout', 'POST')
    await attempt(other, '/auth/me')
    expect(cases).toEqual([
      ['/workspace/1/multidoc?env=true', 'authz_fail'],
      ['/workspace', 'session_use_after_expire'],
      ['/auth/logout', 'authz_admin'],
      ['/auth/me', 'authn_token_reuse'],
    ])
  })

  it('an account tried too often is authn_login_fail_max, an address excess_rate_limit_exceeded', async () => {
    await server.query('delete from stackhold.login_count')
    for (let i = 0; i < 4; i++) await logIn(from().headers, 'often@example.com')
    const account = from()
    expect((await logIn(account.headers, 'often@example.com')).status).toBe(429)
    expect(await eventsOf(account.ip)).toEqual([expect.objectContaining({ kind: 'authn_login_fail_max', account: expect.stringMatching(/^[0-9a-f]{16}$/) })])
    const address = from()
    for (let i = 0; i < 7; i++) await logIn(address.headers, `a${i}@example.com`)
    expect((await eventsOf(address.ip)).map((event) => event.kind)).toEqual([...Array(6).fill('authn_login_fail'), 'excess_rate_limit_exceeded'])
  })

  it('a wrong old password is authn_password_change_fail; a new one, a locked account and other rights have their names', async () => {
    await server.query('delete from stackhold.login_count')
    const { body: account } = await server.meta('POST', '/account', { email: 'turn@example.com', role: 'auditor', password: adminPassword })
    const { token } = (await adminLogin(from().headers, 'turn@example.com', adminPassword)).body
    const { ip, headers } = from()
    const change = (current: string) =>
      server.call('POST', '/api:meta/auth/password', { token, headers, body: { current_password: current, password: 'Other-Horse-43-Staple' } })
    await change(canary)
    const changed = await change(adminPassword)
    expect([changed.status, changed.text]).toEqual([200, 'null'])
    expect((await eventsOf(ip)).map((event) => event.kind)).toEqual(['authn_password_change_fail', 'authn_password_change', 'authz_admin'])
    const put = async (body: unknown) => {
      const here = from()
      await server.call('PUT', `/api:meta/account/${account.id}`, { token: server.adminToken, body, headers: here.headers })
      return (await eventsOf(here.ip)).map((event) => event.kind)
    }
    expect(await put({ role: 'developer' })).toEqual(['authz_change', 'authz_admin'])
    expect(await put({ active: false })).toEqual(['authn_login_lock', 'authz_admin'])
  })

  it('a login is authn_login_success; tokens made and revoked, and paths that were looked for, are events too', async () => {
    await server.query('delete from stackhold.login_count')
    const right = from()
    await logIn(right.headers, 'ann@example.com', goodPassword)
    const made = from()
    const { id } = (
      await server.call('POST', '/api:meta/auth/token', { token: server.adminToken, headers: made.headers, body: { name: 't', scopes: ['audit:read'] } })
    ).body
    await server.call('DELETE', `/api:meta/token/${id}`, { token: server.adminToken, headers: made.headers })
    const scanner = from()
    for (let i = 0; i < 60; i++) await server.call('GET', `/api:nope${i}/x`, { headers: scanner.headers })
    expect((await eventsOf(right.ip)).map((event) => [event.kind, event.table])).toEqual([['authn_login_success', 'user']])
    expect((await eventsOf(made.ip)).map((event) => event.kind)).toEqual(['authn_token_created', 'authz_admin', 'authn_token_revoked', 'authz_admin'])
    expect((await eventsOf(scanner.ip)).map((event) => event.kind)).toEqual(['malicious_excess_404'])
  })

  it('names no account, password or token anywhere', async () => {
    const text = JSON.stringify(await server.query('select * from stackhold.security_event'))
    for (const secret of [canary, spare, goodPassword, adminPassword, 'ann@example.com', 'often@example.com', server.adminToken])
      expect(text).not.toContain(secret)
    const kinds = new Set((JSON.parse(text) as { kind: string }[]).map((event) => event.kind))
    expect(kinds.size).toBeGreaterThanOrEqual(12)
  })
})

describe('R34: writing beside requests', () => {
  const fact = (ip: string): Fact => ({ kind: 'authz_fail', ip, workspaceId: 1, endpoint: 'x' })
  const clock = { now: () => Date.now() }

  it('drops and counts what does not fit, keeps what waits while the database is away, and writes it when it is back', async () => {
    const { database, drop } = await createTestDatabase()
    let away = true
    const query: typeof database.query = (...given) => (away ? Promise.reject(new Error('away')) : database.query(...given))
    const events = createEventLog({ db: { query }, clock, room: 5, flushMs: 1_000_000 })
    for (let i = 0; i < 8; i++) events.record(fact(`10.0.0.${i}`))
    expect(events.dropped).toBe(3)
    await expect(events.flush()).rejects.toThrow('away')
    away = false
    await events.flush()
    expect((await events.list({ limit: 10, offset: 0 })).items.map((event) => event.ip)).toEqual(['10.0.0.4', '10.0.0.3', '10.0.0.2', '10.0.0.1', '10.0.0.0'])
    await events.close()
    await drop()
  })

  it('keeps no more than so many, and none for longer than so many days', async () => {
    const { database, drop } = await createTestDatabase()
    const events = createEventLog({ db: database, clock, flushMs: 1_000_000, keep: { rows: 100, days: 30 } })
    const total = async () => (await events.list({ limit: 1, offset: 0 })).total
    for (let batch = 0; batch < 10; batch++) {
      for (let i = 0; i < 50; i++) events.record(fact('10.0.0.1'))
      await events.flush()
      expect(await total()).toBeLessThanOrEqual(110)
    }
    await database.query(`update stackhold.security_event set created_at = now() - interval '31 days'`)
    for (let i = 0; i < 20; i++) events.record(fact('10.0.0.2'))
    await events.flush()
    expect(await total()).toBe(20)
    await events.close()
    await drop()
  })

  it('takes texts of strangers as one line', async () => {
    const { database, drop } = await createTestDatabase()
    const events = createEventLog({ db: database, clock, flushMs: 1_000_000 })
    events.record({ ...fact('1.2.3.4'), endpoint: `a\r\nb\u001b[2J\u0000${'x'.repeat(10_000)}` } as Fact)
    await events.flush()
    const [event] = (await events.list({ limit: 1, offset: 0 })).items
    expect(event!.endpoint).toMatch(/^a\ufffd\ufffdb\ufffd\[2J\ufffdx+…$/)
    expect(event!.endpoint.length).toBeLessThanOrEqual(200)
    await events.close()
    await drop()
  })
})
