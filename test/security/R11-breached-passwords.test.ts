/** The range API is asked with five characters of a hash, and its silence is no reason to let nobody in. */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { withBreaches } from '../../src/auth/breaches.js'
import { createPasswords } from '../../src/auth/passwords.js'
import { createEgress } from '../../src/services/egress.js'
import { createOutbound } from '../../src/services/outbound/http.js'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { accountsOf, goodPassword } from './accounts.js'

const breached = 'Br3ached&Violin-9'
const padded = 'P4dded&Violin-99'
const digest = (text: string) => createHash('sha1').update(text).digest('hex').toUpperCase()

interface Asked {
  path: string
  padding: string | undefined
  all: string
}
let mode: 'well' | 'broken' | 'hangs' = 'well'
const asked: Asked[] = []
const api = createServer((request, response) => {
  asked.push({ path: request.url ?? '', padding: String(request.headers['add-padding']), all: request.rawHeaders.join(' ') })
  if (mode === 'hangs') return
  const lines = [`${digest(breached).slice(5)}:37`, `${digest(padded).slice(5)}:0`, `${'0'.repeat(35)}:3`]
  response.writeHead(mode === 'broken' ? 503 : 200, { 'content-type': 'text/plain' }).end(lines.join('\r\n'))
})

let server: ListeningServer
let url: string
beforeAll(async () => {
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve))
  const address = api.address()
  url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/range/`
  server = await startListeningServer({
    STACKHOLD_BREACH_URL: url,
    STACKHOLD_EGRESS_ALLOW: '127.0.0.1',
    STACKHOLD_ARGON2_MEMORY_KIB: '8192',
    STACKHOLD_ARGON2_TIME: '1',
  })
}, 60_000)
afterAll(async () => {
  await server.close()
  api.closeAllConnections()
  await new Promise((resolve) => api.close(resolve))
})

it('a breached password is refused, one that is only padding is not; five characters leave the machine', async () => {
  const { signUp } = await accountsOf(server)
  const refused = await signUp('one@example.com', breached)
  expect([refused.status, refused.body.payload]).toEqual([400, { param: 'password' }])
  expect(refused.body.message).toContain('data breach')
  expect((await signUp('two@example.com', padded)).status).toBe(200)
  expect(asked.length).toBeGreaterThanOrEqual(2)
  for (const { path, padding } of asked) expect([path, padding]).toEqual([expect.stringMatching(/^\/range\/[0-9A-F]{5}$/), 'true'])
  const seen = JSON.stringify(asked)
  for (const secret of [breached, padded, digest(breached).slice(0, 6), digest(padded).slice(5, 20)]) expect(seen).not.toContain(secret)
})

it('what the policy refuses is not even asked about', async () => {
  const { signUp } = await accountsOf(server)
  asked.length = 0
  expect((await signUp('three@example.com', 'short')).status).toBe(400)
  expect(asked).toEqual([])
})

it.each(['broken', 'hangs'] as const)('an API that is %s leaves the offline list, and is told of', async (how) => {
  mode = how
  const failures: unknown[] = []
  const outbound = createOutbound(createEgress({ allow: ['127.0.0.1'] }))
  const passwords = withBreaches(createPasswords({ cost: { memory: 8_192, passes: 1, lanes: 1 } }), {
    url,
    outbound,
    onFailure: (error) => failures.push(error),
  })
  const rules = { policy: 'strict', words: [] } as const
  expect(await passwords.judge(breached, rules)).toBeNull()
  expect(failures).toHaveLength(1)
  expect(await passwords.judge('Password123!Password123!', rules)).not.toBeNull()
  api.closeAllConnections()
  await outbound.close()
  const { signUp } = await accountsOf(server)
  expect((await signUp(`${how}@example.com`, goodPassword)).status).toBe(200)
  mode = 'well'
})

it('is off unless it is configured', async () => {
  const plain = await startListeningServer({ STACKHOLD_ARGON2_MEMORY_KIB: '8192', STACKHOLD_ARGON2_TIME: '1' })
  asked.length = 0
  const { signUp } = await accountsOf(plain)
  expect((await signUp('off@example.com', breached)).status).toBe(200)
  expect(asked).toEqual([])
  await plain.close()
})
