import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEpochs } from '../../src/auth/epochs.js'
import { createBinding, createTokenService } from '../../src/auth/tokens.js'
import { obj } from '../../src/lib/value.js'
import { systemRandom } from '../../src/services/random.js'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { memberToken, memberWorkspace } from './accounts.js'

describe('by the clock', () => {
  it('is good one second before its end and not at it; the default is a day', async () => {
    let now = 1_700_000_000_000
    const tokens = createTokenService({ secrets: [Buffer.alloc(32, 1)], clock: { now: () => now }, random: systemRandom, epochs: createEpochs() })
    const binding = createBinding(1, 2, 'live')
    const token = await tokens.issue(binding, { id: 1, extras: obj() })
    now += 86_400_000 - 1_000
    expect(await tokens.verify(token, binding)).not.toBeNull()
    now += 1_000
    expect(await tokens.verify(token, binding)).toBeNull()
  })
})

describe('over HTTP', () => {
  let server: ListeningServer
  beforeAll(async () => {
    server = await startListeningServer({ STACKHOLD_TOKEN_SECONDS: '3600', STACKHOLD_TOKEN_MAX_SECONDS: '7200' })
    await server.pushText(memberWorkspace)
  }, 60_000)
  afterAll(() => server.close())

  it('expires', async () => {
    const token = await memberToken(server, 1, { seconds: 1 })
    const who = async () => (await server.call('GET', '/api:members/who', { token })).status
    expect(await who()).toBe(200)
    await expect.poll(who, { timeout: 3_000 }).toBe(401)
  })

  it('refuses more than the configured most', async () => {
    expect((await server.call('POST', '/api:members/token', { body: { id: 1, seconds: 7201 } })).status).toBe(500)
    expect((await server.call('POST', '/api:members/token', { body: { id: 1, seconds: 7200 } })).status).toBe(200)
  })

  it.each([0, -1, 'never', '', null])('%j is no lifetime: the token gets the default, never an endless one', async (seconds) => {
    const answer = await server.call('POST', '/api:members/token', { body: { id: 1, seconds } })
    if (answer.status !== 200) return expect([400, 500]).toContain(answer.status)
    expect(await secondsLeft(answer.body.token)).toEqual([3595, 3601])
  })

  /** Between these two of its seconds the token ends, by a server whose clock runs ahead. */
  async function secondsLeft(token: string): Promise<[open: number, shut: number]> {
    const [table] = await server.query<{ id: number }>(`select id from stackhold.definition where kind = 'table' and name = 'member'`)
    const binding = createBinding(1, table?.id ?? 0, 'live')
    let ahead = 0
    const tokens = createTokenService({
      secrets: [Buffer.from('a secret for tests that is long enough')],
      clock: { now: () => Date.now() + ahead },
      random: systemRandom,
      epochs: createEpochs(),
    })
    const isGoodAfter = async (seconds: number): Promise<boolean> => {
      ahead = seconds * 1000
      return (await tokens.verify(token, binding)) !== null
    }
    // A second or two go by in between.
    return [(await isGoodAfter(3595)) ? 3595 : 0, (await isGoodAfter(3601)) ? Number.POSITIVE_INFINITY : 3601]
  }
})
