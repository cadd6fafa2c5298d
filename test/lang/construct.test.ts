import { describe, expect, it } from 'vitest'
import { definition, messages, parse, show } from './helpers.js'

describe('constructs', () => {
  it.each([
    ['function f {}', 'function', 'f'],
    ['function "math/double" {}', 'function', 'math/double'],
    ['function math/double {}', 'function', 'math/double'],
    ['query user/{user_id}/posts verb=GET {}', 'query', 'user/{user_id}/posts'],
    ['query books/{id} verb=GET {}', 'query', 'books/{id}'],
    ['query {id} verb=GET {}', 'query', '{id}'],
    ['query "a b/{id}" verb=GET {}', 'query', 'a b/{id}'],
    ['workspace my-ws {}', 'workspace', 'my-ws'],
    ['workspace {}', 'workspace', ''],
    ['branch v1.2 {}', 'branch', 'v1.2'],
    ['agent "🤖 helper" {}', 'agent', '🤖 helper'],
    ['table table {}', 'table', 'table'],
    ['run.job "n" {}', 'run.job', 'n'],
    ['run.service n {}', 'run.service', 'n'],
    ['market_item m {}', 'market_item', 'm'],
    ['function 2fa {}', 'function', '2fa'],
    ['function\u00a0f\n{}', 'function', 'f'],
  ])('%s', (text, kind, name) => {
    expect(definition(text)).toMatchObject({ kind, name })
  })

  it('keeps the lines of inputs and of the response', () => {
    const found = parse(
      'function f {\n  input {\n    int a\n\n    object b {\n      schema {\n        int c\n      }\n    }\n  }\n  stack\n  response = {\n    a: 1\n  }\n}',
    ).definition
    expect(found?.input?.map(({ name, line }) => [name, line])).toEqual([
      ['a', 3],
      ['b', 5],
    ])
    expect(found?.response?.line).toBe(12)
  })

  it('reads a whole query', () => {
    const found = definition(`
// lists books
// of one author
query "authors/{id}/books" verb=GET {
  api_group = "library"
  auth = "user"
  // what to look for
  input {
    int id { table = "author" }
    int page?=1
  }

  stack {
    db.query book {
      where = $db.book.author_id == $input.id
    } as $books
  }

  response = {items: $books}
  cache = {ttl: 60, input: true}
  history = "inherit"
  tags = ["a"]
  guid = "G-1"

  // finds nothing
  test "empty" {
    datasource = "test"
    input = {id: 0}
    // no items
    expect.to_equal ($response.items) {
      value = []
    }
  }

  security {guid = "x"}
  settings {
    a = 1
    b = "two"
  }
}`)
    expect(found).toMatchObject({
      kind: 'query',
      name: 'authors/{id}/books',
      description: 'lists books\nof one author',
      headAttributes: [{ name: 'verb', value: { type: 'text', value: 'GET' } }],
      input: [{ name: 'id' }, { name: 'page', default: { text: '1' } }],
      stack: [{ name: 'db.query', as: { name: 'books' }, line: 14 }],
      clauseDescriptions: { input: 'what to look for' },
      tests: [
        {
          name: 'empty',
          description: 'finds nothing',
          attributes: [{ name: 'datasource' }, { name: 'input' }],
          expectations: [{ name: 'expect.to_equal', description: 'no items' }],
        },
      ],
      groups: [
        { name: 'security', attributes: [{ name: 'guid', value: { value: 'x' } }] },
        { name: 'settings', attributes: [{ name: 'a' }, { name: 'b' }] },
      ],
    })
    expect(found.attributes.map((a) => a.name)).toEqual(['api_group', 'auth', 'cache', 'history', 'tags', 'guid'])
    expect(found.response && show(found.response)).toBe('{items=$books}')
  })

  it('reads a table with index, view and items', () => {
    const found = definition(`table book {
  auth = false
  schema {
    int id
    timestamp created_at?=now
    text title filters=trim
  }
  index = [
    {type: "primary", field: [{name: "id"}]}
    {type: "btree|unique", field: [{name: "title", op: "asc"}]}
  ]
  views = {recent: {alias: "r", search: $db.book.id > 5, sort: {id: "desc"}}}
  items = [{"id": 1, "title": "A"}]
}`)
    expect(found.schema?.map((f) => f.name)).toEqual(['id', 'created_at', 'title'])
    expect(found.attributes.map((a) => a.name)).toEqual(['auth', 'index', 'view', 'items'])
  })

  it('reads a task with timestamps, an agent with output inside llm, and a job', () => {
    expect(definition('task t {\n schedule = [{starts_on: 2025-01-01 00:00:00+0000, freq: 86400}]\n stack {}\n}').attributes.map((a) => show(a.value))).toEqual(
      ['[{starts_on=2025-01-01 00:00:00+0000 freq=86400}]'],
    )
    const agent = definition(
      'agent "a" {\n llm = {\n  type: "openai"\n  structured_outputs: true\n\n  output {\n   enum mood { values = ["x"] }\n  }\n }\n tools = [{ name: "t" }]\n}',
    )
    expect(agent.output).toMatchObject([{ name: 'mood', type: 'enum' }])
    expect(agent.attributes.map((a) => show(a.value))).toEqual(['{type="openai" structured_outputs=true}', '[{name="t"}]'])
    expect(definition('run.job "j" {\n main = {name: "fn", input: {a: 1}}\n env = ["A"]\n}').attributes.map((a) => a.name)).toEqual(['main', 'env'])
  })

  it('takes both forms of response', () => {
    expect(definition('function f {\n response = $a|f\n}').response).toMatchObject({ type: 'filter' })
    expect(definition('function f {\n response {\n value = $a\n }\n}').response).toMatchObject({ type: 'variable', name: 'a' })
    expect(definition('function f {\n response = \n   $a\n}').response).toMatchObject({ name: 'a' })
  })

  it('distinguishes an empty clause from none', () => {
    expect(definition('function f {}')).not.toHaveProperty('input')
    expect(definition('function f { input {} }')).toHaveProperty('input', [])
  })

  it('keeps attributes and inputs named like clauses', () => {
    const found = definition('query q verb=POST {\n input = {a: 1}\n test = 1\n}')
    expect(found.attributes.map((a) => a.name)).toEqual(['input', 'test'])
    expect(found.input).toBeUndefined()
  })

  it.each([
    ['quary "a" verb=GET {\n}', [], ['1:1 Unknown construct `quary`.']],
    ['gadget "a" {\n  x = 1\n  stack {\n  }\n}', [], ['1:1 Unknown construct `gadget`.']],
    ['function f {\n x = 1\n x = 2\n}', [], ['3:2 `x` appears twice.']],
    ['function f {\n description "d"\n}', [], ['2:14 The `=` between `description` and its value is missing.']],
    ['', ['1:1 The document holds no construct.'], []],
    ['// only a comment\n', ['1:1 The document holds no construct.'], []],
    ['var $x {\n value = 1\n}', ['1:1 `var` is not a construct.'], []],
    ['input {\n}', ['1:1 `input` is not a construct.'], []],
    ['{}', ['1:1 Expected a construct such as `function "name" { … }`, found `{`.'], []],
    ['agent Customer Support {\n}', ['1:16 Expected `{` to open `agent`, found `Support`.'], []],
    ['function f {\n stack {\n }', ['1:12 The `{` of `function` is never closed.'], []],
    ['function f {\n}\n}', ['3:1 Expected the end of the document, found `}`.'], []],
    ['function f {\n}\nfunction g {\n}', ['3:1 A second construct in one document.'], []],
    ['function f {\n stack {}\n stack {}\n}', ['3:2 A second `stack` in `function`.'], []],
    ['function f {\n db.query "x" {\n }\n}', ['2:2 A statement cannot stand here.'], []],
    ['function f {\n response =\n}', ['2:2 The value of `response` is missing.'], []],
    ['function f {\n response {\n a = 1\n }\n}', ['2:2 `response { … }` needs a `value = …`.'], []],
    ['query q verb= {\n}', ['1:15 Expected the value of `verb`, found `{`.'], []],
    ['function f {\n test {\n }\n}', [], []],
  ])('judges %j', (text, errors, warnings) => {
    const { problems } = parse(text)
    expect(messages(problems)).toEqual(errors)
    expect(messages(problems, 'warning')).toEqual(warnings)
  })

  it('suggests the construct that was meant', () => {
    expect(parse('quary "a" {}').problems[0]?.hint).toBe('Did you mean `query`?')
  })
})

