/** R36: what administrators do is written down, and nobody alters, removes, reorders or cuts the record unnoticed. */
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { verifyAuditLogCommand } from '../../src/cli/audit-log.js'
import { createAuditLog, type EntryRow, entryColumns, hashEntry, toEntry } from '../../src/services/audit-log.js'
import { verifyAuditLog } from '../../src/services/audit-verify.js'
import { createServer, type TestServer } from '../meta/server.js'

let server: TestServer
beforeAll(async () => {
  server = await createServer()
})
afterAll(() => server.close())

const key = Buffer.alloc(32, 9)
const clock = { now: () => Date.now() }
const db = () => server.instance.db
/** A process that has just started: it remembers nothing of the log. */
const freshLog = () => createAuditLog({ db: db(), clock, keys: [key] })
const verify = (expect?: { id: number; hash: string }) => verifyAuditLog(db(), freshLog(), { expect })
const latest = async (query = '') => (await server.meta('GET', `/audit_log?include_data=true&per_page=10${query}`)).body.items

const endpoint = (extra: string) => `query "r36" verb=GET {\n  api_group = "r36"\n  ${extra}\n  input {\n  }\n  stack {\n  }\n  response = 1\n}`
const group = 'api_group r36 {\n  canonical = "r36r36r36r36r36r36r36"\n}'

describe('R36: what is written down', () => {
  it('has who, what, when, from where, before and after for a change of a definition, in the transaction of the change', async () => {
    const before = Date.now()
    const made = await server.meta('POST', '/workspace/1/function', 'function r36 {\n  input {\n  }\n  stack {\n  }\n  response = 1\n}')
    await server.meta('PUT', `/workspace/1/function/${made.body.id}`, 'function r36 {\n  input {\n  }\n  stack {\n  }\n  response = 2\n}')
    await server.meta('DELETE', `/workspace/1/function/${made.body.id}`)
    const [removed, changed, created] = await latest()
    const digest = expect.stringMatching(/^[0-9a-f]{64}$/)
    expect(created).toMatchObject({ action: 'function.create', user: 'first', ip: '127.0.0.1', workspace_id: 1, token_id: expect.any(Number) })
    expect(Date.parse(created.created_at)).toBeGreaterThan(before - 2000)
    expect(created.data.objects).toEqual([{ object: 'function r36', before: null, after: digest }])
    expect(changed).toMatchObject({ action: 'function.update', object: `workspace/1/function/${made.body.id}` })
    expect(changed.data.objects).toEqual([{ object: 'function r36', before: created.data.objects[0].after, after: digest }])
    expect(changed.data.objects[0].after).not.toBe(changed.data.objects[0].before)
    expect(removed.data.objects).toEqual([{ object: 'function r36', before: null, after: null }])
    expect(removed.before).toEqual(digest)
  })

  it('leaves no entry of a change that failed, and none of reading or of a dry run', async () => {
    const [{ id }] = await latest()
    await server.meta('POST', '/workspace/1/multidoc', 'function broken {')
    await server.meta('POST', '/workspace/1/multidoc/dry-run', 'function fine {\n  input {\n  }\n  stack {\n  }\n  response = 1\n}')
    await server.meta('GET', '/workspace/1/function')
    await server.meta('POST', '/workspace/1/convert/toXS', {})
    expect((await latest())[0].id).toBe(id)
  })

  it('has rows, settings, tokens and accounts, and no secret of them', async () => {
    const secret = 'Canary-Passw0rd!-r36'
    const { body: table } = await server.meta('POST', '/workspace/1/table', { name: 'r36' })
    const { body: row } = await server.meta('POST', `/workspace/1/table/${table.id}/content`, {})
    await server.meta('PUT', `/workspace/1/table/${table.id}/content/${row.id}`, { created_at: 5 })
    await server.meta('PUT', '/workspace/1', { description: 'r36' })
    await server.meta('POST', '/account', { email: 'R36@example.com', role: 'auditor', password: secret })
    const token = (await server.meta('POST', '/auth/token', { name: 'ci', scopes: ['database:read'] })).body.token
    const entries = await latest()
    expect(entries.map((entry: { action: string }) => entry.action)).toEqual(
      expect.arrayContaining(['auth.token.create', 'account.create', 'workspace.update', 'table.content.update', 'table.content.create', 'table.create']),
    )
    const edited = entries.find((entry: { action: string }) => entry.action === 'table.content.update')
    expect(edited.before).not.toBe(edited.after)
    expect(edited.before).toMatch(/^[0-9a-f]{64}$/)
    const text = JSON.stringify(await db().query('select * from stackhold.audit_entry'))
    expect(text).not.toContain(secret)
    expect(text).not.toContain(token)
    expect(text).toContain('r36@example.com')
  })

  it('R03: names every new public endpoint with its reason, and R36: every accepted finding', async () => {
    await server.instance.push(group)
    const push = (text: string) => server.meta('POST', '/workspace/1/multidoc?partial=true', text)
    expect((await push(endpoint('public = "Prices are for everyone."'))).status).toBe(200)
    const opened = (await latest('&action=endpoint.public'))[0]
    expect(opened).toMatchObject({ user: 'first', object: 'query r36/r36 GET', data: { reason: 'Prices are for everyone.' } })
    // The same again is nothing new; another reason is.
    await push(endpoint('public = "Prices are for everyone."\n  description = "x"'))
    expect(await latest('&action=endpoint.public')).toHaveLength(1)
    await push(endpoint('public = "Asked by the press."\n  security_exceptions = {"unbounded-query": "There are nine rows at most."}'))
    expect((await latest('&action=endpoint.public'))[0].data.reason).toBe('Asked by the press.')
    expect((await latest('&action=security.exception'))[0]).toMatchObject({
      object: 'query r36/r36 GET',
      data: { rule: 'unbounded-query', reason: 'There are nine rows at most.' },
    })
  })

  it('R32: has every way rows leave, with their number', async () => {
    const { body: table } = await server.meta('POST', '/workspace/1/table', { name: 'r32' })
    await server.meta('POST', `/workspace/1/table/${table.id}/content/bulk`, { items: [{}, {}, {}] })
    await server.meta('GET', `/workspace/1/table/${table.id}/content/export?format=json`)
    expect((await latest('&action=content.exported'))[0].data).toMatchObject({ table: 'r32', rows: 3, format: 'json' })
    expect((await latest('&action=content.export'))[0].object).toBe(`workspace/1/table/${table.id}/content/export`)
    await server.meta('GET', '/workspace/1/export/sql')
    expect((await latest('&action=data.dumped'))[0].data.rows).toBeGreaterThanOrEqual(3)
    await server.meta('GET', '/workspace/1/multidoc?records=true')
    expect((await latest('&action=multidoc.pull'))[0].data).toMatchObject({ query: { records: 'true' }, rows: expect.any(Number) })
  })

  it('takes texts of strangers as text: one line, no terminal codes, bounded', async () => {
    const name = `evil\r\n\u001b[31m\u2028\u202e${'x'.repeat(100)}`
    await server.meta('POST', '/auth/token', { name, scopes: ['database:read'] })
    const [entry] = await latest()
    expect(entry.data.name).not.toMatch(/[\u0000-\u001f\u2028\u202e]/)
    expect(entry.data.name).toContain('evil')
    await freshLog().append({ action: 'x', actor: 'a'.repeat(1_000_000), ip: '', object: '\u0000\ud800' })
    expect((await latest())[0].user.length).toBeLessThanOrEqual(200)
    expect(await verify()).toMatchObject({ ok: true })
  })
})

