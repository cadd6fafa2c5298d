import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createServer, type TestServer } from './server.js'

let server: TestServer
beforeAll(async () => {
  server = await createServer()
})
afterAll(() => server.close())

const W = '/workspace/1'
const guid = expect.stringMatching(/^[\w-]{22}$/)

describe('API groups and endpoints', () => {
  it('are made, served at once, changed and deleted', async () => {
    const group = await server.meta('POST', `${W}/apigroup`, { name: 'things', description: 'All things.' })
    expect(group.body).toMatchObject({
      name: 'things',
      canonical: guid,
      active: true,
      swagger: true,
      documentation: { link: expect.stringContaining(group.body.canonical) },
    })
    const one = `${W}/apigroup/${group.body.id}`
    expect((await server.meta('PUT', `${one}/security`, { canonical: 'things1', guid: 'g-1' })).body).toMatchObject({ canonical: 'things1', guid: 'g-1' })
    const text = 'query hello verb=GET {\n  public = "test"\n  input {\n    text name?="you"\n  }\n  stack {\n  }\n  response = "hello " ~ $input.name\n}'
    const made = await server.meta('POST', `${one}/api`, text)
    expect(made.body).toMatchObject({ name: 'hello', verb: 'GET', auth: '', public: 'test', active: true })
    expect((await server.api('GET', 'things1/hello?name=Ada')).body).toBe('hello Ada')

    const api = `${one}/api/${made.body.id}`
    expect((await server.meta('PUT', api, text.replace('hello verb', 'hi verb'))).body.name).toBe('hi')
    expect((await server.api('GET', 'things1/hello')).status).toBe(404)
    expect((await server.api('GET', 'things1/hi')).body).toBe('hello you')
    expect((await server.meta('PUT', api, { active: false })).body.active).toBe(false)
    expect((await server.api('GET', 'things1/hi')).status).toBe(404)
    await server.meta('PUT', api, { active: true })

    expect((await server.meta('GET', `${one}/openapi`)).body).toMatchObject({ openapi: '3.1.0', paths: { '/hi': { get: expect.anything() } } })
    expect(Object.keys((await server.meta('GET', `${api}/openapi`)).body.paths)).toEqual(['/hi'])
    expect(Object.keys((await server.meta('GET', `${W}/openapi`)).body.paths)).toContain('/api:things1/hi')

    expect((await server.meta('PUT', one, { name: 'renamed' })).body.name).toBe('renamed')
    expect((await server.api('GET', 'things1/hi')).status).toBe(200)
    expect((await server.meta('GET', `${one}/api`)).body.items).toHaveLength(1)
    expect((await server.meta('DELETE', one)).body).toBeNull()
    expect((await server.api('GET', 'things1/hi')).status).toBe(404)
    expect((await server.meta('GET', api)).status).toBe(404)
  })

  it('are described in one document, each by an id of its own, with every scheme they name', async () => {
    const query = (group: string, path: string) =>
      `query "${path}" verb=GET {\n  api_group = "${group}"\n  auth = "user"\n  input {\n  }\n  stack {\n  }\n  response = 1\n}`
    const documents = ['left', 'right'].flatMap((name) => [
      `api_group ${name} {\n  canonical = "${name}grp"\n}`,
      ...['a/b', 'a-b', 'a_b'].map((path) => query(name, path)),
    ])
    expect((await server.meta('POST', `${W}/multidoc?partial=true`, documents.join('\n---\n'))).status).toBe(200)
    const { body } = await server.meta('GET', `${W}/openapi`)
    const operations = Object.values<Record<string, { operationId: string; security: object[] }>>(body.paths).flatMap((item) => Object.values(item))
    const ids = operations.map(({ operationId }) => operationId)
    expect(ids).toEqual(expect.arrayContaining(['left_get_a_b', 'left_get_a_b_2', 'left_get_a_b_3', 'right_get_a_b', 'authentication_post_auth_login']))
    expect(new Set(ids).size).toBe(ids.length)
    const schemes = Object.keys(body.components.securitySchemes)
    expect(schemes).toEqual(['user'])
    expect(operations.flatMap(({ security }) => security.flatMap((named) => Object.keys(named))).every((name) => schemes.includes(name))).toBe(true)
    expect(body.info.title).toBe('Stackhold')
  })

  it('are private unless somebody says why not', async () => {
    const group = await server.meta('POST', `${W}/apigroup`, { name: 'closed', canonical: 'closed1' })
    const path = `${W}/apigroup/${group.body.id}/api`
    expect((await server.meta('POST', path, { name: 'x' })).body).toMatchObject({ code: 'ERROR_CODE_INPUT_ERROR', payload: { param: 'auth' } })
    expect((await server.meta('POST', path, { name: 'private', auth: 'user' })).body).toMatchObject({ verb: 'GET', auth: 'user' })
    expect((await server.api('GET', 'closed1/private')).status).toBe(401)
    await server.meta('POST', path, { name: 'open', public: 'a reason', verb: 'post' })
    expect((await server.api('POST', 'closed1/open')).status).toBe(200)
    await server.meta('POST', path, 'query unreviewed verb=GET {\n  input {\n  }\n  stack {\n  }\n  response = 1\n}')
    expect((await server.api('GET', 'closed1/unreviewed')).status).toBe(401)

    const { body } = await server.meta('GET', `${W}/security/public-endpoints`)
    expect(
      body
        .filter((endpoint: { api_group: string }) => endpoint.api_group === 'closed')
        .map(({ verb, name, status, reason }: Record<string, string>) => [verb, name, status, reason]),
    ).toEqual([
      ['POST', 'open', 'public', 'a reason'],
      ['GET', 'unreviewed', 'unreviewed', ''],
    ])
    expect((await server.meta('GET', '/security/public-endpoints')).body.length).toBeGreaterThanOrEqual(4)
  })

  it('refuse conflicts and unknown tables', async () => {
    const group = await server.meta('POST', `${W}/apigroup`, { name: 'clash' })
    const path = `${W}/apigroup/${group.body.id}/api`
    const text = (name: string) =>
      `query "${name}" verb=GET {\n  public = "t"\n  input {${name.includes('{id}') ? '\n    int id' : ''}\n  }\n  stack {\n  }\n  response = 1\n}`
    await server.meta('POST', path, text('a/{id}'))
    expect((await server.meta('POST', path, text('a/{other}'))).body).toMatchObject({ code: 'ERROR_CODE_CONFLICT' })
    expect((await server.meta('POST', path, { name: 'x', auth: 'nobody' })).status).toBe(400)
    expect((await server.meta('POST', path, text('y').replace('public', 'api_group = "other"\n  public'))).status).toBe(400)
    expect((await server.meta('POST', `${W}/apigroup`, { name: 'clash' })).status).toBe(409)
    expect((await server.meta('POST', `${W}/apigroup`, { name: 'c2', canonical: 'meta' })).status).toBe(400)
    expect((await server.meta('GET', `${W}/apigroup/999999/api`)).status).toBe(404)
  })
})
