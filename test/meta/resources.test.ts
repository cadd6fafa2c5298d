import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { metaRoutes } from '../../src/http/meta/index.js'
import { createServer, type TestServer } from './server.js'

let server: TestServer
beforeAll(async () => {
  server = await createServer()
})
afterAll(() => server.close())

const W = '/workspace/1'
const date = expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+0000$/)
const guid = expect.stringMatching(/^[\w-]{22}$/)
const fn = (name: string, response = '1', input = '', stack = '') =>
  `function ${name} {\n  input {${input}\n  }\n  stack {${stack}\n  }\n  response = ${response}\n}`

describe('access', () => {
  it('refuses every route without a token, with a wrong one and with one that lacks the scope', async () => {
    const weak = await server.tokenWith(['nothing'])
    for (const route of metaRoutes.filter(({ open }) => open !== true)) {
      const path = route.path.replace(/:\w+/g, '1')
      const body = route.method === 'GET' || route.method === 'DELETE' ? undefined : {}
      expect([route.path, (await server.meta(route.method, path, body, { token: '' })).status]).toEqual([route.path, 401])
      expect([route.path, (await server.meta(route.method, path, body, { token: 'sha_wrong' })).status]).toEqual([route.path, 401])
      if (route.area !== 'self') expect([route.path, (await server.meta(route.method, path, body, { token: weak })).status]).toEqual([route.path, 403])
    }
  })

  it('answers errors as {code, message, payload} with WWW-Authenticate', async () => {
    const answer = await server.meta('GET', '/workspace', undefined, { token: '' })
    expect(answer.body).toMatchObject({ code: 'ERROR_CODE_UNAUTHORIZED', message: 'Unauthorized - Authentication Required', payload: '' })
    expect(answer.headers['www-authenticate']).toBe('Bearer')
    expect(answer.headers['cache-control']).toBe('no-store')
  })

  it('lets a reading scope read and no more', async () => {
    const token = await server.tokenWith(['database:read'])
    expect((await server.meta('GET', `${W}/table`, undefined, { token })).status).toBe(200)
    expect((await server.meta('POST', `${W}/table`, { name: 'x' }, { token })).status).toBe(403)
    expect((await server.meta('GET', `${W}/function`, undefined, { token })).status).toBe(403)
  })

  it('answers 404 for a path that does not exist, 415 for another content type and 400 for broken JSON', async () => {
    expect((await server.meta('GET', '/nope')).body).toMatchObject({ code: 'ERROR_CODE_NOT_FOUND' })
    expect((await server.meta('POST', `${W}/function`, 'a=b', { headers: { 'content-type': 'application/x-www-form-urlencoded' } })).status).toBe(415)
    expect((await server.meta('POST', `${W}/function`, '{"name":', { headers: { 'content-type': 'application/json' } })).status).toBe(400)
  })

  it('does not accept a token of a table', async () => {
    const signup = `${[...server.instance.live.current.workspaces.get(1)!.branches.get('v1')!.groups.values()][0]!.canonical}/auth/signup`
    const { body } = await server.api('POST', signup, { name: 'Ada', email: 'ada@example.com', password: 'Correct-Horse-42' })
    expect(body.authToken.split('.')).toHaveLength(5)
    expect((await server.meta('GET', '/workspace', undefined, { token: body.authToken })).status).toBe(401)
  })
})

describe('account', () => {
  it('says who calls and which instance this is', async () => {
    const me = await server.meta('GET', '/auth/me')
    expect(me.body).toMatchObject({
      id: expect.any(Number),
      name: 'first',
      extras: { instance: { name: 'stackhold', membership: { role: 'admin', workspace: { id: [1] } } } },
    })
    const instances = await server.meta('GET', '/instance')
    expect(instances.body).toEqual([expect.objectContaining({ name: 'stackhold', meta_api: expect.stringMatching(/\/api:meta$/) })])
    expect((await server.meta('GET', '/instance/stackhold')).body.name).toBe('stackhold')
    expect((await server.meta('GET', '/instance/other')).status).toBe(404)
  })

  it('describes every statement, filter and type', async () => {
    const { body } = await server.meta('GET', '/registry')
    expect(body.statements.map((statement: { name: string }) => statement.name)).toContain('db.query')
    expect(body.filters.map((filter: { name: string }) => filter.name)).toContain('trim')
    expect(body.types.map((type: { name: string }) => type.name)).toContain('email')
  })
})

