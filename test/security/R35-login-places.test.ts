/** R35: a login from a country or a network that is new for the account is told; places are kept as keyed hashes, few, and not for ever. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createAlerts } from '../../src/services/alerts.js'
import { createEventLog } from '../../src/services/event-log.js'
import { noPlaces, parsePlaces } from '../../src/services/geoip.js'
import { createLoginPlaces, networkOf } from '../../src/services/login-places.js'
import type { Fact } from '../../src/services/observe.js'
import { createTestDatabase, type TestDatabase } from '../helpers/database.js'
import { startListeningServer } from '../helpers/running-server.js'
import { createTemporaryDirectory } from '../helpers/temporary-directory.js'
import { accountsOf, goodPassword } from './accounts.js'

const table = 'network,country_code\n192.0.2.0/24,DE\n203.0.113.0/24,DE\n198.51.100.0/24,BR\n2001:db8::/32,FR\n'
const day = 86_400_000

let test: TestDatabase
beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(() => test.drop())
let now = 0
beforeEach(async () => {
  now = Date.UTC(2030, 0, 1)
  await test.database.query('truncate stackhold.security_event, stackhold.security_alert, stackhold.login_place')
})
const clock = { now: () => now }
const login = (subject: string, ip: string): Fact => ({
  kind: 'authn_login_success',
  subject,
  account: `hash-${subject}`,
  ip,
  workspaceId: 1,
  endpoint: 'POST auth/login',
  table: 'user',
})

interface Options {
  places?: typeof noPlaces
  keep?: { perAccount: number; rows: number; days: number }
  gapMs?: number
}

/** Reasons of the events and the alerts they made. */
async function replay(facts: readonly Fact[], { places = parsePlaces(table), keep, gapMs = 60_000 }: Options = {}) {
  const judge = createLoginPlaces({ db: test.database, clock, key: Buffer.alloc(32, 5), places, ...(keep === undefined ? {} : { keep }) })
  const alerts = createAlerts({ db: test.database, clock })
  const made: string[] = []
  let kinds: ReadonlySet<string> = new Set()
  const events = createEventLog({
    db: test.database,
    clock,
    flushMs: 1_000_000,
    complete: (batch) => judge.judge(batch),
    onWritten: (written) => {
      kinds = written
    },
  })
  for (const fact of facts) {
    now += gapMs
    events.record(fact)
    await events.flush()
    made.push(...(await alerts.evaluate(kinds)).map(({ rule, key }) => `${rule} ${key}`))
  }
  await events.close()
  judge.close()
  const rows = await test.database.query<{ reason: string }>('select reason from stackhold.security_event order by id')
  return { reasons: rows.map(({ reason }) => reason), alerts: made }
}

