/** Columns that hold values already are encrypted and decrypted by a change of their definition: all of them, at once, or nothing. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createServer, type TestServer } from '../meta/server.js'

let server: TestServer
const W = '/workspace/1'
const canary = 'CANARY-4111'
const rows = 1203
const sql = <T extends object = Record<string, unknown>>(text: string, values: unknown[] = []): Promise<T[]> => server.instance.db.query<T>(text, values)
const push = (text: string) => server.meta('POST', `${W}/multidoc?partial=true`, text)
const sealed = '{\n      encrypted = true\n      access = "public"\n    }'
const types = {
  ssn: 'text ssn?',
  card: 'json? card?',
  born: 'timestamp? born?',
  age: 'int age?=18',
  mood: 'enum? mood?',
  tags: 'text[] tags?',
  points: 'decimal[]? points?',
} as const
const enumValues = 'values = ["calm", "wild"]'
/** The table with the named columns encrypted. */
const person = (encrypted: readonly string[], more = ''): string =>
  `table person {\n  schema {\n    int id\n${Object.entries(types)
    .map(([name, text]) => {
      const options = [...(name === 'mood' ? [enumValues] : []), ...(encrypted.includes(name) ? ['encrypted = true', 'access = "public"'] : [])]
      return `    ${text}${options.length === 0 ? '' : ` {\n      ${options.join('\n      ')}\n    }`}`
    })
    .join(
      '\n',
    )}\n${more}  }\n  view = {all: {alias: "everyone", hide: ["card"]}}\n  rules = {read: $db.person.id > 0, create: true, update: true, delete: true}\n}`
const idOf = async (name: string): Promise<number> =>
  (await server.meta('GET', `${W}/table?search=${name}`)).body.items.find((item: { name: string }) => item.name === name).id
const shown = async (): Promise<unknown> => (await server.meta('GET', `${W}/table/${await idOf('person')}/content?per_page=2000`)).body.items
const physical = async (): Promise<unknown> =>
  sql(
    `select column_name, data_type, is_nullable, column_default from information_schema.columns where table_schema = 'ws_1_live' and table_name = 'person' order by ordinal_position`,
  )
const all = Object.keys(types)

beforeAll(async () => {
  server = await createServer()
  expect((await push(person([]))).status).toBe(200)
  await sql(
    `insert into ws_1_live.person (ssn, card, born, age, mood, tags, points)
     select '${canary} ' || n, jsonb_build_object('n', n, 'list', jsonb_build_array(1, null, 'Ω')), to_timestamp(n), n, case n % 2 when 0 then 'calm' else 'wild' end, array['a ' || n, 'b"c'], array[n, 0.5]
     from generate_series(1, ${rows - 1}) n`,
  )
  await sql(`insert into ws_1_live.person (ssn, card, born, age, mood, tags, points) values ('', null, null, 0, null, '{}', null)`)
}, 60_000)
afterAll(() => server.close())

