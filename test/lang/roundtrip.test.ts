import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { openGrammar } from '../../src/lang/grammar.js'
import { parseDocument, parseDocuments, parseExpression } from '../../src/lang/parser.js'
import { printDefinition, printDocuments, printExpression } from '../../src/lang/printer.js'
import { Source, type SyntaxProblem } from '../../src/lang/source.js'
import { withoutLines } from '../../src/lang/visit.js'
import { arbitraryDefinition, arbitraryExpr } from './arbitrary.js'

const errors = (problems: readonly SyntaxProblem[]): string[] => problems.filter((p) => p.severity === 'error').map((p) => `${p.message}\n${p.excerpt}`)

describe('parse ∘ print', () => {
  it('is the identity on expressions, and print is a fixed point', () => {
    fc.assert(
      fc.property(arbitraryExpr, (tree) => {
        const text = printExpression(tree)
        const { expr, problems } = parseExpression(text)
        expect(errors(problems)).toEqual([])
        expect(withoutLines(expr)).toEqual(tree)
        expect(expr && printExpression(expr)).toBe(text)
      }),
      { numRuns: 800 },
    )
  })

  it('is the identity on definitions, and print is a fixed point', () => {
    fc.assert(
      fc.property(arbitraryDefinition, (tree) => {
        const text = printDefinition(tree)
        const { definition, problems } = parseDocument(new Source('t', text), openGrammar)
        expect(errors(problems)).toEqual([])
        expect(withoutLines(definition)).toEqual(tree)
        expect(definition && printDefinition(definition)).toBe(text)
      }),
      { numRuns: 300 },
    )
  })

  it('holds for several documents in one text', () => {
    fc.assert(
      fc.property(fc.array(arbitraryDefinition, { minLength: 1, maxLength: 4 }), (trees) => {
        const { definitions, problems } = parseDocuments(printDocuments(trees), openGrammar)
        expect(errors(problems)).toEqual([])
        expect(definitions.map((d) => withoutLines(d.definition))).toEqual(trees)
      }),
      { numRuns: 80 },
    )
  })
})
