/**
 * Rules of tables hold on every way to a row, twice: in the statements we compile, and in Postgres (row level security).
 * Classes: Hasura CVE-2022-46792 (update-many skipped row rules), NocoDB CVE-2026-28361, Parse GHSA-fcv6-fg5r-jm9q, Strapi CVE-2022-30617.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRecordsSession } from '../../src/db/records.js'
import { ruleSql } from '../../src/db/rules.js'
import type { Rule } from '../../src/definitions/rules.js'
import type { TableModel } from '../../src/definitions/table.js'
import { startHousekeeping } from '../../src/jobs/housekeeping.js'
import { fromPlain, type Json } from '../../src/lib/value.js'
import { anonymous, type Caller } from '../../src/runtime/capabilities.js'
import type { Run } from '../../src/runtime/frame.js'
import { stringify } from '../../src/runtime/serialize.js'
import { systemClock } from '../../src/services/clock.js'
import { repairWorkspaceRules } from '../../src/workspace/indexes.js'
import { functionDocument } from '../db/program-fixture.js'
import { createRun } from '../filters/evaluate.js'
import { createInstance, passwords, type TestInstance } from '../workspace/instance.js'
import { documents } from './row-rules-documents.js'

let instance: TestInstance
const workspace = () => instance.live.current.workspaces.get(instance.workspaceId)
const schema = () => `"ws_${instance.workspaceId}_live"`
const ann: Caller = { table: 'user', id: 1, extras: new Map() }
const bob: Caller = { table: 'user', id: 2, extras: new Map() }
const boss: Caller = { table: 'user', id: 3, extras: new Map() }
/** The same number as Ann, of another table. */
const stranger: Caller = { table: 'employee', id: 1, extras: new Map([['role', 'admin']]) }

async function as(caller: Caller, name: string, input: Record<string, unknown> = {}): Promise<Json> {
  const space = workspace()
  if (space === undefined) throw new Error('no workspace')
  const records = createRecordsSession(instance.db, { workspaceId: space.id, datasource: 'live', datasources: space.datasources })
  const run: Run = { ...createRun(), clock: systemClock, records, passwords, caller }
  const raw = new Map(Object.entries(input).map(([key, value]) => [key, fromPlain(value)]))
  const program = space.branches.get(space.liveBranch)?.program('function', name)
  return JSON.parse(stringify((await program?.answer(run, raw)) ?? null)) as Json
}
const statusOf = async (work: Promise<unknown>): Promise<number> =>
  work.then(
    () => 200,
    (error: { status?: number }) => error.status ?? 0,
  )
const idsOf = (rows: Json): number[] => (rows as { id: number }[]).map((row) => row.id)
const stored = async (): Promise<string> => JSON.stringify(await instance.db.query(`select * from ${schema()}.note order by id`))

beforeAll(async () => {
  instance = await createInstance()
  await instance.push(documents.join('\n---\n'))
}, 60_000)
afterAll(() => instance.drop())

/** Notes 1 and 2 are Ann's, 3 and 4 Bob's; 4 is shared; 5 is nobody's (0). */
async function seed(): Promise<void> {
  await instance.db.query(`truncate ${schema()}.note, ${schema()}.tag, ${schema()}."user", ${schema()}.employee restart identity`)
  await instance.db.query(`insert into ${schema()}."user" (name, role) values ('Ann', 'member'), ('Bob', 'member'), ('Boss', 'admin')`)
  await instance.db.query(`insert into ${schema()}.employee (name, role) values ('Eve', 'member')`)
  await instance.db.query(
    `insert into ${schema()}.note (user_id, body, shared, stars, grade) values (1, 'a1', false, 5, 1), (1, 'a2', false, 0, 2), (2, 'b1', false, 5, 3), (2, 'b2', true, 5, 4), (0, 'none', false, 1, 5)`,
  )
  await instance.db.query(`insert into ${schema()}.tag (note_id, label) values (1, 'x'), (3, 'y'), (4, 'z')`)
}

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

