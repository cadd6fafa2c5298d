/**
 * Only what an endpoint declares as input is written, whatever else a caller sends.
 * Classes: Strapi CVE-2023-39345, Directus CVE-2026-39942 and CVE-2024-6534, Parse CVE-2022-39225.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createServer, type TestServer } from '../meta/server.js'
import { readExample } from '../workspace/instance.js'

const password = 'Correct-Horse-42'
let server: TestServer
let token: string
beforeAll(async () => {
  server = await createServer({ fresh: false })
  expect((await server.meta('POST', '/workspace/1/multidoc?partial=true', readExample('blog'))).status).toBe(200)
  const table = `table task {
  schema {
    int id
    timestamp created_at?=now
    text title
    text? internal_note? {
      access = "internal"
    }
    text? sealed? {
      encrypted = true
    }
  }
}`
  expect((await server.meta('POST', '/workspace/1/multidoc?partial=true', table)).status).toBe(200)
  expect((await server.meta('POST', '/workspace/1/scaffold', { kind: 'crud', table: 'task', api_group: 'blog', auth: 'user' })).status).toBe(200)
  const signup = await server.api('POST', 'blogauth/auth/signup', { name: 'ada', email: 'ada@example.com', password, role: 'editor', id: 777, created_at: 5 })
  expect(signup.status).toBe(200)
  token = signup.body.authToken
})
afterAll(() => server.close())

/** Every column of a table with a value nobody may choose. */
function everything(table: string): Record<string, unknown> {
  const columns = server.instance.live.current.workspaces.get(1)?.tables.get(table)?.columns ?? []
  return Object.fromEntries(
    columns.map(({ name, type, values }) => [name, type === 'enum' ? values?.at(-1) : type === 'text' ? 'FORGED' : type === 'bool' ? true : 4242]),
  )
}
const row = async (table: string, id: number): Promise<Record<string, unknown>> =>
  (await server.instance.db.query<Record<string, unknown>>(`select * from ws_1_live."${table}" where id = $1`, [id]))[0] ?? {}

describe('columns that are no input', () => {
  it('of an account are not chosen by who signs up', async () => {
    expect(await row('user', 1)).toMatchObject({ id: 1, role: 'member' })
    expect(Number((await row('user', 1))['created_at'])).toBeGreaterThan(1_000_000)
    expect(await row('user', 777)).toEqual({})
  })

  it('of a post are not chosen by its author, when it is made or changed', async () => {
    const made = await server.api('POST', 'blogapi/post', { ...everything('post'), title: 'T', body: 'B', published: false }, token)
    expect(made.body).toMatchObject({ id: 1, author_id: 1 })
    const changed = await server.api('PATCH', 'blogapi/post/1', { ...everything('post'), post_id: 2, title: 'T2', body: 'B', published: false }, token)
    expect(changed.status).toBe(200)
    expect(await row('post', 1)).toMatchObject({ id: 1, author_id: 1, title: 'T2' })
    expect(Number((await row('post', 1))['created_at'])).not.toBe(4242)
  })

  it('of a generated endpoint: neither id nor time nor hidden columns', async () => {
    const made = await server.api('POST', 'blogapi/task', { ...everything('task'), title: 'T' }, token)
    expect(made.body).toMatchObject({ id: 1, title: 'T' })
    const changed = await server.api('PATCH', 'blogapi/task/1', { ...everything('task'), title: 'T2' }, token)
    expect(changed.body).toMatchObject({ id: 1, title: 'T2' })
    const stored = await row('task', 1)
    expect(stored).toMatchObject({ id: 1, internal_note: null, sealed: null })
    expect(Number(stored['created_at'])).not.toBe(4242)
    expect(await row('task', 4242)).toEqual({})
  })

  it('$auth is not an input', async () => {
    const forged = { auth: { id: 99 }, 'auth.id': 99, 'auth[id]': 99, user_id: 99, author_id: 99, title: 'T', body: 'B' }
    const answer = await server.api('POST', 'blogapi/post?auth[id]=99&author_id=99', forged, token)
    expect(answer.body).toMatchObject({ author_id: 1 })
  })
})
