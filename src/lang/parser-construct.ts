/** Constructs: `query "path" verb=GET { clauses }`. */
import type { Cursor } from './cursor.js'
import { constructKeywords } from './grammar.js'
import { atAttribute, parseAttribute, parseHeadAttribute } from './parser-attribute.js'
import { parseFieldBlock } from './parser-field.js'
import { parseHeadName, skipHead } from './parser-head.js'
import { readBlock, takeDescription } from './parser-items.js'
import { parseDottedName, parseStatement, parseStatementBlock } from './parser-statement.js'
import { didYouMean } from './suggest.js'
import type { Attribute, Definition, Expr, TestBlock } from './tree.js'

/** One construct, from its comment to its closing brace. */
export function parseConstruct(c: Cursor): Definition {
  const description = takeDescription(c)
  const at = c.tok.start
  if (c.tok.kind !== 'word') c.fail(`Expected a construct such as \`function "name" { … }\`, found ${c.found}.`)
  const kind = parseDottedName(c)
  checkKind(c, kind, at)
  const definition: Definition = { kind, name: parseConstructName(c), headAttributes: [], attributes: [], tests: [], groups: [], at }
  if (description !== undefined) definition.description = description
  while (atAttribute(c) && !c.tok.newline) definition.headAttributes.push(parseHeadAttribute(c))
  if (!c.isOp('{')) {
    c.error(
      `Expected \`{\` to open \`${kind}\`, found ${c.found}.`,
      c.tok.start,
      c.tok.kind === 'word' && !c.tok.newline ? 'Names of several words need quotes.' : undefined,
    )
    skipHead(c)
    if (!c.isOp('{')) c.giveUp()
  }
  readBlock(c, `\`${kind}\``, () => parseClause(c, definition))
  if (c.nestedOutput !== undefined) definition.output ??= c.nestedOutput
  c.nestedOutput = undefined
  return definition
}

function checkKind(c: Cursor, kind: string, at: number): void {
  if (constructKeywords.includes(kind)) return
  if (Object.hasOwn(clauseReaders, kind) || c.grammar.statement(kind) !== undefined)
    c.fail(`\`${kind}\` is not a construct.`, 'A document starts with a construct such as `function "name" { … }`.', at)
  else c.warn(`Unknown construct \`${kind}\`.`, at, didYouMean(kind, constructKeywords))
}

function parseConstructName(c: Cursor): string {
  if (c.tok.newline || atAttribute(c)) return ''
  return parseHeadName(c)?.value ?? ''
}

function parseClause(c: Cursor, definition: Definition): void {
  if (c.tok.kind !== 'word') c.fail(`Expected a clause such as \`input { … }\` or \`name = value\`, found ${c.found}.`)
  const name = c.tok.value
  const read = (atAttribute(c) && name !== 'response') || !Object.hasOwn(clauseReaders, name) ? undefined : clauseReaders[name]
  if (read !== undefined && !(name === 'test' && c.ahead.kind === 'op')) {
    const description = takeDescription(c)
    if (description !== undefined && name !== 'test') definition.clauseDescriptions = { ...definition.clauseDescriptions, [name]: description }
    read(c, definition)
  } else if (atAttribute(c)) pushAttribute(c, definition)
  else if (isStatement(c)) parseMisplacedStatement(c)
  else if (c.ahead.kind === 'op' && c.ahead.value === '{') parseGroupClause(c, definition)
  else pushAttribute(c, definition)
}

const readFieldClause =
  (clause: 'schema' | 'input' | 'output') =>
  (c: Cursor, definition: Definition): void =>
    setOnce(c, definition, clause, () => {
      c.advance()
      const fields = atClauseEnd(c) ? [] : parseFieldBlock(c)
      if (clause === 'input') for (const field of fields) if (field.at !== undefined) field.line = c.lineOf(field.at)
      return fields
    })

