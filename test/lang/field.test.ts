import { describe, expect, it } from 'vitest'
import type { Field } from '../../src/lang/tree.js'
import { definition, messages, parse } from './helpers.js'

const fields = (text: string): Field[] => definition(`function f {\ninput {\n${text}\n}\n}`).input ?? []
const field = (text: string): Partial<Field> => {
  const [first, ...rest] = fields(text)
  if (first === undefined || rest.length > 0) throw new Error('not one field')
  return first
}
const bare = { filters: [], options: [] }
const textValue = (value: string): object => ({ type: 'text', value })

describe('fields', () => {
  it.each<[string, object]>([
    ['text a', { type: 'text', name: 'a' }],
    ['text? a', { type: 'text', name: 'a', nullable: true }],
    ['text ?a', { type: 'text', name: 'a', nullable: true }],
    ['text a?', { type: 'text', name: 'a', optional: true }],
    ['text? a?', { type: 'text', name: 'a', nullable: true, optional: true }],
    ['text "two words"?', { type: 'text', name: 'two words', optional: true }],
    ['text[] a', { type: 'text', name: 'a', list: {} }],
    ['text[1:] a', { type: 'text', name: 'a', list: { min: 1 } }],
    ['text[:3] a', { type: 'text', name: 'a', list: { max: 3 } }],
    ['text[1:3]? a?', { type: 'text', name: 'a', list: { min: 1, max: 3 }, nullable: true, optional: true }],
    ['text?[] a', { type: 'text', name: 'a', list: {}, nullable: true }],
    ['file[]? a', { type: 'file', name: 'a', list: {}, nullable: true }],
    ['text[2] a', { type: 'text', name: 'a', list: { min: 2, max: 2 } }],
    ['text input', { type: 'text', name: 'input' }],
    ['text filters', { type: 'text', name: 'filters' }],
  ])('%s', (text, expected) => {
    expect(field(text)).toEqual({ ...bare, ...expected })
  })

  it.each<[string, object]>([
    ['int a?=5', { type: 'number', text: '5' }],
    ['int a?=-1', { type: 'number', text: '-1' }],
    ['int a?="-1"', textValue('-1')],
    ['decimal a?=0.50', { type: 'number', text: '0.50' }],
    ['bool a?=true', { type: 'constant', name: 'true' }],
    ['timestamp a?=now', { type: 'constant', name: 'now' }],
    ['timestamp a?=2025-01-01 00:00:00+0000', { type: 'timestamp', text: '2025-01-01 00:00:00+0000' }],
    ['text a?=""', textValue('')],
    ['text a?="a b"', textValue('a b')],
    ['enum a?=1024x1024', { type: 'word', value: '1024x1024' }],
    ['enum a?=in-progress', { type: 'word', value: 'in-progress' }],
    ['text[] a?=["x"]', { type: 'list', items: [textValue('x')] }],
    ['json a?={k: 1}', { type: 'object', entries: [{ type: 'entry', key: 'k', value: { type: 'number', text: '1' } }] }],
    ['text a="x"', textValue('x')],
    ['text a ?= "x"', textValue('x')],
  ])('%s has a default', (text, value) => {
    expect(field(text)).toMatchObject({ optional: true, default: value })
  })

  it('reads a default together with filters and options', () => {
    expect(field('text role?=user filters=trim|lower { description = "r" }')).toEqual({
      type: 'text',
      name: 'role',
      optional: true,
      default: { type: 'word', value: 'user' },
      filters: [
        { name: 'trim', args: [] },
        { name: 'lower', args: [] },
      ],
      options: [{ name: 'description', value: textValue('r') }],
    })
  })

  it.each<[string, object[]]>([
    ['trim', [{ name: 'trim', args: [] }]],
    [
      'trim | lower',
      [
        { name: 'trim', args: [] },
        { name: 'lower', args: [] },
      ],
    ],
    [
      'min:1|max:100',
      [
        { name: 'min', args: [{ text: '1', style: 'raw' }] },
        { name: 'max', args: [{ text: '100', style: 'raw' }] },
      ],
    ],
    [
      'trim\n    |lower',
      [
        { name: 'trim', args: [] },
        { name: 'lower', args: [] },
      ],
    ],
    ['@:dbo=36', [{ name: '@', args: [{ text: 'dbo=36', style: 'raw' }] }]],
    ['!trim', [{ name: 'trim', args: [], disabled: true }]],
    [
      'pattern:"^x$":"message"',
      [
        {
          name: 'pattern',
          args: [
            { text: '^x$', style: 'quoted' },
            { text: 'message', style: 'quoted' },
          ],
        },
      ],
    ],
    [
      'pattern:/^a|b$/i|trim',
      [
        { name: 'pattern', args: [{ text: '^a|b$', style: 'regex', flags: 'i' }] },
        { name: 'trim', args: [] },
      ],
    ],
    [
      'pattern:/a b[/]\\/c/:"no"',
      [
        {
          name: 'pattern',
          args: [
            { text: 'a b[/]\\/c', style: 'regex' },
            { text: 'no', style: 'quoted' },
          ],
        },
      ],
    ],
    ['pattern:^[a-z]{2,5}(x|y):z$', [{ name: 'pattern', args: [{ text: '^[a-z]{2,5}(x|y):z$', style: 'raw' }] }]],
    [
      'pattern:^\\d+$:"digits"|trim',
      [
        {
          name: 'pattern',
          args: [
            { text: '^\\d+$', style: 'raw' },
            { text: 'digits', style: 'quoted' },
          ],
        },
        { name: 'trim', args: [] },
      ],
    ],
    ['pattern:^[^"\']+$', [{ name: 'pattern', args: [{ text: '^[^"\']+$', style: 'raw' }] }]],
    ['startsWith:a-b', [{ name: 'startsWith', args: [{ text: 'a-b', style: 'raw' }] }]],
  ])('reads the filters %s', (text, filters) => {
    expect(field(`text a filters=${text}`)).toEqual({ type: 'text', name: 'a', options: [], filters })
    expect(field(`text a filters=${text} {\n sensitive = true\n}`)).toMatchObject({ filters, options: [{ name: 'sensitive' }] })
    expect(definition(`function f { input { text a filters=${text} } }`).input).toMatchObject([{ filters }])
  })

  it('reads options and schemas', () => {
    expect(
      fields(`
    // the address
    object? address? {
      // shown to people
      description = "where"
      schema {
        text street filters=trim
        object geo { schema { decimal lat } }
      }
    }
    int user_id { table = "user" }
    enum status? { values = ["a", "b"] }
    vector v { size = 3, sensitive = true }
    object empty {
      schema
    }
    dblink { table = "user", override = {email: {hidden: true}} }`),
    ).toMatchObject([
      {
        name: 'address',
        description: 'the address',
        options: [{ name: 'description', description: 'shown to people' }],
        fields: [{ name: 'street' }, { name: 'geo', fields: [{ name: 'lat', type: 'decimal' }] }],
      },
      { name: 'user_id', options: [{ name: 'table', value: textValue('user') }] },
      { name: 'status', options: [{ name: 'values', value: { type: 'list' } }] },
      { name: 'v', options: [{ name: 'size' }, { name: 'sensitive' }] },
      { name: 'empty', fields: [] },
      { type: 'dblink', name: '', options: [{ name: 'table' }, { name: 'override' }] },
    ])
  })

  it('stand on one line in a short input', () => {
    expect(definition('function f { input {} stack {} }')).toMatchObject({ input: [], stack: [] })
    expect(definition('function f {\ninput { text query filters=trim }\n}').input).toMatchObject([{ name: 'query', filters: [{ name: 'trim' }] }])
  })

  it.each<[string, string[], string[]]>([
    ['text', ['3:5 Expected a name after the type `text`, found `}`.'], []],
    ['text a\ntext a', ['4:1 The field `a` appears twice.'], []],
    ['text[a] b', ['3:5 A list type is written `text[]`, with bounds `text[1:3]`.'], []],
    ['name = "x"', ['3:1 Expected a field such as `text name`, found an attribute.'], []],
    ['text a filters=|x', ['3:16 Expected the name of an input filter, found `|`.'], []],
    ['text a // required', [], ['3:8 A comment after a field is not kept.']],
    ['bool a int b', [], ['3:8 `int` should start on its own line.']],
    ['text a?= filters=trim', [], ['3:8 The default value is missing: empty text is taken.']],
    ['text a {\n x\n}', ['5:1 Expected `=` after `x`, found `}`.'], []],
  ])('judges %j', (text, errors, warnings) => {
    const { problems } = parse(`function f {\ninput {\n${text}\n}\n}`)
    expect(messages(problems)).toEqual(errors)
    expect(messages(problems, 'warning')).toEqual(warnings)
  })
})
