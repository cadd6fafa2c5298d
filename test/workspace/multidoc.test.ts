import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { bookTable, failure, group, join, query, tablesOf } from './documents.js'
import { createInstance, type TestInstance } from './instance.js'

describe('push', () => {
  let instance: TestInstance
  beforeEach(async () => {
    instance = await createInstance()
  })
  afterEach(() => instance.drop())

  it('stores documents in any order, makes the tables, answers guids and serves at once', async () => {
    const { guid_map } = await instance.push(
      join(query('book', 'GET', 'db.query book {\n      return = {type: "list"}\n    } as $books'), group('shop', 'shopshop'), bookTable),
    )
    expect(guid_map.map(({ guid: _guid, ...rest }) => rest)).toEqual([
      { type: 'query', name: 'book', verb: 'GET', api_group: 'shop' },
      { type: 'api_group', name: 'shop' },
      { type: 'table', name: 'book' },
    ])
    expect(guid_map.every(({ guid }) => /^[\w-]{22}$/.test(guid))).toBe(true)
    expect(await tablesOf(instance)).toEqual(['book'])
    expect(instance.live.current.findGroup('shopshop', null)?.match('GET', '/book')?.endpoint.path).toBe('book')
  })

  it('generates a canonical of 128 bits where there is none', async () => {
    await instance.push(group('shop'))
    const canonical = /canonical = "([^"]+)"/.exec(await instance.pull())?.[1] ?? ''
    expect(canonical).toMatch(/^[\w-]{22}$/)
    expect(instance.live.current.findGroup(canonical, null)?.name).toBe('shop')
  })

  it('reports every problem of every document with line and caret, and changes nothing', async () => {
    const text = join(
      bookTable,
      group('shop'),
      query('book/{id}/{id}').replace('text id', ''),
      'function f {\n  input {\n  }\n  stack {\n    function.run "nope" {\n    }\n    db.get bok {\n      field_name = "id"\n      field_value = 1\n    } as $x\n  }\n  response = $x\n}',
    )
    const error = await failure(instance.push(text))
    expect(error).toMatchObject({ code: 'ERROR_CODE_SYNTAX_ERROR', status: 400 })
    const { errors } = error.payload as { errors: { document: string; line: number; message: string; hint: string; excerpt: string }[] }
    expect(errors.map(({ document, line, message }) => [document, line, message])).toEqual([
      ['query "book/{id}/{id}" GET', 2, 'The path names {id} twice.'],
      ['function "f"', 5, 'function.run: the function "nope" does not exist.'],
      ['function "f"', 7, 'db.get: the table "bok" does not exist.'],
    ])
    expect(errors[2]?.hint).toContain('book')
    expect(errors[2]?.excerpt).toMatch(/\^$/)
    expect(await tablesOf(instance)).toEqual([])
    expect(await instance.pull()).not.toContain('table')
  })

  it('names an unknown column of a where at its place', async () => {
    const error = await failure(
      instance.push(
        join(
          bookTable,
          'function f {\n  input {\n  }\n  stack {\n    db.query book {\n      where = $db.book.titel == "a"\n    } as $x\n  }\n  response = $x\n}',
        ),
      ),
    )
    expect(error).toMatchObject({ code: 'ERROR_CODE_SYNTAX_ERROR' })
    expect(error.message).toContain('titel')
  })

  it('is all or nothing when the DDL fails half-way', async () => {
    await instance.push(bookTable)
    await instance.db.query(`insert into ws_${instance.workspaceId}_live.book (title) values ('one'), ('two')`)
    const text = join(
      'table author {\n  schema {\n    int id\n  }\n}',
      bookTable.replace('text title filters=trim', 'int title'),
      'function f {\n  input {\n  }\n  stack {\n  }\n  response = 1\n}',
    )
    const error = await failure(instance.push(text))
    expect(error).toMatchObject({ status: 400 })
    expect(await tablesOf(instance)).toEqual(['book'])
    const after = await instance.pull()
    expect(after).toContain('text title')
    expect(after).not.toContain('function')
    expect([...instance.live.current.workspaces.get(instance.workspaceId)!.tables.keys()]).toEqual(['book'])
  })

  it('refuses a guid that two documents carry', async () => {
    const one = 'function f {\n  input {\n  }\n  stack {\n  }\n  response = 1\n  guid = "same"\n}'
    const error = await failure(instance.push(join(one, one.replace('function f', 'function g'))))
    expect(error).toMatchObject({ status: 400, message: 'Duplicate function guid: same' })
  })

  it('refuses a push when the workspace takes none', async () => {
    await instance.db.query(`update stackhold.workspace set settings = '{"allow_push": false}'`)
    const error = await failure(instance.push(bookTable))
    expect(error).toMatchObject({ status: 403, message: 'Push is disabled' })
    expect(await failure(instance.dryRun(bookTable))).toMatchObject({ message: 'Push is disabled' })
  })

  it('accepts the placeholder function.run "" and fails when it is reached', async () => {
    await instance.push('function f {\n  input {\n  }\n  stack {\n    function.run "" {\n    }\n  }\n  response = 1\n}')
    expect(() => instance.live.current.workspaces.get(instance.workspaceId)!.branches.get('v1')!.program('function', 'f')).not.toThrow()
  })

  it('refuses an unknown branch', async () => {
    expect(await failure(instance.push(bookTable, { branch: 'nope' }))).toMatchObject({ status: 404 })
  })

  it('keeps the guid of a document byte for byte, and finds a renamed one by it', async () => {
    const source = 'function old_name {\n  input {\n  }\n  stack {\n  }\n  response = 1\n  guid = "Xz-1_ä"\n}'
    await instance.push(join(source, 'function caller {\n  input {\n  }\n  stack {\n    function.run old_name as $x\n  }\n  response = $x\n}'))
    const { guid_map } = await instance.push(source.replace('old_name', 'new_name'))
    expect(guid_map).toEqual([{ type: 'function', name: 'new_name', guid: 'Xz-1_ä' }])
    const text = await instance.pull()
    expect(text).toContain('function.run "new_name"')
    expect(text).not.toContain('old_name')
  })

  it('lets two functions swap their names', async () => {
    const make = (name: string, guid: string, value: number) =>
      `function ${name} {\n  input {\n  }\n  stack {\n  }\n  response = ${value}\n  guid = "${guid}"\n}`
    await instance.push(join(make('a', 'g1', 1), make('b', 'g2', 2)))
    await instance.push(join(make('b', 'g1', 1), make('a', 'g2', 2)))
    const text = await instance.pull()
    expect(text).toMatch(/function a \{\s+input \{\}\s+stack \{\s+\}\s+response = 2\s+guid = "g2"/)
  })

  it('drops nothing in a partial push, drops what is absent with delete, and brings tables to the bin', async () => {
    await instance.push(join(bookTable, group('shop', 'shopshop'), query('book')))
    await instance.push(group('other', 'otherother'))
    expect(await tablesOf(instance)).toEqual(['book'])
    const plan = await instance.dryRun(group('other', 'otherother'), { partial: false, delete: true })
    expect(
      plan.operations
        .filter((operation) => operation.action === 'delete')
        .map(({ type, name }) => `${type} ${name}`)
        .sort(),
    ).toEqual(['api_group shop', 'query book GET', 'table book'])
    await instance.push(group('other', 'otherother'), { partial: false, delete: true })
    expect(await tablesOf(instance)).toEqual([])
    expect(await instance.db.query('select kind, table_name from stackhold.table_bin')).toEqual([{ kind: 'table', table_name: 'book' }])
    expect(instance.live.current.findGroup('shopshop', null)).toBeNull()
    expect(await instance.pull()).toMatch(/^workspace/)
  })

  it('refuses to delete what a document that stays still names', async () => {
    const user = 'function f {\n  input {\n  }\n  stack {\n    db.query book {\n    } as $x\n  }\n  response = $x\n}'
    await instance.push(join(bookTable, user))
    const error = await failure(instance.push(user, { partial: false, delete: true }))
    expect(error.message).toContain('book')
    expect(await tablesOf(instance)).toEqual(['book'])
  })
})

