import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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
      result: { code: 'ERROR_CODE_NOT_FOUND', message: 'Not here.', payload: { a: 1 } },
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
