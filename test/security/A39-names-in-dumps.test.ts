/**
 * Names that a dump or its restore would take for commands are not names (PostgreSQL CVE-2025-8714 and CVE-2025-8715: line ends in names of objects,
 * meta-commands of psql).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createServer, type TestServer } from '../meta/server.js'

const hostile: readonly string[] = [
  'a\nb',
  'a\r\nb',
  'a\rb',
  'x\n\\! touch /tmp/canary',
  '\\! id',
  '\n\\!id',
  '\\connect other',
  '\\copy x from program',
  '\\.',
  'a\u0000b',
  'a\u2028b',
  'a\u0085b',
  '-- \n\\! id',
  '$$;\n\\! id',
]

let server: TestServer
beforeAll(async () => {
  server = await createServer()
  await server.meta('POST', '/workspace/1/table', { name: 'plain', schema: [{ name: 'id', type: 'int' }] })
}, 60_000)
afterAll(() => server.close())

/** Every name that Postgres and our catalog know. */
const names = async (): Promise<string[]> => {
  const rows = await server.instance.db.query<{ name: string }>(`
    select nspname as name from pg_namespace union all select relname from pg_class union all select proname from pg_proc
    union all select conname from pg_constraint union all select attname from pg_attribute union all select typname from pg_type
    union all select rolname from pg_roles union all select tgname from pg_trigger union all select polname from pg_policy`)
  return rows.map(({ name }) => name)
}
const isHostile = (name: string): boolean => /[\u0000-\u001f\u007f\u0085\u2028\u2029\\]/.test(name)
const table = async (): Promise<number> => {
  const { body } = await server.meta('GET', '/workspace/1/table')
  return (body.items as { id: number; name: string }[]).find(({ name }) => name === 'plain')?.id ?? 0
}
const quoted = (name: string): string => JSON.stringify(name)
const push = (text: string) => server.meta('POST', '/workspace/1/multidoc?partial=true', text)

const ways: readonly (readonly [what: string, act: (name: string) => Promise<{ status: number }>])[] = [
  ['a table', (name) => server.meta('POST', '/workspace/1/table', { name, schema: [{ name: 'id', type: 'int' }] })],
  ['a table that is pushed', (name) => push(`table ${quoted(name)} {\n  schema {\n    int id\n  }\n}`)],
  ['a renamed table', async (name) => server.meta('PUT', `/workspace/1/table/${await table()}/meta`, { name })],
  [
    'a column',
    (name) =>
      server.meta('POST', '/workspace/1/table', {
        name: `t${Math.random()}`.replace('.', ''),
        schema: [
          { name: 'id', type: 'int' },
          { name, type: 'text' },
        ],
      }),
  ],
  ['a column that is added', async (name) => server.meta('POST', `/workspace/1/table/${await table()}/schema/type/text`, { name })],
  ['a renamed column', async (name) => server.meta('POST', `/workspace/1/table/${await table()}/schema/rename`, { old_name: 'id', new_name: name })],
  ['a data source', (name) => server.meta('POST', '/workspace/1/datasource', { label: name, color: '#112233' })],
  ['a branch', (name) => server.meta('POST', '/workspace/1/branch', { name, label: name, source_branch: 'v1', tables: 'own' })],
  ['a view', (name) => push(`table viewed {\n  schema {\n    int id\n  }\n  view = {${quoted(name)}: {search: $db.viewed.id > 1, alias: ${quoted(name)}}}\n}`)],
]

describe('a name with a line end or a command', () => {
  it.each(ways)('of %s reaches no object of Postgres', async (_what, act) => {
    const before = (await names()).length
    let refused = 0
    for (const name of hostile) {
      const { status } = await act(name)
      expect([name, status < 500]).toEqual([name, true])
      if (status >= 400) refused++
    }
    const after = await names()
    expect(after.filter(isHostile)).toEqual([])
    // All were refused, or got a name of ours instead.
    if (refused === hostile.length) expect(after.length).toBe(before)
  })

  it('is refused as a table, in words', async () => {
    for (const name of hostile) {
      const answer = await server.meta('POST', '/workspace/1/table', { name, schema: [{ name: 'id', type: 'int' }] })
      expect([name, answer.status, answer.body.code]).toEqual([name, 400, expect.stringMatching(/^ERROR_CODE_/)])
      expect(answer.body.message).toMatch(/name/i)
    }
  })
})
