import { describe, expect, it } from 'vitest'
import { splitDocuments } from '../../src/lang/multidoc.js'
import { parseDocuments } from '../../src/lang/parser.js'
import { grammar } from './helpers.js'

const texts = (text: string): string[] => splitDocuments(text).map((part) => part.text)

describe('splitDocuments', () => {
  it.each<[string, string[]]>([
    ['', ['']],
    ['a', ['a']],
    ['a\n---\nb', ['a\n', 'b']],
    ['a\n--- \nb\n---', ['a\n', 'b\n', '']],
    ['a\r\n---\r\nb', ['a\r\n', 'b']],
    ['---\n---\n', ['', '', '']],
    ['a ---\n----\n- --', ['a ---\n----\n- --']],
    ['x = """\n---\n"""\n---\ny', ['x = """\n---\n"""\n', 'y']],
    ["x = '''\n---\n'''\n---\ny", ["x = '''\n---\n'''\n", 'y']],
    ['// """\n---\ny', ['// """\n', 'y']],
    ['x = 1 // """\n---\ny', ['x = 1 // """\n', 'y']],
    ['x = "say \\"""\n---\ny', ['x = "say \\"""\n', 'y']],
    ['x = """one line"""\n---\ny', ['x = """one line"""\n', 'y']],
    ['x = """\nnever closed\n---\ny', ['x = """\nnever closed\n---\ny']],
  ])('%j', (text, expected) => {
    expect(texts(text)).toEqual(expected)
  })

  it('knows offset and line of each document', () => {
    expect(splitDocuments('a\n\n---\nx = """\n---\n"""\n---\nc').map(({ offset, line }) => [offset, line])).toEqual([
      [0, 1],
      [7, 4],
      [27, 8],
    ])
  })
})

describe('parseDocuments', () => {
  const text = '// first\nfunction a {\n}\n---\n\nquery b verb=GET {\n  stack {\n    break\n    x = 1\n  }\n}\n---\n\n---\nfoo +\n'

  it('answers every construct with its source, offset and line', () => {
    const { definitions } = parseDocuments(text, grammar)
    expect(definitions.map(({ definition, line, offset }) => [definition.kind, definition.name, line, offset])).toEqual([
      ['function', 'a', 1, 0],
      ['query', 'b', 5, 28],
    ])
    expect(definitions[1]?.definition.stack?.[0]?.line).toBe(4)
    expect(definitions[1]?.source.text.startsWith('\nquery b')).toBe(true)
  })

  it('counts positions from the start of the document, and names it', () => {
    const { problems } = parseDocuments(text, grammar)
    expect(problems.filter((p) => p.severity === 'error').map(({ document, line, column, fileLine }) => [document, line, column, fileLine])).toEqual([
      ['query "b"', 5, 5, 9],
      ['document 4', 1, 5, 15],
    ])
  })

  it('uses the given name for a single document', () => {
    expect(parseDocuments('function f {', grammar, 'f.xs').problems[0]?.document).toBe('f.xs')
  })

  it('passes over empty texts', () => {
    for (const empty of ['', '\n\n', '---\n---\n']) expect(parseDocuments(empty, grammar)).toEqual({ definitions: [], problems: [] })
    expect(parseDocuments('// note\n', grammar).problems.map((p) => p.severity)).toEqual(['warning'])
  })

  it('reads further constructs of a document that lacks its separator', () => {
    const { definitions, problems } = parseDocuments('function a {\n}\nfunction b {\n}', grammar)
    expect(definitions.map((d) => d.definition.name)).toEqual(['a', 'b'])
    expect(problems.map((p) => p.hint)).toEqual(['Put a line with only `---` between two constructs.'])
  })
})
