/** Files that are not what they say: all of a file goes in, or nothing (ASVS 1.2.10, 5.2). Memory, quotes, formulas: test/meta/transfer.test.ts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createServer, type TestServer } from '../meta/server.js'

let server: TestServer
let id = 0
beforeAll(async () => {
  server = await createServer()
  const made = await server.meta('POST', '/workspace/1/table', {
    name: 'person',
    schema: [
      { name: 'id', type: 'int' },
      { name: 'name', type: 'text' },
      { name: 'age', type: 'int', nullable: true, required: false },
      { name: 'extra', type: 'json', nullable: true, required: false },
    ],
  })
  expect(made.status).toBe(200)
  id = made.body.id
}, 60_000)
afterAll(() => server.close())

const load = async (payload: string | Buffer, type = 'text/csv') => {
  const response = await server.app.inject({
    method: 'POST',
    url: `/api:meta/workspace/1/table/${id}/content/import`,
    headers: { 'content-type': type, authorization: `Bearer ${server.adminToken}` },
    payload,
  })
  return { status: response.statusCode, text: response.body }
}
const count = async (): Promise<number> => Number((await server.instance.db.query<{ n: string }>('select count(*) as n from ws_1_live.person'))[0]?.n)

const utf16 = Buffer.from('\ufeffname,age\nAnn,3\n', 'utf16le')
const files: [what: string, file: string | Buffer, type?: string][] = [
  ['a NUL in a cell', 'name,age\nAnn,1\nB\0b,2\n'],
  ['a NUL in the header', 'na\0me,age\nAnn,1\n'],
  ['bytes that are no UTF-8', Buffer.from([...Buffer.from('name,age\nAnn,1\n'), 0xff, 0xfe, 0xc0, 0x80, 0x2c, 0x32, 0x0a])],
  ['half a character', Buffer.from([...Buffer.from('name,age\nAnn,1\nBob'), 0xe2, 0x82])],
  ['UTF-16', utf16],
  ['a lone surrogate in UTF-8', Buffer.from([...Buffer.from('name\nA'), 0xed, 0xa0, 0x80, 0x0a])],
  ['a header twice', 'name,name\nAnn,Bob\n'],
  ['a header twice in other spaces', 'name, name \nAnn,Bob\n'],
  ['a quote that never ends', 'name,age\nAnn,1\n"Bob,2\nCid,3\n'],
  ['a quote inside of a cell', 'name,age\nAnn,1\nB"o"b",2\n'],
  ['too many cells', 'name,age\nAnn,1\nBob,2,3,4\n'],
  ['an unknown column', 'name,nonesuch\nAnn,1\n'],
  ['a column of prototypes', 'name,__proto__\nAnn,{}\n'],
  ['SQL as a column', 'name,"age) values (1); drop table person; --"\nAnn,1\n'],
  ['a program', Buffer.concat([Buffer.from('\x7fELF\x02\x01\x01'), Buffer.alloc(500)])],
  ['a zip', Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(200, 1)])],
  ['JSON that ends early', '[{"name":"Ann"},{"name":"Bob"', 'application/json'],
  ['JSON with a NUL', '[{"name":"Ann"},{"name":"B\\u0000b"}]', 'application/json'],
  ['JSON of another kind', '{"name":"Ann"}{"name":"Bob"}', 'application/json'],
  ['JSON too deep', `[{"name":"Ann"},{"name":"Bob","extra":${'['.repeat(5_000)}${']'.repeat(5_000)}}]`, 'application/json'],
  ['lines of JSON, one of them none', '{"name":"Ann"}\n{"name":\n', 'application/x-ndjson'],
  ['a number for a name of a column', '[{"name":"Ann"},[1,2]]', 'application/json'],
  ['CSV that says it is JSON', 'name,age\nAnn,1\n', 'application/json'],
]

describe('an import', () => {
  it.each<[what: string, file: string | Buffer, type?: string]>(files)('of %s adds nothing', async (_what, file, type) => {
    const { status, text } = await load(file, type)
    expect([status, text.slice(0, 300)]).toEqual([400, expect.any(String)])
    expect(text).not.toMatch(/syntax error|invalid byte sequence|ws_1_live|TypeError/)
    expect(await count()).toBe(0)
  })

  it('of an honest file adds all of it', async () => {
    expect((await load('name,age\nAnn,1\n"Bob ""B""",2\n')).status).toBe(200)
    expect(await count()).toBe(2)
  })
})
