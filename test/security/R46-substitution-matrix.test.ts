/** A token opens one table of one workspace and data source; the same numeric id elsewhere gains nothing (n8n CVE-2026-59208, Supabase CVE-2026-31813). */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createEpochs } from '../../src/auth/epochs.js'
import { createBinding, createTokenService } from '../../src/auth/tokens.js'
import { obj } from '../../src/lib/value.js'
import { systemClock } from '../../src/services/clock.js'
import { systemRandom } from '../../src/services/random.js'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { accountsOf, memberToken, memberWorkspace } from './accounts.js'

let server: ListeningServer
beforeAll(async () => {
  server = await startListeningServer()
  await server.pushText(memberWorkspace)
}, 60_000)
afterAll(() => server.close())

it('every token opens its own door and no other', async () => {
  const user = await (await accountsOf(server)).token('matrix@example.com')
  const member = await memberToken(server, 1)
  const doors = { member: '/api:members/who', user: '/api:members/user_only', admin: '/api:meta/auth/me' }
  const keys: Record<string, string> = { member, user, admin: server.adminToken, forged: await forged('another secret that is long enough') }
  const opened: string[] = []
  for (const [door, path] of Object.entries(doors))
    for (const [key, token] of Object.entries(keys)) if ((await server.call('GET', path, { token })).status !== 401) opened.push(`${key} opens ${door}`)
  expect(opened).toEqual(['member opens member', 'user opens user', 'admin opens admin'])
})

const forged = async (secret: string): Promise<string> => {
  const [table] = await server.query<{ id: number }>(`select id from stackhold.definition where kind = 'table' and name = 'member'`)
  return issue(secret, 1, table?.id ?? 0, 'live', 'auth')
}
const issue = (secret: string, workspace: number, table: number, datasource: string, purpose: string): Promise<string> => {
  const service = createTokenService({ secrets: [Buffer.from(secret)], clock: systemClock, random: systemRandom, epochs: createEpochs() })
  return service.issue(createBinding(workspace, table, datasource, purpose), { id: 1, extras: obj() })
}

it('with the right secret, still only the right workspace, table, data source and purpose', async () => {
  const [table] = await server.query<{ id: number }>(`select id from stackhold.definition where kind = 'table' and name = 'member'`)
  const id = table?.id ?? 0
  const secret = 'a secret for tests that is long enough'
  const who = async (token: string) => (await server.call('GET', '/api:members/who', { token })).status
  expect(await who(await issue(secret, 1, id, 'live', 'auth'))).toBe(200)
  const wrong = [
    await issue(secret, 2, id, 'live', 'auth'),
    await issue(secret, 1, id + 1, 'live', 'auth'),
    await issue(secret, 1, id, 'test', 'auth'),
    await issue(secret, 1, id, 'live', 'reset'),
    await issue(secret, 1, id, 'live', 'admin'),
  ]
  expect(await Promise.all(wrong.map(who))).toEqual(wrong.map(() => 401))
})
