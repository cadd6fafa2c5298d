import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bookTable, group, join, query } from './documents.js'
import { createInstance, readExample, type TestInstance } from './instance.js'

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
