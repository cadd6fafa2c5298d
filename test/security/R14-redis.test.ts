/** With `REDIS_URL` all servers count in Redis; while it is away the limits hold without it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLocalCounters } from '../../src/services/counters.js'
import { createRedis } from '../../src/services/redis.js'
import { createRedisCounters, createSharedRateLimiter } from '../../src/services/redis-counters.js'
import { createTestRedis, hasRedis, type TestRedis } from '../helpers/redis-server.js'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'

const environment = { STACKHOLD_TRUST_PROXY: 'true', STACKHOLD_ARGON2_MEMORY_KIB: '8192', STACKHOLD_ARGON2_TIME: '1', STACKHOLD_REQUESTS_PER_MINUTE: '60' }
const basePath = async (server: ListeningServer): Promise<string> => {
  const groups = await server.meta('GET', '/workspace/1/apigroup')
  return `/api:${(groups.body.items as { name: string; canonical: string }[]).find(({ name }) => name === 'authentication')?.canonical}`
}
const logIn = async (server: ListeningServer, base: string, ip: string, url = server.url): Promise<number> =>
  (await server.call('POST', `${base}/auth/login`, { body: { email: `${ip}@example.com`, password: 'x' }, headers: { 'x-forwarded-for': ip }, url })).status
const tries = async (n: number, one: (i: number) => Promise<number>): Promise<number[]> => {
  const statuses: number[] = []
  for (let i = 0; i < n; i++) statuses.push(await one(i))
  return statuses
}
const five = [403, 403, 403, 403, 403]

describe('without a Redis that answers', () => {
  it('logins are limited, by Postgres, and nobody waits for it', async () => {
    const server = await startListeningServer({ ...environment, REDIS_URL: 'redis://127.0.0.1:1' }, { limited: true })
    const base = await basePath(server)
    const began = performance.now()
    expect(await tries(6, () => logIn(server, base, '192.0.2.1'))).toEqual([...five, 429])
    expect(performance.now() - began).toBeLessThan(20_000)
    expect((await server.query('select 1 from stackhold.login_count')).length).toBeGreaterThan(0)
    await server.close()
  }, 60_000)

  it('the counters say so at once, and fall back', async () => {
    const states: string[] = []
    const redis = createRedis('redis://127.0.0.1:1', (state) => void states.push(state))
    await expect.poll(() => states).toEqual(['lost'])
    await expect(redis.run('return 1', [], [])).rejects.toThrow()
    const counters = createRedisCounters(redis, createLocalCounters())
    expect([(await counters.hit('a', 'k', 60_000)).used, (await counters.hit('a', 'k', 60_000)).used, (await counters.hit('b', 'k', 60_000)).used]).toEqual([
      1, 2, 1,
    ])
    const limiter = createSharedRateLimiter({ max: 2, windowMs: 60_000 }, redis)
    expect([limiter.take('x'), limiter.take('x'), limiter.take('x') > 0, limiter.take('y')]).toEqual([0, 0, true, 0])
    limiter.close()
    redis.close()
  })
})

// Where Debian's redis-server is missing (.ci/run installs it) the tests above are what there is.
describe.runIf(hasRedis)('with Redis', () => {
  let redis: TestRedis
  let server: ListeningServer
  let node: { url: string; close(): Promise<void> }
  let base = ''
  beforeAll(async () => {
    redis = await createTestRedis()
    await redis.start()
    server = await startListeningServer({ ...environment, REDIS_URL: redis.url }, { limited: true })
    base = await basePath(server)
    node = await server.addNode()
    // Both are connected once a login leaves no trace in Postgres.
    for (const url of [server.url, node.url])
      for (let n = 0; n < 50; n++) {
        await server.query('delete from stackhold.login_count')
        await logIn(server, base, `198.51.100.${n}`, url)
        if ((await server.query('select 1 from stackhold.login_count')).length === 0) break
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
  }, 60_000)
  afterAll(async () => {
    await node.close()
    await server.close()
    await redis.stop()
  })

  it('two servers count logins together, in Redis and not in Postgres', async () => {
    await server.query('delete from stackhold.login_count')
    expect(await tries(7, (n) => logIn(server, base, '192.0.2.1', n % 2 === 0 ? server.url : node.url))).toEqual([...five, 429, 429])
    expect(await server.query('select 1 from stackhold.login_count')).toEqual([])
  })

  it('and survive a restart of theirs', async () => {
    await server.restart()
    await expect.poll(() => logIn(server, base, '192.0.2.1')).toBe(429)
  }, 30_000)

  it('all requests of an address count together', async () => {
    const minute = (): number => Math.floor(Date.now() / 60_000)
    const ask = async (url: string): Promise<number> =>
      (await server.call('GET', '/health/live', { url, headers: { 'x-forwarded-for': `203.0.113.${minute() % 200}` } })).status
    // Every quarter of a second a server tells what it let in, and learns what the others did.
    const told = () => new Promise((resolve) => setTimeout(resolve, 600))
    let began: number
    let [here, both]: [number[], number[]] = [[], []]
    // A window ends with the minute by the clock: what crosses that says nothing.
    do {
      began = minute()
      here = await tries(35, () => ask(server.url))
      await told()
      await tries(30, () => ask(node.url))
      await told()
      await ask(server.url)
      await told()
      both = [await ask(server.url), await ask(node.url)]
    } while (minute() !== began)
    expect(here.every((status) => status === 200)).toBe(true)
    expect(both).toEqual([429, 429])
  }, 150_000)

  it('no address and no account is readable there', async () => {
    const link = createRedis(redis.url)
    await expect.poll(() => link.ready).toBe(true)
    const keys = (await link.run(`return redis.call('keys', '*')`, [], [])) as string[]
    link.close()
    expect(keys.length).toBeGreaterThan(0)
    for (const key of keys) expect(key).toMatch(/^stackhold:count:[\w-]{43}$/)
  })

  it('while it is away Postgres counts, and when it is back it counts again', async () => {
    await redis.stop()
    expect(await tries(6, () => logIn(server, base, '192.0.2.50'))).toEqual([...five, 429])
    expect((await server.query('select 1 from stackhold.login_count')).length).toBeGreaterThan(0)
    await redis.start()
    await server.query('delete from stackhold.login_count')
    await expect
      .poll(
        async () => {
          await logIn(server, base, '192.0.2.51')
          const { length } = await server.query('delete from stackhold.login_count returning 1')
          return length
        },
        { timeout: 10_000 },
      )
      .toBe(0)
  }, 40_000)
})
