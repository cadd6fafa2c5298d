/** The parser's place in a text: the current token, the problems so far, and recovery after them. */
import type { Context } from './context.js'
import type { Grammar } from './grammar.js'
import { lex } from './lexer.js'
import { Source, type SyntaxProblem } from './source.js'
import type { Token } from './token.js'
import type { Expr, Field } from './tree.js'

/** Blocks, brackets and expressions may nest this deep; deeper trees would exhaust the stack of whoever walks them. */
const maxDepth = 200
/** After so many problems of a document the rest would only repeat them. */
const maxProblems = 500

/** Thrown after a problem was reported, caught where reading can go on. Never leaves the parser. */
class Bail extends Error {}
const bail = new Bail('A problem was reported.')

interface Finding {
  message: string
  hint: string | undefined
  at: number
  severity: 'error' | 'warning'
}

/** The readers that inner parts of the language call back: expressions hold literals, literals hold expressions. */
export interface Readers {
  expr(c: Cursor, context: Context): Expr
  fields(c: Cursor): Field[]
}

/** See the file comment. */
export class Cursor {
  readonly text: string
  readonly grammar: Grammar
  /** The current, not yet consumed token. */
  tok: Token
  /** End of the last consumed token. */
  lastEnd = 0
  /** The last consumed token was a closing brace. */
  afterBrace = false
  /** Height of the expression read last; see `grow`. */
  height = 0
  /** `output { … }` found inside the `llm` of an agent. */
  nestedOutput: Field[] | undefined
  /** The mark of the expression quote being read. */
  openQuote: string | undefined
  readonly #readers: Readers
  readonly #lines: Source
  readonly #findings: Finding[] = []
  readonly #seen = new Set<string>()
  #filterNames: ReadonlySet<string> | undefined
  #ahead: Token | undefined
  #depth = 0

  constructor(text: string, grammar: Grammar, readers: Readers) {
    this.text = text
    this.grammar = grammar
    this.#readers = readers
    this.#lines = new Source('', text)
    this.tok = lex(text, 0)
  }

  /** The filters the grammar knows; empty when it does not judge them. */
  get filterNames(): ReadonlySet<string> {
    this.#filterNames ??= new Set(this.grammar.filterNames())
    return this.#filterNames
  }

  /** The line of an offset, from 1. */
  lineOf(offset: number): number {
    return this.#lines.position(offset).line
  }

  /** Reads an expression. */
  expr(context: Context): Expr {
    return this.#readers.expr(this, context)
  }

  /** Reads `{ field NL field … }`. */
  fields(): Field[] {
    return this.#readers.fields(this)
  }

  /** Consumes the current token. */
  advance(): Token {
    const token = this.tok
    if (token.problem !== undefined) this.#find('error', token.problem.message, token.problem.at, token.problem.hint)
    this.lastEnd = token.end
    this.afterBrace = token.kind === 'op' && token.value === '}'
    this.tok = this.#ahead ?? lex(this.text, token.end)
    this.#ahead = undefined
    return token
  }

  /** The token after the current one. */
  get ahead(): Token {
    this.#ahead ??= lex(this.text, this.tok.end)
    return this.#ahead
  }

  /** Goes on reading at an offset: the text up to it was read as raw spelling. */
  jump(offset: number): void {
    this.lastEnd = offset
    this.afterBrace = false
    this.#ahead = undefined
    this.tok = lex(this.text, offset)
  }

  isOp(value: string): boolean {
    return this.tok.kind === 'op' && this.tok.value === value
  }

  isWord(value?: string): boolean {
    return this.tok.kind === 'word' && (value === undefined || this.tok.value === value)
  }

  get atEnd(): boolean {
    return this.tok.kind === 'eof'
  }

  accept(op: string): boolean {
    if (!this.isOp(op)) return false
    this.advance()
    return true
  }

  /** Consumes the operator or fails with `message`. */
  expect(op: string, message: string, hint?: string): Token {
    return this.isOp(op) ? this.advance() : this.fail(message, hint)
  }

  warn(message: string, at: number, hint?: string): void {
    this.#find('warning', message, at, hint)
  }

  error(message: string, at: number, hint?: string): void {
    this.#find('error', message, at, hint)
  }

  /** Reports an error at the current token (or `at`) and leaves to the nearest `attempt`. */
  fail(message: string, hint?: string, at?: number): never {
    const own = this.tok.problem
    if (own !== undefined && at === undefined) this.#find('error', own.message, own.at, own.hint)
    else this.#find('error', message, at ?? this.tok.start, hint)
    throw bail
  }

  /** Leaves to the nearest `attempt` after an error was reported. */
  giveUp(): never {
    throw bail
  }

  /** Runs a reader; undefined when it failed (and reported why). */
  attempt<T>(read: () => T): T | undefined {
    const depth = this.#depth
    try {
      return read()
    } catch (error) {
      if (error !== bail) throw error
      this.#depth = depth
      return undefined
    }
  }

  /** Runs a reader one level deeper. */
  nested<T>(read: () => T): T {
    if (this.#depth >= maxDepth) this.fail('This is nested too deeply.', 'Move inner parts to variables or functions.')
    this.#depth += 1
    const result = read()
    this.#depth -= 1
    return result
  }

  /** Skips the rest of a broken item that began at `from`: to a line end outside brackets, a closer, or a comma when asked. */
  skipItem(from: number, stopAtComma = false): void {
    let open = 0
    while (!this.atEnd) {
      if (open === 0 && this.tok.newline && this.tok.start !== from) return
      if (this.tok.kind === 'op') {
        const op = this.tok.value
        if (open === 0 && (op === '}' || (stopAtComma && (op === ',' || op === ']')))) return
        if (op === '{' || op === '[' || op === '(') open += 1
        else if ((op === '}' || op === ']' || op === ')') && open > 0) open -= 1
      }
      this.advance()
    }
  }

  /** A short spelling of the current token for messages. */
  get found(): string {
    if (this.atEnd) return 'the end of the text'
    const raw = this.text.slice(this.tok.start, Math.min(this.tok.end, this.tok.start + 30)).split('\n', 1)[0] ?? ''
    return raw.includes('`') ? raw : `\`${raw}\``
  }

  /** The findings as problems, in the order of the text. */
  problems(source: Source, startLine = 1): SyntaxProblem[] {
    return [...this.#findings]
      .sort((a, b) => a.at - b.at)
      .map(({ message, hint, at, severity }) => {
        const { line, column } = source.position(at)
        const problem: SyntaxProblem = { message, line, column, excerpt: source.excerpt(at), severity, document: source.name }
        if (hint !== undefined) problem.hint = hint
        if (startLine > 1) problem.fileLine = startLine + line - 1
        return problem
      })
  }

  #find(severity: 'error' | 'warning', message: string, at: number, hint: string | undefined): void {
    const limit = severity === 'error' ? maxProblems : maxProblems / 2
    if (this.#findings.length >= limit) return
    const key = `${at}:${message}`
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    this.#findings.push({ message, hint, at, severity })
  }

  /** Whether another warning would still be kept: looking for suggestions is not free. */
  get keepsWarnings(): boolean {
    return this.#findings.length < maxProblems / 2
  }
}
