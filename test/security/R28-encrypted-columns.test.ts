/** Encrypted columns: nothing readable rests in the database, on any way of writing; a value opens in its own row only; keys can be replaced. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createVaults } from '../../src/auth/vault.js'
import { type Content, createContent } from '../../src/db/content.js'
import { reencrypt } from '../../src/db/reencrypt.js'
import { fromPlain, type Obj, toPlain, type Value } from '../../src/lib/value.js'
import { createPrograms, functionDocument, type Programs } from '../db/program-fixture.js'
import { passwords, vaults } from '../workspace/instance.js'

const canary = 'CANARY-4111-1111'
const documents = [
  `table person {
  schema {
    int id
    text name
    text ssn? {
      encrypted = true
    }
    json? card? {
      encrypted = true
      access = "public"
    }
    timestamp? born? {
      encrypted = true
    }
    int age?=18 {
      encrypted = true
    }
  }
  index = [
    {type: "primary", field: [{name: "id"}]}
    {type: "btree|unique", field: [{name: "name"}]}
  ]
}`,
  `table device {
  schema {
    uuid id
    text label
    text pin? {
      encrypted = true
      access = "public"
    }
  }
}`,
  `table ledger {
  schema {
    int id
    decimal amount? {
      encrypted = true
    }
    decimal[] parts? {
      encrypted = true
    }
  }
}`,
  functionDocument(
    'enter',
    'decimal amount',
    'db.add ledger { data = {amount: $input.amount, parts: [1, 2.5]} } as $row\ndb.get ledger { field_name = "id"\nfield_value = $row.id\noutput = ["amount", "parts"] } as $found',
    '[$found.amount, $found.amount|is_decimal, $found.parts, $found.parts|map:($$|is_decimal)]',
  ),
  functionDocument(
    'add',
    'text name\njson ssn\njson card?',
    'db.add person { data = {name: $input.name, ssn: $input.ssn, card: $input.card} } as $row',
    '$row',
  ),
  functionDocument(
    'edit',
    'text name\njson ssn',
    'db.edit person { field_name = "name"\nfield_value = $input.name\ndata = {ssn: $input.ssn} } as $row',
    '$row',
  ),
  functionDocument(
    'patch',
    'int id\njson ssn',
    'var $data { value = {ssn: $input.ssn} }\ndb.patch person { field_name = "id"\nfield_value = $input.id\ndata = $data } as $row',
    '$row',
  ),
  functionDocument(
    'upsert',
    'text name\njson ssn',
    'db.add_or_edit person { field_name = "name"\nfield_value = $input.name\ndata = {name: $input.name, ssn: $input.ssn} } as $row',
    '$row',
  ),
  functionDocument(
    'upsert_device',
    'text id\ntext pin',
    'db.add_or_edit device { field_name = "id"\nfield_value = $input.id\ndata = {label: "d", pin: $input.pin} } as $row',
    '$row',
  ),
  functionDocument('bulk_add', 'json items', 'db.bulk.add person { items = $input.items\nallow_id_field = true } as $rows', '$rows'),
  functionDocument('bulk_update', 'json items', 'db.bulk.update person { items = $input.items } as $rows', '$rows'),
  functionDocument('bulk_patch', 'json items', 'db.bulk.patch person { items = $input.items } as $rows', '$rows'),
  functionDocument(
    'get',
    'int id',
    'db.get person { field_name = "id"\nfield_value = $input.id\noutput = ["id", "name", "ssn", "card", "born", "age"] } as $row',
    '$row',
  ),
  functionDocument('list', '', 'db.query person { sort = {id: "asc"}\noutput = ["id", "ssn", "card"] } as $rows', '$rows'),
  functionDocument('plain', '', 'db.query person { sort = {id: "asc"} } as $rows', '$rows'),
]

let programs: Programs
let content: Content
const workspace = () => programs.instance.live.current.workspaces.get(programs.instance.workspaceId)
const table = (name: string) => workspace()?.tables.get(name) as NonNullable<ReturnType<NonNullable<ReturnType<typeof workspace>>['tables']['get']>>
const obj = (plain: object): Obj => fromPlain(plain) as Obj
const schema = () => `"ws_${programs.instance.workspaceId}_live"`
const stored = async (id: number): Promise<Record<string, string | null>> =>
  (await programs.instance.db.query<Record<string, string | null>>(`select ssn, card, born, age from ${schema()}.person where id = $1`, [id]))[0] ?? {}
const read = async (id: number) => (await programs.run('get', { id })) as Record<string, unknown>
const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
  } catch (error) {
    return (error as Error).message
  }
  return 'no error'
}
const contentWith = (vault = vaults(programs.instance.workspaceId)): Content =>
  createContent(programs.instance.db, {
    workspaceId: programs.instance.workspaceId,
    datasource: 'live',
    datasources: ['live'],
    clock: { now: () => Date.now() },
    hash: passwords.hash,
    judge: passwords.judge,
    vault,
  })

beforeAll(async () => {
  programs = await createPrograms(documents)
  content = contentWith()
}, 60_000)
afterAll(() => programs.drop())

/** Adds a row and tells its id. */
const added = async (name: string, ssn: unknown = `${canary} ${name}`): Promise<number> => ((await programs.run('add', { name, ssn })) as { id: number }).id

