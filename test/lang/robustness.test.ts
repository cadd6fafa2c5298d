import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseDocument, parseDocuments, parseExpression } from '../../src/lang/parser.js'
import { printDocuments } from '../../src/lang/printer.js'
import { Source } from '../../src/lang/source.js'
import { growth } from '../helpers/growth.js'
import { arbitraryDefinition } from './arbitrary.js'
import { grammar } from './helpers.js'

const soup = fc
  .array(
    fc.constantFrom(
      ...'{ } ( ) [ ] , : . | || && ? ?: ?? ! !~ ~ = == ==? - + * / // .. ... @> ` ``` " \' """ \'\'\' $ $$ $x $0 $[-2] $env.$x \\ # ; 1 2.5 1e5 0x1 2025-01-01 now true'.split(
        ' ',
      ),
      ...'a if else elseif as not in between stack input schema output response test each case break function query verb=GET text int filters= pattern:^a db.query conditional'.split(
        ' ',
      ),
      ' ',
      '\n',
      '\r\n',
      '\t',
      '---\n',
      '\n"""\n',
      '\u0000',
      '\ud800',
      'é',
      '😀',
      '\u2028',
    ),
    { maxLength: 60 },
  )
  .chain((parts) => fc.constantFrom(' ', '', '\n').map((glue) => parts.join(glue)))

/** Reads a text every way; whatever it holds, problems are values at places inside the text. */
function readAll(text: string): void {
  const lines = text.split('\n').length
  for (const { problems } of [parseDocument(new Source('s', text), grammar), parseDocuments(text, grammar), parseExpression(text, grammar)]) {
    for (const problem of problems) {
      expect(problem.line).toBeGreaterThanOrEqual(1)
      expect(problem.line).toBeLessThanOrEqual(lines)
      expect(problem.column).toBeGreaterThanOrEqual(1)
      expect(problem.excerpt).toMatch(/\^$/)
    }
  }
}

describe('the reader never throws', () => {
  it('on token soup', () => {
    fc.assert(fc.property(soup, readAll), { numRuns: 800 })
  })

  it('on token soup inside a stack', () => {
    fc.assert(
      fc.property(soup, (text) => readAll(`function f {\n  input {\n${text}\n  }\n  stack {\n${text}\n  }\n}`)),
      { numRuns: 400 },
    )
  })

  it('on any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), readAll), { numRuns: 400 })
  })

  it('on programs with a piece cut out', () => {
    fc.assert(
      fc.property(fc.array(arbitraryDefinition, { minLength: 1, maxLength: 2 }), fc.nat(), fc.nat(20), (trees, at, length) => {
        const text = printDocuments(trees)
        const start = at % (text.length + 1)
        readAll(text.slice(0, start) + text.slice(start + length))
      }),
      { numRuns: 150 },
    )
  })
})

/** Texts of about `size` characters, each long in another way. */
function longTexts(size: number): [name: string, text: string][] {
  const fill = (unit: string): string => unit.repeat(Math.ceil(size / unit.length))
  const inStack = (unit: string): string => `function f {\nstack {\n${fill(unit)}\n}\n}`
  return [
    ['statements', inStack('  var $x { value = $a|map:$$.b + 1 }\n')],
    ['statements on one line', inStack('var $x { value = 1 } ')],
    ['one list', `function f {\nresponse = [${fill('{a: "b"}, ')}]\n}`],
    ['one object', `function f {\nresponse = {${fill('...$a\n')}}\n}`],
    ['one sum', `function f {\nresponse = 1${fill(' + 1')}\n}`],
    ['one text', `function f {\nresponse = "${fill('x ')}"\n}`],
    ['one heredoc', `function f {\nresponse = """\n${fill('line\n')}"""\n}`],
    ['an open heredoc', `function f {\nresponse = """\n${fill('line\n')}`],
    ['one-line heredocs', inStack('"""a""" ')],
    ['comments', fill('// note\n')],
    ['blank lines', fill('\n')],
    ['blanks', fill(' ')],
    ['fields', `function f {\ninput {\n${fill('  text? a? filters=trim|pattern:^x$ { description = "d" }\n')}\n}\n}`],
    ['documents', fill('function f {\n}\n---\n')],
    ['constructs without separators', fill('function f {\n}\n')],
    ['open brackets', fill('(')],
    ['open braces', fill('{')],
    ['open blocks', fill('a {\n')],
    ['open lists', `function f {\nresponse = ${fill('[')}`],
    ['nested objects', `function f {\nresponse = ${fill('{a:')}`],
    ['groups without end', inStack('precondition (')],
    ['open texts', inStack('"abc\n')],
    ['open texts, escaped', inStack('\\"\n')],
    ['both quotes', inStack('\'a"\n')],
    ['three quotes', fill('"""x\n')],
    ['an open text with blanks', `function f {\nresponse = "${fill(' ')}`],
    ['closers', fill(')]}')],
    ['backticks', fill('`')],
    ['pipes', fill('|')],
    ['unknown names', inStack('qurey.thing_number_one\n')],
    ['one word', fill('abcdefgh')],
    ['members', `function f {\nresponse = $a${fill('.b')}\n}`],
    ['filters', `function f {\nresponse = $a${fill('|f:1')}\n}`],
    ['ternaries', `function f {\nresponse = 1${fill(' ? 1')}\n}`],
    ['a raw filter', `function f {\ninput {\ntext a filters=pattern:${fill('(')}\n}\n}`],
    ['raw filters', `function f {\ninput {\n${fill('text a filters=p:((\n')}\n}\n}`],
    ['minus signs', `function f {\nresponse = ${fill('-')}\n}`],
    ['hashes', fill('#')],
    ['separators', fill('---\n')],
    ['carriage returns', fill('\r')],
  ]
}

describe('a text of 1 MB is read in linear time', () => {
  const shorter = longTexts(200_000)
  it.each(longTexts(1_000_000).map(([name, text], i) => [name, text, shorter[i]?.[1] ?? ''] as const))('%s', async (_name, text, fifth) => {
    const read = (source: string) => () => parseDocuments(source, grammar)
    expect(await growth(read(fifth), read(text))).toBeLessThan(15)
  })
})
