import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '../../src/errors.js'
import { createInstance, readExample, type TestInstance } from './instance.js'

const tablesOf = async ({ db }: TestInstance): Promise<string[]> =>
  (
    await db.query<{ name: string }>(
      `select table_name as name from information_schema.tables where table_schema like 'ws\\_%' and table_schema not like '%\\_bin' order by 1`,
    )
  ).map((row) => row.name)

const failure = async (work: Promise<unknown>): Promise<AppError> => {
  try {
    await work
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  throw new Error('It should have failed.')
}

const bookTable = `
// What is on the shelf.
table book {
  auth = false

  schema {
    int id
    timestamp created_at?=now
    text title filters=trim
  }

  index = [
    {type: "primary", field: [{name: "id"}]}
    {type: "btree", field: [{name: "title", op: "asc"}]}
  ]
}`
const group = (name: string, canonical = '') => `api_group ${name} {${canonical === '' ? '' : `\n  canonical = "${canonical}"`}\n}`
const query = (path: string, verb = 'GET', extra = '', inGroup = 'shop') => `
query "${path}" verb=${verb} {
  api_group = "${inGroup}"
  public = "test"
  input {${[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => `\n    text ${name}`).join('')}
  }
  stack {
    ${extra}
  }
  response = null
}`
const join = (...documents: string[]): string => documents.join('\n---\n')

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
      query('book/{id}').replace('text id', ''),
      'function f {\n  input {\n  }\n  stack {\n    function.run "nope" {\n    }\n    db.get bok {\n      field_name = "id"\n      field_value = 1\n    } as $x\n  }\n  response = $x\n}',
    )
    const error = await failure(instance.push(text))
    expect(error).toMatchObject({ code: 'ERROR_CODE_SYNTAX_ERROR', status: 400 })
    const { errors } = error.payload as { errors: { document: string; line: number; message: string; hint: string; excerpt: string }[] }
    expect(errors.map(({ document, line, message }) => [document, line, message])).toEqual([
      ['query "book/{id}" GET', 2, 'The path parameter {id} is not declared in input.'],
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

  it.each([['user/me'], ['user/{name}'], ['{thing}/me'], ['/user/{other}/']])('%s fights with user/{id}', async (path) => {
    const error = await failure(instance.push(query(path)))
    expect(error).toMatchObject({ status: 409, code: 'ERROR_CODE_CONFLICT' })
  })

  it('sees a conflict between two documents of one push', async () => {
    expect(await failure(instance.push(join(query('a/{x}'), query('a/b'))))).toMatchObject({ status: 409 })
    expect(await failure(instance.push(join(query('a/b'), query('a/b'))))).toMatchObject({ status: 409 })
  })

  it.each([
    ['user/{id}/posts', 'GET'],
    ['user/{id}', 'DELETE'],
    ['users/me', 'GET'],
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

describe('pull', () => {
  let instance: TestInstance
  beforeEach(async () => {
    instance = await createInstance()
  })
  afterEach(() => instance.drop())

  const others = [
    'task clean {\n  active = true\n  stack {\n    debug.log {\n      value = 1\n    }\n  }\n  schedule = [\n    {starts_on: 2025-01-01 00:00:00+0000, freq: 86400}\n  ]\n}',
    'middleware guard {\n  input {\n    json vars\n    enum type {\n      values = ["pre", "post"]\n    }\n  }\n  stack {\n  }\n  response = $input.vars\n}',
    'addon book_of {\n  input {\n    int book_id?\n  }\n  stack {\n    db.query book {\n      where = $db.book.id == $input.book_id\n      return = {type: "single"}\n    }\n  }\n}',
    'tool find {\n  instructions = "Finds."\n  input {\n  }\n  stack {\n  }\n  response = 1\n}',
    'mcp_server helper {\n  canonical = "abc"\n  tools = [{name: "find"}]\n}',
    'agent smart {\n  canonical = "agent1"\n  llm = {type: "openai", model: "x"}\n  tools = [{name: "find"}]\n}',
    'table_trigger on_book {\n  table = "book"\n  actions = {insert: true}\n  input {\n    json new\n  }\n  stack {\n  }\n}',
    'realtime_channel "room/*" {\n  active = true\n}',
    'workspace_trigger on_branch {\n  actions = {branch_live: true}\n  input {\n    text action\n  }\n  stack {\n  }\n}',
    'workflow_test flow {\n  stack {\n    function.call hello as $x\n    expect.to_equal ($x) {\n      value = 1\n    }\n  }\n}',
    'function hello {\n  input {\n    text name?="you"\n  }\n  stack {\n    // says it\n    var $x {\n      value = "hello " ~ $input.name\n    }\n  }\n  response = $x\n\n  test "says hello" {\n    expect.to_equal ($response) {\n      value = "hello you"\n    }\n  }\n}',
    'workspace demo {\n  acceptance = {ai_terms: false}\n  preferences = {internal_docs: true}\n}',
    'branch v1 {\n  color = "#ff0000"\n  description = "the first"\n}',
  ]

  it('pull → push → pull is identical, and the push of a pull is all unchanged', async () => {
    await instance.push(join(bookTable, group('shop', 'shopshop'), query('book'), query('book/{id}'), query('book', 'POST'), ...others))
    const first = await instance.pull()
    for (const keyword of [
      'workspace demo',
      'branch v1',
      'table book',
      'table_trigger on_book',
      'api_group shop',
      'query book',
      'function hello',
      'task clean',
      'middleware guard',
      'addon book_of',
      'agent smart',
      'tool find',
      'mcp_server helper',
      'realtime_channel "room/*"',
      'workspace_trigger on_branch',
      'workflow_test flow',
    ])
      expect(first).toContain(keyword)
    const plan = await instance.dryRun(first, { partial: false, delete: true })
    expect(plan.operations.filter((operation) => operation.action !== 'unchanged')).toEqual([])
    expect(plan.operations).toHaveLength(first.split('\n---\n').length)
    await instance.push(first, { partial: false, delete: true })
    expect(await instance.pull()).toBe(first)
    const versions = await instance.db.query<{ version: number }>('select version from stackhold.definition where version > 1')
    expect(versions.length).toBeLessThanOrEqual(2)
  })

  it('carries into another workspace unchanged', async () => {
    await instance.push(readExample('blog'))
    const text = await instance.pull()
    const other = await createInstance()
    try {
      await other.push(text)
      expect(await other.pull()).toBe(text)
    } finally {
      await other.drop()
    }
  })

  it('never shows variables unless asked, and seals them', async () => {
    const text = 'workspace demo {\n  env = {API_KEY: "s3cret value", EMPTY: ""}\n}'
    await instance.push(text)
    expect(await instance.pull({ env: true })).not.toContain('s3cret')
    await instance.push(text, { env: true })
    expect(await instance.pull()).not.toContain('s3cret')
    expect(await instance.pull({ env: true })).toContain('"s3cret value"')
    expect(instance.live.current.workspaces.get(instance.workspaceId)!.env.get('API_KEY')).toBe('s3cret value')
    const [row] = await instance.db.query<{ text: string }>(
      `select encode(value, 'escape') || definition::text as text from stackhold.env_var, stackhold.definition`,
    )
    expect(row?.text).not.toContain('s3cret')
  })

  it('seeds items on create, upserts them with records, empties with truncate', async () => {
    const table = bookTable.replace(/\n\}$/, '\n  items = [\n    {id: 5, title: "one"}\n    {id: 9, title: "two"}\n  ]\n}')
    await instance.push(table)
    const titles = async () =>
      (await instance.db.query<{ id: number; title: string }>(`select id, title from ws_${instance.workspaceId}_live.book order by id`)).map(
        (row) => `${row.id} ${row.title}`,
      )
    expect(await titles()).toEqual(['5 one', '9 two'])
    expect(await instance.pull()).not.toContain('items')
    const changed = table.replace('"one"', '"uno"').replace('{id: 9, title: "two"}', '{title: "three"}')
    await instance.push(changed)
    expect(await titles()).toEqual(['5 one', '9 two'])
    await instance.push(changed, { records: true })
    expect(await titles()).toEqual(['5 uno', '9 two', '10 three'])
    const pulled = await instance.pull({ records: true })
    expect(pulled).toContain('title: "three"')
    const plan = await instance.dryRun(changed, { records: true, truncate: true })
    expect(plan.summary['table']).toMatchObject({ truncated: 1 })
    await instance.push(changed, { records: true, truncate: true })
    expect((await titles()).map((title) => title.split(' ')[1])).toEqual(['uno', 'three'])
    await instance.push(pulled, { records: true, truncate: true })
    expect(await titles()).toEqual(['5 uno', '9 two', '10 three'])
  })

  it('exports no password and imports rows that have none', async () => {
    await instance.push(`${readExample('blog')}`)
    const schema = `ws_${instance.workspaceId}_live`
    await instance.db.query(`insert into ${schema}."user" (name, email, password, role) values ('Ada', 'ada@example.com', '$argon2id$secret', 'member')`)
    const text = await instance.pull({ records: true })
    expect(text).toContain('ada@example.com')
    expect(text).not.toContain('argon2')
    const other = await createInstance()
    try {
      await other.push(text, { records: true })
      expect(await other.db.query(`select email, password from ws_${other.workspaceId}_live."user"`)).toEqual([{ email: 'ada@example.com', password: '' }])
    } finally {
      await other.drop()
    }
  })
})

describe('dry run', () => {
  let instance: TestInstance
  beforeAll(async () => {
    instance = await createInstance()
    await instance.push(join(bookTable, group('shop', 'shopshop'), query('book')))
  })
  afterAll(() => instance.drop())

  it('lists operations and counts, and changes nothing', async () => {
    const before = await instance.pull()
    const changed = bookTable.replace('text title filters=trim', 'text title filters=trim\n    int pages?').replace('timestamp created_at?=now\n', '')
    const plan = await instance.dryRun(join(changed, query('book', 'POST'), query('book')), { sourceWorkspaceId: 99 })
    expect(plan.workspace_name).toBe('demo')
    expect(plan.source_workspace_mismatch).toBe(true)
    expect(plan.summary).toEqual({
      table: { created: 0, updated: 1, deleted: 0, truncated: 0, unchanged: 0 },
      query: { created: 1, updated: 0, deleted: 0, truncated: 0, unchanged: 1 },
    })
    expect(plan.operations.map(({ action, type, name, details }) => [action, type, name, details])).toEqual([
      ['update', 'table', 'book', ''],
      ['add_field', 'table', 'book', 'pages int'],
      ['create', 'query', 'book POST', ''],
      ['unchanged', 'query', 'book GET', ''],
      ['unchanged', 'table', 'book', 'column created_at kept'],
    ])
    const whole = await instance.dryRun(join(changed, query('book')), { partial: false })
    expect(whole.operations.map(({ action, details }) => [action, details])).toContainEqual(['drop_field', 'created_at'])
    expect(await instance.pull()).toBe(before)
    expect(await tablesOf(instance)).toEqual(['book'])
  })

  it('lists what is absent with delete, also for a partial push', async () => {
    const plan = await instance.dryRun(bookTable, { partial: true, delete: true })
    expect(
      plan.operations
        .filter((operation) => operation.action === 'delete')
        .map((operation) => `${operation.type} ${operation.name}`)
        .sort(),
    ).toEqual(['api_group shop', 'query book GET'])
    expect(await instance.pull()).toContain('api_group shop')
  })

  it('says that a table is renamed rather than dropped', async () => {
    const guid = /table book \{[\s\S]*?guid = "([^"]+)"/.exec(await instance.pull())?.[1] ?? ''
    const plan = await instance.dryRun(bookTable.replace('table book', 'table novel').replace(/\n\}$/, `\n  guid = "${guid}"\n}`))
    expect(plan.operations[0]).toMatchObject({ action: 'update', name: 'novel' })
    expect(plan.operations[0]?.details).toContain('renamed from book')
  })
})
