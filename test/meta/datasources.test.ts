import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'

let server: ListeningServer
const W = '/workspace/1'
const sources = ['live', 'test', 'demo-2'] as const
const schemaOf = (source: string): string => `ws_1_${source}`

const documents = `table note {
  schema {
    int id
    text text
  }
}
---
api_group notes {
  canonical = "notesapi"
}
---
query note verb=GET {
  api_group = "notes"
  public = "A test."
  input {
    text source?
  }
  stack {
    conditional {
      if ($input.source != "") {
        db.set_datasource {
          value = $input.source
        }
      }
    }
    db.query "note" {
      sort = {id: "asc"}
      return = {type: "list"}
    } as $notes
  }
  response = {notes: $notes|map:$$.text, source: $env.$datasource}
}
---
query note verb=POST {
  api_group = "notes"
  public = "A test."
  input {
    text text
  }
  stack {
    db.transaction {
      stack {
        db.add "note" {
          data = {text: $input.text}
        } as $note
      }
    }
  }
  response = $note.id
}
---
function "copy" {
  input {
    text from
    text to
  }
  stack {
    db.set_datasource {
      value = $input.from
    }
    db.query "note" {
      return = {type: "list"}
    } as $notes
    db.set_datasource {
      value = $input.to
    }
    db.bulk.add "note" {
      items = $notes
    } as $copies
  }
  response = $copies|count
}
---
function "names" {
  input {
  }
  stack {
    db.query "note" {
      sort = {id: "asc"}
      return = {type: "list"}
    } as $notes
  }
  response = $notes|map:$$.text
}`

beforeAll(async () => {
  server = await startListeningServer({ STACKHOLD_ENV: 'development' })
  expect((await server.meta('POST', `${W}/datasource`, { label: 'test' })).status).toBe(200)
  await server.pushText(documents)
  // One that is made after its tables.
  expect((await server.meta('POST', `${W}/datasource`, { label: 'demo-2' })).status).toBe(200)
})
afterAll(() => server?.close())

const api = (method: string, query: string, options: object = {}) => server.call(method, `/api:notesapi/note${query}`, options)
const notesIn = async (source: string) => (await api('GET', '', { headers: { 'X-Data-Source': source } })).body.notes
const run = async (name: string, input: object, source?: string) =>
  (
    await server.call('POST', `/api:meta${W}/function/run`, {
      body: { name, input },
      token: server.adminToken,
      ...(source === undefined ? {} : { headers: { 'x-data-source': source } }),
    })
  ).body

describe('data sources', () => {
  it('each have the tables of the workspace, whichever came first', async () => {
    const rows = await server.query<{ schema: string }>(`select table_schema as schema from information_schema.tables where table_name = 'note' order by 1`)
    expect(rows.map(({ schema }) => schema)).toEqual([...sources].map(schemaOf).sort())
  })

  it('are chosen by header, by query, and by nothing; each sees its own rows only', async () => {
    for (const source of sources) expect((await api('POST', '', { body: { text: `in ${source}` }, headers: { 'X-Data-Source': source } })).body, source).toBe(1)
    expect((await api('POST', '?x-data-source=test', { body: { text: 'second' } })).body).toBe(2)
    expect(await notesIn('live')).toEqual(['in live'])
    expect(await notesIn('test')).toEqual(['in test', 'second'])
    expect(await notesIn('demo-2')).toEqual(['in demo-2'])
    expect((await api('GET', '')).body.notes).toEqual(['in live'])
    expect((await api('GET', '?x-data-source=demo-2')).body.notes).toEqual(['in demo-2'])
    for (const source of sources)
      expect((await server.query<{ text: string }>(`select text from "${schemaOf(source)}".note order by id`)).map(({ text }) => text)).toEqual(
        await notesIn(source),
      )
  })

  it('of the header counts before that of the query', async () => {
    expect((await api('GET', '?x-data-source=live', { headers: { 'X-Data-Source': 'test' } })).body.notes).toEqual(['in test', 'second'])
  })

  it('are changed by a statement for what follows in that run, and no other', async () => {
    const [changed, plain] = await Promise.all([api('GET', '?source=test'), api('GET', '')])
    expect([changed?.body.notes, plain?.body.notes]).toEqual([['in test', 'second'], ['in live']])
    expect((await api('GET', '?source=demo-2', { headers: { 'X-Data-Source': 'test' } })).body.notes).toEqual(['in demo-2'])
  })

  it('can be read and written in one run', async () => {
    expect((await run('copy', { from: 'test', to: 'demo-2' })).result).toBe(2)
    expect(await notesIn('demo-2')).toEqual(['in demo-2', 'in test', 'second'])
    expect(await notesIn('test')).toEqual(['in test', 'second'])
    expect(await notesIn('live')).toEqual(['in live'])
  })

  it('are chosen for a function run, too', async () => {
    expect((await run('names', {})).result).toEqual(['in live'])
    expect((await run('names', {}, 'test')).result).toEqual(['in test', 'second'])
  })

  it('that do not exist are refused everywhere, without telling which do', async () => {
    expect((await api('GET', '', { headers: { 'X-Data-Source': 'tset' } })).status).toBe(404)
    expect((await api('GET', '?x-data-source=tset')).status).toBe(404)
    expect((await api('GET', '?source=tset')).body).toMatchObject({ code: 'ERROR_CODE_INPUT_ERROR', message: 'Unknown data source: tset' })
    expect((await run('names', {}, 'tset')).code).toBe('ERROR_CODE_NOT_FOUND')
    for (const odd of ['live@1', '../live', 'live"', 'live; drop schema ws_1_live'])
      expect((await api('GET', `?x-data-source=${encodeURIComponent(odd)}`)).status, odd).toBe(404)
  })

  it('that are deleted take their rows with them, and only theirs', async () => {
    expect((await server.meta('DELETE', `${W}/datasource/demo-2`)).status).toBe(200)
    expect((await api('GET', '', { headers: { 'X-Data-Source': 'demo-2' } })).status).toBe(404)
    expect(await notesIn('test')).toEqual(['in test', 'second'])
    await server.meta('POST', `${W}/datasource`, { label: 'demo-2' })
    expect(await notesIn('demo-2')).toEqual([])
  })
})