describe('R35: places of logins', () => {
  it('tells a new country and a new network once each, and nothing of the first login or of familiar places', async () => {
    const facts = ['192.0.2.1', '192.0.2.99', '203.0.113.5', '198.51.100.7', '198.51.100.8', '2001:db8::1', '192.0.2.1'].map((ip) => login('a', ip))
    expect(await replay(facts)).toEqual({
      reasons: ['', '', 'new network', 'new country', '', 'new country', ''],
      alerts: ['login-new-network hash-a', 'login-new-country hash-a'],
    })
  })

  it('is one alert for each account, and places of one account say nothing of another', async () => {
    const facts = ['a', 'b'].flatMap((who) => [login(who, '192.0.2.1'), login(who, '198.51.100.7')])
    expect((await replay(facts)).alerts).toEqual(['login-new-country hash-a', 'login-new-country hash-b'])
  })

  it('goes by networks alone where no table of countries is, and countries learned later are no news', async () => {
    const facts = [login('a', '192.0.2.1'), login('a', '198.51.100.7'), login('a', '192.0.2.3')]
    expect((await replay(facts, { places: noPlaces })).reasons).toEqual(['', 'new network', ''])
    expect((await replay([login('a', '192.0.2.4')])).reasons.slice(3)).toEqual([''])
    expect((await replay([login('a', '198.51.100.9')])).reasons.slice(4)).toEqual(['new country'])
  })

  it('judges logins of one batch in their order', async () => {
    const judge = createLoginPlaces({ db: test.database, clock, key: Buffer.alloc(32, 5), places: noPlaces })
    const events = createEventLog({ db: test.database, clock, flushMs: 1_000_000, complete: (batch) => judge.judge(batch) })
    for (const ip of ['192.0.2.1', '198.51.100.1', '198.51.100.2']) events.record(login('batch', ip))
    await events.close()
    judge.close()
    expect((await events.list({ limit: 10, offset: 0 })).items.map(({ reason }) => reason).reverse()).toEqual(['', 'new network', ''])
  })

  it('keeps neither addresses nor accounts, and hashes that differ from account to account and from key to key', async () => {
    await replay([login('ann@example.com', '192.0.2.1'), login('bob@example.com', '192.0.2.1')])
    const rows = await test.database.query<{ account: Buffer; place: Buffer; text: string }>(
      'select account, place, p::text as text from stackhold.login_place p',
    )
    expect(rows).toHaveLength(4)
    expect(new Set(rows.map(({ place }) => place.toString('hex'))).size).toBe(4)
    for (const { text } of rows) for (const secret of ['ann', '192.0.2', 'DE']) expect(text).not.toContain(secret)
    const other = createLoginPlaces({ db: test.database, clock, key: Buffer.alloc(32, 6), places: noPlaces })
    await other.judge([{ ...(login('ann@example.com', '192.0.2.1') as object), createdAt: now, reason: '', actor: '', rows: 0 } as never])
    other.close()
    const accounts = await test.database.query<{ n: number }>('select count(distinct account) as n from stackhold.login_place')
    expect(accounts[0]!.n).toBe(3)
  })

  it('keeps few places of an account, and familiar ones longest', async () => {
    const ips = Array.from({ length: 30 }, (_, i) => [login('a', `10.0.${i}.1`), login('a', '192.0.2.1')]).flat()
    await replay(ips, { places: noPlaces, keep: { perAccount: 5, rows: 100, days: 10 }, gapMs: 2 * day })
    const [count] = await test.database.query<{ n: number }>('select count(*) as n from stackhold.login_place')
    expect(count!.n).toBeLessThanOrEqual(5)
    expect((await replay([login('a', '192.0.2.2')], { places: noPlaces })).reasons.at(-1)).toBe('')
  })

  it.each([
    ['192.0.2.77', '192.0.2.0/24'],
    ['::ffff:192.0.2.77', '192.0.2.0/24'],
    ['2001:db8:0:1::5', '2001:db8:0::/48'],
    ['2001:0DB8::1', '2001:db8:0::/48'],
    ['::1', '0:0:0::/48'],
  ])('%s is of %s', (ip, network) => expect(networkOf(ip)).toBe(network))
})

describe('R35: a running server', () => {
  it('tells the operator of a login from elsewhere, of users and of administrators', async () => {
    const directory = createTemporaryDirectory()
    const file = join(directory.path, 'places.csv')
    writeFileSync(file, table)
    const server = await startListeningServer({
      STACKHOLD_GEOIP: file,
      STACKHOLD_TRUST_PROXY: 'true',
      STACKHOLD_ARGON2_MEMORY_KIB: '8192',
      STACKHOLD_ARGON2_TIME: '1',
    })
    try {
      const accounts = await accountsOf(server)
      const from = (ip: string, path: string, body: object) => server.call('POST', path, { body, headers: { 'x-forwarded-for': ip } })
      const user = { email: 'ann@example.com', password: goodPassword }
      await from('192.0.2.1', `${accounts.base}/auth/signup`, { ...user, name: 'Ann' })
      await from('192.0.2.9', `${accounts.base}/auth/login`, user)
      // Another spelling is the same account.
      await from('198.51.100.1', `${accounts.base}/auth/login`, { ...user, email: ' ANN@example.com' })
      await server.meta('POST', '/account', { email: 'boss@example.com', role: 'auditor', password: goodPassword })
      for (const ip of ['192.0.2.1', '203.0.113.1']) await from(ip, '/api:meta/auth/login', { email: 'boss@example.com', password: goodPassword })
      const rules = await vi.waitFor(
        async () => {
          const { items } = (await server.meta('GET', '/security/alert')).body
          expect(items).toHaveLength(2)
          return items.map(({ rule }: { rule: string }) => rule)
        },
        { timeout: 10_000 },
      )
      expect(rules.sort()).toEqual(['login-new-country', 'login-new-network'])
      const { items } = (await server.meta('GET', '/security/event?kind=authn_login_success')).body
      expect(items.map(({ table: name, reason }: { table: string; reason: string }) => `${name}: ${reason}`).reverse()).toEqual([
        'user: ',
        'user: ',
        'user: new country',
        'admin_account: ',
        'admin_account: new network',
      ])
      expect(JSON.stringify(await server.query('select * from stackhold.login_place'))).not.toContain('192.0.2')
    } finally {
      await server.close()
      directory.remove()
    }
  }, 60_000)
})
