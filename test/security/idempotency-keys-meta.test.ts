/** `Idempotency-Key` on the Metadata API: a change is carried out once, its answer given again to the same caller, and no secret with it. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { goodPassword } from './accounts.js'

let server: ListeningServer
beforeAll(async () => {
  server = await startListeningServer({ STACKHOLD_ARGON2_MEMORY_KIB: '8192', STACKHOLD_ARGON2_TIME: '1' })
}, 60_000)
afterAll(() => server.close())

let made = 0
const newKey = () => `meta-${++made}`
const send = (method: string, path: string, key: string | undefined, body?: unknown, token = server.adminToken, url?: string) =>
  server.call(method, `/api:meta${path}`, {
    body,
    token,
    ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }),
    ...(url === undefined ? {} : { url }),
  })
const tables = async () => (await server.meta('GET', '/workspace/1/table')).body.itemsTotal as number
const audited = async (action: string) => (await server.meta('GET', `/audit_log?action=${action}`)).body.itemsTotal as number
const tokenWith = async (scopes: string[]) => (await server.meta('POST', '/auth/token', { name: 'x', scopes })).body as { id: number; token: string }

it('makes one table of two requests, answers both alike, and writes one entry', async () => {
  const [before, entries, key] = [await tables(), await audited('table.create'), newKey()]
  const first = await send('POST', '/workspace/1/table', key, { name: 'once' })
  const second = await send('POST', '/workspace/1/table', key, { name: 'once' })
  expect([first.status, second.status, second.text]).toEqual([200, 200, first.text])
  expect([first.headers.get('idempotency-replayed'), second.headers.get('idempotency-replayed')]).toEqual([null, 'true'])
  expect([await tables(), await audited('table.create')]).toEqual([before + 1, entries + 1])
})

it('of twenty at once on two nodes one is carried out, the others are told to wait or get its answer', async () => {
  const node = await server.addNode()
  try {
    const [before, key] = [await tables(), newKey()]
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => send('POST', '/workspace/1/table', key, { name: 'race' }, server.adminToken, i % 2 === 0 ? server.url : node.url)),
    )
    expect(new Set(answers.map(({ status }) => status === 200 || status === 409))).toEqual(new Set([true]))
    expect(answers.filter(({ status, headers }) => status === 200 && headers.get('idempotency-replayed') === null)).toHaveLength(1)
    expect(await tables()).toBe(before + 1)
  } finally {
    await node.close()
  }
})

it('gives refusals and deletions again, and takes no other parameters for the same key', async () => {
  const [key, gone] = [newKey(), newKey()]
  const refused = await send('POST', '/workspace/1/table', key, { name: 'once' })
  expect(refused.status).toBeGreaterThanOrEqual(400)
  const again = await send('POST', '/workspace/1/table', key, { name: 'once' })
  expect([again.status, again.text, again.headers.get('idempotency-replayed')]).toEqual([refused.status, refused.text, 'true'])
  expect((await send('POST', '/workspace/1/table', key, { name: 'other' })).status).toBe(422)
  expect((await send('POST', '/workspace/1/table?branch=v1', key, { name: 'once' })).status).toBe(422)
  const { id } = (await server.meta('POST', '/workspace/1/table', { name: 'short' })).body
  const statuses = [
    await send('DELETE', `/workspace/1/table/${id}`, gone),
    await send('DELETE', `/workspace/1/table/${id}`, gone),
    await send('DELETE', `/workspace/1/table/${id}`, newKey()),
  ]
  expect(statuses.map(({ status }) => status)).toEqual([200, 200, 404])
})

it('works for XanoScript, and for updates', async () => {
  const text = 'function idem {\n  input {\n  }\n  stack {\n  }\n  response = 1\n}'
  const key = newKey()
  const [one, two] = [await send('POST', '/workspace/1/function', key, text), await send('POST', '/workspace/1/function', key, text)]
  expect([one.status, two.text]).toEqual([200, one.text])
  expect((await send('POST', '/workspace/1/function', key, text.replace('= 1', '= 2'))).status).toBe(422)
  const put = newKey()
  await send('PUT', '/workspace/1', put, { description: 'first' })
  await server.meta('PUT', '/workspace/1', { description: 'second' })
  expect((await send('PUT', '/workspace/1', put, { description: 'first' })).body.description).toBe('first')
  expect((await server.meta('GET', '/workspace/1')).body.description).toBe('second')
})

it('is the key of one token: another gets nothing of the answer, and one that is revoked or may not is refused first', async () => {
  const [mine, other, reader] = [await tokenWith(['database']), await tokenWith(['database']), await tokenWith(['database:read'])]
  const key = newKey()
  const first = await send('POST', '/workspace/1/table', key, { name: 'mine' }, mine.token)
  expect(first.status).toBe(200)
  const foreign = await send('POST', '/workspace/1/table', key, { name: 'mine' }, other.token)
  expect([foreign.status === 200, foreign.headers.get('idempotency-replayed')]).toEqual([false, null])
  expect((await send('POST', '/workspace/1/table', key, { name: 'mine' }, reader.token)).status).toBe(403)
  await server.meta('DELETE', `/token/${mine.id}`)
  expect((await send('POST', '/workspace/1/table', key, { name: 'mine' }, mine.token)).status).toBe(401)
})

it('never gives a token again: it was made once, its repetition is refused, and nothing that is stored holds it', async () => {
  const key = newKey()
  const body = { name: 'ci', scopes: ['database:read'] }
  const first = await send('POST', '/auth/token', key, body)
  expect(first.body.token).toMatch(/^shk_/)
  const second = await send('POST', '/auth/token', key, body)
  expect([second.status, second.text.includes('shown once'), second.text.includes('shk_')]).toEqual([409, true, false])
  const list = (await server.meta('GET', '/token')).body as { name: string }[]
  expect(list.filter(({ name }) => name === 'ci')).toHaveLength(1)
  const [row] = await server.query<{ bytes: number }>('select octet_length(answer) as bytes from stackhold.idempotency_key order by expires_at desc limit 1')
  // Nonce and tag of an empty text: there is nothing to open, whoever has the key.
  expect(row!.bytes).toBe(28)
})

it('keeps answers and parameters sealed', async () => {
  const canary = 'canary-77aa-idempotency'
  await send('POST', '/account', newKey(), { email: `${canary}@example.com`, role: 'auditor', password: goodPassword })
  const rows = await server.query<{ text: string; raw: string }>(`select k::text as text, encode(answer, 'escape') as raw from stackhold.idempotency_key k`)
  expect(rows.length).toBeGreaterThan(5)
  for (const { text, raw } of rows) for (const secret of [canary, goodPassword, 'example.com']) expect(`${text}${raw}`).not.toContain(secret)
})

it('means nothing where nothing changes, and is refused where a stream comes or the key is none', async () => {
  const key = newKey()
  for (let i = 0; i < 2; i++) {
    expect((await send('GET', '/workspace', key)).headers.get('idempotency-replayed')).toBeNull()
    expect((await send('POST', '/audit_log/search', key, {})).headers.get('idempotency-replayed')).toBeNull()
  }
  const logins = [0, 1].map(() => send('POST', '/auth/login', key, { email: 'nobody@example.com', password: 'wrong' }))
  for (const answer of await Promise.all(logins)) expect([answer.status, answer.headers.get('idempotency-replayed')]).toEqual([401, null])
  const { id } = (await server.meta('POST', '/workspace/1/table', { name: 'import_here' })).body
  const streamed = await server.call('POST', `/api:meta/workspace/1/table/${id}/content/import`, {
    token: server.adminToken,
    headers: { 'idempotency-key': key, 'content-type': 'text/csv' },
    body: 'id\n1\n',
  })
  expect([streamed.status, streamed.text.includes('takes no Idempotency-Key')]).toEqual([400, true])
  expect((await send('POST', '/workspace/1/table', 'x'.repeat(256), { name: 'long' })).status).toBe(400)
})
