import { describe, expect, it } from 'vitest'
import { readApiGroup } from '../../src/definitions/api-group.js'
import { constantOf, literalOf } from '../../src/definitions/constant.js'
import { guidOf, withGuid, withoutGuid } from '../../src/definitions/guid.js'
import { sameDefinition } from '../../src/definitions/identity.js'
import { parsePath, sameShape } from '../../src/definitions/path.js'
import { readQuery } from '../../src/definitions/query.js'
import { referencesOf, renameReferences } from '../../src/definitions/references.js'
import { openGrammar } from '../../src/lang/grammar.js'
import { parseDocument, parseExpression } from '../../src/lang/parser.js'
import { printDefinition } from '../../src/lang/printer.js'
import { Source } from '../../src/lang/source.js'
import type { Definition } from '../../src/lang/tree.js'
import { toPlain } from '../../src/lib/value.js'

const read = (text: string): Definition => {
  const { definition, problems } = parseDocument(new Source('test', text), openGrammar)
  if (definition === undefined) throw new Error(problems[0]?.message)
  return definition
}
const constant = (text: string): unknown => {
  const { expr } = parseExpression(text)
  const value = expr === undefined ? undefined : constantOf(expr)
  return value === undefined ? undefined : toPlain(value)
}

describe('constants', () => {
  it.each([
    ['1', 1],
    ['-1.5', -1.5],
    ['"a"', 'a'],
    ['true', true],
    ['null', null],
    ['[1, {a: "b"}]', [1, { a: 'b' }]],
    ['!int "5"', 5],
    ['2025-01-01 00:00:00+0000', '2025-01-01 00:00:00+0000'],
  ])('%s', (text, value) => expect(constant(text)).toEqual(value))

  it.each([['$x'], ['[1, $x]'], ['"a"|trim'], ['{a: 1 + 1}']])('%s is none', (text) => expect(constant(text)).toBeUndefined())

  it.each([[1e21], [1.5e-7], [-3], ['a "quote"'], [null], [[1, ['x']]], [{ 'two words': { a: null } }]])('%j is read back from its literal', (value) => {
    expect(toPlain(constantOf(literalOf(value)) as never)).toEqual(value)
  })
})

describe('paths', () => {
  it.each([
    ['user/{id}', 'user/{name}', true],
    ['user/{id}', 'user/me', false],
    ['user/{id}', 'user/{id}/posts', false],
    ['a/{x}', '{y}/b', false],
    ['a/{x}/c', 'a/b/d', false],
    ['', '', true],
    ['a', 'A', false],
  ])('%s and %s are of one shape: %s', (a, b, same) => {
    expect(sameShape(a, b)).toBe(same)
    expect(sameShape(b, a)).toBe(same)
  })

  it.each([['a b'], ['a/../b'], ['./a'], ['a//b'], ['{a}{b}'], ['x{a}'], ['{1a}'], ['a?b'], ['a/{x}/{x}'], ['a:b'], ['*'], ['x'.repeat(201)]])(
    'refuses %s',
    (path) => {
      expect(parsePath(path).problem).not.toBeNull()
    },
  )
})

describe('query', () => {
  it('reads what serves it', () => {
    const { query, problems } = readQuery(
      read(
        'query "/user/{id}/" verb=PATCH {\n  api_group = "g"\n  auth = "user"\n  active = false\n  input {\n    int id\n  }\n  stack {\n  }\n  response = 1\n}',
      ),
    )
    expect(problems).toEqual([])
    expect(query).toEqual({ path: 'user/{id}', verb: 'PATCH', group: 'g', auth: 'user', active: false, responseType: 'standard', publicReason: null })
  })

  it('collects every problem with its position', () => {
    const text =
      'query "a/{id}" verb=FETCH {\n  auth = 5\n  active = "yes"\n  response_type = "slow"\n  public = ""\n  input {\n  }\n  stack {\n  }\n  response = 1\n}'
    const { problems } = readQuery(read(text))
    expect(problems.map(({ message }) => message)).toEqual([
      'An endpoint names its API group.',
      '"FETCH" is not a verb.',
      '"auth" must be the name of a table with auth enabled.',
      '"active" must be true or false.',
      '"response_type" must be one of standard, stream.',
      'A public endpoint says why.',
    ])
    expect(problems.filter((problem) => problem.at === undefined)).toEqual([])
  })
})