describe('R28 encrypting what is there', () => {
  let before: unknown
  let shape: unknown

  it('is shown by a dry run, which changes nothing', async () => {
    before = await shown()
    shape = await physical()
    const { body } = await server.meta('POST', `${W}/multidoc/dry-run?partial=true`, person(['ssn']))
    expect(body.operations.filter(({ action }: { action: string }) => action === 'alter_field')).toEqual([
      expect.objectContaining({ details: 'ssn text → text encrypted', reason: expect.stringContaining('The values of every row are encrypted') }),
    ])
    expect(await shown()).toEqual(before)
  })

  it('a push that fails afterwards leaves every value as it was', async () => {
    await push('table dup {\n  schema {\n    int id\n    text code\n  }\n}')
    await sql(`insert into ws_1_live.dup (code) values ('x'), ('x')`)
    const unique =
      'table dup {\n  schema {\n    int id\n    text code\n  }\n  index = [\n    {type: "primary", field: [{name: "id"}]}\n    {type: "btree|unique", field: [{name: "code"}]}\n  ]\n}'
    const refused = await push(`${person(all)}\n---\n${unique}`)
    expect([refused.status, refused.body.message]).toEqual([400, expect.stringContaining('occurs more than once')])
    expect(await physical()).toEqual(shape)
    expect(await shown()).toEqual(before)
  })

  it('encrypts every row of every type, and nothing of the old values stays in the table or in the bin', async () => {
    const answer = await push(person(all))
    expect([answer.status, answer.text]).toEqual([200, expect.any(String)])
    const stored = await sql(`select ${all.join(', ')} from ws_1_live.person order by id`)
    expect(stored).toHaveLength(rows)
    for (const row of stored) for (const text of Object.values(row)) if (text !== null) expect(text).toMatch(/^v1\.[0-9a-f]{8}\.[\w-]{20,}$/)
    expect(stored.at(-1)).toMatchObject({ card: null, born: null, mood: null, points: null, ssn: expect.stringMatching(/^v1\./) })
    expect(await shown()).toEqual(before)
    expect((await server.meta('GET', `${W}/bin`)).body).toEqual([])
    expect(
      await sql(`select attname from pg_attribute where attrelid = 'ws_1_live.person'::regclass and attnum > 0 and (attisdropped or attname like '~%')`),
    ).toEqual([])
    expect(await sql(`select polname from pg_policy where polrelid = 'ws_1_live.person'::regclass`)).toHaveLength(4)
    // Nor in the file of the table: it was written anew.
    await sql('checkpoint')
    const [file] = await sql<{ bytes: Buffer }>(`select pg_read_binary_file(pg_relation_filepath('ws_1_live.person')) as bytes`)
    expect([file?.bytes.includes('v1.'), file?.bytes.includes(canary)]).toEqual([true, false])
  })

  it('binds each value to its row, as one that was written encrypted', async () => {
    await sql(`update ws_1_live.person a set ssn = b.ssn from ws_1_live.person b where a.id = 900 and b.id = 901`)
    const swapped = await server.meta('GET', `${W}/table/${await idOf('person')}/content/900`)
    expect([swapped.status, swapped.body.message]).toEqual([500, expect.stringContaining('does not belong to its row')])
  })

  it('decrypting stops at a value that does not open, and loses nothing', async () => {
    const stored = () => sql(`select * from ws_1_live.person order by id`)
    const was = await stored()
    const refused = await push(person(all.filter((name) => name !== 'ssn')))
    expect([refused.status >= 400, refused.body.message]).toEqual([true, expect.stringContaining('"ssn" of table "person"')])
    expect(await stored()).toEqual(was)
    const [second] = await sql<{ ssn: string }>(`select ssn from ws_1_live.person where id = 2`)
    expect(second?.ssn).toMatch(/^v1\./)
    // The value of the row is written again as any program would.
    await server.meta('PUT', `${W}/table/${await idOf('person')}/content/900`, { ssn: `${canary} 900` })
  })

  it('decrypts every row, to the column it was', async () => {
    expect((await push(person([]))).status).toBe(200)
    expect(await physical()).toEqual(shape)
    expect(await shown()).toEqual(before)
    await expect(sql(`insert into ws_1_live.person (mood) values ('odd')`)).rejects.toThrow('check constraint')
    expect((await server.meta('GET', `${W}/bin`)).body).toEqual([])
  })

  it('is done for every data source and for the own tables of a branch, each by itself', async () => {
    const small = (option: string) => `table note {\n  schema {\n    int id\n    text? body? ${option}\n  }\n}`
    await push(small(''))
    await server.meta('POST', `${W}/datasource`, { label: 'test' })
    await server.meta('POST', `${W}/branch`, { label: 'dev', tables: 'own' })
    const [branch] = await sql<{ id: number }>(`select id from stackhold.branch where label = 'dev'`)
    const places = ['ws_1_live', 'ws_1_test', `ws_1b${branch?.id}_live`]
    for (const schema of places) await sql(`insert into ${schema}.note (body) values ('${canary}')`)
    const bodies = async () => Promise.all(places.map(async (schema) => (await sql<{ body: string }>(`select body from ${schema}.note`))[0]?.body.slice(0, 3)))
    await server.meta('POST', `${W}/multidoc?partial=true&branch=dev`, small(sealed))
    expect(await bodies()).toEqual(['CAN', 'CAN', 'v1.'])
    await push(small(sealed))
    expect(await bodies()).toEqual(['v1.', 'v1.', 'v1.'])
  })

  it('rows in the bin from before are encrypted when they come back', async () => {
    await sql(`insert into ws_1_test.note (id, body) values (7, '${canary}')`).catch(() => {})
    const plain = 'table memo {\n  schema {\n    int id\n    text? body?\n  }\n}'
    await push(plain)
    await sql(`insert into ws_1_test.memo (body) values ('${canary}')`)
    await server.meta('DELETE', `${W}/datasource/test`)
    await server.meta('POST', `${W}/datasource`, { label: 'test' })
    await push(plain.replace('body?', `body? ${sealed}`))
    const entry = (await server.meta('GET', `${W}/bin`)).body.find((item: { table: string }) => item.table === 'memo')
    expect((await server.meta('POST', `${W}/bin`, { id: entry.id })).status).toBe(200)
    expect(await sql(`select body from ws_1_test.memo`)).toEqual([{ body: expect.stringMatching(/^v1\./) }])
    const { body } = await server.meta('GET', `${W}/table/${await idOf('memo')}/content`, undefined, { headers: { 'x-data-source': 'test' } })
    expect(body.items).toMatchObject([{ body: canary }])
  })

  it('does not change the type of what is encrypted', async () => {
    const plain = 'table odd {\n  schema {\n    int id\n    text? body?\n  }\n}'
    await push(plain)
    await sql(`insert into ws_1_live.odd (body) values ('12')`)
    const refused = await push(plain.replace('text? body?', `int? body? ${sealed}`))
    expect([refused.status, refused.body.message]).toEqual([400, expect.stringContaining('change the type in a push of its own')])
    expect(await sql(`select body from ws_1_live.odd`)).toEqual([{ body: '12' }])
  })
})
