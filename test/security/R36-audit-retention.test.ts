/** R36: the audit log is shortened after a time, what is left is as verifiable as before, and nobody else shortens it unnoticed. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { verifyAuditLogCommand } from '../../src/cli/audit-log.js'
import { createAuditLog } from '../../src/services/audit-log.js'
import { createAuditRetention } from '../../src/services/audit-retention.js'
import { verifyAuditLog } from '../../src/services/audit-verify.js'
import { createTestDatabase, type TestDatabase } from '../helpers/database.js'
import { createServer } from '../meta/server.js'

const key = Buffer.alloc(32, 9)
const day = 86_400_000
const days = 400
let test: TestDatabase
let now = 0
const clock = { now: () => now }
beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(() => test.drop())

const freshLog = (keys = [key]) => createAuditLog({ db: test.database, clock, keys })
const retention = (log = freshLog(), kept = days) => createAuditRetention({ db: test.database, clock, log, days: kept })
const verify = (expected?: { id: number; hash: string }, log = freshLog()) => verifyAuditLog(test.database, log, { expect: expected })
const tables = ['audit_entry', 'audit_head', 'audit_checkpoint']

async function tamper(...statements: string[]): Promise<void> {
  await test.database.withTransaction(async (transaction) => {
    for (const table of tables) await transaction.query(`alter table stackhold.${table} disable trigger user`)
    for (const statement of statements) await transaction.query(statement)
    for (const table of tables) await transaction.query(`alter table stackhold.${table} enable trigger user`)
  })
}
/** One entry a day. */
async function live(count: number, log = freshLog()): Promise<void> {
  for (let i = 0; i < count; i++) {
    now += day
    await log.append({ action: 'test', actor: 'a', ip: '', object: `o${i}`, data: { i } })
  }
}

beforeEach(async () => {
  now = Date.UTC(2030, 0, 1)
  await tamper(...tables.map((table) => `truncate stackhold.${table}`))
  await freshLog().open()
  await live(9)
})

describe('R36: shortening', () => {
  it('removes what is old enough, writes that down, and leaves a whole chain that goes on', async () => {
    expect(await retention().cut()).toBe(0)
    now += 396 * day
    expect(await retention().cut()).toBe(5)
    expect(await verify()).toMatchObject({ ok: true, entries: 6, head: { id: 11 }, cut: { id: 5, at: now }, problems: [], notes: [] })
    const { items } = await freshLog().list({ limit: 1, offset: 0 })
    expect(items[0]).toMatchObject({ action: 'audit_log.cut', actor: 'server', data: { through: 5, entries: 5 } })
    await live(3)
    expect(await verify()).toMatchObject({ ok: true, entries: 9, head: { id: 14 } })
    now += 390 * day
    expect(await retention().cut()).toBe(5)
    expect(await verify()).toMatchObject({ ok: true, cut: { id: 10 } })
  })

  it('happens once a day at most, by one of several nodes, never to the last entry, and not at all with 0 days', async () => {
    now += 396 * day
    expect(await retention(freshLog(), 0).cut()).toBe(0)
    const cuts = await Promise.all([retention().cut(), retention().cut(), retention().cut()])
    expect(cuts.sort()).toEqual([0, 0, 5])
    now += day / 2
    expect(await retention().cut()).toBe(0)
    now += 5_000 * day
    expect(await retention().cut()).toBeGreaterThan(0)
    expect(await verify()).toMatchObject({ ok: true, entries: 2 })
  })

  it('shortens what is larger than a batch', async () => {
    const log = freshLog()
    await Promise.all(Array.from({ length: 20 }, () => log.append({ action: 'many', actor: 'a', ip: '', object: '' })))
    await test.database.withTransaction(async (transaction) => {
      for (let i = 0; i < 6_000; i++) await log.append({ action: 'many', actor: 'a', ip: '', object: '' }, transaction)
    })
    now += 1_000 * day
    expect(await retention().cut()).toBeGreaterThan(6_000)
    expect(await verify()).toMatchObject({ ok: true })
  }, 60_000)

  it('refuses to remove what was tampered with, so that the evidence stays', async () => {
    for (const statement of [
      `update stackhold.audit_entry set actor = 'b' where id = 3`,
      `update stackhold.audit_entry set created_at = created_at - interval '500 days' where id <= 8`,
      'delete from stackhold.audit_entry where id = 2',
    ]) {
      await tamper(statement)
      const before = await test.database.query('select id from stackhold.audit_entry order by id')
      now += 396 * day
      await expect(retention().cut()).rejects.toThrow('nothing was removed')
      expect(await test.database.query('select id from stackhold.audit_entry order by id')).toEqual(before)
      expect((await verify()).ok).toBe(false)
    }
  })
})

