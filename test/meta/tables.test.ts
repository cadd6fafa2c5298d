import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createServer, type TestServer } from './server.js'

let server: TestServer
beforeAll(async () => {
  server = await createServer()
})
afterAll(() => server.close())

const T = '/workspace/1/table'
const columnsOf = async (table: string, schema = 'ws_1_live'): Promise<string[]> =>
  (
    await server.instance.db.query<{ column: string }>(
      `select column_name || ' ' || data_type as column from information_schema.columns where table_schema = $1 and table_name = $2 and column_name not like '~%' order by ordinal_position`,
      [schema, table],
    )
  ).map((row) => row.column)

describe('tables', () => {
  it('are made from a name alone, with id and created_at', async () => {
    const { body } = await server.meta('POST', T, { name: 'plain', description: 'Nothing special.' })
    expect(body).toMatchObject({
      id: expect.any(Number),
      name: 'plain',
      description: 'Nothing special.',
      auth: false,
      index: [expect.objectContaining({ type: 'primary' })],
    })
    expect(body.schema.map(({ name, type }: Record<string, string>) => `${type} ${name}`)).toEqual(['int id', 'timestamp created_at'])
    expect(await columnsOf('plain')).toEqual(['id bigint', 'created_at timestamp with time zone'])
  })

  it('are made from JSON fields and from XanoScript, listed by name, read with their text', async () => {
    const json = await server.meta('POST', T, {
      name: 'car',
      auth: false,
      schema: [
        { name: 'id', type: 'int' },
        { name: 'plate', type: 'text', required: true, validators: { trim: true } },
        { name: 'colors', type: 'enum', values: ['red', 'blue'], style: 'list' },
        { name: 'owner', type: 'int', tableref_id: 1 },
      ],
      index: [{ type: 'unique', fields: [{ name: 'plate', op: 'asc' }] }],
    })
    expect([json.status, json.body.message]).toEqual([400, expect.stringContaining('1')])
    const users = (await server.meta('GET', `${T}?search=user`)).body.items[0]
    const made = await server.meta('POST', T, {
      name: 'car',
      schema: [
        { name: 'id', type: 'int' },
        { name: 'plate', type: 'text', required: true, validators: { trim: true } },
        { name: 'colors', type: 'enum', values: ['red', 'blue'], style: 'list' },
        { name: 'owner', type: 'int', tableref_id: users.id },
      ],
      index: [{ type: 'unique', fields: [{ name: 'plate', op: 'asc' }] }],
    })
    expect(made.body.schema).toMatchObject([
      { name: 'id' },
      { name: 'plate', required: true, validators: { trim: true } },
      { name: 'colors', style: 'list', values: ['red', 'blue'] },
      { name: 'owner', tableref_id: users.id },
    ])
    const text = await server.meta('GET', `${T}/${made.body.id}?include_xanoscript=true`)
    expect(text.body.xanoscript.value).toContain('table car {')
    expect(text.body.xanoscript.value).toContain('table = "user"')
    const names = (await server.meta('GET', T)).body.items.map((item: { name: string }) => item.name)
    expect(names).toEqual([...names].sort())
    expect((await server.meta('POST', T, 'table car {\n  schema {\n    int id\n  }\n}')).status).toBe(409)
  })

  it('name what is wrong', async () => {
    expect((await server.meta('POST', T, {})).body).toMatchObject({ message: 'Missing param: name' })
    expect((await server.meta('POST', T, { name: 'x', schema: [{ name: 'title', type: 'text' }] })).body.message).toContain('Primary key')
    expect(
      (
        await server.meta('POST', T, {
          name: 'x',
          schema: [
            { name: 'id', type: 'int' },
            { name: 'a', type: 'nope' },
          ],
        })
      ).status,
    ).toBe(400)
    expect((await server.meta('GET', `${T}/999999`)).status).toBe(404)
    expect((await server.meta('GET', '/workspace/99/table')).status).toBe(404)
  })

  it('are renamed with everything that names them', async () => {
    const { body } = await server.meta('POST', T, { name: 'before' })
    await server.meta(
      'POST',
      '/workspace/1/function',
      'function reads {\n  input {\n  }\n  stack {\n    db.query before {\n      where = $db.before.id > 0\n      return = {type: "count"}\n    } as $n\n  }\n  response = $n\n}',
    )
    expect((await server.meta('PUT', `${T}/${body.id}`, { name: 'after' })).body).toMatchObject({ id: body.id, guid: body.guid, name: 'after' })
    expect((await server.meta('POST', '/workspace/1/function/run', { name: 'reads' })).body).toMatchObject({ status: 'ok', result: 0 })
    expect((await server.meta('PUT', `${T}/${body.id}/meta`, { name: 'after2', tag: ['t'] })).body).toEqual({})
    expect((await server.meta('GET', `${T}/${body.id}`)).body).toMatchObject({ name: 'after2', tag: ['t'] })
  })

  it('are deleted into the bin, and programs that use them say so', async () => {
    const { body } = await server.meta('POST', T, { name: 'gone' })
    await server.meta(
      'POST',
      '/workspace/1/function',
      'function uses_gone {\n  input {\n  }\n  stack {\n    db.query gone {\n    } as $x\n  }\n  response = $x\n}',
    )
    expect((await server.meta('DELETE', `${T}/${body.id}`)).body).toBeNull()
    expect(await columnsOf('gone')).toEqual([])
    expect(await server.instance.db.query(`select table_name from stackhold.table_bin where table_name = 'gone'`)).toHaveLength(1)
    expect((await server.meta('POST', '/workspace/1/function/run', { name: 'uses_gone' })).body).toMatchObject({
      status: 'error',
      message: 'Unknown table: gone',
    })
  })
})