describe('R28 encrypted columns', () => {
  it('come back as they were written, of every type, and rest as ciphertext', async () => {
    await content.add(table('person'), obj({ name: 'types', ssn: canary, card: { number: canary, list: [1, null] }, born: 86_400_000, age: 41 }))
    const row = (await content.browse(table('person'), { page: 1, perPage: 1, search: obj({ name: 'types' }) })) as Obj
    const [shown] = (row.get('items') as Value[]).map((item) => toPlain(item)) as Record<string, unknown>[]
    expect(shown).toMatchObject({ ssn: canary, card: { number: canary, list: [1, null] }, born: 86_400_000, age: 41 })
    const rest = await stored(Number(shown?.['id']))
    for (const text of Object.values(rest)) expect(text).toMatch(/^v1\.[0-9a-f]{8}\.[\w-]{30,}$/)
    expect(JSON.stringify(rest)).not.toContain('CANARY')
  })

  it.each([
    ['db.add', async () => ({ id: await added('add') })],
    [
      'db.edit by another column',
      async () => {
        await added('edit', 'old')
        return (await programs.run('edit', { name: 'edit', ssn: `${canary} edit` })) as { id: number }
      },
    ],
    ['db.patch', async () => (await programs.run('patch', { id: await added('patch', 'old'), ssn: `${canary} patch` })) as { id: number }],
    ['db.add_or_edit, new', async () => (await programs.run('upsert', { name: 'upsert', ssn: `${canary} upsert` })) as { id: number }],
    [
      'db.add_or_edit, there',
      async () => {
        await added('upsert2', 'old')
        return (await programs.run('upsert', { name: 'upsert2', ssn: `${canary} upsert2` })) as { id: number }
      },
    ],
    ['db.bulk.add', async () => ((await programs.run('bulk_add', { items: [{ name: 'bulk', ssn: `${canary} bulk` }] })) as { id: number }[])[0] ?? { id: 0 }],
    [
      'db.bulk.add with ids',
      async () =>
        ((await programs.run('bulk_add', { items: [{ name: 'b2' }, { id: 9_000, name: 'b3', ssn: `${canary} b3` }] })) as { id: number }[])[1] ?? { id: 0 },
    ],
    [
      'db.bulk.update',
      async () => {
        const id = await added('bulk4', 'old')
        await programs.run('bulk_update', { items: [{ id, name: 'bulk4', ssn: `${canary} bulk4` }] })
        return { id }
      },
    ],
    [
      'db.bulk.patch',
      async () => {
        const id = await added('bulk5', 'old')
        await programs.run('bulk_patch', { items: [{ id, ssn: `${canary} bulk5` }] })
        return { id }
      },
    ],
    [
      'content edit',
      async () => {
        const id = await added('content', 'old')
        await content.edit(table('person'), id, obj({ ssn: `${canary} c` }))
        return { id }
      },
    ],
    ['content bulk', async () => ({ id: Number((await content.bulkAdd(table('person'), [obj({ name: 'c2', ssn: `${canary} c2` })]))[0]) })],
    [
      'content search',
      async () => {
        const id = await added('c3', 'old')
        await content.searchPatch(table('person'), obj({ name: 'c3' }), obj({ ssn: `${canary} c3` }))
        return { id }
      },
    ],
    [
      'import',
      async () => {
        const rows = async function* () {
          yield [
            { line: 1, data: obj({ name: 'import', ssn: `${canary} i` }) },
            { line: 2, data: obj({ id: '9500', name: 'import2', ssn: `${canary} i2` }) },
          ]
        }
        expect(await content.importRows(table('person'), rows(), { mode: 'all_or_nothing', allowIds: true })).toMatchObject({ added: 2, failed: 0 })
        return { id: 9_500 }
      },
    ],
  ])('%s encrypts', async (_way, write) => {
    const { id } = await write()
    expect((await stored(id))['ssn']).toMatch(/^v1\./)
    expect((await read(id))['ssn']).toMatch(new RegExp(`^${canary}`))
  })

  it('is written into the row a caller named by its uuid, new and again', async () => {
    const id = '0b6f3c1e-8f1e-4c1a-9b1d-2f6a8c0d4e5f'
    expect(await programs.run('upsert_device', { id, pin: '1234' })).toMatchObject({ id, pin: '1234' })
    expect(await programs.run('upsert_device', { id: id.toUpperCase(), pin: '5678' })).toMatchObject({ id, pin: '5678' })
  })

  it('is part of a row only when output names it, and is decrypted in answers that Postgres writes', async () => {
    const id = await added('hidden')
    const rows = (await programs.answer('plain')) as Record<string, unknown>[]
    expect(rows.every((row) => !('ssn' in row) && 'card' in row)).toBe(true)
    const named = (await programs.answer('list')) as Record<string, unknown>[]
    expect(named.find((row) => row['id'] === id)).toEqual({ id, ssn: `${canary} hidden`, card: null })
    expect(JSON.stringify(named)).not.toContain('v1.')
  })

  it('what no one wrote is empty, and a declared default is encrypted, too', async () => {
    await programs.instance.db.query(`insert into ${schema()}.person (name) values ('by hand')`)
    const [row] = await programs.instance.db.query<{ id: number }>(`select id from ${schema()}.person where name = 'by hand'`)
    expect(await read(Number(row?.id))).toMatchObject({ ssn: '', card: null, born: null, age: 18 })
    expect((await stored(await added('default')))['age']).toMatch(/^v1\./)
  })

  it('a decimal stays one', async () => {
    expect(await programs.run('enter', { amount: 5 })).toEqual([5, true, [1, 2.5], [true, true]])
  })

  it('a value that was moved to another row, another column or another workspace is refused, without being shown', async () => {
    const [one, two] = [await added('one'), await added('two')]
    await programs.instance.db.query(`update ${schema()}.person set ssn = (select ssn from ${schema()}.person where id = $1) where id = $2`, [one, two])
    const moved = await codeOf(programs.run('get', { id: two }))
    expect(moved).toMatch(/^The encrypted column "ssn" of table "person" holds a value that does not belong to its row/)
    expect(moved).not.toContain('CANARY')
    await programs.instance.db.query(`update ${schema()}.person set ssn = null, card = (select ssn from ${schema()}.person where id = $1) where id = $1`, [one])
    expect(await codeOf(programs.run('get', { id: one }))).toContain('"card"')
    const three = await added('three')
    const other = vaults(programs.instance.workspaceId + 1)
    const place = JSON.stringify([table('person').guid, 'ssn', String(three)])
    expect(vaults(programs.instance.workspaceId).open(String((await stored(three))['ssn']), place)).toBe(JSON.stringify(`${canary} three`))
    expect(other.open(String((await stored(three))['ssn']), place)).toBeUndefined()
    await programs.instance.db.query(`delete from ${schema()}.person where id = any($1)`, [[one, two]])
  })

  it('one value never rests twice as the same text, and a changed byte is found', async () => {
    const [one, two] = [await added('same1', canary), await added('same2', canary)]
    expect((await stored(one))['ssn']).not.toBe((await stored(two))['ssn'])
    const text = String((await stored(two))['ssn'])
    const changed = text.slice(0, -6) + (text.at(-6) === 'A' ? 'B' : 'A') + text.slice(-5)
    await programs.instance.db.query(`update ${schema()}.person set ssn = $1 where id = $2`, [changed, two])
    expect(await codeOf(programs.run('get', { id: two }))).toContain('The encrypted column "ssn"')
    await programs.instance.db.query(`delete from ${schema()}.person where id = $1`, [two])
  })

  it.each([
    'db.query person { where = $db.person.ssn == "x" } as $x',
    'db.query person { where = $db.person.name == "a" && ($db.person.card includes "x") } as $x',
    'db.query person { sort = {ssn: "asc"} } as $x',
    'db.query person { return = {type: "aggregate", group: {s: $db.person.ssn}, eval: {n: $db.person.id|count}} } as $x',
    'db.query person { return = {type: "aggregate", eval: {n: $db.person.age|max}} } as $x',
    'db.query person { eval = {s: $db.person.ssn} } as $x',
    'db.get person { field_name = "ssn"\nfield_value = "x" } as $x',
    'db.del person { field_name = "ssn"\nfield_value = "x" }',
    'db.bulk.delete person { where = $db.person.ssn == "x" } as $x',
    'db.increment person { where = $db.person.id == 1\nfield_name = "age"\nvalue = 1 } as $x',
  ])('%s is refused when it is saved', async (statement) => {
    await expect(programs.instance.push(functionDocument('refused', '', statement, 'null'))).rejects.toThrow(
      /is encrypted: it cannot be searched, sorted, grouped or computed with/,
    )
  })

  it('callers cannot filter or sort by it, nor administrators', async () => {
    await programs.instance.push(
      functionDocument('external', 'json filter?\njson sort?', 'db.query person { additional_where = $input.filter\noverride_sort = $input.sort } as $x', '$x'),
    )
    for (const input of [{ filter: { 'ssn|=': 'x' } }, { sort: { ssn: 'asc' } }, { filter: { 'card.number|=': 'x' } }])
      expect(await codeOf(programs.run('external', input))).toMatch(/^Unsupported parameter reference/)
    expect(await codeOf(content.browse(table('person'), { page: 1, perPage: 1, search: obj({ ssn: 'x' }) }))).toMatch(/^Unsupported parameter reference/)
  })

  it('leaves with an export only when it is named, and never with a pull', async () => {
    const rows: Obj[] = []
    await content.exportRows(table('person'), {}, async (batch) => void rows.push(...batch))
    expect([...(rows[0]?.keys() ?? [])]).toEqual(['id', 'name'])
    const named: Obj[] = []
    await content.exportRows(table('person'), { columns: ['id', 'ssn'], search: obj({ name: 'add' }) }, async (batch) => void named.push(...batch))
    expect(toPlain(named[0] as Obj)).toMatchObject({ ssn: `${canary} add` })
    expect(await programs.instance.pull({ records: true })).not.toMatch(/CANARY|v1\./)
  })

  it.each([
    ['index = [{type: "btree", field: [{name: "x"}]}]', 'text x { encrypted = true }', 'cannot be part of an index'],
    ['view = {a: {alias: "va", sort: {x: "asc"}}}', 'text x { encrypted = true }', 'sorts by the encrypted column'],
    ['view = {a: {alias: "va", hide: ["id"]}}', 'text x { encrypted = true }', 'hides the id, without which "x" cannot be decrypted'],
    ['', 'password x { encrypted = true }', 'A password is hashed'],
    ['', 'object x {\n encrypted = false\n schema {\n text y { encrypted = true }\n }\n }', 'A member of an object cannot be encrypted'],
    ['', 'text x { encrypted = "yes" }', '"encrypted" must be true or false'],
  ])('%s %s is refused when it is saved', async (attribute, column, message) => {
    await expect(programs.instance.push(`table wrong {\n schema {\n int id\n ${column}\n }\n ${attribute}\n}`)).rejects.toThrow(message)
  })

  it('rows that a document brings are encrypted', async () => {
    await programs.instance.push(`table seeded {\n schema {\n int id\n text x { encrypted = true }\n }\n items = [{x: "${canary}"}]\n}`)
    const [row] = await programs.instance.db.query<{ x: string }>(`select x from ${schema()}.seeded`)
    expect(row?.x).toMatch(/^v1\./)
    expect(toPlain(await content.get(table('seeded'), 1))).toMatchObject({ x: canary })
  })

  it('a new secret opens what the old one sealed, seals it anew on demand, and then works alone', async () => {
    const { workspaceId, db } = programs.instance
    const [old, fresh] = [Buffer.alloc(32, 6), Buffer.alloc(32, 9)]
    const both = createVaults([fresh, old])(workspaceId)
    const alone = createVaults([fresh])(workspaceId)
    const tables = ['person', 'device', 'seeded'].map((name) => structuredClone(table(name)))
    const before = toPlain((await contentWith(both).browse(structuredClone(table('person')), { page: 1, perPage: 500, sort: obj({ id: 'asc' }) })) as Obj)
    expect(await codeOf(contentWith(alone).get(structuredClone(table('seeded')), 1))).toContain('whose key is gone')
    const first = await reencrypt(db, { workspaceId, datasources: ['live'], tablesOf: null, tables, vault: both })
    expect(first.values).toBeGreaterThan(20)
    expect(first.unreadable).toBe(0)
    expect(await reencrypt(db, { workspaceId, datasources: ['live'], tablesOf: null, tables, vault: both })).toEqual({ values: 0, unreadable: 0 })
    expect(toPlain((await contentWith(alone).browse(structuredClone(table('person')), { page: 1, perPage: 500, sort: obj({ id: 'asc' }) })) as Obj)).toEqual(
      before,
    )
  })
})
