/**
 * Rules of tables hold on every way to a row, in the statements we compile; the second layer has A06-second-layer.test.ts.
 * Classes: Hasura CVE-2022-46792 (update-many skipped row rules), NocoDB CVE-2026-28361, Parse GHSA-fcv6-fg5r-jm9q, Strapi CVE-2022-30617.
 */
import { beforeAll, describe, expect, it } from 'vitest'
import { anonymous } from '../../src/runtime/capabilities.js'
import { functionDocument } from '../db/program-fixture.js'
import { documents } from './row-rules-documents.js'
import { ann, as, bob, boss, idsOf, instance, schema, seed, statusOf, stored, stranger, useRowRules } from './row-rules-fixture.js'

useRowRules()

describe('rules of a table', () => {
  beforeAll(seed)

  it('show each caller the rows that are meant for them', async () => {
    expect(idsOf(await as(ann, 'list'))).toEqual([1, 2, 4])
    expect(idsOf(await as(bob, 'list'))).toEqual([3, 4])
    expect(idsOf(await as(boss, 'list'))).toEqual([1, 2, 3, 4, 5])
    expect(idsOf(await as(anonymous, 'list'))).toEqual([4])
    expect(idsOf(await as(stranger, 'list'))).toEqual([4])
  })

  it('hold for pages, counts, existence, aggregates, joins, addons and views', async () => {
    expect(await as(bob, 'page')).toMatchObject({ itemsTotal: 2, items: [{ id: 3 }, { id: 4 }] })
    expect(await as(bob, 'count')).toBe(2)
    expect(await as(bob, 'db_count')).toBe(2)
    expect(await as(bob, 'exists', { id: 1 })).toBe(false)
    expect(await as(bob, 'exists', { id: 3 })).toBe(true)
    expect(await as(bob, 'single', { id: 1 })).toBeNull()
    expect(await as(bob, 'aggregate')).toEqual([{ user: 2, n: 2, grade: null }])
    expect(await as(boss, 'aggregate')).toContainEqual({ user: 2, n: 2, grade: 4 })
    expect(await as(bob, 'joined')).toMatchObject([{ body: null }, { body: 'b1' }, { body: 'b2' }])
    const added = (await as(bob, 'added')) as { note?: { id: number } | null }[]
    expect(added.map((row) => row.note?.id ?? null)).toEqual([null, 3, 4])
    expect(idsOf(await as(bob, 'view'))).toEqual([3, 4])
    expect(((await as(bob, 'view')) as object[])[0]).toMatchObject({ grade: null })
    expect(((await as(boss, 'view')) as object[])[0]).toMatchObject({ grade: 1 })
  })

  it('counts that run at the same moment are not shared between callers', async () => {
    const counts = await Promise.all(Array.from({ length: 30 }, (_, i) => as(i % 2 === 0 ? ann : bob, 'db_count')))
    expect(counts).toEqual(Array.from({ length: 30 }, (_, i) => (i % 2 === 0 ? 3 : 2)))
  })

  it.each([
    ['get', null],
    ['lock', null],
    ['has', false],
  ])('%s does not find the row of another', async (name, expected) => {
    expect(await as(bob, name, { id: 1 })).toEqual(expected)
    expect(await as(ann, name, { id: 1 })).not.toEqual(expected)
  })

  it.each([
    ['edit', { id: 1 }],
    ['edit_by', { body: 'a1' }],
    ['patch', { id: 1 }],
    ['del', { id: 1 }],
    ['grade', { id: 3 }],
  ])('%s answers 404 and changes nothing', async (name, input) => {
    const before = await stored()
    expect(await statusOf(as(bob, name, input))).toBe(404)
    expect(await statusOf(as(anonymous, name, input))).toBe(404)
    expect(await statusOf(as(stranger, name, input))).toBe(404)
    expect(await stored()).toBe(before)
  })

  it('a row that may be read may not be changed for that: shared notes, and everything for who reads all', async () => {
    const before = await stored()
    expect(await statusOf(as(ann, 'edit', { id: 4 }))).toBe(404)
    expect(await statusOf(as(boss, 'edit', { id: 1 }))).toBe(404)
    expect(await stored()).toBe(before)
  })

  it('a row cannot be given away, nor made for another', async () => {
    const before = await stored()
    expect(await statusOf(as(ann, 'give', { id: 1, to: 2 }))).toBe(403)
    expect(await statusOf(as(bob, 'add', { user_id: 1 }))).toBe(403)
    expect(await statusOf(as(anonymous, 'add', { user_id: 0 }))).toBe(403)
    expect(
      await statusOf(
        as(bob, 'bulk_add', {
          items: [
            { user_id: 2, body: 'mine' },
            { user_id: 1, body: 'not mine' },
          ],
        }),
      ),
    ).toBe(403)
    expect(await statusOf(as(bob, 'upsert', { id: 1 }))).toBe(403)
    expect(await stored()).toBe(before)
  })

  it.each([
    ['a column without a default', { grade: 1 }],
    ['a column with a default', { rank: 2 }],
    ['a moment', { approved_at: 0 }],
  ])('an insert sets no column that its rule keeps from the caller: %s', async (_what, restricted) => {
    await seed()
    const before = await stored()
    const own = (id: number) => ({ user_id: id, body: 'new' })
    expect(await statusOf(as(bob, 'add_any', { data: { ...own(2), ...restricted } }))).toBe(403)
    expect(await statusOf(as(bob, 'upsert_any', { data: { ...own(2), ...restricted } }))).toBe(403)
    expect(await statusOf(as(bob, 'bulk_add', { items: [own(2), { ...own(2), ...restricted }] }))).toBe(403)
    expect(await stored()).toBe(before)
    expect(await as(boss, 'add_any', { data: { ...own(3), ...restricted } })).toMatchObject(restricted)
    expect(await as(boss, 'upsert_any', { data: { ...own(3), ...restricted } })).toMatchObject(restricted)
    await seed()
  })

  it('an insert that leaves restricted columns as they come is free, whether it names them or not', async () => {
    const data = { user_id: 2, body: 'new' }
    expect(await as(bob, 'add_any', { data })).toMatchObject({ grade: null, body: 'new' })
    expect(await as(bob, 'add_any', { data: { ...data, grade: null, rank: 1, approved_at: 'now' } })).toMatchObject({ body: 'new' })
    expect(await as(bob, 'bulk_add', { items: [data, data] })).toHaveLength(2)
    await seed()
  })

  it('the default of a restricted column may change', async () => {
    const note = documents[2] as string
    await instance.push(note.replace('int rank?=1', 'int rank?=5'))
    expect(await statusOf(as(bob, 'add_any', { data: { user_id: 2, body: 'new', rank: 1 } }))).toBe(403)
    expect(await statusOf(as(bob, 'add_any', { data: { user_id: 2, body: 'new', rank: 5 } }))).toBe(200)
    await instance.push(note)
    expect(await statusOf(as(bob, 'add_any', { data: { user_id: 2, body: 'new', rank: 5 } }))).toBe(403)
    await seed()
  })

  it('bulk writes leave the rows of others as they are', async () => {
    await seed()
    expect(
      idsOf(
        await as(bob, 'bulk_patch', {
          items: [
            { id: 1, body: 'hacked' },
            { id: 3, body: 'mine' },
          ],
        }),
      ),
    ).toEqual([3])
    expect(idsOf(await as(bob, 'bulk_patch', { items: [{ id: 3, grade: 6 }] }))).toEqual([])
    expect(idsOf(await as(bob, 'bulk_update', { items: [{ id: 1, user_id: 2, body: 'hacked' }] }))).toEqual([])
    expect(await as(bob, 'increment')).toBe(2)
    expect(await as(bob, 'bulk_delete')).toBe(2)
    expect(await instance.db.query(`select id, body, stars from ${schema()}.note order by id`)).toEqual([
      { id: 1, body: 'a1', stars: 5 },
      { id: 2, body: 'a2', stars: 0 },
      { id: 5, body: 'none', stars: 1 },
    ])
    await seed()
  })

  it('a hidden column is null, and neither order nor filters tell it', async () => {
    expect(((await as(ann, 'list')) as { grade: unknown }[]).map((row) => row.grade)).toEqual([null, null, null])
    expect(((await as(boss, 'list')) as { grade: unknown }[]).map((row) => row.grade)).toEqual([1, 2, 3, 4, 5])
    expect(await as(ann, 'sorted')).toEqual([])
    expect(idsOf(await as(ann, 'external', { filter: { 'grade|>': 0 } }))).toEqual([])
    expect(idsOf(await as(ann, 'external', { sort: { grade: 'desc' } }))).toEqual([1, 2, 4])
    expect(idsOf(await as(boss, 'external', { sort: { grade: 'desc' } }))).toEqual([5, 4, 3, 2, 1])
  })

  it('the role is the one in the database now', async () => {
    expect(idsOf(await as(boss, 'list'))).toHaveLength(5)
    await instance.db.query(`update ${schema()}."user" set role = 'member' where id = 3`)
    expect(idsOf(await as(boss, 'list'))).toEqual([4])
    await instance.db.query(`update ${schema()}."user" set role = 'admin' where id = 3`)
  })

  it('hold within a transaction, and end with their statement', async () => {
    expect(await as(bob, 'mixed', { id: 3 })).toEqual([2, 3, 3])
    expect(await statusOf(as(bob, 'mixed', { id: 1 }))).toBe(404)
  })

  it('who owns a row adds, reads and changes it, encrypted columns too', async () => {
    const row = (await as(bob, 'add', { user_id: 2 })) as { id: number; secret: string }
    expect(row.secret).toBe('s')
    expect(await as(bob, 'edit', { id: row.id })).toMatchObject({ body: 'changed', secret: 's' })
    expect(await statusOf(as(bob, 'del', { id: row.id }))).toBe(200)
  })

  it('a stack that says why is exempt, and only that stack', async () => {
    expect(await as(bob, 'everything')).toBe(5)
    expect(await as(bob, 'outer')).toEqual([5, 2])
  })

  it.each([
    ['read: $db.t.x == $auth.id', 'does not say whose id it holds'],
    ['read: $db.t.nope == 1', 'This is not a rule of a table'],
    ['read: $input.x == 1', 'This is not a rule of a table'],
    ['peek: true', 'A table has no rule "peek"'],
    ['read: $db.t.sealed == "a"', 'cannot be part of a rule: it is encrypted'],
    ['columns: {nope: true}', 'names an unknown column: nope'],
  ])('{%s} is refused when it is saved', async (rules, message) => {
    const text = `table t {\n schema {\n int id\n int x\n text? sealed? { encrypted = true }\n }\n rules = {${rules}}\n}`
    await expect(instance.push(text)).rejects.toThrow(message)
  })

  it('the whole table cannot be emptied under rules', async () => {
    await expect(instance.push(functionDocument('wipe', '', 'db.truncate note', 'null'))).rejects.toThrow('has rules: it cannot be emptied at once')
  })

  it('survive changes of the table and a pull', async () => {
    const text = await instance.pull()
    expect(text).toMatch(/read *: \$db\.note\.user_id == \$auth\.id/)
    expect((await instance.dryRun(text)).operations.every((operation) => operation.action === 'unchanged')).toBe(true)
    const note = documents[2] as string
    await instance.push(note.replace('int stars?', 'decimal stars?').replace('text body', 'text body\n    text? more?'))
    expect(idsOf(await as(bob, 'list'))).toEqual([3, 4])
    await instance.push(note.replace(/ {2}rules = \{[\s\S]*?\n {2}\}\n/, ''))
    expect(idsOf(await as(bob, 'list'))).toHaveLength(5)
    await instance.push(note)
    expect(idsOf(await as(bob, 'list'))).toEqual([3, 4])
  })
})