describe('R36: a shortened log', () => {
  beforeEach(async () => {
    now += 396 * day
    await retention().cut()
  })

  it('knows ends that were written down before: later ones are compared, the cut one too, older ones are a note', async () => {
    const { head, cut } = await verify()
    expect(await verify(head!)).toMatchObject({ ok: true, notes: [] })
    expect(await verify({ id: cut!.id, hash: cut!.hash })).toMatchObject({ ok: true, notes: [] })
    expect((await verify({ id: cut!.id, hash: 'ab'.repeat(32) })).problems[0]?.message).toContain('differs')
    expect(await verify({ id: 2, hash: 'ab'.repeat(32) })).toMatchObject({ ok: true, notes: [expect.stringContaining('Entry 2 was removed')] })
    expect((await verify({ id: 900, hash: 'ab'.repeat(32) })).problems[0]?.message).toContain('is gone')
  })

  it.each([
    [
      'a beginning that was moved with the entries before it',
      ['delete from stackhold.audit_entry where id = 6', 'update stackhold.audit_checkpoint set (id, hash) = (6, (select hash from stackhold.audit_head))'],
    ],
    [
      'a beginning that fits the chain but was not sealed',
      [
        'update stackhold.audit_checkpoint set (id, hash) = (select id, hash from stackhold.audit_entry where id = 7)',
        'delete from stackhold.audit_entry where id <= 7',
      ],
    ],
    ['a beginning at another time', [`update stackhold.audit_checkpoint set cut_at = cut_at - interval '1 day'`]],
    ['a beginning that was removed', ['delete from stackhold.audit_checkpoint']],
    ['a removed entry after the beginning', ['delete from stackhold.audit_entry where id = 6']],
    ['an altered seal', [`update stackhold.audit_checkpoint set seal = sha256(seal)`]],
    [
      'entries put back before the beginning',
      [
        'insert into stackhold.audit_entry select 3, created_at, action, $$forged$$, token_id, account_id, ip, workspace_id, object, before_digest, after_digest, data, previous, sha256(hash) from stackhold.audit_entry where id = 6',
      ],
    ],
  ])('shows %s, and is not shortened any more where it was forged', async (_name, statements) => {
    await tamper(...statements)
    expect((await verify()).ok).toBe(false)
    now += 500 * day
    await retention()
      .cut()
      .catch(() => 0)
    expect((await verify()).ok).toBe(false)
  })

  it('shows a checkpoint of an earlier cut that was put back after a later one', async () => {
    const [old] = await test.database.query<{ id: number; hash: Buffer; seal: Buffer; cut_at: number }>('select * from stackhold.audit_checkpoint')
    await live(2)
    now += 500 * day
    await retention().cut()
    await tamper(
      `update stackhold.audit_checkpoint set id = ${old!.id}, hash = '\\x${old!.hash.toString('hex')}', seal = '\\x${old!.seal.toString('hex')}', cut_at = to_timestamp(${old!.cut_at / 1000})`,
    )
    expect((await verify()).problems[0]?.message).toContain('missing')
  })

  it('is sealed with the new key at the first start after the secret was changed, and the old one can go', async () => {
    const next = Buffer.alloc(32, 4)
    expect((await verify(undefined, freshLog([next]))).ok).toBe(false)
    expect((await verify(undefined, freshLog([next, key]))).ok).toBe(true)
    await freshLog([next, key]).open()
    expect((await verify(undefined, freshLog([next]))).ok).toBe(true)
  })

  it('is not moved, emptied or cut further by statements of this server', async () => {
    for (const statement of [
      'delete from stackhold.audit_checkpoint',
      'truncate stackhold.audit_checkpoint',
      'delete from stackhold.audit_entry where id = 8',
      'update stackhold.audit_entry set actor = $$x$$',
    ])
      await expect(test.database.query(statement)).rejects.toThrow('append-only')
  })
})

it('R36: the command line says where a shortened log begins, and still exits with 1 for a forged one', async () => {
  const own = await createServer()
  const written: string[] = []
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0)
  try {
    const url = await own.app.listen({ port: 0, host: '127.0.0.1' })
    const options = { url, token: own.adminToken, workspace: 1 }
    for (const name of ['a', 'b']) await own.meta('POST', '/workspace/1/datasource', { label: name })
    const later = { now: () => Date.now() + 500 * day }
    const log = createAuditLog({ db: own.instance.db, clock: later, keys: [Buffer.alloc(32, 9)] })
    await createAuditRetention({ db: own.instance.db, clock: later, log, days }).cut()
    await verifyAuditLogCommand({ ...options, expect: `1:${'ab'.repeat(32)}` })
    expect(process.exitCode ?? 0).toBe(0)
    expect(written.join('')).toMatch(/Entry 1 was removed[\s\S]*whole: 2 entries[\s\S]*Older entries, up to 2, were removed/)
    await own.instance.db.query(`update stackhold.audit_checkpoint set cut_at = now()`)
    await verifyAuditLogCommand(options)
    expect(process.exitCode).toBe(1)
    expect(written.join('')).toContain('where the log begins was not made by this server')
  } finally {
    process.exitCode = 0
    write.mockRestore()
    await own.close()
  }
})