describe('conflicts', () => {
  let instance: TestInstance
  beforeAll(async () => {
    instance = await createInstance()
    await instance.push(join(group('shop', 'shopshop'), query('user/{id}')))
  })
  afterAll(() => instance.drop())

  it.each([['user/{name}'], ['/user/{other}/']])('%s fights with user/{id}', async (path) => {
    const error = await failure(instance.push(query(path)))
    expect(error).toMatchObject({ status: 409, code: 'ERROR_CODE_CONFLICT' })
  })

  it('sees a conflict between two documents of one push', async () => {
    expect(await failure(instance.push(join(query('a/{x}'), query('a/{y}'))))).toMatchObject({ status: 409 })
    expect(await failure(instance.push(join(query('a/b'), query('a/b'))))).toMatchObject({ status: 409 })
  })

  it.each([
    ['user/{id}/posts', 'GET'],
    ['user/{id}', 'DELETE'],
    ['users/me', 'GET'],
    ['user/me', 'GET'],
    ['{thing}/me', 'GET'],
    ['user', 'GET'],
  ])('%s %s does not', async (path, verb) => {
    await instance.dryRun(query(path, verb))
  })

  it('keeps two workspaces from sharing a canonical: the second gets its own', async () => {
    const second = await import('../../src/workspace/workspaces.js').then(({ createWorkspace }) =>
      createWorkspace(instance.db, { name: 'second', description: '' }),
    )
    const plan = await instance.dryRun(group('shop', 'shopshop'), { workspaceId: second })
    expect(plan.operations[0]?.details).toContain('used by another workspace')
    await instance.push(group('shop', 'shopshop'), { workspaceId: second })
    expect(instance.live.current.findGroup('shopshop', null)?.branch.workspace.id).toBe(instance.workspaceId)
    expect((await instance.dryRun(group('shop', 'shopshop'), { workspaceId: second })).operations[0]?.action).toBe('unchanged')
  })

  it('refuses two groups with one canonical, a reserved one and one that is not URL-safe', async () => {
    expect(await failure(instance.push(group('shop2', 'shopshop')))).toMatchObject({ status: 409 })
    expect(await failure(instance.push(group('shop2', 'meta')))).toMatchObject({ status: 400 })
    expect(await failure(instance.push(group('shop2', 'a/b')))).toMatchObject({ status: 400 })
  })

  it('refuses auth by a table without auth, and one that does not exist', async () => {
    await instance.push(bookTable)
    expect((await failure(instance.push(query('x').replace('public = "test"', 'auth = "book"')))).message).toContain('no auth enabled')
    expect((await failure(instance.push(query('x').replace('public = "test"', 'auth = "users"')))).message).toContain('does not exist')
  })

  it('refuses an endpoint of a group that does not exist', async () => {
    expect((await failure(instance.push(query('x', 'GET', '', 'shp')))).message).toContain('api_group "shp" does not exist')
  })
})
