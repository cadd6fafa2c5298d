/** R35: operators change rules of alerts while the server runs, for all nodes, on record; the environment says what holds until then. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/config.js'
import { createAlerts } from '../../src/services/alerts.js'
import { createEventLog } from '../../src/services/event-log.js'
import { createTestDatabase, type TestDatabase } from '../helpers/database.js'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { goodPassword } from './accounts.js'

describe('R35: tuned rules', () => {
  let test: TestDatabase
  beforeAll(async () => {
    test = await createTestDatabase()
  })
  afterAll(() => test.drop())
  const clock = { now: () => Date.now() }
  const rule = 'account-guessing'

  async function failures(account: string, count: number): Promise<string[]> {
    const events = createEventLog({ db: test.database, clock, flushMs: 1_000_000 })
    for (let i = 0; i < count; i++)
      events.record({ kind: 'authn_login_fail', reason: 'credentials', ip: `192.0.2.${account.length}`, workspaceId: 1, endpoint: 'e', account })
    await events.close()
    // Another node than the one that is told of the change.
    return (await createAlerts({ db: test.database, clock }).evaluate()).map((alert) => alert.rule)
  }

  it('count as they were set, on every node at once, are off when switched off, and can be what they were', async () => {
    const node = createAlerts({ db: test.database, clock })
    expect(await failures('a', 3)).toEqual([])
    expect(await node.tune(rule, { count: 2, minutes: 10 })).toMatchObject({ id: rule, count: 2, minutes: 10, enabled: true, source: 'set' })
    expect(await failures('bb', 3)).toContain(rule)
    await node.tune(rule, { enabled: false })
    expect((await node.rules()).find(({ id }) => id === rule)).toMatchObject({ count: 2, minutes: 10, enabled: false })
    expect(await failures('ccc', 3)).toEqual([])
    expect(await node.tune(rule, null)).toMatchObject({ count: 10, minutes: 15, enabled: true, source: 'default' })
    expect(await failures('dddd', 3)).toEqual([])
    expect(await node.tune('no-such-rule', { count: 1 })).toBeUndefined()
  })

  it('come from the environment where nothing was set, and two changes at once both hold', async () => {
    const alerts = createAlerts({ db: test.database, clock, tunings: { [rule]: { count: 3 }, flood: { enabled: false } } })
    const shown = async (id: string) => (await alerts.rules()).find((one) => one.id === id)
    expect(await shown(rule)).toMatchObject({ count: 3, minutes: 15, source: 'environment' })
    expect(await shown('flood')).toMatchObject({ enabled: false })
    await Promise.all([alerts.tune(rule, { count: 4 }), alerts.tune('flood', { enabled: true }), alerts.tune(rule, { minutes: 20 })])
    expect(await shown(rule)).toMatchObject({ count: 4, minutes: 20, source: 'set' })
    expect(await shown('flood')).toMatchObject({ enabled: true, count: 100 })
  })

  it('ignore what somebody wrote into the database that is no number', async () => {
    await test.database.query(`update stackhold.setting set value = '{"flood": {"count": "1; drop", "minutes": -5, "enabled": 1}}' where key = 'alert_rules'`)
    expect((await createAlerts({ db: test.database, clock }).rules()).find(({ id }) => id === 'flood')).toMatchObject({ count: 100, minutes: 5, enabled: true })
  })
})

describe('R35: over the Metadata API', () => {
  let server: ListeningServer
  beforeAll(async () => {
    server = await startListeningServer({
      STACKHOLD_ALERT_RULES: 'path-scan=off, login-burst=50/10',
      STACKHOLD_ALERT_WEBHOOK: 'https://hooks.example.com/a',
      STACKHOLD_ALERT_WEBHOOK_SECRET: 'webhook-secret-of-the-environment',
    })
  }, 60_000)
  afterAll(() => server.close())
  const shown = async (id: string) => (await server.meta('GET', `/security/alert/rule/${id}`)).body

  it('rules are shown with where their numbers come from, changed, checked and reset, and each change is on record', async () => {
    expect(await shown('path-scan')).toMatchObject({ enabled: false, source: 'environment' })
    expect(await shown('login-burst')).toMatchObject({ count: 50, minutes: 10, source: 'environment' })
    expect((await server.meta('PUT', '/security/alert/rule/flood', { count: 7 })).body).toMatchObject({ count: 7, minutes: 5, source: 'set' })
    const node = await server.addNode()
    const there = await server.call('GET', '/api:meta/security/alert/rule/flood', { token: server.adminToken, url: node.url })
    expect(there.body).toMatchObject({ count: 7, source: 'set' })
    await node.close()
    expect((await server.meta('DELETE', '/security/alert/rule/flood')).body).toMatchObject({ count: 100, source: 'default' })
    const { items } = (await server.meta('GET', '/audit_log?action=security.alert.rule&include_data=true')).body
    expect(items.map((entry: { object: string; data: object }) => [entry.object, entry.data])).toEqual([
      ['alert_rule/flood', expect.objectContaining({ was: expect.objectContaining({ count: 7 }), is: expect.objectContaining({ count: 100 }) })],
      ['alert_rule/flood', expect.objectContaining({ was: expect.objectContaining({ count: 100 }), is: expect.objectContaining({ count: 7 }) })],
    ])
  })

  it.each([
    [{}, 400],
    [{ count: 0 }, 400],
    [{ count: 1.5 }, 400],
    [{ count: '5' }, 400],
    [{ minutes: 1_441 }, 400],
    [{ by: 'actor' }, 400],
    [{ events: ['x'] }, 400],
  ])('%j is refused', async (body, status) => {
    expect((await server.meta('PUT', '/security/alert/rule/flood', body)).status).toBe(status)
    expect(await shown('flood')).toMatchObject({ count: 100, minutes: 5, source: 'default' })
  })

  it('a rule that does not exist is 404, and neither auditors nor developers change any', async () => {
    for (const name of ['nothing', '__proto__', 'constructor'])
      expect((await server.meta('PUT', `/security/alert/rule/${name}`, { count: 5 })).status).toBe(404)
    for (const role of ['auditor', 'developer']) {
      const email = `${role}@example.com`
      await server.meta('POST', '/account', { email, role, password: goodPassword })
      const { token } = (await server.call('POST', '/api:meta/auth/login', { body: { email, password: goodPassword } })).body
      for (const [method, path] of [
        ['PUT', '/security/alert/rule/flood'],
        ['DELETE', '/security/alert/rule/flood'],
        ['PUT', '/security/alert/webhook'],
        ['DELETE', '/security/alert/webhook'],
      ] as const)
        expect([role, method, path, (await server.call(method, `/api:meta${path}`, { token, body: {} })).status]).toEqual([role, method, path, 403])
    }
  })

  it('the webhook is that of the environment until another is set, can be switched off, and comes back', async () => {
    const url = async () => (await server.meta('GET', '/security/alert/webhook')).body.url
    expect(await url()).toBe('https://hooks.example.com/a')
    await server.meta('POST', '/workspace/1/security/reencrypt', {})
    expect(await server.query(`select 1 from stackhold.setting where key = 'alert_webhook'`)).toEqual([])
    await server.meta('PUT', '/security/alert/webhook', { url: 'https://hooks.example.com/b', secret: 'another secret of some length' })
    expect(await url()).toBe('https://hooks.example.com/b')
    await server.meta('PUT', '/security/alert/webhook', { url: null })
    expect(await url()).toBeNull()
    for (const wrong of ['https://user:password@hooks.example.com/', 'https://user@hooks.example.com/', 'file:///etc/passwd', 'hooks'])
      expect([wrong, (await server.meta('PUT', '/security/alert/webhook', { url: wrong, secret: 'another secret of some length' })).status]).toEqual([
        wrong,
        400,
      ])
    expect((await server.meta('DELETE', '/security/alert/webhook')).body).toEqual({ url: 'https://hooks.example.com/a' })
    expect(await url()).toBe('https://hooks.example.com/a')
  })
})

describe('R35: settings', () => {
  it.each(['login-burst', 'login-burst=', 'login-burst=0/5', 'login-burst=5', 'a=b', 'login-burst=5/5,', 'login-burst=-1/5'])('%s is refused', (text) => {
    expect(() => parseConfig({ STACKHOLD_ALERT_RULES: text })).toThrow('STACKHOLD_ALERT_RULES')
  })

  it('a rule that does not exist, and an address without a secret, stop the start', async () => {
    await expect(startListeningServer({ STACKHOLD_ALERT_RULES: 'login-brust=5/5' })).rejects.toThrow('login-brust')
    expect(() => parseConfig({ STACKHOLD_ALERT_WEBHOOK: 'https://example.com' })).toThrow('STACKHOLD_ALERT_WEBHOOK_SECRET')
  })
})