describe('R36: the chain', () => {
  const tamper = async (...statements: string[]) => {
    await db().withTransaction(async (transaction) => {
      await transaction.query('alter table stackhold.audit_entry disable trigger user')
      await transaction.query('alter table stackhold.audit_head disable trigger user')
      for (const statement of statements) await transaction.query(statement)
      await transaction.query('alter table stackhold.audit_entry enable trigger user')
      await transaction.query('alter table stackhold.audit_head enable trigger user')
    })
  }
  beforeEach(async () => {
    await tamper('truncate stackhold.audit_entry', 'truncate stackhold.audit_head')
    const log = freshLog()
    await log.open()
    for (let i = 0; i < 9; i++) await log.append({ action: 'test', actor: 'a', ip: '', object: `o${i}`, data: { i, ratio: 0.1, nothing: null } })
  })

  it('is whole as it was written, across batches', async () => {
    expect(await verify()).toMatchObject({ ok: true, entries: 10, head: { id: 10 }, problems: [] })
    const log = freshLog()
    await Promise.all(Array.from({ length: 40 }, (_, i) => log.append({ action: 'many', actor: 'a', ip: '', object: `o${i}` })))
    expect(await verify()).toMatchObject({ ok: true, entries: 50 })
  })

  it('is one chain however many nodes write', async () => {
    const nodes = [freshLog(), freshLog(), freshLog()]
    await Promise.all(Array.from({ length: 30 }, (_, i) => nodes[i % 3]!.append({ action: 'node', actor: String(i), ip: '', object: '' })))
    expect(await verify()).toMatchObject({ ok: true, entries: 40 })
  })

  it.each([
    ['an altered text', `update stackhold.audit_entry set actor = 'b' where id = 4`],
    ['altered data', `update stackhold.audit_entry set data = data || '{"i": 7}' where id = 4`],
    ['an altered time', `update stackhold.audit_entry set created_at = created_at + interval '1 ms' where id = 4`],
    ['an altered digest', `update stackhold.audit_entry set after_digest = 'x' where id = 4`],
  ])('shows %s', async (_name, statement) => {
    await tamper(statement)
    expect(await verify()).toMatchObject({ ok: false, problems: [{ id: 4, message: expect.stringContaining('changed after it was written') }] })
  })

  it('shows an entry that was written anew with a hash that fits, and named to the next one: that one no longer has its own', async () => {
    const [row] = await db().query<EntryRow>(`select ${entryColumns} from stackhold.audit_entry where id = 4`)
    const forged = hashEntry({ ...toEntry(row!), actor: 'nobody' }).toString('hex')
    await tamper(
      `update stackhold.audit_entry set actor = 'nobody', hash = '\\x${forged}' where id = 4`,
      `update stackhold.audit_entry set previous = '\\x${forged}' where id = 5`,
    )
    expect(await verify()).toMatchObject({ ok: false, problems: [{ id: 5, message: expect.stringContaining('changed after it was written') }] })
  })

  it('shows a removed entry in the middle, and the first one', async () => {
    await tamper('delete from stackhold.audit_entry where id = 5')
    expect((await verify()).problems[0]).toEqual({ id: 5, message: 'An entry is missing before entry 6.' })
    await tamper('delete from stackhold.audit_entry where id = 1')
    expect((await verify()).problems[0]).toEqual({ id: 1, message: 'An entry is missing before entry 2.' })
  })

  it('shows entries that changed places', async () => {
    await tamper(
      'update stackhold.audit_entry set id = 1000 where id = 3',
      'update stackhold.audit_entry set id = 3 where id = 4',
      'update stackhold.audit_entry set id = 4 where id = 1000',
    )
    expect((await verify()).ok).toBe(false)
  })

  it('shows a cut end, also when the record of the end is cut with it', async () => {
    await tamper('delete from stackhold.audit_entry where id > 7')
    expect(await verify()).toMatchObject({ ok: false, problems: [{ message: expect.stringContaining('sealed end is entry 10') }] })
    await tamper('update stackhold.audit_head set (id, hash) = (select id, hash from stackhold.audit_entry where id = 7)')
    expect(await verify()).toMatchObject({ ok: false, problems: [{ message: expect.stringContaining('seal') }] })
    await tamper('delete from stackhold.audit_head')
    expect((await verify()).ok).toBe(false)
  })

  it('shows a chain that was written anew from the start without the key', async () => {
    const forger = createAuditLog({ db: db(), clock, keys: [Buffer.alloc(32, 1)] })
    await tamper('truncate stackhold.audit_entry', 'truncate stackhold.audit_head')
    await forger.open()
    expect(await verify()).toMatchObject({ ok: false, problems: [{ message: expect.stringContaining('seal') }] })
  })

  it('shows an emptied log, to whoever wrote an earlier end down and to the process that saw it', async () => {
    const witness = freshLog()
    await witness.append({ action: 'test', actor: 'a', ip: '', object: 'seen' })
    const { head } = await verify()
    await tamper('truncate stackhold.audit_entry', 'truncate stackhold.audit_head')
    expect((await verify()).ok).toBe(false)
    await freshLog().open()
    expect((await verify()).ok).toBe(true)
    expect((await verify(head!)).problems[0]?.message).toContain('is gone')
    expect((await verifyAuditLog(db(), witness)).problems[0]?.message).toContain('is gone')
  })

  it('is not altered, emptied or cut by statements of this server', async () => {
    for (const statement of [
      'update stackhold.audit_entry set actor = $$x$$',
      'delete from stackhold.audit_entry where id = 3',
      'truncate stackhold.audit_entry',
      'delete from stackhold.audit_head',
      'truncate stackhold.audit_head',
    ])
      await expect(db().query(statement)).rejects.toThrow('append-only')
  })

  it('is checked over the Metadata API and by the command line, with an exit code', async () => {
    const own = await createServer()
    const written: string[] = []
    const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => written.push(String(text)) > 0)
    try {
      const url = await own.app.listen({ port: 0, host: '127.0.0.1' })
      const options = { url, token: own.adminToken, workspace: 1 }
      for (const name of ['a', 'b', 'c']) await own.meta('POST', '/workspace/1/datasource', { label: name })
      await verifyAuditLogCommand(options)
      expect(process.exitCode ?? 0).toBe(0)
      expect(written.join('')).toMatch(/whole: 4 entries[\s\S]*4:[0-9a-f]{64}/)
      await own.instance.db.query('alter table stackhold.audit_entry disable trigger user')
      await own.instance.db.query(`update stackhold.audit_entry set actor = 'b' where id = 3`)
      await verifyAuditLogCommand(options)
      expect(process.exitCode).toBe(1)
      expect(written.join('')).toContain('entry 3: The entry was changed after it was written.')
      const auditor = await own.tokenWith(['audit:read'])
      expect((await own.meta('GET', '/audit_log/verify', undefined, { token: auditor })).body.ok).toBe(false)
      expect((await own.meta('GET', '/audit_log', undefined, { token: await own.tokenWith(['database']) })).status).toBe(403)
    } finally {
      process.exitCode = 0
      write.mockRestore()
      await own.close()
    }
  })
})
