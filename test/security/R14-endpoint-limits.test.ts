/** Limits of single endpoints, groups and callers, of what costs much, and of a process as a whole. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { makeApp } from '../http/harness.js'
import { addMember, memberToken, memberWorkspace } from './accounts.js'

const endpoint = (name: string, head: string, security: string, stack = ''): string => `query ${name} verb=GET {
  api_group = "${head.includes('grouped') ? 'grouped' : 'members'}"
  ${head.replace('grouped ', '')}
${security === '' ? '' : `  security = ${security}\n`}  input {
  }
  stack {
${stack}
  }
  response = "done"
}`
const workspace = [
  memberWorkspace,
  'api_group grouped {\n  canonical = "grouped"\n  security = {limit: {max: 3}}\n}',
  endpoint('three', 'public = "test"', '{limit: {max: 3, seconds: 3600}}'),
  endpoint('each', 'auth = "member"', '{limit: {max: 2, seconds: 3600, per: "caller"}}'),
  endpoint('all', 'public = "test"', '{limit: {max: 2, seconds: 3600, per: "all"}}'),
  endpoint('free', 'public = "test"', ''),
  endpoint('one', 'grouped public = "test"', ''),
  endpoint('two', 'grouped public = "test"', ''),
  endpoint('costly', 'public = "test"', '', '    util.template_engine {\n      value = "x"\n    } as $x'),
  endpoint('costly_named', 'public = "test"', '{limit: {max: 6}}', '    util.template_engine {\n      value = "x"\n    } as $x'),
].join('\n---\n')

let server: ListeningServer
let node: { url: string; close(): Promise<void> }
beforeAll(async () => {
  server = await startListeningServer(
    { STACKHOLD_TRUST_PROXY: 'true', STACKHOLD_EXPENSIVE_PER_MINUTE: '4', STACKHOLD_REQUESTS_PER_MINUTE: '100000', STACKHOLD_LOGINS_PER_MINUTE: '1000' },
    { limited: true },
  )
  await server.pushText(workspace)
  node = await server.addNode()
}, 60_000)
afterAll(async () => {
  await node.close()
  await server.close()
})

const call = (path: string, ip: string, { token = '', url = server.url } = {}) =>
  server.call('GET', `/api:${path}`, { headers: { 'x-forwarded-for': ip }, url, ...(token === '' ? {} : { token }) })

it('of an endpoint, over all servers, with the headers that tell it', async () => {
  for (const [left, url] of [
    ['2', server.url],
    ['1', node.url],
    ['0', server.url],
  ] as const) {
    const { status, headers } = await call('members/three', '192.0.2.1', { url })
    expect([status, headers.get('ratelimit-limit'), headers.get('ratelimit-remaining')]).toEqual([200, '3', left])
    expect(Number(headers.get('ratelimit-reset'))).toBeGreaterThan(3_500)
  }
  for (const url of [server.url, node.url]) {
    const { status, headers, body } = await call('members/three', '192.0.2.1', { url })
    expect([status, body.code, headers.get('ratelimit-remaining')]).toEqual([429, 'ERROR_CODE_TOO_MANY_REQUESTS', '0'])
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(3_500)
  }
  expect((await call('members/three', '192.0.2.2')).status).toBe(200)
  expect((await call('members/free', '192.0.2.1')).headers.get('ratelimit-limit')).toBeNull()
})

it('of a caller, wherever he comes from, and of nobody else', async () => {
  const [ada, ben] = [
    await memberToken(server, await addMember(server, 'ada@example.com')),
    await memberToken(server, await addMember(server, 'ben@example.com')),
  ]
  const statuses: number[] = []
  for (let n = 0; n < 3; n++) statuses.push((await call('members/each', `192.0.2.${n}`, { token: ada })).status)
  expect(statuses).toEqual([200, 200, 429])
  expect((await call('members/each', '192.0.2.0', { token: ben })).status).toBe(200)
  // A token that is none is not counted for anyone.
  expect((await call('members/each', '192.0.2.9')).status).toBe(401)
})

it('of everyone together', async () => {
  const statuses: number[] = []
  for (let n = 0; n < 3; n++) statuses.push((await call('members/all', `198.51.100.${n}`)).status)
  expect(statuses).toEqual([200, 200, 429])
})

it('of a group: its endpoints count together', async () => {
  const statuses: number[] = []
  for (const name of ['one', 'two', 'one', 'two']) statuses.push((await call(`grouped/${name}`, '203.0.113.1')).status)
  expect(statuses).toEqual([200, 200, 200, 429])
})

it('what costs much has a low one, unless it names its own', async () => {
  const ask = async (name: string, times: number): Promise<number[]> => {
    const statuses: number[] = []
    for (let n = 0; n < times; n++) statuses.push((await call(`members/${name}`, '203.0.113.5')).status)
    return statuses
  }
  expect(await ask('costly', 5)).toEqual([200, 200, 200, 200, 429])
  expect(await ask('costly_named', 7)).toEqual([200, 200, 200, 200, 200, 200, 429])
})

it('survives a restart', async () => {
  await server.restart()
  expect((await call('members/three', '192.0.2.1')).status).toBe(429)
}, 30_000)

it.each([
  '{limit: 5}',
  '{limit: {seconds: 5}}',
  '{limit: {max: 0}}',
  '{limit: {max: -1}}',
  '{limit: {max: 1.5}}',
  '{limit: {max: 5, per: "planet"}}',
  '{limit: {max: 5, seconds: 100000}}',
])('%s is refused with its line', async (security) => {
  for (const text of [endpoint('wrong', 'public = "test"', security), `api_group wrong {\n  canonical = "wronggroup"\n\n  security = ${security}\n}`]) {
    const answer = await server.call('POST', '/api:meta/workspace/1/multidoc?partial=true', { body: text, token: server.adminToken })
    expect([answer.status, answer.body.payload.errors]).toMatchObject([400, [{ line: 4, message: 'security.limit is not a limit.' }]])
  }
})

describe('of one process, from everyone together', () => {
  const endpoints = [
    { path: 'ok', run: () => 1 },
    { path: 'login', verb: 'POST', statements: ['security.check_password'], run: () => 'in' },
  ]
  it('requests', async () => {
    const { app } = await makeApp([{ endpoints }], { STACKHOLD_TOTAL_REQUESTS_PER_MINUTE: '5' })
    const statuses: number[] = []
    for (let n = 0; n < 7; n++) statuses.push((await app.inject({ url: '/api:abc123/ok', remoteAddress: `192.0.2.${n}` })).statusCode)
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429])
    await app.close()
  })

  it('logins, and nothing but logins', async () => {
    const { app } = await makeApp([{ endpoints }], { STACKHOLD_TOTAL_LOGINS_PER_MINUTE: '3' })
    const statuses: number[] = []
    for (let n = 0; n < 5; n++) statuses.push((await app.inject({ method: 'POST', url: '/api:abc123/login', remoteAddress: `192.0.2.${n}` })).statusCode)
    expect(statuses).toEqual([200, 200, 200, 429, 429])
    expect((await app.inject({ url: '/api:abc123/ok', remoteAddress: '192.0.2.1' })).statusCode).toBe(200)
    await app.close()
  })
})
