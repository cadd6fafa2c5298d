/** However an endpoint or an API group comes into being without a word about who may call it, strangers get 401. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createServer, type TestServer } from '../meta/server.js'

const verbs = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
const endpoint = (path: string, verb: string, head = '', group = 'silent'): string =>
  `query "${path}" verb=${verb} {\n  api_group = "${group}"\n  ${head}\n  input {\n  }\n  stack {\n  }\n  response = "canary"\n}`

let server: TestServer
let group = 0
let canonical = ''
beforeAll(async () => {
  server = await createServer({ env: { STACKHOLD_ENV: 'production' } })
  const made = await server.meta('POST', '/workspace/1/apigroup', { name: 'silent' })
  group = made.body.id
  canonical = made.body.canonical
}, 60_000)
afterAll(() => server.close())

const push = (text: string) => server.meta('POST', '/workspace/1/multidoc?partial=true', text)
const create = (body: unknown) => server.meta('POST', `/workspace/1/apigroup/${group}/api`, body)
/** Status of a stranger's call; the canary is not in the answer. */
const stranger = async (verb: string, path: string): Promise<number> => {
  const answer = await server.api(verb, `${canonical}/${path}`, verb === 'GET' ? undefined : {})
  if (answer.text.includes('canary')) throw new Error(`${verb} ${path} answers a stranger`)
  return answer.status
}

describe('R01: a new endpoint', () => {
  it.each(verbs)('%s, as JSON: names a table or a reason, or is not made', async (verb) => {
    for (const body of [{}, { name: 'x', verb }, { name: 'x', verb, active: true, description: 'd' }]) {
      const answer = await create(body)
      expect([answer.status, answer.body.code]).toEqual([400, 'ERROR_CODE_INPUT_ERROR'])
    }
    expect((await create({ name: `closed-${verb}`, verb, auth: 'user' })).status).toBe(200)
    expect(await stranger(verb, `closed-${verb}`)).toBe(401)
  })

  it.each([null, '', false, 'public', 0])('an auth of %j closes nothing, and opens nothing', async (auth) => {
    const name = `auth-${String(auth)}`
    const answer = await create({ name, verb: 'GET', auth })
    if (answer.status === 200) expect(await stranger('GET', name)).toBe(401)
    else expect(answer.status).toBe(400)
  })

  it.each(['', '   ', null, false, true, 0, [], {}])('a reason of %j is none', async (reason) => {
    const name = `reason-${JSON.stringify(reason).replace(/\W/g, '')}`
    const answer = await create({ name, verb: 'GET', public: reason })
    if (answer.status === 200) expect(await stranger('GET', name)).toBe(401)
    else expect([400, 422]).toContain(answer.status)
  })

  it.each(verbs)('%s, as XanoScript over both ways: 401 until it is reviewed', async (verb) => {
    expect((await create(endpoint(`single-${verb}`, verb))).status).toBe(200)
    expect((await push(endpoint(`pushed-${verb}`, verb))).status).toBe(200)
    for (const path of [`single-${verb}`, `pushed-${verb}`]) expect(await stranger(verb, path)).toBe(401)
    expect((await push(endpoint(`pushed-${verb}`, verb, 'public = "Reviewed in a test."'))).status).toBe(200)
    expect((await server.api(verb, `${canonical}/pushed-${verb}`, verb === 'GET' ? undefined : {})).text).toBe('"canary"')
  })

  it('a change that takes its auth away closes it for everybody', async () => {
    const { body } = await create(endpoint('loses', 'GET', 'auth = "user"'))
    for (const change of [{ auth: '' }, { auth: null }]) {
      await server.meta('PUT', `/workspace/1/apigroup/${group}/api/${body.id}`, change)
      expect(await stranger('GET', 'loses')).toBe(401)
    }
    await push(endpoint('loses', 'GET'))
    expect(await stranger('GET', 'loses')).toBe(401)
  })

  it('templates write down who may call', async () => {
    expect((await server.meta('POST', '/workspace/1/scaffold', { kind: 'crud', table: 'user', api_group: 'silent' })).status).toBe(200)
    for (const [verb, path] of [
      ['GET', 'user'],
      ['POST', 'user'],
      ['GET', 'user/1'],
      ['PATCH', 'user/1'],
      ['DELETE', 'user/1'],
    ] as const)
      expect([verb, path, await stranger(verb, path)]).toEqual([verb, path, 401])
  })

  it('one in a branch is private there too, and when the branch goes live', async () => {
    expect((await server.meta('POST', '/workspace/1/branch', { name: 'next', label: 'next', source_branch: 'v1' })).status).toBe(200)
    expect((await server.meta('POST', '/workspace/1/multidoc?partial=true&branch=next', endpoint('branched', 'GET'))).status).toBe(200)
    expect((await server.api('GET', `${canonical}:next/branched`)).status).toBe(401)
    expect((await server.meta('POST', '/workspace/1/branch/next/live')).status).toBe(200)
    expect(await stranger('GET', 'branched')).toBe(401)
    expect((await server.meta('POST', '/workspace/1/branch/v1/live')).status).toBe(200)
  })
})

describe('R01: a group', () => {
  it('made without a word is found by nobody who guesses, and describes itself to nobody', async () => {
    expect(Buffer.from(canonical, 'base64url').length).toBeGreaterThanOrEqual(16)
    for (const url of [`/apispec:${canonical}`, `/api:${canonical}`]) expect([401, 404]).toContain((await server.app.inject({ url })).statusCode)
  })

  it('that loses its auth takes its endpoints along', async () => {
    expect((await push(`api_group guarded {\n  canonical = "guarded"\n  auth = "user"\n}\n---\n${endpoint('inside', 'GET', '', 'guarded')}`)).status).toBe(200)
    expect((await server.api('GET', 'guarded/inside')).status).toBe(401)
    expect((await push('api_group guarded {\n  canonical = "guarded"\n}')).status).toBe(200)
    expect((await server.api('GET', 'guarded/inside')).status).toBe(401)
  })

  it('tells in OpenAPI who needs a token', async () => {
    await push(endpoint('told-open', 'GET', 'public = "Reviewed in a test."'))
    const { paths } = (await server.app.inject({ url: `/apispec:${canonical}?type=json`, headers: { authorization: `Bearer ${server.adminToken}` } })).json()
    expect(paths['/closed-GET'].get.security).toEqual([expect.anything()])
    expect(paths['/told-open'].get.security ?? []).toEqual([])
  })
})
