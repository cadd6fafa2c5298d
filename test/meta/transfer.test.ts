import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endImportJob, forgetImportJobs, insertImportJob, touchImportJob } from '../../src/db/import-jobs.js'
import { type Answer, createServer, type TestServer } from './server.js'

let server: TestServer
let id: number
beforeAll(async () => {
  server = await createServer()
  const made = await server.meta(
    'POST',
    '/workspace/1/table',
    `table person {
  schema {
    int id
    text name filters=trim|min:2
    email? email?
    int age? filters=min:0
    decimal score?
    timestamp seen?
    text[] tags?
    json? extra?
    bool active?=true
    enum role?=member {
      values = ["member", "editor"]
    }
    password secret? {
      access = "internal"
    }
    text note? {
      access = "internal"
    }
  }
  index = [
    {type: "primary", field: [{name: "id"}]}
    {type: "btree|unique", field: [{name: "email", op: "asc"}]}
  ]
}`,
  )
  expect(made.status).toBe(200)
  id = made.body.id
})
afterAll(() => server.close())

const base = (): string => `/workspace/1/table/${id}/content`
const load = (file: string | Buffer, query = '', type = 'text/csv'): Promise<Answer> =>
  server.app
    .inject({
      method: 'POST',
      url: `/api:meta${base()}/import${query}`,
      headers: { 'content-type': type, authorization: `Bearer ${server.adminToken}` },
      payload: file,
    })
    .then((response) => ({ status: response.statusCode, body: JSON.parse(response.body), text: response.body, headers: response.headers }))
const rows = async (): Promise<Record<string, unknown>[]> => (await server.meta('GET', `${base()}?per_page=10000`)).body.items
const empty = () => server.meta('DELETE', `/workspace/1/table/${id}/truncate`, { reset: true })

