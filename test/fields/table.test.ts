import { describe, expect, it } from 'vitest'
import { readTable } from '../../src/definitions/read-table.js'
import { fieldFromJson, fieldToJson, indexFromJson, indexToJson, tableFromJson, tableToDefinition } from '../../src/definitions/table-json.js'
import { openGrammar } from '../../src/lang/grammar.js'
import { parseDocument } from '../../src/lang/parser.js'
import { Source } from '../../src/lang/source.js'
import type { Definition } from '../../src/lang/tree.js'

function parse(text: string): Definition {
  const { definition, problems } = parseDocument(new Source('t', text), openGrammar)
  if (definition === undefined) throw new Error(JSON.stringify(problems))
  return definition
}
const names = { idOf: (name: string) => (name === 'author' ? 12 : undefined), nameOf: (id: number) => (id === 12 ? 'author' : undefined) }

const book = `table book {
  auth = false
  schema {
    int id
    timestamp created_at?=now
    // The title
    text title filters=trim|min:1
    int author_id? { table = "author" }
    enum kind?="a" { values = ["a", "b"] }
    password? secret? filters=min:8 { sensitive = true }
    text[] tags?
  }
  index = [
    {type: "primary", field: [{name: "id"}]}
    {type: "btree|unique", field: [{name: "title", op: "asc"}]}
  ]
  view = {short: {alias: "short_books", search: $db.kind == "a", hide: ["secret"], sort: {title: "desc"}}}
}`

describe('reading a table', () => {
  it('gives the model', () => {
    const { table, problems } = readTable(parse(book), 3, 'g')
    expect(problems).toEqual([])
    expect(table).toMatchObject({
      id: 3,
      guid: 'g',
      name: 'book',
      auth: false,
      indexes: [{ type: 'primary' }, { type: 'unique', fields: [{ name: 'title', op: 'asc' }] }],
    })
    expect(table.columns.map(({ name, type, list, nullable, required, access }) => [name, type, list, nullable, required, access])).toEqual([
      ['id', 'int', false, false, false, 'public'],
      ['created_at', 'timestamp', false, false, false, 'public'],
      ['title', 'text', false, false, true, 'public'],
      ['author_id', 'int', false, false, false, 'public'],
      ['kind', 'enum', false, false, false, 'public'],
      ['secret', 'password', false, true, false, 'internal'],
      ['tags', 'text', true, false, false, 'public'],
    ])
    expect(table.columns[3]?.references).toBe('author')
    expect(table.views).toMatchObject([{ name: 'short', alias: 'short_books', hide: ['secret'], sort: [{ column: 'title', order: 'desc' }] }])
  })

  it('collects everything that is wrong, with its place', () => {
    const text = `table t {
  schema {
    text name
    intt age
    enum e
    text name
    file f
    int n?="x"
    text p filters=pattern:"("
  }
  index = [{type: "btre", field: [{name: "id"}]}, {type: "btree", field: [{name: "nope"}]}]
}`
    const { problems } = readTable(parse(text), 1, 'g')
    expect(problems.map(({ message }) => message)).toEqual([
      'Unknown type: intt',
      'The enum "e" needs values.',
      '"file" can only be an input, not a column.',
      expect.stringContaining('The default of "n" does not fit'),
      expect.stringContaining('The pattern is not a regular expression'),
      'First schema entry must be the Primary key.',
      'The column "name" is declared twice.',
      'Unknown index type: btre',
      'The index names an unknown column: nope',
    ])
    expect(problems[0]?.hint).toBe('Did you mean `int`?')
    expect(problems.every(({ at }) => typeof at === 'number' && at > 0)).toBe(true)
  })

  it('refuses names that Postgres would cut', () => {
    const { problems } = readTable(parse(`table t {\n schema {\n int id\n text ${'x'.repeat(64)}\n }\n}`), 1, 'g')
    expect(problems[0]?.message).toContain('longer than 63 bytes')
  })
})

describe('the JSON of the Metadata API', () => {
  it('survives a round trip', () => {
    const { table } = readTable(parse(book), 3, 'g')
    const definition = tableToDefinition(table)
    for (const field of definition.schema ?? []) {
      const json = fieldToJson(field, names)
      expect(fieldToJson(fieldFromJson(JSON.parse(JSON.stringify(json)), names), names)).toEqual(json)
    }
    expect(table.indexes.map((index) => indexToJson(indexFromJson(indexToJson(index), table.columns)))).toEqual(table.indexes.map(indexToJson))
    expect(indexToJson(table.indexes[1] ?? { type: 'btree', fields: [] }).id).toMatch(/^[0-9a-f]{8}$/)
  })

  it('shows a field', () => {
    const [, , title, author, , secret] = readTable(parse(book), 3, 'g').table.columns
    expect(title && fieldToJson(title.field, names)).toEqual({
      name: 'title',
      type: 'text',
      description: 'The title',
      nullable: false,
      default: null,
      required: true,
      access: 'public',
      sensitive: false,
      style: 'single',
      tableref_id: 0,
      validators: { trim: true, min: 1 },
    })
    expect(author && fieldToJson(author.field, names)).toMatchObject({ tableref_id: 12, required: false })
    expect(secret && fieldToJson(secret.field, names)).toMatchObject({ access: 'internal', sensitive: true, nullable: true })
  })

  it('makes a table from a name alone', () => {
    const { table, problems } = readTable(tableFromJson({ name: 'x' }, names), 1, 'g')
    expect(problems).toEqual([])
    expect(table.columns.map(({ name, type }) => `${name} ${type}`)).toEqual(['id int', 'created_at timestamp'])
    expect(() =>
      tableFromJson(
        {
          name: 'x',
          schema: [
            { name: 'id', type: 'int' },
            { name: 'r', type: 'int', tableref_id: 99 },
          ],
        },
        names,
      ),
    ).toThrow('No table has the id 99.')
    expect(() => tableFromJson({ name: 'x', index: [{ type: 'btree', fields: [{ name: 'nope' }] }] }, names)).toThrow('unknown column: nope')
  })

  it('changes only what it mentions', () => {
    const title = readTable(parse(book), 3, 'g').table.columns[2]?.field
    expect(fieldFromJson({ nullable: true }, names, title)).toMatchObject({ name: 'title', nullable: true, filters: title?.filters, description: 'The title' })
    expect(fieldFromJson({ access: 'internal' }, names, title).options).toEqual([{ name: 'access', value: { type: 'text', value: 'internal' } }])
  })
})