const clauseReaders: Readonly<Record<string, (c: Cursor, definition: Definition) => void>> = {
  schema: readFieldClause('schema'),
  input: readFieldClause('input'),
  output: readFieldClause('output'),
  stack: (c, definition) => setOnce(c, definition, 'stack', () => parseStack(c, definition)),
  response: (c, definition) => setOnce(c, definition, 'response', () => parseResponse(c)),
  test: (c, definition) => {
    definition.tests.push(parseTest(c))
  },
}

function setOnce<K extends 'schema' | 'input' | 'output' | 'stack' | 'response'>(
  c: Cursor,
  definition: Definition,
  clause: K,
  read: () => NonNullable<Definition[K]>,
): void {
  if (definition[clause] !== undefined) c.error(`A second \`${clause}\` in \`${definition.kind}\`.`, c.tok.start, 'Join the two.')
  definition[clause] = read()
}

/** `input` and `stack` may stand without braces. */
const atClauseEnd = (c: Cursor): boolean => !c.isOp('{') && (c.tok.newline || c.isOp('}') || c.atEnd)

function parseStack(c: Cursor, definition: Definition): NonNullable<Definition['stack']> {
  c.advance()
  if (atClauseEnd(c)) return []
  const { statements, trailing } = parseStatementBlock(c, '`stack`')
  if (trailing !== undefined) definition.stackTrailing = trailing
  return statements
}

/** `response = expr`, or `response { value = expr }`. */
function parseResponse(c: Cursor): NonNullable<Definition['response']> {
  const word = c.advance()
  return { ...parseResponseValue(c, word.start), line: c.lineOf(word.start) }
}

function parseResponseValue(c: Cursor, start: number): Expr {
  if (c.isOp('{')) {
    const found: Attribute[] = []
    readBlock(c, '`response`', () => found.push(parseAttribute(c)))
    const value = found.find((attribute) => attribute.name === 'value')
    return value?.value ?? c.fail('`response { … }` needs a `value = …`.', 'Write `response = …`.', start)
  }
  c.expect('=', `Expected \`=\` after \`response\`, found ${c.found}.`)
  if (c.isOp('}') || c.atEnd || (c.tok.newline && atAttribute(c))) c.fail('The value of `response` is missing.', undefined, start)
  return c.expr({})
}

function pushAttribute(c: Cursor, definition: Definition): void {
  const attribute = parseAttribute(c)
  if (definition.kind === 'table' && attribute.name === 'views') attribute.name = 'view'
  if (definition.attributes.some((other) => other.name === attribute.name))
    c.warn(`\`${attribute.name}\` appears twice.`, attribute.at ?? c.lastEnd, 'Remove one of the two.')
  definition.attributes.push(attribute)
}

const isStatement = (c: Cursor): boolean =>
  (c.ahead.kind === 'op' && c.ahead.value === '.' && !c.ahead.spaced) || c.grammar.statement(c.tok.value) !== undefined

function parseMisplacedStatement(c: Cursor): void {
  c.error('A statement cannot stand here.', c.tok.start, 'Statements belong inside `stack { … }`.')
  parseStatement(c)
}

function parseGroupClause(c: Cursor, definition: Definition): void {
  const { value: name, start: at } = c.advance()
  const attributes: Attribute[] = []
  readBlock(c, `\`${name}\``, () => attributes.push(parseAttribute(c)))
  definition.groups.push({ name, attributes, at })
}

function parseTest(c: Cursor): TestBlock {
  const description = takeDescription(c)
  const at = c.advance().start
  const name = parseHeadName(c)?.value ?? c.fail(`Expected the name of the test, found ${c.found}.`)
  const test: TestBlock = { name, attributes: [], expectations: [], at }
  if (description !== undefined) test.description = description
  readBlock(c, `test "${name}"`, () => {
    if (atAttribute(c)) test.attributes.push(parseAttribute(c))
    else test.expectations.push(parseStatement(c))
  })
  return test
}