describe('schema', () => {
  let id: number
  beforeAll(async () => {
    id = (await server.meta('POST', T, { name: 'schema_test' })).body.id
  })

  it('adds, reads, renames and drops columns, with the rows that are there', async () => {
    await server.meta('POST', `${T}/${id}/content`, {})
    expect((await server.meta('POST', `${T}/${id}/schema/type/text`, { name: 'title', description: 'The title.' })).body).toEqual({ name: 'title' })
    expect((await server.meta('POST', `${T}/${id}/schema`, { name: 'pages', type: 'int', default: 1 })).body).toEqual({ name: 'pages' })
    expect((await server.meta('GET', `${T}/${id}/schema/title`)).body).toMatchObject({ name: 'title', type: 'text', description: 'The title.' })
    await server.meta('PUT', `${T}/${id}/content/1`, { title: 'kept' })
    expect((await server.meta('POST', `${T}/${id}/index/btree`, { fields: [{ name: 'title', op: 'asc' }] })).body).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}$/),
    })
    expect((await server.meta('POST', `${T}/${id}/schema/rename`, { old_name: 'title', new_name: 'name' })).body).toEqual({ name: 'name' })
    expect((await server.meta('GET', `${T}/${id}/content/1`)).body).toMatchObject({ name: 'kept', pages: 1 })
    expect((await server.meta('GET', `${T}/${id}/index`)).body).toEqual(
      expect.arrayContaining([expect.objectContaining({ type: 'btree', fields: [{ name: 'name', op: 'asc' }] })]),
    )
    expect((await server.meta('DELETE', `${T}/${id}/schema/name`)).body).toBeNull()
    expect(await columnsOf('schema_test')).toEqual(['id bigint', 'created_at timestamp with time zone', 'pages bigint'])
    expect((await server.meta('GET', `${T}/${id}/index`)).body).toHaveLength(1)
  })

  it('replaces the whole schema, keeping what is not mentioned of a column', async () => {
    await server.meta('POST', `${T}/${id}/schema/type/text`, { name: 'note', sensitive: true })
    const { body } = await server.meta('PUT', `${T}/${id}/schema`, [{ name: 'id' }, { name: 'note', nullable: true }])
    expect(body).toMatchObject([{ name: 'id' }, { name: 'note', type: 'text', nullable: true, sensitive: true }])
    expect((await server.meta('PUT', `${T}/${id}/schema`, [{ name: 'note', type: 'text' }])).body.message).toBe('First schema entry must be the Primary key.')
  })

  it('refuses what cannot be', async () => {
    expect((await server.meta('POST', `${T}/${id}/schema`, { name: 'note', type: 'text' })).status).toBe(409)
    expect((await server.meta('POST', `${T}/${id}/schema/type/nope`, { name: 'x' })).status).toBe(400)
    expect((await server.meta('DELETE', `${T}/${id}/schema/id`)).status).toBe(400)
    expect((await server.meta('DELETE', `${T}/${id}/schema/nope`)).status).toBe(404)
    expect((await server.meta('GET', `${T}/${id}/schema/nope`)).status).toBe(404)
    expect((await server.meta('POST', `${T}/${id}/schema/rename`, { old_name: 'nope', new_name: 'x' })).status).toBe(404)
    expect((await server.meta('POST', `${T}/${id}/schema/rename`, { old_name: 'note' })).status).toBe(400)
  })

  it('keeps indexes', async () => {
    const { body } = await server.meta('PUT', `${T}/${id}/index`, [
      { type: 'primary', fields: [{ name: 'id' }] },
      { type: 'unique', fields: [{ name: 'note' }] },
    ])
    expect(body.map(({ type }: { type: string }) => type)).toEqual(['primary', 'unique'])
    expect((await server.meta('POST', `${T}/${id}/index/unique`, { fields: [{ name: 'note' }] })).status).toBe(409)
    expect((await server.meta('POST', `${T}/${id}/index/btree`, { fields: [{ name: 'nope' }] })).status).toBe(400)
    expect((await server.meta('DELETE', `${T}/${id}/index/${body[1].id}`)).body).toBeNull()
    expect((await server.meta('DELETE', `${T}/${id}/index/00000000`)).status).toBe(404)
  })
})