describe('API group', () => {
  it('sends no CORS and asks for nothing by default', () => {
    expect(readApiGroup(read('api_group g {\n}')).group).toMatchObject({
      canonical: '',
      active: true,
      cors: { mode: 'default', origins: [], credentials: false },
    })
  })

  it('reads cors and names what is wrong with it', () => {
    const { group, problems } = readApiGroup(
      read('api_group g {\n  canonical = "abc123"\n  cors = {mode: "custom", origins: ["https://a.example"], max_age: "long"}\n}'),
    )
    expect(group.cors).toMatchObject({ mode: 'custom', origins: ['https://a.example'], maxAge: 3600 })
    expect(problems.map(({ message }) => message)).toEqual(['"cors.max_age" must be an int.'])
  })
})

describe('guids', () => {
  it.each([
    ['function f {\n  input {\n  }\n  stack {\n  }\n  response = 1\n  guid = "a"\n}'],
    ['table t {\n  schema {\n    int id\n  }\n  security {\n    guid = "a"\n  }\n}'],
    ['table t {\n  security = {guid: "a"}\n  schema {\n    int id\n  }\n}'],
  ])('is kept apart from the definition: %s', (text) => {
    const definition = read(text)
    expect(guidOf(definition)).toBe('a')
    const stored = withoutGuid(definition)
    expect(guidOf(stored)).toBeNull()
    expect(printDefinition(stored)).not.toContain('guid')
    expect(guidOf(withGuid(stored, 'b'))).toBe('b')
  })
})

describe('references', () => {
  const text = `query "x" verb=GET {
  api_group = "g"
  auth = "user"
  input {
    int owner {
      table = "user"
    }
  }
  stack {
    db.query book {
      join = {author: {table: "user", where: $db.book.author_id == $db.author.id}}
      where = $db.user.id == 1
      addon = [{name: "by_book", input: {}}]
    } as $x
    !function.run gone as $y
    function.run "" {
    }
    conditional {
      if (true) {
        function.run "a/b" as $z
      }
    }
    security.create_auth_token {
      table = "user"
      id = 1
      extras = {}
      expiration = 60
    } as $t
  }
  response = $x
  middleware = {pre: [{name: "guard"}]}
}`

  it('finds every name but placeholders and disabled statements', () => {
    expect(referencesOf(read(text)).map(({ kind, name, auth }) => `${kind} ${name}${auth === true ? ' (auth)' : ''}`)).toEqual([
      'api_group g',
      'table user (auth)',
      'middleware guard',
      'table user',
      'table book',
      'table user',
      'addon by_book',
      'function a/b',
      'table user (auth)',
    ])
  })

  it('renames a table wherever it is named', () => {
    const renamed = printDefinition(renameReferences(read(text), 'table', 'user', 'member'))
    expect(renamed).not.toMatch(/"user"|\$db\.user/)
    expect(renamed.match(/"member"/g)).toHaveLength(4)
    expect(renamed).toContain('$db.member.id')
    expect(renamed).toContain('"book"')
  })

  it('leaves a definition alone that does not name it', () => {
    const definition = read(text)
    expect(renameReferences(definition, 'table', 'nobody', 'member')).toBe(definition)
  })
})

describe('sameness', () => {
  it('does not look at lines and positions', () => {
    const one = read('function f {\n  input {\n  }\n  stack {\n    var $x {\n      value = 1\n    }\n  }\n  response = $x\n}')
    const two = read('\n\n// \nfunction f {\n  input {}\n  stack {\n\n    var $x { value = 1 }\n  }\n  response = $x\n}')
    expect(sameDefinition({ ...one, description: undefined }, { ...two, description: undefined })).toBe(true)
    expect(sameDefinition(one, read('function f {\n  input {\n  }\n  stack {\n    var $x {\n      value = 2\n    }\n  }\n  response = $x\n}'))).toBe(false)
  })
})
