import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readExample } from '../workspace/instance.js'
import { type Answer, createServer, type TestServer } from './server.js'

const password = 'Correct-Horse-42'
const tokenOf = (answer: Answer): string => {
  expect([answer.status, answer.body?.message]).toEqual([200, undefined])
  return answer.body.authToken
}

describe('examples/blog', () => {
  let server: TestServer
  let ada: string
  let ben: string
  let editor: string
  beforeAll(async () => {
    server = await createServer({ fresh: false })
    expect((await server.meta('POST', '/workspace/1/multidoc?partial=true', readExample('blog'))).status).toBe(200)
    const signup = async (name: string) =>
      tokenOf(await server.api('POST', 'blogauth/auth/signup', { name, email: `${name}@Example.com`, password, role: 'editor' }))
    ada = await signup('ada')
    ben = await signup('ben')
    await signup('eve')
    await server.instance.db.query(`update ws_1_live."user" set role = 'editor' where name = 'eve'`)
    editor = tokenOf(await server.api('POST', 'blogauth/auth/login', { email: 'EVE@example.com', password }))
  })
  afterAll(() => server.close())

  it('tells who the token belongs to, without the password, and ignores a role sent along', async () => {
    expect((await server.api('GET', 'blogauth/auth/me', undefined, ada)).body).toEqual({
      id: 1,
      created_at: expect.any(Number),
      name: 'ada',
      email: 'ada@example.com',
      role: 'member',
    })
  })

  it('refuses weak passwords and taken addresses, and tells nothing about accounts', async () => {
    expect((await server.api('POST', 'blogauth/auth/signup', { name: 'x', email: 'x@example.com', password: 'password1234' })).body).toMatchObject({
      code: 'ERROR_CODE_INPUT_ERROR',
      payload: { param: 'password' },
    })
    expect((await server.api('POST', 'blogauth/auth/signup', { name: 'x', email: 'ADA@example.com ', password })).status).toBe(403)
    const wrong = await server.api('POST', 'blogauth/auth/login', { email: 'ada@example.com', password: 'nope' })
    const unknown = await server.api('POST', 'blogauth/auth/login', { email: 'nobody@example.com', password: 'nope' })
    expect([wrong.status, wrong.text]).toEqual([unknown.status, unknown.text])
  })

  it('lets authors write, and the author comes from the token', async () => {
    expect((await server.api('POST', 'blogapi/post', { title: 'x', body: 'y' })).status).toBe(401)
    const made = await server.api('POST', 'blogapi/post', { title: ' Hello ', body: 'First.', published: true, author_id: 2, id: 99 }, ada)
    expect(made.body).toMatchObject({ id: 1, author_id: 1, title: 'Hello', published: true })
    expect((await server.api('POST', 'blogapi/post', { title: 'Draft', body: 'Soon.' }, ada)).body).toMatchObject({ id: 2, published: false })
    expect((await server.api('POST', 'blogapi/post', { body: 'No title.' }, ada)).body).toMatchObject({ payload: { param: 'title' } })
  })

  it('shows the public what is published, and an author everything of their own', async () => {
    expect((await server.api('GET', 'blogapi/post')).body).toMatchObject({ itemsTotal: 1, items: [{ id: 1 }] })
    expect((await server.api('GET', 'blogapi/post/1')).body.title).toBe('Hello')
    expect((await server.api('GET', 'blogapi/post/2')).status).toBe(404)
    expect((await server.api('GET', 'blogapi/me/post', undefined, ada)).body.items.map(({ id }: { id: number }) => id)).toEqual([2, 1])
    expect((await server.api('GET', 'blogapi/me/post', undefined, ben)).body.items).toEqual([])
  })

  it('pages', async () => {
    for (const n of [3, 4, 5, 6]) await server.api('POST', 'blogapi/post', { title: `Post ${n}`, body: '.', published: true }, ben)
    const { body } = await server.api('GET', 'blogapi/post?page=2&per_page=2')
    expect(body).toMatchObject({ itemsReceived: 2, curPage: 2, nextPage: 3, prevPage: 1, itemsTotal: 5, pageTotal: 3, perPage: 2 })
    expect(body.items.map(({ id }: { id: number }) => id)).toEqual([4, 3])
  })

  it('lets the author and an editor change a post, nobody else', async () => {
    expect((await server.api('PATCH', 'blogapi/post/1', { title: 'Stolen' }, ben)).status).toBe(403)
    expect((await server.api('PATCH', 'blogapi/post/2', { title: 'Stolen' }, ben)).status).toBe(404)
    expect((await server.api('PATCH', 'blogapi/post/1', { title: 'Hello again', author_id: 2 }, ada)).body).toMatchObject({
      title: 'Hello again',
      author_id: 1,
      body: 'First.',
    })
    expect((await server.api('PATCH', 'blogapi/post/1', { published: false }, editor)).body).toMatchObject({ published: false })
    expect((await server.api('PATCH', 'blogapi/post/1', { published: true }, editor)).body).toMatchObject({ published: true })
    expect((await server.api('PATCH', 'blogapi/post/99', { title: 'x' }, ada)).status).toBe(404)
  })

  it('takes comments on published posts, and lets the right people delete them', async () => {
    expect((await server.api('POST', 'blogapi/post/2/comment', { body: 'Nice.' }, ben)).status).toBe(404)
    const comment = async (body: string) => (await server.api('POST', 'blogapi/post/1/comment', { body }, ben)).body.id as number
    const [one, two, three] = [await comment('Nice.'), await comment('Nice too.'), await comment('Nicer.')]
    expect((await server.api('GET', 'blogapi/post/1/comment')).body.items).toHaveLength(3)
    const stranger = tokenOf(await server.api('POST', 'blogauth/auth/signup', { name: 'cy', email: 'cy@example.com', password }))
    expect((await server.api('DELETE', `blogapi/comment/${one}`, undefined, stranger)).status).toBe(403)
    expect((await server.api('DELETE', `blogapi/comment/${one}`, undefined, ben)).body).toBeNull()
    expect((await server.api('DELETE', `blogapi/comment/${two}`, undefined, ada)).body).toBeNull()
    expect((await server.api('DELETE', `blogapi/comment/${three}`, undefined, editor)).body).toBeNull()
    expect((await server.api('DELETE', `blogapi/comment/${one}`, undefined, ben)).status).toBe(404)
  })

  it('deletes a post with its comments', async () => {
    await server.api('POST', 'blogapi/post/1/comment', { body: 'Last.' }, ben)
    expect((await server.api('DELETE', 'blogapi/post/1', undefined, ben)).status).toBe(403)
    expect((await server.api('DELETE', 'blogapi/post/1', undefined, ada)).body).toBeNull()
    expect((await server.api('GET', 'blogapi/post/1')).status).toBe(404)
    expect(await server.instance.db.query('select id from ws_1_live.comment')).toEqual([])
  })
})