describe('all errors of a document', () => {
  it('are reported with line, column, caret, hint and document', () => {
    const { problems } = parse(`function "math/double" {
  input {
    int
    text ok
  }
  stack {
    var $a { value = 1 + }
    db.qurey "x" {
    }
    conditional {
      if ($a == ) {
        var $b { value = {k: 1, k: 2} }
      }
      else if ($a) {
      }
    }
    var $c { value = "open }
    break
  }
  response = [1 2]
}`)
    expect(messages(problems)).toEqual([
      '3:8 Expected a name after the type `int`, found `text`.',
      '7:26 Expected a value, found `}`.',
      '11:17 Expected a value, found `)`.',
      '12:33 The key `k` appears twice.',
      '14:7 `else if` is written `elseif`.',
      '17:22 This text is not closed on its line.',
      '20:17 Expected a comma, a new line or `]`, found `2`.',
    ])
    expect(problems.find((p) => p.line === 7)).toMatchObject({
      document: 'test.xs',
      severity: 'error',
      excerpt: '7 |     var $a { value = 1 + }\n  |                          ^',
    })
    expect(problems.find((p) => p.line === 8)).toMatchObject({ severity: 'warning', hint: 'Did you mean `db.query`?' })
    expect(problems.find((p) => p.line === 14)?.hint).toBe('Write `elseif (…) { … }` on its own line.')
  })
})
