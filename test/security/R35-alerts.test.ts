/** R35: scripted attacks make one alert each, an ordinary day makes none, and alerts reach the operator signed. */
import { createHmac } from 'node:crypto'
import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createAlertWebhook } from '../../src/services/alert-webhook.js'
import { type Alert, createAlerts } from '../../src/services/alerts.js'
import { createEgress } from '../../src/services/egress.js'
import { createEventLog } from '../../src/services/event-log.js'
import type { Fact } from '../../src/services/observe.js'
import { createOutbound } from '../../src/services/outbound/http.js'
import { createEnvCipher } from '../../src/workspace/env.js'
import { createTestDatabase, type TestDatabase } from '../helpers/database.js'
import { startListeningServer } from '../helpers/running-server.js'
import { accountsOf } from './accounts.js'

let test: TestDatabase
beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(() => test.drop())
beforeEach(async () => {
  now = Date.UTC(2030, 0, 1)
  await test.database.query('truncate stackhold.security_event, stackhold.security_alert')
})

let now = 0
const clock = { now: () => now }
const minute = 60_000

const place = (ip: string, account = '') => ({ ip, workspaceId: 1, endpoint: 'POST auth/login', table: 'user', account })
const failed = (ip: string, account: string): Fact => ({ kind: 'authn_login_fail', reason: 'credentials', ...place(ip, account) })
const succeeded = (ip: string, account: string): Fact => ({ kind: 'authn_login_success', ...place(ip, account) })

/** Replays facts, one a second, and answers the alerts they made; looks after every tenth, as a server does. */
async function replay(facts: readonly Fact[], gapMs = 1000): Promise<string[]> {
  const alerts = createAlerts({ db: test.database, clock })
  const made: Alert[] = []
  let kinds: ReadonlySet<string> = new Set()
  const onWritten = (written: ReadonlySet<string>): void => {
    kinds = written
  }
  const events = createEventLog({ db: test.database, clock, flushMs: 1_000_000, onWritten })
  for (const [i, fact] of facts.entries()) {
    now += gapMs
    events.record(fact)
    if (i % 10 !== 9 && i !== facts.length - 1) continue
    await events.flush()
    made.push(...(await alerts.evaluate(kinds)))
  }
  await events.close()
  return made.map((alert) => `${alert.rule} ${alert.key}`)
}

const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))

describe('R35: scripted traces', () => {
  it.each<[string, Fact[], string[]]>([
    ['guessing at one account', times(25, () => failed('192.0.2.1', 'acc1')), ['account-guessing acc1']],
    ['one password for many accounts', times(14, (i) => failed('192.0.2.2', `acc${i}`)), ['password-spraying 192.0.2.2']],
    ['one account from many addresses', times(7, (i) => failed(`192.0.2.${i}`, 'acc2')), ['distributed-guessing acc2']],
    ['a success after failures', [...times(6, () => failed('192.0.2.3', 'acc3')), succeeded('192.0.2.3', 'acc3')], ['success-after-failures acc3']],
    ['a burst without names', times(40, () => failed('192.0.2.4', '')), ['login-burst 192.0.2.4']],
    ['a scan of paths', [{ kind: 'malicious_excess_404', ip: '192.0.2.5' }], ['path-scan 192.0.2.5']],
    ['rows that leave', times(3, () => ({ kind: 'content_exported', actor: 'eve', workspaceId: 1, table: 't', rows: 40_000 })), ['mass-export eve']],
    ['a token that comes again', times(4, () => ({ kind: 'authn_token_reuse', reason: 'revoked', ...place('192.0.2.6') })), ['token-reuse 192.0.2.6']],
    ['asking for what is not his', times(30, () => ({ kind: 'authz_fail', ...place('192.0.2.7') })), ['forbidden-burst 192.0.2.7']],
    ['a flood', times(200, () => ({ kind: 'excess_rate_limit_exceeded', ip: '192.0.2.8', scope: 'request' })), ['flood 192.0.2.8']],
  ])('%s makes one alert', async (_name, facts, expected) => {
    expect(await replay(facts)).toEqual(expected)
  })

  it('an ordinary day of 10,000 events makes none', async () => {
    let seed = 7
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return seed % below
    }
    const ordinary = times(10_000, (): Fact => {
      const person = random(2000)
      const ip = `10.1.${person % 200}.${(person * 7) % 250}`
      const dice = random(100)
      if (dice < 6) return failed(ip, `p${person}`)
      if (dice < 9) return { kind: 'input_validation_fail', reason: 'email', ...place(ip, `p${person}`) }
      if (dice < 10) return { kind: 'authn_login_fail', reason: 'missing', ...place(ip) }
      return succeeded(ip, `p${person}`)
    })
    expect(await replay(ordinary, 8_640)).toEqual([])
  }, 60_000)

  it('goes on as one alert, which grows, and is a new one after a pause', async () => {
    expect(await replay(times(25, () => failed('192.0.2.9', 'acc9')))).toEqual(['account-guessing acc9'])
    expect(await replay(times(30, () => failed('192.0.2.9', 'acc9')))).toEqual(['login-burst 192.0.2.9'])
    const [row] = await test.database.query<{ count: number }>(`select count from stackhold.security_alert where rule = 'account-guessing'`)
    expect(row!.count).toBeGreaterThanOrEqual(55)
    now += 60 * minute
    expect(await replay(times(12, () => failed('192.0.2.9', 'acc9')))).toEqual(['account-guessing acc9'])
  })

  it('is made once by several nodes, and the list is bounded', async () => {
    const events = createEventLog({ db: test.database, clock, flushMs: 1_000_000 })
    for (const fact of times(12, () => failed('192.0.2.10', 'acc10'))) events.record(fact)
    await events.flush()
    const nodes = times(4, () => createAlerts({ db: test.database, clock, keep: 3 }))
    expect((await Promise.all(nodes.map((node) => node.evaluate()))).flat()).toHaveLength(1)
    for (let n = 0; n < 8; n++) {
      now += 60 * minute
      for (const fact of times(12, () => failed('192.0.2.10', 'acc10'))) events.record(fact)
      await events.flush()
      await nodes[0]!.evaluate()
    }
    expect((await nodes[0]!.list({ open: true, limit: 100, offset: 0 })).total).toBe(3)
    await events.close()
  })
})