describe('examples/two-audiences', () => {
  let server: TestServer
  let staff: string
  let applicant: string
  beforeAll(async () => {
    server = await createServer({ fresh: false })
    expect((await server.meta('POST', '/workspace/1/multidoc', readExample('two-audiences'))).status).toBe(200)
    staff = tokenOf(await server.api('POST', 'staffauth/auth/signup', { name: 'Sam', email: 'same@example.com', password }))
    applicant = tokenOf(await server.api('POST', 'applyauth/auth/signup', { name: 'Ann', email: 'same@example.com', password: 'Other-Horse-4242' }))
  })
  afterAll(() => server.close())

  it('has two accounts for one address, each with its own password', async () => {
    expect((await server.api('GET', 'staffauth/auth/me', undefined, staff)).body).toMatchObject({ id: 1, name: 'Sam' })
    expect((await server.api('GET', 'applyauth/auth/me', undefined, applicant)).body).toMatchObject({ id: 1, name: 'Ann' })
    expect((await server.api('POST', 'staffauth/auth/login', { email: 'same@example.com', password: 'Other-Horse-4242' })).status).toBe(403)
    expect((await server.api('POST', 'applyauth/auth/login', { email: 'same@example.com', password: 'Other-Horse-4242' })).status).toBe(200)
  })

  it('locks each audience out of every endpoint of the other, with the answer for no token at all', async () => {
    const calls = [
      ['GET', 'staffauth/auth/me', staff, applicant],
      ['GET', 'staffapi/application', staff, applicant],
      ['PATCH', 'staffapi/application/1', staff, applicant],
      ['GET', 'applyauth/auth/me', applicant, staff],
      ['GET', 'careers/application', applicant, staff],
      ['POST', 'careers/application', applicant, staff],
    ] as const
    for (const [method, path, right, wrong] of calls) {
      const body = method === 'GET' ? undefined : {}
      expect([path, (await server.api(method, path, body, wrong)).status]).toEqual([path, 401])
      expect([path, (await server.api(method, path, body)).status]).toEqual([path, 401])
      expect([path, (await server.api(method, path, body, right)).status]).not.toEqual([path, 401])
    }
  })

  it('lets applicants apply and staff decide', async () => {
    expect(
      (await server.api('POST', 'careers/application', { position: 'Gardener', letter: 'Trees.', applicant_id: 99, status: 'invited' }, applicant)).body,
    ).toMatchObject({ id: 1, applicant_id: 1, status: 'received' })
    expect((await server.api('GET', 'staffapi/application', undefined, staff)).body).toMatchObject({ itemsTotal: 1 })
    expect((await server.api('PATCH', 'staffapi/application/1', { status: 'hired' }, staff)).body).toMatchObject({ payload: { param: 'status' } })
    expect((await server.api('PATCH', 'staffapi/application/1', { status: 'invited' }, staff)).body).toMatchObject({ status: 'invited' })
    expect((await server.api('GET', 'careers/application', undefined, applicant)).body).toMatchObject([{ position: 'Gardener', status: 'invited' }])
    const other = tokenOf(await server.api('POST', 'applyauth/auth/signup', { name: 'Bo', email: 'bo@example.com', password }))
    expect((await server.api('GET', 'careers/application', undefined, other)).body).toEqual([])
  })
})
