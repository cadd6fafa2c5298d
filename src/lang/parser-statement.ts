/** Statements and the blocks inside them. */
import type { Cursor } from './cursor.js'
import { type StatementShape, statementBlocks } from './grammar.js'
import { lex } from './lexer.js'
import { atAttribute, parseAttribute } from './parser-attribute.js'
import { atTarget, parseHead, parseTarget, parseTargetName, skipHead } from './parser-head.js'
import { readBlock, takeDescription } from './parser-items.js'
import { parseGroup, parsePostfix } from './parser-operand.js'
import { didYouMean } from './suggest.js'
import type { Block, Statement } from './tree.js'

/** `{ statement NL statement … }`. */
export function parseStatementBlock(c: Cursor, what: string): { statements: Statement[]; trailing: string | undefined } {
  const statements: Statement[] = []
  const { trailing } = readBlock(c, what, () => statements.push(parseStatement(c)))
  return { statements, trailing }
}

/** Names joined by dots: `db.query`. */
export function parseDottedName(c: Cursor): string {
  let name = c.advance().value
  while (c.isOp('.') && !c.tok.spaced && c.ahead.kind === 'word' && !c.ahead.spaced) {
    c.advance()
    name += `.${c.advance().value}`
  }
  return name
}

/** One statement, from its comment to its `as`. */
export function parseStatement(c: Cursor): Statement {
  const description = takeDescription(c)
  const at = c.tok.start
  const disabled = c.accept('!')
  if (c.tok.kind !== 'word') c.fail(`Expected a statement, found ${c.found}.`, statementHint(c))
  if (!disabled && atAttribute(c)) c.fail(`Expected a statement, found \`${c.tok.value} = …\`.`, `Set a variable with \`var $${c.tok.value} { value = … }\`.`)
  if (isMisplacedBlock(c)) return parseMisplacedBlock(c)
  const name = parseDottedName(c)
  checkStatementName(c, name, at)
  const statement: Statement = { name, head: [], headAttributes: [], args: [], blocks: [], at, line: c.lineOf(at) }
  if (disabled) statement.disabled = true
  if (description !== undefined) statement.description = description
  parseHead(c, statement)
  if (atTarget(c)) statement.as = parseTarget(c)
  if (c.isOp('{')) parseBody(c, statement, c.grammar.statement(name))
  if (atTarget(c)) statement.as = parseTarget(c)
  return statement
}

function statementHint(c: Cursor): string | undefined {
  return c.tok.kind === 'variable' ? 'Set a variable with `var $name { value = … }`, change it with `var.update`.' : undefined
}

function checkStatementName(c: Cursor, name: string, at: number): void {
  const known = c.grammar.statementNames()
  if (known.length === 0 || !c.keepsWarnings || c.grammar.statement(name) !== undefined || known.includes(name)) return
  c.warn(`Unknown statement \`${name}\`.`, at, didYouMean(name, known))
}

function parseBody(c: Cursor, statement: Statement, shape: StatementShape | undefined): void {
  readBlock(c, `\`${statement.name}\``, () => {
    const previous = statement.blocks.at(-1)
    if (c.isWord('break') && previous !== undefined && isCase(previous)) {
      c.advance()
      previous.breaks = true
    } else if (atAttribute(c)) statement.args.push(parseAttribute(c))
    else if (isBlockStart(c, shape)) {
      if (previous !== undefined && c.afterBrace && !c.tok.newline)
        c.warn(`\`${c.tok.value}\` should start on its own line.`, c.tok.start, 'Break the line after the closing brace.')
      statement.blocks.push(parseBlock(c))
    } else if (isStatementStart(c)) parseMisplacedStatement(c, statement, shape)
    else statement.args.push(parseAttribute(c))
  })
}

const isCase = (block: Block): boolean => block.name === 'case' || block.name === 'default'

