import { describe, expect, it } from 'vitest'
import { hasErrors, Source, type SyntaxProblem, syntaxError } from '../../src/lang/source.js'

describe('Source', () => {
  it.each([
    ['', 0, 1, 1],
    ['abc', 2, 1, 3],
    ['a\nbc', 2, 2, 1],
    ['a\nbc', 1, 1, 2],
    ['a\r\nbc', 4, 2, 2],
    ['a\n\n\nb', 4, 4, 1],
    ['a\n', 2, 2, 1],
  ])('%j at %i is line %i, column %i', (text, offset, line, column) => {
    expect(new Source('s', text).position(offset)).toEqual({ line, column })
  })

  it('shows the line and a caret below the column', () => {
    expect(new Source('s', 'one\n  two three\nfour').excerpt(10)).toBe('2 |   two three\n  |       ^')
  })

  it('keeps the caret in place behind tabs and carriage returns', () => {
    expect(new Source('s', '\tx = \r\n').excerpt(3)).toBe('1 |  x = \n  |    ^')
  })

  it('shows a window of a long line', () => {
    const source = new Source('s', `${'a'.repeat(5000)}!${'b'.repeat(5000)}`)
    const [shown = '', caret = ''] = source.excerpt(5000).split('\n')
    expect(shown.length).toBeLessThan(140)
    expect(shown[caret.indexOf('^')]).toBe('!')
    expect(shown.endsWith('…')).toBe(true)
  })
})

describe('syntaxError', () => {
  const problem = (severity: SyntaxProblem['severity'], line: number): SyntaxProblem => ({
    message: `m${line}`,
    line,
    column: 2,
    excerpt: 'e',
    severity,
    document: 'function "f"',
  })

  it('carries every error, the position of the first, and no warning', () => {
    const error = syntaxError([problem('warning', 1), { ...problem('error', 3), hint: 'h' }, problem('error', 5)])
    expect(error.kind).toBe('syntax')
    expect(error.hint).toBe('h')
    expect(error.message).toBe('Syntax error in function "f", line 3: m3')
    expect(error.payload).toEqual({
      errors: [
        { document: 'function "f"', line: 3, column: 2, message: 'm3', hint: 'h', excerpt: 'e' },
        { document: 'function "f"', line: 5, column: 2, message: 'm5', hint: '', excerpt: 'e' },
      ],
      line: 3,
      column: 2,
      excerpt: 'e',
    })
  })

  it('tells errors from warnings', () => {
    expect(hasErrors([problem('warning', 1)])).toBe(false)
    expect(hasErrors([problem('warning', 1), problem('error', 2)])).toBe(true)
  })
})