describe('import', () => {
  it('reads CSV with quotes, line breaks, a byte order mark and CRLF', async () => {
    await empty()
    const file = '\uFEFFname,email,age,tags,extra\r\n"Ann ""A"" B","ann@x.org",3,"[""a"",""b""]","{""k"": 1}"\r\n\r\n"Two\nlines",,,,\r\n'
    const { status, body } = await load(file)
    expect([status, body]).toEqual([200, { mode: 'all_or_nothing', read: 2, added: 2, failed: 0, errors: [], errors_left_out: 0 }])
    expect(await rows()).toMatchObject([
      { name: 'Ann "A" B', email: 'ann@x.org', age: 3, tags: ['a', 'b'], extra: { k: 1 }, active: true, role: 'member' },
      { name: 'Two\nlines' },
    ])
    expect(server.facts.findLast((fact) => fact.kind === 'content_imported')).toMatchObject({ kind: 'content_imported', table: 'person', rows: 2 })
  })

  it('adds nothing when a row fails, and names line and column', async () => {
    await empty()
    const { status, body } = await load('name,age\nAnn,3\n"B\nob",-1\nC,2\n')
    expect(status).toBe(400)
    expect(body.payload).toMatchObject({
      read: 3,
      failed: 2,
      errors: [
        { line: 3, row: 2, column: 'age' },
        { line: 5, row: 3, column: 'name' },
      ],
    })
    expect(await rows()).toEqual([])
  })

  it('leaves out what fails when a report is wanted: rules, types, enums, duplicates', async () => {
    await empty()
    const file =
      'name,email,role,age\nAnn,a@x.org,member,1\nBob,a@x.org,member,2\nCid,c@x.org,king,3\nDee,d@x.org,editor,x\nEve,e@x.org,editor,5,6\nFay,f@x.org,editor,6\n'
    const { body } = await load(file, '?mode=report')
    expect(body).toMatchObject({ mode: 'report', read: 6, added: 2, failed: 4 })
    expect(body.errors.map(({ line, column }: { line: number; column: string }) => [line, column]).sort()).toEqual([
      [3, 'email'],
      [4, 'role'],
      [5, 'age'],
      [6, ''],
    ])
    expect((await rows()).map((row) => row['name'])).toEqual(['Ann', 'Fay'])
  })

  it('maps names, leaves columns out, takes files without a header and other separators', async () => {
    await empty()
    const mapping = encodeURIComponent(JSON.stringify({ 'Full name': 'name', Ignored: null }))
    expect((await load('Full name;Ignored\nAnn;x\n', `?separator=;&mapping=${mapping}`)).body).toMatchObject({ added: 1 })
    expect((await load('Bob,7\n', `?header=false&mapping=${encodeURIComponent('["name","age"]')}`)).body).toMatchObject({ added: 1 })
    expect(await rows()).toMatchObject([{ name: 'Ann' }, { name: 'Bob', age: 7 }])
    expect((await load('nmae\nAnn\n')).body).toMatchObject({ message: 'The table has no column "nmae".', hint: expect.stringContaining('name') })
  })

  it('reads JSON arrays, lines of JSON and forms', async () => {
    await empty()
    expect((await load('[{"name":"Ann","tags":["x"]},\n {"name":"Bob","extra":{"a":"]}"}}]', '', 'application/json')).body).toMatchObject({ added: 2 })
    expect((await load('{"name":"Cid"}\n\n{"name":"D"}\n{bad\n[]\n', '?mode=report', 'application/x-ndjson')).body).toMatchObject({
      added: 1,
      errors: [{ line: 3, column: 'name' }, { line: 4 }, { line: 5 }],
    })
    const form = (disposition: string, content: string) => `--b\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`
    const body = `${form('name="mode"', 'report')}${form('name="file"; filename="x.csv"', 'name,age\nEve,1\nF,2\n')}--b--\r\n`
    expect((await load(body, '', 'multipart/form-data; boundary=b')).body).toMatchObject({ mode: 'report', added: 1, failed: 1 })
    expect((await load('--b\r\n', '', 'multipart/form-data; boundary=b')).status).toBe(400)
    expect((await rows()).map((row) => row['name'])).toEqual(['Ann', 'Bob', 'Cid', 'Eve'])
  })

  it('hashes passwords and never shows them', async () => {
    await empty()
    expect((await load('name,secret\nAnn,Correct-Horse-77-battery\n')).body).toMatchObject({ added: 1 })
    const [row] = await server.instance.db.query<{ secret: string }>('select secret from ws_1_live.person')
    expect(row?.secret).toMatch(/^\$argon2id\$/)
    expect((await load('name,secret\nAnn,short\n')).status).toBe(400)
  })

  it.each([
    ['NUL', 'name\nA\0nn\n', /NUL/],
    ['invalid UTF-8', Buffer.from([...Buffer.from('name\nAnn'), 0xff, 0xfe, 10]), /UTF-8/],
    ['a header that is cut off', Buffer.from([...Buffer.from('name\nAnn'), 0xc3]), /UTF-8/],
    ['duplicate headers', 'name,name\nAnn,Bob\n', /named twice/],
    ['a header that names the prototype', '__proto__,name\nx,Ann\n', /no column "__proto__"/],
    ['constructor', 'constructor.prototype,name\nx,Ann\n', /no column/],
    ['a quote that is not closed', 'name\nAnn\n"Bob\n', /not closed/],
    ['text behind a quote', 'name\n"Ann"x\n', /separator/],
    ['an empty file', '', /empty/],
  ])('refuses %s and adds nothing', async (_what, file, message) => {
    await empty()
    const { status, body } = await load(file, '?mode=report')
    expect([status, body.message]).toEqual([400, expect.stringMatching(message)])
    expect(await rows()).toEqual([])
    expect(({} as { x?: unknown }).x).toBeUndefined()
  })

  it('drops prototype keys of JSON', async () => {
    const { status, body } = await load('[{"name":"Ann","__proto__":{"x":1}}]', '', 'application/json')
    expect([status, body.message]).toEqual([400, expect.stringContaining('__proto__')])
    expect(({} as { x?: unknown }).x).toBeUndefined()
  })

  it('bounds memory: a 100 MB cell, a million columns, a long line of JSON', async () => {
    await empty()
    const before = process.memoryUsage().rss
    const huge = Buffer.alloc(100_000_000, 'a')
    huge.write('name\n')
    const grown = process.memoryUsage().rss
    expect((await load(huge, '?background=false')).body.message).toMatch(/cell is longer/)
    expect((await load(Buffer.alloc(2_000_000, ',x'))).body.message).toMatch(/more than 2000 cells/)
    expect((await load(huge, '?background=false', 'application/x-ndjson')).body.message).toMatch(/longer than/)
    expect((await load(Buffer.concat([Buffer.from('[{"a":"'), huge]), '?background=false', 'application/json')).body.message).toMatch(/longer than/)
    expect(process.memoryUsage().rss - Math.max(before, grown)).toBeLessThan(200_000_000)
    expect(await rows()).toEqual([])
  })

  it('goes on after the answer when asked, and says how far it is', async () => {
    await empty()
    const file = `name,age\n${Array.from({ length: 3_000 }, (_, i) => `person ${i},${i}`).join('\n')}\n`
    const started = await load(file, '?background=true')
    expect([started.status, started.body.status]).toEqual([202, 'running'])
    const status = async () => (await server.meta('GET', `${base()}/import/${started.body.job_id}`)).body
    await expect.poll(async () => (await status()).status, { timeout: 20_000 }).toBe('ok')
    expect(await status()).toMatchObject({ result: { added: 3_000 }, progress: { read: 3_000, bytes_total: file.length } })
    expect((await server.meta('GET', `/workspace/1/table/1/content/import/${started.body.job_id}`)).status).toBe(404)
    const failed = await load('name\nA\n', '?background=true')
    const state = async () => (await server.meta('GET', `${base()}/import/${failed.body.job_id}`)).body
    await expect.poll(async () => (await state()).status).toBe('error')
    expect((await state()).error.message).toContain('line 2')
  })

  it('is known to every node, and reported failed when its node dies', async () => {
    await empty()
    const { db } = server.instance
    const running = await insertImportJob(db, { workspaceId: 1, tableId: id })
    const status = async () => (await server.meta('GET', `${base()}/import/${running.id}`)).body
    // Of another node: it says how far it is.
    await touchImportJob(db, running.id, { read: 7 })
    expect(await status()).toMatchObject({ job_id: running.id, status: 'running', progress: { read: 7 }, ended_at: null })
    await db.query(`update stackhold.import_job set seen_at = now() - interval '1 minute' where id = $1`, [running.id])
    expect(await status()).toMatchObject({ status: 'error', progress: { read: 7 }, error: { message: expect.stringContaining('Nothing was imported') } })
    expect((await status()).ended_at).not.toBeNull()
    await endImportJob(db, running.id, { progress: { read: 9 }, result: { added: 9 }, error: null })
    expect(await status()).toMatchObject({ status: 'ok', result: { added: 9 }, error: null })
    await db.query(`update stackhold.import_job set seen_at = now() - interval '2 hours' where id = $1`, [running.id])
    await forgetImportJobs(db)
    expect((await server.meta('GET', `${base()}/import/${running.id}`)).status).toBe(404)
  })

  it('needs its own scope', async () => {
    const token = await server.tokenWith(['content', 'database'])
    expect((await server.meta('POST', `${base()}/import`, 'name\nAnn\n', { token, headers: { 'content-type': 'text/csv' } })).status).toBe(403)
    expect((await server.meta('GET', `${base()}/export`, undefined, { token })).status).toBe(403)
    expect((await server.meta('GET', `${base()}/export`, undefined, { token: await server.tokenWith(['export']) })).status).toBe(200)
  })
})

