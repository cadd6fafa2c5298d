/**
 * Two users, every endpoint, every id-shaped input: what belongs to one is to the other as if it did not exist, and stays as it was.
 * The calls are generated from the definitions, so that a new endpoint or input is part of it without anyone adding it here.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Field } from '../../src/lang/tree.js'
import type { EndpointSnapshot } from '../../src/workspace/snapshot.js'
import { type Answer, createServer, type TestServer } from '../meta/server.js'
import { readExample } from '../workspace/instance.js'

const password = 'Correct-Horse-42'
const canary = 'CANARY-of-the-owner'
const nobody = 999_999

const isId = ({ name, type }: Field): boolean => (type === 'int' || type === 'uuid') && /(^|_)id$/.test(name)
const samples: Record<string, unknown> = { int: 1, text: 'taken over', bool: true, email: 'x@example.com', password, decimal: 1, timestamp: 1, json: {} }
const sample = ({ type, options }: Field): unknown => {
  const values = options.find((option) => option.name === 'values')?.value
  const first = values?.type === 'list' ? values.items[0] : undefined
  return first?.type === 'text' ? first.value : samples[type]
}

const endpointsOf = (server: TestServer): EndpointSnapshot[] => {
  const workspace = server.instance.live.current.workspaces.get(1)
  const branch = workspace?.branches.get(workspace.liveBranch)
  return [...(branch?.groups.values() ?? [])].flatMap((group) => [...group.endpoints])
}

/** Calls an endpoint with one id for each of its id-shaped inputs, and plausible values for the rest. */
function callWith(server: TestServer, endpoint: EndpointSnapshot, id: number, token: string | undefined): Promise<Answer> {
  const inputs = new Map((endpoint.definition.input ?? []).map((field) => [field.name, isId(field) ? id : sample(field)]))
  const path = endpoint.path.replace(/\{(\w+)\}/g, (_whole, name: string) => String(inputs.get(name)))
  const body = Object.fromEntries([...inputs].filter(([name]) => !endpoint.path.includes(`{${name}}`) && !name.endsWith('page')))
  const query = endpoint.verb === 'GET' ? `?${new URLSearchParams(Object.entries(body).map(([name, value]): [string, string] => [name, String(value)]))}` : ''
  return server.api(endpoint.verb, `${endpoint.group.canonical}/${path}${query}`, endpoint.verb === 'GET' ? undefined : body, token)
}

const idEndpoints = (server: TestServer): EndpointSnapshot[] => endpointsOf(server).filter((endpoint) => (endpoint.definition.input ?? []).some(isId))

/** Every row that holds the canary, as text. */
const owned = async (server: TestServer, tables: readonly string[]): Promise<string> =>
  JSON.stringify(
    await Promise.all(
      tables.map((table) => server.instance.db.query(`select t::text as row from ws_1_live."${table}" t where t::text like '%${canary}%' order by id`)),
    ),
  )

interface Matrix {
  tables: readonly string[]
  /** Ids of rows that are the owner's alone. */
  ids: readonly number[]
  others: readonly (string | undefined)[]
}

/** Problems, one line each: an answer that tells a row from one that does not exist, a canary, or a changed row. */
async function crossMatrix(server: TestServer, { tables, ids, others }: Matrix): Promise<{ calls: number; problems: string[] }> {
  const problems: string[] = []
  let calls = 0
  const before = await owned(server, tables)
  expect(before).toContain(canary)
  for (const endpoint of idEndpoints(server))
    for (const [who, token] of others.entries()) {
      const missing = await callWith(server, endpoint, nobody, token)
      for (const id of ids) {
        const answer = await callWith(server, endpoint, id, token)
        calls++
        const label = `${endpoint.verb} ${endpoint.group.canonical}/${endpoint.path} id ${id} as other ${who}`
        if (answer.status !== missing.status || answer.text !== missing.text)
          problems.push(`${label}: ${answer.status} ${answer.text}, missing: ${missing.status}`)
        if (answer.text.includes(canary)) problems.push(`${label}: canary`)
        if ((await owned(server, tables)) !== before) problems.push(`${label}: changed rows`)
      }
    }
  for (const endpoint of endpointsOf(server)) {
    const answers = await Promise.all(others.map((token) => callWith(server, endpoint, nobody, token)))
    for (const answer of answers) if (answer.text.includes(canary)) problems.push(`${endpoint.verb} ${endpoint.path}: canary`)
  }
  return { calls, problems }
}

async function signUp(server: TestServer, path: string, name: string, role = {}): Promise<string> {
  const answer = await server.api('POST', path, { name, email: `${name}@example.com`, password, ...role })
  expect([answer.status, answer.body?.message]).toEqual([200, undefined])
  return answer.body.authToken
}

