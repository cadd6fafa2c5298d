import { describe, expect, it } from 'vitest'
import { lex } from '../../src/lang/lexer.js'

/** Kind and value of every token. */
function tokens(text: string): string[] {
  const found: string[] = []
  for (let at = 0; ; ) {
    const token = lex(text, at)
    if (token.kind === 'eof') return found
    found.push(`${token.kind} ${token.value}${token.newline ? ' ↵' : ''}`)
    at = token.end
  }
}

describe('lex', () => {
  it.each<[string, string[]]>([
    ['a _b C3', ['word a', 'word _b', 'word C3']],
    ['1 20 3.50 1..5', ['number 1', 'number 20', 'number 3.50', 'number 1', 'op ..', 'number 5']],
    ['2025-01-01 00:00:00+0000', ['timestamp 2025-01-01 00:00:00+0000']],
    ['2025-01-01', ['timestamp 2025-01-01']],
    ['2025-1-1', ['number 2025', 'op -', 'number 1', 'op -', 'number 1']],
    ['1024x768', ['word 1024x768']],
    ['$a $$ $0 $12 $[-2] $[3]', ['variable a', 'variable $', 'variable 0', 'variable 12', 'variable [-2]', 'variable [3]']],
    ['$env.$remote_ip', ['variable env', 'op .', 'variable remote_ip']],
    ['$', ['variable ']],
    ['== === != !== = <= >= < >', ['op ==', 'op ===', 'op !=', 'op !==', 'op =', 'op <=', 'op >=', 'op <', 'op >']],
    ['&& || ?? ?: ? | ! ~ !~ @> .. ...', ['op &&', 'op ||', 'op ??', 'op ?:', 'op ?', 'op |', 'op !', 'op ~', 'op !~', 'op @>', 'op ..', 'op ...']],
    ['`a` ```b```', ['quote `', 'word a', 'quote `', 'quote ```', 'word b', 'quote ```']],
    ['a\nb', ['word a', 'word b ↵']],
    ['a\r\n\r\nb', ['word a', 'word b ↵']],
    ['a // note\nb', ['word a', 'word b ↵']],
    ['6/2', ['number 6', 'op /', 'number 2']],
    ['\ufeffa\u00a0b', ['word a', 'word b']],
  ])('%j', (text, expected) => {
    expect(tokens(text)).toEqual(expected)
  })

  it.each([
    ['"a b"', 'a b'],
    ['\'a "b"\'', 'a "b"'],
    ['"a \\"b\\""', 'a "b"'],
    ["'it\\'s'", "it's"],
    ['"\\n\\r\\t\\/\\\\"', '\n\r\t/\\'],
    ['"\\u00e9\\uD83D\\uDE00"', 'é😀'],
    ['"\\d+\\."', '\\d+\\.'],
    ['"// no comment"', '// no comment'],
    ['""', ''],
    ['"select *\n  from t"', 'select *\n  from t'],
    ['"""\n  a\n    b\n  """', 'a\n  b'],
    ['"""\na\n\n"""', 'a\n'],
    ['"""\n"""', ''],
    ['"""\r\n  a\r\n  b\r\n  """', 'a\nb'],
    ["'''\n  it's \"x\"\n  '''", 'it\'s "x"'],
    ['"""\n  a\\nb\n  """', 'a\\nb'],
    ['"""\n  say \\"""hi\\"""\n  """', 'say """hi"""'],
    ['"""\n  """quoted""" text\n  """', '"""quoted""" text'],
    ['"""\n \ta\n \t"""', 'a'],
    ['"""\n    a\n  b\n    """', 'a\nb'],
    ['"""one line"""', 'one line'],
    ['"""\n// no comment\n"""', '// no comment'],
  ])('reads the text %j', (text, value) => {
    const token = lex(text, 0)
    expect(token).toMatchObject({ kind: 'text', value, end: text.length })
    expect(token.problem).toBeUndefined()
  })

  it('closes a heredoc in front of a comma, a bracket or a filter', () => {
    expect(tokens('["""\na\n""", 1]')).toEqual(['op [', 'text a', 'op ,', 'number 1', 'op ]'])
    expect(tokens('"""\na\n"""|trim')).toEqual(['text a', 'op |', 'word trim'])
  })

  it.each([
    ['"abc\nx = "y"', 'This text is not closed on its line.', 0],
    ['"""\nabc', 'This """ text is never closed.', 0],
    ['#', '`#` is not part of the language here.', 0],
    ['0x1F', '`0x1F` is not a number.', 0],
    ['1e5', '`1e5` is not a number.', 0],
    ['1_000', '`1_000` is not a number.', 0],
    ['café', '`é` is not part of the language here.', 3],
  ])('finds what is wrong with %j', (text, message, at) => {
    const first = lex(text, 0)
    const problem = first.problem ?? lex(text, first.end).problem
    expect(problem).toMatchObject({ message, at })
  })

  it('goes on behind the line of an unclosed text', () => {
    expect(tokens('"abc\nx')).toEqual(['text abc', 'word x ↵'])
  })

  it('keeps comment lines apart from comments behind code', () => {
    expect(lex('a // trailing\n// one\n//two\n\n//  three\nb', 1)).toMatchObject({ value: 'b', comments: ['one', 'two', ' three'], trailingComment: 2 })
    expect(lex('// first line\na', 0).comments).toEqual(['first line'])
  })
})
