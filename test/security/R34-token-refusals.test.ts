/** R34: an event says why the token of an app was refused; the answer does not. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { createEpochs } from '../../src/auth/epochs.js'
import { createBinding, createTokenService } from '../../src/auth/tokens.js'
import { obj } from '../../src/lib/value.js'
import { systemRandom } from '../../src/services/random.js'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { memberToken, memberWorkspace } from './accounts.js'

const secret = 'a secret for tests that is long enough'
const day = 86_400_000
let server: ListeningServer
let member = 0
let user = 0

beforeAll(async () => {
  server = await startListeningServer({ STACKHOLD_TRUST_PROXY: 'true' })
  await server.pushText(memberWorkspace)
  const idOf = async (name: string) =>
    (await server.query<{ id: number }>(`select id from stackhold.definition where kind = 'table' and name = $1`, [name]))[0]?.id
  member = (await idOf('member')) ?? 0
  user = (await idOf('user')) ?? 0
}, 60_000)
afterAll(() => server.close())

interface Made {
  key?: string
  workspace?: number
  table?: number
  datasource?: string
  purpose?: string
  /** How long ago it was issued, and for how long. */
  age?: number
  seconds?: number
}

const make = ({ key = secret, workspace = 1, table = member, datasource = 'live', purpose = 'auth', age = 0, seconds = 86_400 }: Made): Promise<string> => {
  const clock = { now: () => Date.now() - age }
  const service = createTokenService({ secrets: [Buffer.from(key)], clock, random: systemRandom, epochs: createEpochs(), maxSeconds: 400 * 86_400 })
  return service.issue(createBinding(workspace, table, datasource, purpose), { id: 1, extras: obj(), expiration: seconds })
}

let next = 0
/** The answer to a token, without what differs by chance, and the reasons of its events. */
async function refusal(token: string): Promise<{ answer: string; reasons: string[] }> {
  const ip = `198.51.100.${++next}`
  const { status, headers, text } = await server.call('GET', '/api:members/who', { token, headers: { 'x-forwarded-for': ip } })
  const kept = [...headers].filter(([name]) => !['date', 'x-request-id'].includes(name) && !name.startsWith('ratelimit'))
  const events = await vi.waitFor(async () => {
    const { items } = (await server.meta('GET', `/security/event?ip=${ip}`)).body as { items: { kind: string; reason: string; table: string }[] }
    expect(items).not.toEqual([])
    return items
  })
  return { answer: JSON.stringify([status, kept, text]), reasons: events.map(({ kind, reason, table }) => `${kind} ${table} ${reason}`) }
}

it('each reason has its name in the event, and all of them one answer', async () => {
  const good = await make({})
  const cases: [reason: string, token: string][] = [
    ['malformed', 'Canary-no-token'],
    ['malformed', `${good.slice(0, -1)}=`],
    ['malformed', 'x'.repeat(5000)],
    ['unknown', await make({ key: 'another secret that is long enough' })],
    ['unknown', await make({ workspace: 2 })],
    ['other table', await make({ table: user })],
    ['other purpose', await make({ purpose: 'second-factor' })],
    ['other data source', await make({ datasource: 'test' })],
    ['expired', await make({ age: 2 * day })],
    ['too long-lived', await make({ seconds: 365 * 86_400 })],
  ]
  const answers = new Set<string>()
  for (const [reason, token] of cases) {
    const { answer, reasons } = await refusal(token)
    expect(reasons).toEqual([`authn_login_fail member ${reason}`])
    answers.add(answer)
  }
  expect((await server.call('GET', '/api:members/who', { token: good })).status).toBe(200)
  const own = await memberToken(server, 7)
  await server.meta('POST', '/workspace/1/auth/member/7/revoke')
  const revoked = await refusal(own)
  expect(revoked.reasons).toEqual(['authn_login_fail member revoked'])
  const [table] = (await server.meta('GET', '/workspace/1/multidoc')).text.split('\n---\n').filter((text) => /\btable member \{/.test(text))
  await server.pushText((table ?? '').replace('auth = true', 'auth = false'))
  const disabled = await refusal(good)
  expect(disabled.reasons).toEqual(['authn_login_fail member disabled'])
  expect(new Set([...answers, revoked.answer, disabled.answer]).size).toBe(1)
  expect([...answers][0]).not.toMatch(/malformed|unknown|other|expired|revoked|disabled/i)
})

it('no event holds a token', async () => {
  const text = JSON.stringify(await server.query('select * from stackhold.security_event'))
  expect(text).toContain('malformed')
  expect(text).not.toMatch(/Canary-no-token|eyJ[\w-]{20,}|x{200}/)
})