describe('R18 examples/blog', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await createServer({ fresh: false })
    expect((await server.meta('POST', '/workspace/1/multidoc?partial=true', readExample('blog'))).status).toBe(200)
  })
  afterAll(() => server.close())

  it('a draft and what hangs on it does not exist for another user or for nobody', async () => {
    const owner = await signUp(server, 'blogauth/auth/signup', 'owner')
    const other = await signUp(server, 'blogauth/auth/signup', 'other')
    const draft = await server.api('POST', 'blogapi/post', { title: canary, body: canary }, owner)
    expect(draft.body.id).toBe(1)
    await server.instance.db.query(`insert into ws_1_live.comment (post_id, author_id, body) values (1, 1, '${canary}')`)
    const { calls, problems } = await crossMatrix(server, { tables: ['post', 'comment'], ids: [1], others: [other, undefined] })
    expect(problems).toEqual([])
    expect(calls).toBeGreaterThanOrEqual(10)
    for (const endpoint of idEndpoints(server).filter(({ auth, verb }) => auth !== null && verb !== 'GET'))
      expect([endpoint.path, (await callWith(server, endpoint, 1, other)).status]).toEqual([endpoint.path, 404])
  })
})

describe('R18 examples/two-audiences', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await createServer({ fresh: false })
    expect((await server.meta('POST', '/workspace/1/multidoc', readExample('two-audiences'))).status).toBe(200)
  })
  afterAll(() => server.close())

  it('an application does not exist for other applicants', async () => {
    const owner = await signUp(server, 'applyauth/auth/signup', 'owner')
    const other = await signUp(server, 'applyauth/auth/signup', 'other')
    expect((await server.api('POST', 'careers/application', { position: canary, letter: canary }, owner)).body.id).toBe(1)
    expect((await crossMatrix(server, { tables: ['application'], ids: [1], others: [other, undefined] })).problems).toEqual([])
  })
})

describe('R18 generated endpoints over a table with rules', () => {
  let server: TestServer
  let owner: string
  let other: string
  beforeAll(async () => {
    server = await createServer({ fresh: false })
    expect((await server.meta('POST', '/workspace/1/multidoc?partial=true', readExample('blog'))).status).toBe(200)
    const table = `table diary {
  schema {
    int id
    int user_id {
      table = "user"
    }
    text body
  }
  rules = {
    read  : $db.diary.user_id == $auth.id
    create: $db.diary.user_id == $auth.id
    update: $db.diary.user_id == $auth.id
    delete: $db.diary.user_id == $auth.id
  }
}`
    expect((await server.meta('POST', '/workspace/1/multidoc?partial=true', table)).status).toBe(200)
    const made = await server.meta('POST', '/workspace/1/scaffold', { kind: 'crud', table: 'diary', api_group: 'blog', auth: 'user' })
    expect([made.status, made.body?.message]).toEqual([200, undefined])
    owner = await signUp(server, 'blogauth/auth/signup', 'owner')
    await signUp(server, 'blogauth/auth/signup', 'third')
    other = await signUp(server, 'blogauth/auth/signup', 'other')
    for (let i = 0; i < 2; i++) expect((await server.api('POST', 'blogapi/diary', { user_id: 1, body: canary }, owner)).status).toBe(200)
  })
  afterAll(() => server.close())

  it('the stacks ask nothing of the caller, and still no row is another’s', async () => {
    const { calls, problems } = await crossMatrix(server, { tables: ['diary'], ids: [1, 2], others: [other, undefined] })
    expect(problems).toEqual([])
    expect(calls).toBeGreaterThanOrEqual(12)
    const seen: { user_id: number }[] = (await server.api('GET', 'blogapi/diary', undefined, other)).body.items
    expect(seen.filter((row) => row.user_id !== 3)).toEqual([])
    expect((await server.api('GET', 'blogapi/diary', undefined, owner)).body).toMatchObject({ itemsTotal: 2 })
    for (const [verb, body] of [['GET'], ['PATCH', { body: 'mine now' }], ['DELETE']] as const)
      expect([verb, (await server.api(verb, 'blogapi/diary/1', body, other)).status]).toEqual([verb, 404])
    expect((await server.api('POST', 'blogapi/diary', { user_id: 1, body: 'in my name' }, other)).body).toMatchObject({ user_id: 3 })
    expect((await server.api('PATCH', 'blogapi/diary/1', { user_id: 3 }, owner)).body).toMatchObject({ id: 1, user_id: 1 })
  })

  it('its owner does everything', async () => {
    expect((await server.api('GET', 'blogapi/diary/1', undefined, owner)).body).toMatchObject({ id: 1, body: canary })
    expect((await server.api('PATCH', 'blogapi/diary/1', { body: 'changed' }, owner)).body).toMatchObject({ id: 1, body: 'changed' })
    expect((await server.api('DELETE', 'blogapi/diary/1', undefined, owner)).status).toBe(200)
  })
})