describe('content', () => {
  let path: string
  beforeAll(async () => {
    const { body } = await server.meta(
      'POST',
      T,
      'table thing {\n  schema {\n    int id\n    text name filters=trim|max:20\n    int size?\n    text secret? {\n      access = "internal"\n    }\n    password password?\n  }\n}',
    )
    path = `${T}/${body.id}`
  })

  it('adds, reads, edits and deletes rows: every column but passwords', async () => {
    const added = await server.meta('POST', `${path}/content`, { name: ' one ', size: 1, secret: 's', password: 'Correct-Horse-42' })
    expect(added.body).toEqual({ id: 1, name: 'one', size: 1, secret: 's' })
    expect((await server.meta('GET', `${path}/content/1`)).body).toEqual(added.body)
    expect((await server.meta('PUT', `${path}/content/1`, { size: 2 })).body).toMatchObject({ name: 'one', size: 2 })
    expect((await server.meta('POST', `${path}/content`, { size: 1 })).body).toMatchObject({ code: 'ERROR_CODE_INPUT_ERROR', payload: { param: 'name' } })
    expect((await server.meta('PUT', `${path}/content/1`, { name: 'x'.repeat(21) })).status).toBe(400)
    expect((await server.meta('GET', `${path}/content/99`)).status).toBe(404)
    expect((await server.meta('GET', `${path}/content/abc`)).status).toBe(404)
    expect((await server.meta('DELETE', `${path}/content/1`)).body).toBeNull()
    expect((await server.meta('DELETE', `${path}/content/1`)).status).toBe(404)
  })

  it('browses and searches in pages', async () => {
    await server.meta('DELETE', `${path}/truncate`, { reset: true })
    const ids = await server.meta('POST', `${path}/content/bulk`, { items: ['a', 'b', 'c', 'd', 'e'].map((name, size) => ({ name, size })) })
    expect(ids.body).toEqual([1, 2, 3, 4, 5])
    expect((await server.meta('GET', `${path}/content?page=2&per_page=2`)).body).toMatchObject({
      itemsReceived: 2,
      curPage: 2,
      nextPage: 3,
      prevPage: 1,
      itemsTotal: 5,
      pageTotal: 3,
      perPage: 2,
      offset: 0,
    })
    const found = await server.meta('POST', `${path}/content/search`, { search: { 'size|>=': 2 }, sort: { size: 'desc' }, per_page: 2 })
    expect(found.body.items.map(({ name }: { name: string }) => name)).toEqual(['e', 'd'])
    expect((await server.meta('POST', `${path}/content/search`, { search: { nope: 1 } })).status).toBe(400)
  })

  it('changes and deletes in bulk', async () => {
    expect(
      (
        await server.meta('POST', `${path}/content/bulk/patch`, {
          items: [
            { row_id: 1, updates: { size: 9 } },
            { row_id: 99, updates: { size: 9 } },
          ],
        })
      ).body,
    ).toEqual({ success: [1], success_total: 1 })
    expect((await server.meta('POST', `${path}/content/search/patch`, { search: { size: 9 }, updates: { name: 'nine' } })).body).toEqual({
      success: [1],
      success_total: 1,
    })
    expect((await server.meta('POST', `${path}/content/search/delete`, { search: { name: 'nine' } })).body).toEqual({ success: [1], success_total: 1 })
    expect((await server.meta('POST', `${path}/content/search/delete`, { search: {} })).status).toBe(400)
    expect((await server.meta('POST', `${path}/content/bulk/delete`, { row_ids: [2, 3] })).body.success_total).toBe(2)
    expect((await server.meta('POST', `${path}/content/bulk`, { items: [{ id: 50, name: 'fifty' }], allow_id_field: true })).body).toEqual([50])
    expect((await server.meta('POST', `${path}/content/bulk`, { items: [{ name: 'ok' }, { size: 1 }] })).status).toBe(400)
    expect((await server.meta('GET', `${path}/content`)).body.items.map(({ name }: { name: string }) => name)).not.toContain('ok')
    expect((await server.meta('DELETE', `${path}/truncate`)).body).toBeNull()
    expect((await server.meta('GET', `${path}/content`)).body.itemsTotal).toBe(0)
  })

  it('keeps data sources apart', async () => {
    expect((await server.meta('GET', '/workspace/1/datasource')).body).toEqual([{ label: 'live', color: '' }])
    expect((await server.meta('POST', '/workspace/1/datasource', { label: 'test' })).body).toEqual({ label: 'test', color: '#ebc346' })
    const headers = { 'x-data-source': 'test' }
    await server.meta('POST', `${path}/content`, { name: 'in test' }, { headers })
    expect((await server.meta('GET', `${path}/content`, undefined, { headers })).body.itemsTotal).toBe(1)
    expect((await server.meta('GET', `${path}/content`)).body.itemsTotal).toBe(0)
    expect((await server.meta('GET', `${path}/content`, undefined, { headers: { 'x-data-source': 'nope' } })).status).toBe(400)
    await server.meta('POST', `${path}/schema/type/int`, { name: 'later' })
    expect(await columnsOf('thing', 'ws_1_test')).toContain('later bigint')
    expect((await server.meta('PUT', '/workspace/1/datasource/test', { color: '#fff' })).body).toEqual({ label: 'test', color: '#fff' })
    expect((await server.meta('POST', '/workspace/1/datasource', { label: 'test' })).status).toBe(409)
    expect((await server.meta('DELETE', '/workspace/1/datasource/live')).status).toBe(400)
    expect((await server.meta('DELETE', '/workspace/1/datasource/test')).body).toBeNull()
    expect((await server.meta('DELETE', '/workspace/1/datasource/test')).status).toBe(404)
    expect(await columnsOf('thing')).toContain('later bigint')
    expect(await server.instance.db.query(`select 1 from stackhold.physical_table where table_name = 'thing'`)).toHaveLength(1)
  })
})