describe('Postgres as the second layer', () => {
  /** Rows that Postgres alone shows to a caller, without a predicate of ours. */
  async function visible(caller: Caller, role: string, statement = `select id from ${schema()}.note order by id`): Promise<unknown[]> {
    return instance.db.withTransaction(async (transaction) => {
      const [row] = await transaction.query<{ name: string }>(
        `select rolname as name from pg_roles where rolname like 'stackhold%rules' and rolname like '%' || left(encode(sha256(convert_to(current_database(), 'UTF8')), 'hex'), 12) || '%'`,
      )
      await transaction.query(
        `select set_config('stackhold.auth_table', $1, true), set_config('stackhold.auth_id', $2, true), set_config('stackhold.auth_role', $3, true), set_config('role', $4, true)`,
        [caller.table ?? '', caller.table === null ? '' : String(caller.id), role, row?.name ?? ''],
      )
      return transaction.query(statement)
    })
  }

  it('the role owns nothing and bypasses nothing', async () => {
    const roles = await instance.db.query(`select rolsuper, rolbypassrls, rolcanlogin, rolcreaterole from pg_roles where rolname like 'stackhold%rules'`)
    expect(roles.length).toBeGreaterThan(0)
    for (const role of roles) expect(role).toEqual({ rolsuper: false, rolbypassrls: false, rolcanlogin: false, rolcreaterole: false })
  })

  it('hides by itself what a statement forgets to ask for', async () => {
    await seed()
    expect(await visible(bob, 'member')).toEqual([{ id: 3 }, { id: 4 }])
    expect(await visible(anonymous, '')).toEqual([{ id: 4 }])
    expect(await visible(bob, 'member', `update ${schema()}.note set stars = 0 returning id`)).toEqual([{ id: 3 }, { id: 4 }])
    await seed()
    expect(await visible(bob, 'member', `delete from ${schema()}.note returning id`)).toEqual([{ id: 3 }, { id: 4 }])
    await seed()
    await expect(visible(bob, 'member', `insert into ${schema()}.note (user_id, body) values (1, 'x')`)).rejects.toThrow('row-level security')
    await expect(visible(bob, 'member', `alter table ${schema()}.note disable row level security`)).rejects.toThrow('must be owner')
  })

  it('lets nobody write a column whose rule leaves them out, whatever the statement', async () => {
    await seed()
    const note = `${schema()}.note`
    const before = await stored()
    for (const column of ['grade = 9', 'rank = 9', 'approved_at = now()', 'body = body, grade = 9'])
      await expect(visible(bob, 'member', `update ${note} set ${column} where id = 3`)).rejects.toThrow(/column rule of "note" does not allow the change of "/)
    await expect(visible(bob, 'member', `insert into ${note} (id, user_id, body) values (3, 2, 'x') on conflict (id) do update set grade = 9`)).rejects.toThrow(
      'column rule of "note" does not allow the change of "grade"',
    )
    // One with the role of an administrator who owns the row may; without a caller nobody may.
    await expect(visible(anonymous, '', `update ${note} set grade = 9`)).resolves.toEqual([])
    expect(await visible(bob, 'member', `update ${note} set grade = grade where id = 3 returning id`)).toEqual([{ id: 3 }])
    expect(await stored()).toBe(before)
    expect(await visible(bob, 'admin', `update ${note} set grade = 9 where id = 3 returning grade`)).toEqual([{ grade: 9 }])
    expect(await visible(bob, 'member', `update ${note} set body = 'free' where id = 3 returning body`)).toEqual([{ body: 'free' }])
    await seed()
  })

  it('keeps those columns after changes of the table, and lets go of them with the rule', async () => {
    const note = documents[2] as string
    const guarded = async () =>
      (
        await instance.db.query<{ tgname: string }>(
          `select tgname from pg_trigger where tgrelid = '${schema()}.note'::regclass and tgname like 'stackhold_column_%' order by 1`,
        )
      ).map(({ tgname }) => tgname.slice('stackhold_column_'.length))
    expect(await guarded()).toEqual(['approved_at', 'grade', 'rank'])
    await instance.push(note.replace('int? grade?', 'decimal? grade?'))
    expect(await guarded()).toEqual(['approved_at', 'grade', 'rank'])
    await instance.push(note.replace('rank: $auth.role == "admin", ', ''))
    expect(await guarded()).toEqual(['approved_at', 'grade'])
    await instance.push(note)
    expect(await guarded()).toEqual(['approved_at', 'grade', 'rank'])
    await expect(visible(bob, 'member', `update ${schema()}.note set rank = 9 where id = 3`)).rejects.toThrow('column rule')
  })

  it('is put on tables that an older version left without those triggers', async () => {
    const guarded = () =>
      instance.db.query(`select tgname from pg_trigger where tgrelid = '${schema()}.note'::regclass and tgname like 'stackhold_column_%' order by 1`)
    const before = await guarded()
    for (const { tgname } of before as { tgname: string }[]) await instance.db.query(`drop trigger ${tgname} on ${schema()}.note`)
    expect(await guarded()).toEqual([])
    const fail = (error: unknown): never => {
      throw error instanceof Error ? error : new Error(String(error))
    }
    const node = startHousekeeping(instance.db, { onError: fail, onProblem: fail })
    await node.run()
    await node.stop()
    expect(await guarded()).toEqual(before)
    expect(await repairWorkspaceRules(instance.db, instance.workspaceId)).toBe(0)
    await expect(visible(bob, 'member', `update ${schema()}.note set rank = 9 where id = 3`)).rejects.toThrow('column rule')
    expect(await visible(bob, 'member')).toEqual([{ id: 3 }, { id: 4 }])
  })

  it('shows exactly the rows that our own statements show, for any rule, caller and rows', async () => {
    const leaf: fc.Arbitrary<Rule> = fc.oneof(
      fc.constant<Rule>({ kind: 'owner', column: 'user_id', table: 'user' }),
      fc.constant<Rule>({ kind: 'caller', table: null }),
      fc.constant<Rule>({ kind: 'caller', table: 'employee' }),
      fc.constant<Rule>({ kind: 'role', roles: ['admin'] }),
      fc.boolean().map((value): Rule => ({ kind: 'constant', value })),
      fc.constant<Rule>({ kind: 'null', column: 'grade' }),
      fc
        .tuple(fc.constantFrom('=', '<>', '<', '>=') as fc.Arbitrary<'='>, fc.integer({ min: 0, max: 5 }))
        .map(([op, value]): Rule => ({ kind: 'compare', column: 'stars', op, value })),
      fc.constantFrom('a1', "' or true --", '$do$', '\\').map((value): Rule => ({ kind: 'compare', column: 'body', op: '=', value })),
    )
    const { rule } = fc.letrec<{ rule: Rule }>((tie) => ({
      rule: fc.oneof(
        { maxDepth: 3 },
        leaf,
        tie('rule').map((part): Rule => ({ kind: 'not', part })),
        fc.tuple(fc.constantFrom('all', 'any') as fc.Arbitrary<'all'>, fc.array(tie('rule'), { maxLength: 3 })).map(([kind, parts]): Rule => ({ kind, parts })),
      ),
    }))
    const table = workspace()?.tables.get('note') as TableModel
    const role = await instance.db.query<{ name: string }>(
      `select rolname as name from pg_roles where rolname like 'stackhold%' || left(encode(sha256(convert_to(current_database(), 'UTF8')), 'hex'), 12) || '%rules'`,
    )
    const settings = `select set_config('stackhold.auth_table', $1, true), set_config('stackhold.auth_id', $2, true), set_config('stackhold.auth_role', $3, true)`
    await fc.assert(
      fc.asyncProperty(
        rule,
        fc.constantFrom(ann, bob, boss, stranger, anonymous),
        fc.constantFrom('', 'member', 'admin'),
        async (given, caller, callerRole) => {
          const undone = new Error('undone')
          await instance.db
            .withTransaction(async (transaction) => {
              await transaction.query(settings, [caller.table ?? '', caller.table === null ? '' : String(caller.id), callerRole])
              const ours = await transaction.query(`select id from ${schema()}.note as "note" where ${ruleSql(given, table, 'note')} order by id`)
              await transaction.query(`drop policy stackhold_read on ${schema()}.note`)
              await transaction.query(
                `create policy stackhold_read on ${schema()}.note for select to ${role[0]?.name ?? ''} using (${ruleSql(given, table, 'note')})`,
              )
              await transaction.query(`select set_config('role', $1, true)`, [role[0]?.name])
              expect(await transaction.query(`select id from ${schema()}.note order by id`)).toEqual(ours)
              throw undone
            })
            .catch((error: unknown) => {
              if (error !== undone) throw error
            })
        },
      ),
      { numRuns: 150 },
    )
  })
})