describe('workspaces', () => {
  it('are made, read, changed and deleted', async () => {
    expect((await server.meta('GET', '/workspace')).body).toEqual([expect.objectContaining({ id: 1, branch: 'v1' })])
    const made = await server.meta('POST', '/workspace', { name: 'second', description: 'Two.' })
    expect(made.body).toMatchObject({ name: 'second', description: 'Two.', branch: 'v1', preferences: { allow_push: true }, swagger: false, created_at: date })
    const path = `/workspace/${made.body.id}`
    const changed = await server.meta('PUT', path, {
      name: 'renamed',
      preferences: { allow_push: false },
      swagger: true,
      documentation: { require_token: false },
    })
    expect(changed.body).toMatchObject({
      name: 'renamed',
      description: 'Two.',
      preferences: { allow_push: false },
      swagger: true,
      documentation: { require_token: false },
    })
    expect((await server.meta('GET', `${path}/multidoc`)).text).toContain('workspace renamed {')
    expect((await server.meta('POST', `${path}/multidoc`, fn('f'))).body).toMatchObject({ message: 'Push is disabled' })
    await server.meta('POST', `${path}/table`, { name: 'thing' })
    expect((await server.meta('DELETE', path)).body).toBeNull()
    expect((await server.meta('GET', path)).status).toBe(404)
  })

  it('name what is wrong with a body', async () => {
    expect((await server.meta('POST', '/workspace', {})).body).toMatchObject({
      code: 'ERROR_CODE_INPUT_ERROR',
      message: 'Missing param: name',
      payload: { param: 'name' },
    })
    expect((await server.meta('GET', '/workspace/99')).status).toBe(404)
    expect((await server.meta('GET', '/workspace/x')).status).toBe(400)
    expect((await server.meta('DELETE', '/workspace/1')).status).toBe(400)
  })
})

describe('branches', () => {
  it('are a bare list, cloned with their guids, renamed, made live and deleted', async () => {
    await server.meta('POST', `${W}/function`, fn('in_branch', '"v1"'))
    const made = await server.meta('POST', `${W}/branch`, { label: 'dev', description: 'next', color: '#123456' })
    expect(made.body).toEqual({
      id: expect.any(Number),
      label: 'dev',
      description: 'next',
      color: '#123456',
      live: false,
      backup: false,
      tables: 'shared',
      created_at: date,
    })
    const [a, b] = await Promise.all([server.meta('GET', `${W}/function?search=in_branch`), server.meta('GET', `${W}/function?search=in_branch&branch=dev`)])
    expect(b.body.items[0].guid).toBe(a.body.items[0].guid)
    expect(b.body.items[0].id).not.toBe(a.body.items[0].id)
    expect(b.body.items[0].branch).toBe('dev')
    await server.meta('PUT', `${W}/function/${b.body.items[0].id}`, fn('in_branch', '"dev"'))
    expect((await server.meta('POST', `${W}/function/run`, { name: 'in_branch' })).body.result).toBe('v1')
    expect((await server.meta('POST', `${W}/function/run`, { name: 'in_branch', branch: 'dev' })).body.result).toBe('dev')

    expect((await server.meta('PUT', `${W}/branch/dev`, { label: 'dev2' })).body.label).toBe('dev2')
    expect((await server.meta('POST', `${W}/branch/dev2/live`)).body.live).toBe(true)
    expect((await server.meta('GET', W)).body.branch).toBe('dev2')
    expect((await server.meta('GET', `${W}/branch`)).body.map((branch: { label: string; live: boolean }) => [branch.label, branch.live])).toEqual([
      ['v1', false],
      ['dev2', true],
    ])
    expect((await server.meta('POST', `${W}/function/run`, { name: 'in_branch' })).body.result).toBe('dev')
    expect((await server.meta('DELETE', `${W}/branch/dev2`)).status).toBe(400)
    await server.meta('POST', `${W}/branch/v1/live`)
    expect((await server.meta('DELETE', `${W}/branch/dev2`)).body).toBeNull()
    expect((await server.meta('GET', `${W}/branch/dev2`)).status).toBe(404)
  })

  it('refuse what would leave none', async () => {
    expect((await server.meta('DELETE', `${W}/branch/v1`)).status).toBe(400)
    expect((await server.meta('PUT', `${W}/branch/v1`, { label: 'x' })).status).toBe(400)
    expect((await server.meta('POST', `${W}/branch`, { label: 'v1' })).status).toBe(409)
    expect((await server.meta('POST', `${W}/branch`, { label: 'a/b' })).status).toBe(400)
    expect((await server.meta('POST', `${W}/branch`, { label: 'x', source_branch: 'nope' })).status).toBe(404)
    expect((await server.meta('GET', '/workspace/99/branch')).status).toBe(404)
  })
})