describe('export', () => {
  const formulas = ['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx', "'=1", "''+x", "'plain", 'plain', 'a,"b"\n', ' pad ', '']

  it('keeps spreadsheets from calculating, leaves hidden columns out, and reads back the same', async () => {
    await empty()
    for (const [i, extra] of formulas.entries())
      await server.meta('POST', base(), {
        name: `person ${i}`,
        note: 'hidden',
        secret: 'Correct-Horse-77-battery',
        extra,
        tags: [extra],
        score: -1.5,
        seen: 1_700_000_000_000 + i,
      })
    await server.instance.db.query(`update ws_1_live.person set name = (extra #>> '{}')`)
    const before = await rows()
    const file = await server.meta('GET', `${base()}/export?format=csv`)
    expect(file.headers).toMatchObject({ 'content-type': 'text/csv; charset=utf-8', 'content-disposition': expect.stringContaining('person.csv') })
    expect(file.text.split('\r\n')[0]).toBe('id,name,email,age,score,seen,tags,extra,active,role')
    expect(file.text).not.toMatch(/hidden|argon2/)
    for (const text of ["'=1+1", "'+1", "'-1", "'@SUM", "'\tx", "'\rx"]) expect(file.text).toContain(text)
    expect(file.text).toContain(',-1.5,')
    expect(server.facts.findLast(({ kind }) => kind === 'content_exported')).toMatchObject({ rows: formulas.length, table: 'person' })
    // Text rules (trim, min:2) would change what was put in behind their back.
    await server.instance.db.query(`update ws_1_live.person set name = 'person ' || id`)
    const again = await server.meta('GET', `${base()}/export`)
    await empty()
    expect((await load(again.text, '?allow_id_field=true')).body).toMatchObject({ added: formulas.length })
    const visible = (list: Record<string, unknown>[]) => list.map(({ name: _name, note: _note, ...row }) => row)
    expect(visible(await rows())).toEqual(visible(before))
    expect((await server.meta('POST', base(), { name: 'next one' })).body.id).toBeGreaterThan(formulas.length)
  })

  it.each(['json', 'ndjson'])('goes through %s and back', async (format) => {
    const before = (await rows()).map(({ note: _note, ...row }) => row)
    const file = await server.meta('GET', `${base()}/export?format=${format}`)
    await empty()
    const type = format === 'json' ? 'application/json' : 'application/x-ndjson'
    expect((await load(file.text, '?allow_id_field=true', type)).body).toMatchObject({ added: before.length })
    expect((await rows()).map(({ note: _note, ...row }) => row)).toEqual(before)
  })

  it('takes columns and a search, refuses the rest, and streams many rows', async () => {
    await server.instance.db.query(`insert into ws_1_live.person (name, age, score, secret) select 'many ' || n, 1, 1, '' from generate_series(1, 5000) n`)
    const search = encodeURIComponent(JSON.stringify({ 'name|like': 'many%' }))
    const { text } = await server.meta('GET', `${base()}/export?columns=name&search=${search}`)
    expect(text.split('\r\n')).toHaveLength(5_002)
    expect((await server.meta('GET', `${base()}/export?columns=secret`)).status).toBe(400)
    expect((await server.meta('GET', `${base()}/export?format=xml`)).status).toBe(400)
    expect((await server.meta('GET', `${base()}/export?search=%7B%22secret%22%3A1%7D`)).status).toBe(400)
  })
})