describe('scaffold', () => {
  it('adds the five endpoints, private and paged, as XanoScript of the builder', async () => {
    await server.meta(
      'POST',
      T,
      'table task_item {\n  schema {\n    int id\n    timestamp created_at?=now\n    text title filters=trim\n    bool done?=false\n  }\n}',
    )
    const { body } = await server.meta('POST', '/workspace/1/scaffold', { kind: 'crud', table: 'task_item', api_group: 'items', auth: 'user' })
    expect(body.created.map(({ type, name, verb = '' }: Record<string, string>) => `${type} ${verb} ${name}`)).toEqual([
      'api_group  items',
      'query GET task_item',
      'query GET task_item/{task_item_id}',
      'query POST task_item',
      'query PATCH task_item/{task_item_id}',
      'query DELETE task_item/{task_item_id}',
    ])
    const base = `${body.created[0].canonical}/task_item`
    for (const [method, path] of [
      ['GET', base],
      ['GET', `${base}/1`],
      ['POST', base],
      ['PATCH', `${base}/1`],
      ['DELETE', `${base}/1`],
    ] as const)
      expect((await server.api(method, path, method === 'GET' || method === 'DELETE' ? undefined : {})).status).toBe(401)

    const authentication = server.instance.live.current.workspaces.get(1)!.branches.get('v1')!.groups.get('authentication')!.canonical
    const token = (await server.api('POST', `${authentication}/auth/signup`, { name: 'Ada', email: 'ada@example.com', password: 'Correct-Horse-42' })).body
      .authToken
    const made = await server.api('POST', base, { title: ' one ', id: 77, created_at: 0, nonsense: true }, token)
    expect(made.body).toMatchObject({ id: 1, title: 'one', done: false })
    for (const title of ['two', 'three']) await server.api('POST', base, { title }, token)
    expect((await server.api('GET', `${base}?per_page=2`, undefined, token)).body).toMatchObject({
      itemsReceived: 2,
      curPage: 1,
      nextPage: 2,
      itemsTotal: 3,
      pageTotal: 2,
      items: [{ title: 'three' }, { title: 'two' }],
    })
    expect((await server.api('GET', `${base}?per_page=1000`, undefined, token)).status).toBe(400)
    expect((await server.api('PATCH', `${base}/1`, { done: true, id: 9 }, token)).body).toMatchObject({ id: 1, title: 'one', done: true })
    expect((await server.api('PATCH', `${base}/1`, { done: false }, token)).body.done).toBe(false)
    expect((await server.api('GET', `${base}/1`, undefined, token)).body.title).toBe('one')
    expect((await server.api('DELETE', `${base}/1`, undefined, token)).body).toBeNull()
    expect((await server.api('GET', `${base}/1`, undefined, token)).status).toBe(404)
    expect((await server.api('PATCH', `${base}/1`, { done: true }, token)).status).toBe(404)
    expect((await server.api('POST', base, {}, token)).body).toMatchObject({ code: 'ERROR_CODE_INPUT_ERROR', payload: { param: 'title' } })
  })

  it('adds signup, login and me for any table with auth', async () => {
    await server.meta(
      'POST',
      T,
      'table member {\n  auth = true\n  schema {\n    uuid id\n    text nick filters=trim\n    email mail filters=trim|lower\n    password pass filters=min:12\n    text role?="guest"\n  }\n  index = [\n    {type: "primary", field: [{name: "id"}]}\n    {type: "btree|unique", field: [{name: "mail"}]}\n  ]\n}',
    )
    const { body } = await server.meta('POST', '/workspace/1/scaffold', { kind: 'auth', table: 'member', api_group: 'members' })
    const base = body.created[0].canonical
    const signup = await server.api('POST', `${base}/auth/signup`, { nick: 'Ben', mail: ' Ben@Example.com ', pass: 'long enough to pass', role: 'admin' })
    expect([signup.status, signup.body.message]).toEqual([200, undefined])
    const me = await server.api('GET', `${base}/auth/me`, undefined, signup.body.authToken)
    expect(me.body).toEqual({ id: expect.stringMatching(/^[0-9a-f-]{36}$/), nick: 'Ben', mail: 'ben@example.com', role: 'guest' })
    expect((await server.api('POST', `${base}/auth/login`, { mail: 'BEN@example.com', pass: 'long enough to pass' })).body.authToken.split('.')).toHaveLength(5)
    const wrong = await server.api('POST', `${base}/auth/login`, { mail: 'ben@example.com', pass: 'wrong' })
    const unknown = await server.api('POST', `${base}/auth/login`, { mail: 'nobody@example.com', pass: 'wrong' })
    expect(wrong).toMatchObject({ status: 403, body: { code: 'ERROR_CODE_ACCESS_DENIED', message: 'Invalid Credentials.' } })
    expect(unknown.text).toBe(wrong.text)
    expect((await server.api('POST', `${base}/auth/signup`, { nick: 'Ben', mail: 'ben@example.com', pass: 'long enough to pass' })).status).toBe(403)
    expect((await server.api('POST', `${base}/auth/signup`, { nick: 'Cy', mail: 'cy@example.com', pass: 'short' })).body).toMatchObject({
      code: 'ERROR_CODE_INPUT_ERROR',
      payload: { param: 'pass' },
    })
    expect((await server.api('GET', `${base}/auth/me`)).status).toBe(401)
  })

  it('never overwrites, and says what is missing', async () => {
    const path = '/workspace/1/scaffold'
    expect((await server.meta('POST', path, { kind: 'crud', table: 'task_item', api_group: 'items', auth: 'user' })).status).toBe(409)
    expect((await server.meta('POST', path, { kind: 'crud', table: 'task_itm', api_group: 'x', auth: 'user' })).body).toMatchObject({
      code: 'ERROR_CODE_NOT_FOUND',
      hint: expect.stringContaining('task_item'),
    })
    expect((await server.meta('POST', path, { kind: 'crud', table: 'task_item', api_group: 'x' })).body).toMatchObject({ payload: { param: 'auth' } })
    expect((await server.meta('POST', path, { kind: 'crud', table: 'task_item', api_group: 'x', auth: 'task_item' })).status).toBe(400)
    expect((await server.meta('POST', path, { kind: 'auth', table: 'task_item', api_group: 'x' })).status).toBe(400)
    expect((await server.meta('POST', path, { kind: 'nope', table: 'task_item', api_group: 'x' })).status).toBe(400)
  })
})
