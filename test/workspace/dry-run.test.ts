import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bookTable, group, join, query, tablesOf } from './documents.js'
import { createInstance, type TestInstance } from './instance.js'

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

  it('lists what is absent with delete, but not for a partial push, which keeps it', async () => {
    const partial = await instance.dryRun(bookTable, { partial: true, delete: true })
    expect(partial.operations.filter(({ action }) => /delete/.test(action))).toEqual([])
    expect(Object.values(partial.summary).every(({ deleted }) => deleted === 0)).toBe(true)
    expect(partial.operations).toContainEqual({ action: 'unchanged', type: 'query', name: 'book GET', details: '', reason: 'A partial push keeps it.' })
    const plan = await instance.dryRun(bookTable, { partial: false, delete: true })
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

  it('names what the push would refuse beside what is there, and changes nothing', async () => {
    const before = await instance.pull()
    const text = join(query('novel', 'POST').replace('stack {', 'stack {\n    db.nope "book" {\n    }'), bookTable.replace('title', 'headline'))
    const plan = await instance.dryRun(text, { partial: true, delete: true })
    expect(plan.operations[0]).toMatchObject({
      action: 'unchanged',
      type: 'query',
      name: 'novel POST',
      details: expect.stringMatching(/^exception: Unknown statement: db\.nope \(line \d+, column \d+\)$/),
    })
    expect(plan.errors).toMatchObject([{ document: 'query "novel" POST', excerpt: expect.stringContaining('db.nope') }])
    expect(plan.operations.slice(1).map(({ action, name }) => [action, name])).toContainEqual(['unchanged', 'book'])
    expect(plan.summary).toEqual({})
    const unclosed = await instance.dryRun(bookTable.replace(/\}$/, ''))
    expect(unclosed.operations[0]).toMatchObject({ type: 'table', name: 'book', details: expect.stringContaining('never closed') })
    expect(await instance.pull()).toBe(before)
  })
})
