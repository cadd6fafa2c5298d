import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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
    for (const route of metaRoutes) {
      const path = route.path.replace(/:\w+/g, '1')
      const body = route.method === 'GET' || route.method === 'DELETE' ? undefined : {}
      expect([route.path, (await server.meta(route.method, path, body, { token: '' })).status]).toEqual([route.path, 401])
      expect([route.path, (await server.meta(route.method, path, body, { token: 'sha_wrong' })).status]).toEqual([route.path, 401])
      expect([route.path, (await server.meta(route.method, path, body, { token: weak })).status]).toEqual([route.path, 403])
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
    expect(made.body).toEqual({ id: expect.any(Number), label: 'dev', description: 'next', color: '#123456', live: false, backup: false, created_at: date })
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

describe('functions', () => {
  it('are made, listed, read, changed and deleted as XanoScript', async () => {
    const made = await server.meta(
      'POST',
      `${W}/function?include_xanoscript=true`,
      fn('math/double', '$input.n * 2', '\n    // What is doubled.\n    int n\n    int? times?=2'),
    )
    expect(made.body).toMatchObject({
      id: expect.any(Number),
      guid,
      name: 'math/double',
      description: '',
      branch: 'v1',
      tag: [],
      created_at: date,
      updated_at: date,
      xanoscript: { status: 'ok', value: expect.stringContaining('function math/double') },
      input: [
        { name: 'n', type: 'int', required: true, nullable: false, description: 'What is doubled.', style: { type: 'single' } },
        { name: 'times', type: 'int', required: false, nullable: true, default: 2, description: '', style: { type: 'single' } },
      ],
    })
    const one = `${W}/function/${made.body.id}`
    expect((await server.meta('GET', one)).body.xanoscript).toBeUndefined()
    expect((await server.meta('PUT', one, { xanoscript: fn('math/double', '$input.n * 3', '\n    int n') })).body).toMatchObject({
      id: made.body.id,
      guid: made.body.guid,
    })
    expect((await server.meta('POST', `${W}/function/run`, { name: 'math/double', input: { n: 2 } })).body.result).toBe(6)
    expect((await server.meta('PUT', one, { name: 'math/triple', description: 'Three times.', tag: ['a'] })).body).toMatchObject({
      id: made.body.id,
      name: 'math/triple',
      description: 'Three times.',
      tag: ['a'],
    })
    expect((await server.meta('PUT', `${one}/security`, { guid: 'my-guid' })).body.guid).toBe('my-guid')
    expect((await server.meta('DELETE', one)).body).toBeNull()
    expect((await server.meta('GET', one)).status).toBe(404)
  })

  it('are listed in pages with search and order', async () => {
    for (const name of ['page_a', 'page_b', 'page_c']) await server.meta('POST', `${W}/function`, fn(name))
    const { body } = await server.meta('GET', `${W}/function?search=page_&sort=name&order=desc&page=2&per_page=2`)
    expect(body).toMatchObject({ itemsReceived: 1, curPage: 2, nextPage: null, prevPage: 1, perPage: 2, itemsTotal: 3, pageTotal: 2, offset: 0 })
    expect(body.items.map((item: { name: string }) => item.name)).toEqual(['page_a'])
    expect((await server.meta('GET', `${W}/function?sort=size`)).status).toBe(400)
    expect((await server.meta('GET', `${W}/function?page=0`)).status).toBe(400)
    expect((await server.meta('GET', `${W}/function?branch=nope`)).status).toBe(404)
  })

  it('answer what is wrong with the text, at its place', async () => {
    const { status, body } = await server.meta(
      'POST',
      `${W}/function`,
      'function f {\n  input {\n  }\n  stack {\n    vra $x {\n      value = 1\n    }\n  }\n  response = $x\n}',
    )
    expect(status).toBe(400)
    expect(body).toMatchObject({
      code: 'ERROR_CODE_SYNTAX_ERROR',
      payload: { line: 5, column: 5, excerpt: expect.stringContaining('^'), errors: [expect.objectContaining({ hint: expect.stringContaining('var') })] },
    })
    expect((await server.meta('POST', `${W}/function`, 'table t {\n  schema {\n    int id\n  }\n}')).body.message).toBe('Expected a function, got a table.')
    expect((await server.meta('POST', `${W}/function`, '')).status).toBe(400)
    await server.meta('POST', `${W}/function`, fn('twice'))
    expect((await server.meta('PUT', `${W}/function/${(await server.meta('POST', `${W}/function`, fn('thrice'))).body.id}`, fn('twice'))).status).toBe(409)
    expect((await server.meta('POST', `${W}/function?publish=false`, fn('draft'))).status).toBe(501)
  })

  it('take the JSON form that convert/fromXS answers', async () => {
    const text = fn('as_json', '"hi"')
    const tree = await server.meta('POST', `${W}/convert/fromXS`, text)
    expect(tree.body).toMatchObject({ kind: 'function', name: 'as_json', input: [], stack: [] })
    expect((await server.meta('POST', `${W}/convert/toXS`, tree.body)).text).toContain('function as_json')
    expect((await server.meta('POST', `${W}/function`, { name: 'as_json', definition: tree.body })).status).toBe(200)
    expect((await server.meta('POST', `${W}/function/run`, { name: 'as_json' })).body.result).toBe('hi')
    expect((await server.meta('POST', `${W}/convert/fromXS`, 'nonsense')).body.code).toBe('ERROR_CODE_SYNTAX_ERROR')
    expect((await server.meta('POST', `${W}/convert/toXS`, { kind: 'function', stack: [{ name: 5 }] })).status).toBe(400)
    expect((await server.meta('POST', `${W}/convert/toXS`, { name: 'x' })).status).toBe(400)
  })
})

describe('function/run', () => {
  it('answers result, logs and timing', async () => {
    await server.meta(
      'POST',
      `${W}/function`,
      fn('greet', '{hello: $input.name}', '\n    text name', '\n    debug.log {\n      value = {seen: $input.name}\n    }'),
    )
    const { status, body } = await server.meta('POST', `${W}/function/run`, { name: 'greet', input: { name: 'Ada' } })
    expect(status).toBe(200)
    expect(body).toEqual({ status: 'ok', result: { hello: 'Ada' }, logs: [{ seen: 'Ada' }], timing: expect.any(Number) })
  })

  it('answers a failure of the program with 200 and its place', async () => {
    await server.meta(
      'POST',
      `${W}/function`,
      fn(
        'fails',
        '1',
        '',
        '\n    debug.log {\n      value = "before"\n    }\n\n    precondition (1 > 2) {\n      error_type = "notfound"\n      error = "Not here."\n      payload = {a: 1}\n    }',
      ),
    )
    const { status, body } = await server.meta('POST', `${W}/function/run`, { name: 'fails' })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      status: 'error',
      error: { code: 'ERROR_CODE_NOT_FOUND', message: 'Not here.', payload: { a: 1 }, statement: 'precondition', line: 9 },
      logs: ['before'],
    })
  })

  it('refuses what is no run', async () => {
    expect((await server.meta('POST', `${W}/function/run`, { name: 'nope' })).body).toMatchObject({
      code: 'ERROR_CODE_NOT_FOUND',
      message: 'Function does not exist: nope',
    })
    expect((await server.meta('POST', `${W}/function/run`, {})).status).toBe(400)
    expect((await server.meta('POST', `${W}/function/run`, { name: 'greet', input: 5 })).status).toBe(400)
    expect((await server.meta('POST', '/workspace/99/function/run', { name: 'greet' })).status).toBe(404)
  })
})

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
    expect((await server.meta('POST', path, text('a/b'))).body).toMatchObject({ code: 'ERROR_CODE_CONFLICT' })
    expect((await server.meta('POST', path, { name: 'x', auth: 'nobody' })).status).toBe(400)
    expect((await server.meta('POST', path, text('y').replace('public', 'api_group = "other"\n  public'))).status).toBe(400)
    expect((await server.meta('POST', `${W}/apigroup`, { name: 'clash' })).status).toBe(409)
    expect((await server.meta('POST', `${W}/apigroup`, { name: 'c2', canonical: 'meta' })).status).toBe(400)
    expect((await server.meta('GET', `${W}/apigroup/999999/api`)).status).toBe(404)
  })
})

