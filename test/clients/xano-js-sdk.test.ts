/** The official JavaScript client, unchanged, against the blog example on a listening server. */
import { createRequire } from 'node:module'
import type { XanoNodeClient as Client, XanoResponse } from '@xano/js-sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'

const { XanoNodeClient, XanoObjectStorage } = createRequire(import.meta.url)('@xano/js-sdk') as typeof import('@xano/js-sdk')

let server: ListeningServer
beforeAll(async () => {
  server = await startListeningServer()
  await server.push('examples/blog')
}, 60_000)
afterAll(() => server.close())

const client = (canonical: string): Client => new XanoNodeClient({ apiGroupBaseUrl: `${server.url}/api:${canonical}`, storage: new XanoObjectStorage() })

/** What a refused request answers. */
async function refused(request: Promise<XanoResponse>): Promise<{ status: number; body: { code: string; message: string; payload: unknown } }> {
  try {
    await request
  } catch (error) {
    const response = (error as { getResponse(): XanoResponse }).getResponse()
    return { status: response.getStatusCode(), body: response.getBody() }
  }
  throw new Error('The request was answered, not refused.')
}

async function signUp(name: string): Promise<string> {
  const answer = await client('blogauth').post('/auth/signup', { name, email: `${name}@Example.com`, password: 'Correct-Horse-42!' })
  return answer.getBody().authToken
}

describe('@xano/js-sdk', () => {
  it('signs up, logs in and reads its own account', async () => {
    expect((await signUp('ada')).split('.')).toHaveLength(5)
    const accounts = client('blogauth')
    const login = await accounts.post('/auth/login', { email: 'ada@example.com', password: 'Correct-Horse-42!' })
    accounts.setAuthToken(login.getBody().authToken)
    const me = await accounts.get('/auth/me')
    expect(me.getStatusCode()).toBe(200)
    expect(me.getBody()).toMatchObject({ id: 1, name: 'ada', email: 'ada@example.com' })
    expect(me.getBody()).not.toHaveProperty('password')
    expect(Math.abs(me.getBody().created_at - Date.now())).toBeLessThan(60_000)
  })

  it('creates, lists with paging, patches and deletes', async () => {
    const blog = client('blogapi').setAuthToken(await signUp('grace'))
    const ids: number[] = []
    for (let i = 1; i <= 5; i++) ids.push((await blog.post('/post', { title: `Post ${i}`, body: 'Text.', published: true })).getBody().id)
    const page = (await blog.get('/me/post', { page: 2, per_page: 2 })).getBody()
    expect(page).toMatchObject({ itemsReceived: 2, curPage: 2, prevPage: 1, nextPage: 3, perPage: 2 })
    expect(page.items).toHaveLength(2)
    const patched = await blog.patch(`/post/${ids[0]}`, { title: 'Changed' })
    expect(patched.getBody()).toMatchObject({ id: ids[0], title: 'Changed', body: 'Text.' })
    expect((await blog.delete(`/post/${ids[0]}`)).getStatusCode()).toBe(200)
    expect((await refused(blog.get(`/post/${ids[0]}`))).status).toBe(404)
  })

  it('is told what is wrong in the documented form', async () => {
    const blog = client('blogapi').setAuthToken(await signUp('barbara'))
    expect(await refused(blog.post('/post', { body: 'No title.' }))).toMatchObject({
      status: 400,
      body: { code: 'ERROR_CODE_INPUT_ERROR', message: 'Missing param: title', payload: { param: 'title' } },
    })
    expect(await refused(client('blogapi').post('/post', { title: 'No token', body: 'x' }))).toMatchObject({
      status: 401,
      body: { code: 'ERROR_CODE_UNAUTHORIZED', payload: '' },
    })
    expect(await refused(blog.get('/nothing/here'))).toMatchObject({ status: 404, body: { code: 'ERROR_CODE_NOT_FOUND', payload: '' } })
    expect(await refused(client('blogauth').post('/auth/login', { email: 'barbara@example.com', password: 'wrong' }))).toMatchObject({
      status: 403,
      body: { code: 'ERROR_CODE_ACCESS_DENIED', message: 'Invalid Credentials.' },
    })
  })

  it('cannot change what another user wrote', async () => {
    const owner = client('blogapi').setAuthToken(await signUp('owner'))
    const other = client('blogapi').setAuthToken(await signUp('other'))
    const { id } = (await owner.post('/post', { title: 'Mine', body: 'x', published: true })).getBody()
    expect([403, 404]).toContain((await refused(other.patch(`/post/${id}`, { title: 'Yours' }))).status)
    expect((await owner.get(`/post/${id}`)).getBody().title).toBe('Mine')
  })

  it('sends lists and objects by every method, chooses the data source, and reaches one branch or another', async () => {
    const echo = (verb: string, extra = '') => `query echo verb=${verb} {
  api_group = "echo"
  public = "Clients are tested here."
  input {
    text[] list?
    object o? {
      schema {
        int a
      }
    }
    text s?
  }
  stack {
    db.query note {
      return = {type: "list"}
    } as $notes
  }
  response = {verb: "${verb}${extra}", list: $input.list, o: $input.o, s: $input.s, notes: $notes}
}`
    const documents = [
      'api_group echo {\n  canonical = "echoapi"\n}',
      'table note {\n  schema {\n    int id\n    text body?\n  }\n}',
      ...['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].map((verb) => echo(verb)),
    ]
    await server.pushText(documents.join('\n---\n'))
    const input = { list: ['a', 'b'], o: { a: 1 }, s: 'é' }
    const sdk = client('echoapi')
    for (const verb of ['get', 'post', 'put', 'patch', 'delete'] as const)
      expect((await sdk[verb]('/echo', input)).getBody()).toEqual({ verb: verb.toUpperCase(), ...input, notes: [] })
    expect((await sdk.head('/echo', input)).getStatusCode()).toBe(200)

    await server.meta('POST', '/workspace/1/datasource', { label: 'trial' })
    const { items } = (await server.meta('GET', '/workspace/1/table?search=note')).body
    const row = { body: { body: 'on trial' }, token: server.adminToken, headers: { 'x-data-source': 'trial' } }
    await server.call('POST', `/api:meta/workspace/1/table/${items[0].id}/content`, row)
    expect((await sdk.setDataSource('trial').get('/echo')).getBody().notes).toMatchObject([{ body: 'on trial' }])
    expect((await sdk.setDataSource(null).get('/echo')).getBody().notes).toEqual([])

    await server.meta('POST', '/workspace/1/branch', { label: 'dev' })
    const pushed = await server.call('POST', '/api:meta/workspace/1/multidoc?partial=true&branch=dev', {
      body: echo('GET', ' of dev'),
      token: server.adminToken,
    })
    expect(pushed.status).toBe(200)
    expect((await client('echoapi:dev').get('/echo')).getBody().verb).toBe('GET of dev')
    expect((await client('echoapi').get('/echo')).getBody().verb).toBe('GET')
  })
})
