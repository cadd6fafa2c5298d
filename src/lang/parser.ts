/** The entrances of the reader: a document, several documents, an expression. Nothing here throws; problems are values. */
import { Cursor, type Readers } from './cursor.js'
import { constructKeywords, type Grammar, openGrammar } from './grammar.js'
import { splitDocuments } from './multidoc.js'
import { parseConstruct } from './parser-construct.js'
import { parseExpr } from './parser-expression.js'
import { parseFieldBlock } from './parser-field.js'
import { Source, type SyntaxProblem } from './source.js'
import type { Definition, Expr } from './tree.js'

const readers: Readers = { expr: parseExpr, fields: parseFieldBlock }

/** What was read of one document. With an error among the problems the definition is incomplete. */
export interface ParsedDocument {
  definition?: Definition
  problems: SyntaxProblem[]
}

/** A definition with the text it came from. Positions in both count from the start of that document. */
export interface DocumentSource {
  definition: Definition
  source: Source
  /** Offset and line (from 1) of the document in the whole text. */
  offset: number
  line: number
}

/** What was read of a text of several documents. */
export interface ParsedDocuments {
  definitions: DocumentSource[]
  problems: SyntaxProblem[]
}

/** Reads a text that holds one construct. */
export function parseDocument(source: Source, grammar: Grammar): ParsedDocument {
  const c = new Cursor(source.text, grammar, readers)
  if (c.atEnd) c.error('The document holds no construct.', 0, 'Start with a construct such as `function "name" { … }`.')
  const [definition] = readConstructs(c)
  const problems = c.problems(source)
  return definition === undefined ? { problems } : { definition, problems }
}

/** Reads documents joined by `---` lines; empty ones are passed over. Positions count from the start of each document. */
export function parseDocuments(text: string, grammar: Grammar, name?: string): ParsedDocuments {
  const definitions: DocumentSource[] = []
  const problems: SyntaxProblem[] = []
  const parts = splitDocuments(text)
  parts.forEach((part, index) => {
    const c = new Cursor(part.text, grammar, readers)
    if (c.atEnd) {
      if (c.tok.comments.length > 0) c.warn('This document holds only comments; they are not kept.', 0)
      problems.push(...c.problems(new Source(name ?? `document ${index + 1}`, part.text), part.line))
      return
    }
    const found = readConstructs(c)
    const source = new Source(documentName(found[0], name, parts.length, index), part.text)
    for (const definition of found) definitions.push({ definition, source, offset: part.offset, line: part.line })
    problems.push(...c.problems(source, part.line))
  })
  return { definitions, problems }
}

/** Reads a text that is one expression. Line ends mean nothing in it. */
export function parseExpression(text: string, grammar: Grammar = openGrammar): { expr?: Expr; problems: SyntaxProblem[] } {
  const c = new Cursor(text, grammar, readers)
  const expr = c.attempt(() => {
    const read = parseExpr(c, { free: true })
    return c.atEnd ? read : c.fail(`Expected the end of the expression, found ${c.found}.`)
  })
  const problems = c.problems(new Source('expression', text))
  return expr === undefined ? { problems } : { expr, problems }
}

/** How problems and errors name a definition: `function "math/double"`. */
export const definitionLabel = (definition: Definition): string => (definition.name === '' ? definition.kind : `${definition.kind} "${definition.name}"`)

function documentName(definition: Definition | undefined, name: string | undefined, count: number, index: number): string {
  if (name !== undefined && count === 1) return name
  return definition === undefined ? `${name ?? 'document'} ${index + 1}` : definitionLabel(definition)
}

/** The construct of a document, and any others that follow without a `---` line (an error). */
function readConstructs(c: Cursor): Definition[] {
  const found: Definition[] = []
  while (!c.atEnd) {
    const from = c.tok.start
    if (found.length > 0 && !startsConstruct(c))
      c.error(`Expected the end of the document, found ${c.found}.`, from, c.isOp('}') ? 'There is one `}` too many.' : undefined)
    else {
      if (found.length > 0) c.error('A second construct in one document.', from, 'Put a line with only `---` between two constructs.')
      const definition = c.attempt(() => parseConstruct(c))
      if (definition !== undefined) {
        found.push(definition)
        continue
      }
    }
    c.skipItem(from)
    if (c.tok.start === from || c.isOp('}')) c.advance()
  }
  return found
}

const startsConstruct = (c: Cursor): boolean => c.tok.kind === 'word' && c.tok.newline && (constructKeywords.includes(c.tok.value) || c.isWord('run'))