describe('R35: the webhook', () => {
  const secret = 'a shared secret of some length'
  const cipher = createEnvCipher(Buffer.alloc(32, 3))
  const alert: Alert = {
    id: 7,
    rule: 'flood',
    key: '1.2.3.4',
    message: 'm',
    count: 3,
    createdAt: 5,
    lastAt: 5,
    acknowledgedAt: null,
    acknowledgedBy: '',
    delivery: '',
  }

  it('is signed, sent again when it fails, and keeps its secret sealed', async () => {
    const received: { body: string; signature: string }[] = []
    const receiver = createHttpServer((request, response) => {
      let body = ''
      request.on('data', (chunk) => {
        body += String(chunk)
      })
      request.on('end', () => {
        received.push({ body, signature: String(request.headers['x-stackhold-signature']) })
        response.writeHead(received.length === 1 ? 500 : 204).end()
      })
    })
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
    const outbound = createOutbound(createEgress({ allow: ['127.0.0.1'] }))
    const webhook = createAlertWebhook({ db: test.database, clock, outbound, cipher })
    await webhook.write({ url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`, secret })
    expect(await webhook.deliver(alert)).toBe(true)
    expect(received).toHaveLength(2)
    const [, seconds, mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(received[1]!.signature) ?? []
    expect(mac).toBe(createHmac('sha256', secret).update(`${seconds}.${received[1]!.body}`).digest('hex'))
    expect(JSON.parse(received[1]!.body)).toMatchObject({ type: 'security_alert', rule: 'flood', key: '1.2.3.4', count: 3 })
    expect(JSON.stringify(await test.database.query('select * from stackhold.setting'))).not.toContain(secret)
    receiver.close()
    await outbound.close()
  })

  it('does not reach addresses that are not public', async () => {
    let connections = 0
    const receiver = createHttpServer((_request, response) => void response.end())
    receiver.on('connection', () => connections++)
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
    const outbound = createOutbound(createEgress())
    const webhook = createAlertWebhook({ db: test.database, clock, outbound, cipher })
    await webhook.write({ url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`, secret })
    expect(await webhook.deliver(alert)).toBe(false)
    expect(connections).toBe(0)
    receiver.close()
    await outbound.close()
  })
})

describe('R35: a running server', () => {
  it('alerts within seconds, lists, acknowledges, and never tells the secret of the webhook', async () => {
    const server = await startListeningServer({ STACKHOLD_ARGON2_MEMORY_KIB: '8192', STACKHOLD_ARGON2_TIME: '1' })
    try {
      const accounts = await accountsOf(server)
      await accounts.signUp('ann@example.com')
      const set = await server.meta('PUT', '/security/alert/webhook', { url: 'http://127.0.0.1:9/hook', secret: 'a very secret webhook key' })
      expect([set.status, set.text.includes('secret')]).toEqual([200, false])
      expect((await server.meta('GET', '/security/alert/webhook')).body).toEqual({ url: 'http://127.0.0.1:9/hook' })
      for (let i = 0; i < 12; i++) await accounts.logIn('ann@example.com', 'wrong')
      const began = Date.now()
      let items: { id: number; rule: string; delivery: string }[] = []
      while (!items.some((item) => item.rule === 'account-guessing') && Date.now() - began < 30_000) {
        await new Promise((resolve) => setTimeout(resolve, 50))
        items = (await server.meta('GET', '/security/alert?open=true')).body.items
      }
      expect(items.map((item) => item.rule)).toEqual(['account-guessing'])
      expect((await server.meta('POST', `/security/alert/${items[0]!.id}/acknowledge`, {})).status).toBe(200)
      expect((await server.meta('GET', '/security/alert?open=true')).body.items).toEqual([])
      expect((await server.meta('GET', '/security/alert')).body.items).toEqual([expect.objectContaining({ acknowledged_by: 'configured' })])
      expect((await server.meta('GET', '/security/alert/rule')).body.length).toBeGreaterThanOrEqual(8)
    } finally {
      await server.close()
    }
  }, 60_000)
})
