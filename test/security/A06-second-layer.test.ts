/**
 * Rules of tables hold in Postgres too (row level security, triggers of columns), whatever a statement forgets to ask for.
 * Classes: Hasura CVE-2022-46792 (update-many skipped row rules), NocoDB CVE-2026-28361, Parse GHSA-fcv6-fg5r-jm9q, Strapi CVE-2022-30617.
 */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ruleSql } from '../../src/db/rules.js'
import type { Rule } from '../../src/definitions/rules.js'
import type { TableModel } from '../../src/definitions/table.js'
import { startHousekeeping } from '../../src/jobs/housekeeping.js'
import { anonymous, type Caller } from '../../src/runtime/capabilities.js'
import { repairWorkspaceRules } from '../../src/workspace/indexes.js'
import { documents } from './row-rules-documents.js'
import { ann, bob, boss, instance, schema, seed, stored, stranger, useRowRules, workspace } from './row-rules-fixture.js'

useRowRules()

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