describe('stored constructs', () => {
  const texts: Record<string, [path: string, text: string]> = {
    task: ['task', 'task t1 {\n  active = true\n  stack {\n  }\n}'],
    middleware: [
      'middleware',
      'middleware m1 {\n  input {\n    json vars\n    enum type {\n      values = ["pre", "post"]\n    }\n  }\n  stack {\n  }\n  response = 1\n}',
    ],
    addon: ['addon', 'addon a1 {\n  input {\n  }\n  stack {\n    db.query user {\n    }\n  }\n}'],
    tool: ['tool', 'tool t1 {\n  instructions = "Does."\n  input {\n  }\n  stack {\n  }\n  response = 1\n}'],
    agent: ['agent', 'agent g1 {\n  canonical = "x"\n  llm = {type: "openai"}\n}'],
    mcp_server: ['mcp_server', 'mcp_server s1 {\n  canonical = "y"\n}'],
    'table trigger': ['table/trigger', 'table_trigger tt1 {\n  table = "user"\n  actions = {insert: true}\n  input {\n    json new\n  }\n  stack {\n  }\n}'],
    'workspace trigger': ['trigger', 'workspace_trigger wt1 {\n  actions = {branch_live: true}\n  input {\n    text action\n  }\n  stack {\n  }\n}'],
    'agent trigger': [
      'agent/trigger',
      'agent_trigger at1 {\n  agent = "g1"\n  actions = {connection: true}\n  input {\n    json tools\n  }\n  stack {\n  }\n  response = 1\n}',
    ],
    'MCP server trigger': [
      'mcp_server/trigger',
      'mcp_server_trigger mt1 {\n  mcp_server = "s1"\n  actions = {connection: true}\n  input {\n    json tools\n  }\n  stack {\n  }\n  response = 1\n}',
    ],
    'realtime channel': ['realtime/channel', 'realtime_channel "room/*" {\n  active = true\n}'],
    'realtime trigger': [
      'realtime/channel/trigger',
      'realtime_trigger rt1 {\n  channel = "room/{id}"\n  actions = {join: true}\n  input {\n    text action\n  }\n  stack {\n  }\n  response = 1\n}',
    ],
    'workflow test': ['workflow_test', 'workflow_test w1 {\n  stack {\n  }\n}'],
  }

  it.each(Object.keys(texts))('%s: made, listed, read, changed, pulled', async (kind) => {
    const [path, text] = texts[kind]!
    const made = await server.meta('POST', `${W}/${path}`, text)
    expect([made.status, made.body.message]).toEqual([200, undefined])
    const one = `${W}/${path}/${made.body.id}`
    expect((await server.meta('GET', `${W}/${path}`)).body.items.map((item: { id: number }) => item.id)).toContain(made.body.id)
    expect((await server.meta('GET', `${one}?include_xanoscript=true`)).body.xanoscript.status).toBe('ok')
    expect((await server.meta('PUT', one, { description: 'Changed.' })).body.description).toBe('Changed.')
    expect((await server.meta('GET', `${W}/multidoc`)).text).toContain(text.split(' {')[0])
    expect((await server.meta('GET', `${W}/${path}/999999`)).status).toBe(404)
  })

  it('tasks are switched on and off', async () => {
    const { id } = (await server.meta('GET', `${W}/task`)).body.items[0]
    expect((await server.meta('PUT', `${W}/task/${id}/activate`, { type: 'xs', active: false })).body.active).toBe(false)
    expect((await server.meta('GET', `${W}/task/${id}`)).body.active).toBe(false)
  })

  it('are deleted', async () => {
    for (const [path] of Object.values(texts).reverse()) {
      const { items } = (await server.meta('GET', `${W}/${path}`)).body
      for (const { id } of items) expect((await server.meta('DELETE', `${W}/${path}/${id}`)).body).toBeNull()
      expect((await server.meta('GET', `${W}/${path}`)).body.items).toEqual([])
    }
  })
})

describe('tests, knowledge and context', () => {
  it('lists tests and says that they do not run yet', async () => {
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