describe('tests, knowledge and context', () => {
  it('lists tests and runs one', async () => {
    await server.meta(
      'POST',
      `${W}/function`,
      'function tested {\n  input {\n    int n?\n  }\n  stack {\n  }\n  response = 1\n\n  test "is one" {\n    input = {n: 1}\n    expect.to_equal ($response) {\n      value = 1\n    }\n  }\n}',
    )
    const { body } = await server.meta('GET', `${W}/unit_test?obj_type=function`)
    const test = body.items.find((item: { obj_name: string }) => item.obj_name === 'tested')
    expect(test).toMatchObject({ name: 'is one', obj_type: 'function', input_count: 1, expect_count: 1 })
    expect((await server.meta('POST', `${W}/unit_test/${test.id}/run`, {})).body).toMatchObject({ status: 'ok' })
    expect((await server.meta('POST', `${W}/unit_test/1-99/run`, {})).status).toBe(404)
  })

  it('has no knowledge', async () => {
    expect((await server.meta('GET', `${W}/knowledge`)).body.items).toEqual([])
    expect((await server.meta('GET', `${W}/knowledge/sync?branch=`)).body.items).toEqual([])
    expect((await server.meta('POST', `${W}/knowledge/sync`, { items: [] })).body).toMatchObject({ imported: 0 })
    expect((await server.meta('POST', `${W}/knowledge/sync`, { items: [{}] })).status).toBe(501)
  })

  it('maps everything for tools', async () => {
    const { body } = await server.meta('GET', `${W}/context?format=json`)
    expect(body).toMatchObject({ branch: 'v1', table: [expect.objectContaining({ name: 'user' })] })
    const yaml = await server.meta('GET', `${W}/context?format=yaml`)
    expect(yaml.headers['content-type']).toBe('application/yaml; charset=utf-8')
    expect(parse(yaml.text)).toEqual(body)
    expect((await server.meta('GET', `${W}/context?format=xml`)).status).toBe(400)
  })
})

describe('multidoc', () => {
  it('pushes, plans and pulls', async () => {
    const text = `api_group multi {\n  canonical = "multi1"\n}\n---\nquery a verb=GET {\n  api_group = "multi"\n  public = "t"\n  input {\n  }\n  stack {\n  }\n  response = 1\n}`
    const plan = await server.meta('POST', `${W}/multidoc/dry-run?partial=true&delete=true&branch=`, text)
    expect(plan.body).toMatchObject({
      workspace_name: 'Stackhold',
      source_workspace_mismatch: false,
      summary: { api_group: { created: 1 }, query: { created: 1 } },
    })
    expect((await server.api('GET', 'multi1/a')).status).toBe(404)
    const { body } = await server.meta('POST', `${W}/multidoc?partial=true&delete=false&env=false&records=false&transaction=true&truncate=false&branch=`, text)
    expect(body.guid_map).toEqual([
      { type: 'api_group', name: 'multi', guid },
      { type: 'query', name: 'a', verb: 'GET', api_group: 'multi', guid },
    ])
    expect((await server.api('GET', 'multi1/a')).body).toBe(1)
    const pulled = await server.meta('GET', `${W}/multidoc`)
    expect(pulled.headers['content-type']).toContain('text/x-xanoscript')
    expect(pulled.text.split('\n---\n').length).toBeGreaterThan(5)
    expect(
      (await server.meta('POST', `${W}/multidoc/dry-run`, pulled.text)).body.operations.every(
        (operation: { action: string }) => operation.action === 'unchanged',
      ),
    ).toBe(true)
  })

  it('answers every problem with 400', async () => {
    const { status, body } = await server.meta(
      'POST',
      `${W}/multidoc`,
      `${fn('a', '1', '', '\n    function.run "nope" as $x')}\n---\nquery q verb=GET {\n  api_group = "none"\n  input {\n  }\n  stack {\n  }\n  response = 1\n}`,
    )
    expect(status).toBe(400)
    expect(body.payload.errors.map(({ document }: { document: string }) => document)).toEqual(['function "a"', 'query "q" GET'])
    expect((await server.meta('POST', `${W}/multidoc`, { nothing: 1 })).status).toBe(400)
    expect((await server.meta('GET', '/workspace/99/multidoc')).status).toBe(404)
    expect((await server.meta('POST', `${W}/multidoc?branch=nope`, fn('a'))).status).toBe(404)
  })
})