/** A known block, or an unknown word whose braces hold something that is neither attributes nor an object. */
function isBlockStart(c: Cursor, shape: StatementShape | undefined): boolean {
  if (c.tok.kind !== 'word') return false
  if (statementBlocks.has(c.tok.value) || shape?.blocks?.includes(c.tok.value) === true) return true
  const { ahead } = c
  if (ahead.kind !== 'op' || ahead.value !== '{' || c.grammar.statement(c.tok.value) !== undefined) return false
  const first = lex(c.text, ahead.end)
  if (first.kind !== 'word') return first.kind === 'op' && first.value === '!'
  const second = lex(c.text, first.end)
  return !(second.kind === 'op' && (second.value === ':' || second.value === '=' || second.value === '}'))
}

/** One inner block: `each as $x { … }`, `if (…) { … }`, `case (…) { … } break`. */
export function parseBlock(c: Cursor): Block {
  const description = takeDescription(c)
  const { value: word, start: at } = c.advance()
  const block: Block = { name: word, statements: [], at }
  if (description !== undefined) block.description = description
  if (word === 'else' && c.isWord('if') && !c.tok.newline) {
    c.error('`else if` is written `elseif`.', at, 'Write `elseif (…) { … }` on its own line.')
    c.advance()
    block.name = 'elseif'
  }
  parseBlockHead(c, block)
  if (!isBraceless(c)) {
    const { statements, trailing } = parseStatementBlock(c, `\`${block.name}\``)
    block.statements = statements
    if (trailing !== undefined) block.trailing = trailing
  }
  if (isCase(block) && c.isWord('break') && !c.tok.newline) {
    c.advance()
    block.breaks = true
  }
  return block
}

/** `elseif (…)` or `case (…) break` without braces: an empty block. */
const isBraceless = (c: Cursor): boolean => !c.isOp('{') && (c.tok.newline || c.isOp('}') || c.isWord('break'))

function parseBlockHead(c: Cursor, block: Block): void {
  if (c.isOp('(')) block.head = parseGroup(c)
  else if (!c.tok.newline && ['text', 'number', 'variable', 'quote'].includes(c.tok.kind)) block.head = parsePostfix(c, {})
  if (c.isWord('as') && !c.tok.newline) {
    c.advance()
    block.as = parseTargetName(c)
  }
  if (c.isOp('{') || isBraceless(c)) return
  c.error(`Expected \`{\` to open \`${block.name}\`, found ${c.found}.`, c.tok.newline ? c.lastEnd : c.tok.start)
  skipHead(c)
}

/** A dotted name, a disabled statement or the name of a known statement where an attribute was expected. */
function isStatementStart(c: Cursor): boolean {
  if (c.isOp('!')) return true
  if (c.tok.kind !== 'word') return false
  return (c.ahead.kind === 'op' && c.ahead.value === '.') || c.grammar.statement(c.tok.value) !== undefined
}

function parseMisplacedStatement(c: Cursor, parent: Statement, shape: StatementShape | undefined): void {
  const { start } = c.tok
  const block = shape?.blocks?.[0]
  const hint = block === undefined ? undefined : `Put the statements of \`${parent.name}\` inside \`${block} { … }\`.`
  c.error(`A statement cannot stand directly inside \`${parent.name}\`.`, start, hint)
  parseStatement(c)
}

const owners: Readonly<Record<string, string>> = {
  if: 'conditional',
  elseif: 'conditional',
  else: 'conditional',
  case: 'switch',
  default: 'switch',
  each: 'foreach',
  try: 'try_catch',
  catch: 'try_catch',
  finally: 'try_catch',
  stack: 'group',
}

const isMisplacedBlock = (c: Cursor): boolean =>
  Object.hasOwn(owners, c.tok.value) && c.grammar.statement(c.tok.value) === undefined && !(c.ahead.kind === 'op' && c.ahead.value === '.')

function parseMisplacedBlock(c: Cursor): Statement {
  const { value: name, start: at } = c.tok
  c.error(`\`${name}\` belongs inside \`${owners[name]}\`.`, at, `Wrap it: \`${owners[name]} { ${name} … { … } }\`.`)
  return { name, head: [], headAttributes: [], args: [], blocks: [parseBlock(c)], at, line: c.lineOf(at) }
}
