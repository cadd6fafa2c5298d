/** Texts, positions in them, and the problems a reader finds at those positions. */
import { AppError } from '../errors.js'

/** How many characters of a long line an excerpt shows. */
const excerptWidth = 120

/** A named text that answers line, column and excerpt of an offset (UTF-16 units, all counted from 1). */
export class Source {
  readonly name: string
  readonly text: string
  #lineStarts: number[] | undefined

  constructor(name: string, text: string) {
    this.name = name
    this.text = text
  }

  /** Offsets at which lines start. */
  get lineStarts(): readonly number[] {
    if (this.#lineStarts !== undefined) return this.#lineStarts
    const starts = [0]
    for (let at = this.text.indexOf('\n'); at !== -1; at = this.text.indexOf('\n', at + 1)) starts.push(at + 1)
    this.#lineStarts = starts
    return starts
  }

  /** Line and column of an offset. */
  position(offset: number): { line: number; column: number } {
    const starts = this.lineStarts
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 }
  }

  /** The line of an offset with its number, and a caret below the column. */
  excerpt(offset: number): string {
    const { line, column } = this.position(offset)
    const start = this.lineStarts[line - 1] ?? 0
    const next = this.lineStarts[line]
    const end = next === undefined ? this.text.length : next - 1
    const from = column > excerptWidth - 20 ? column - 1 - excerptWidth / 2 : 0
    const lead = from > 0 ? '…' : ''
    const stop = Math.min(end, start + from + excerptWidth)
    const shown = this.text
      .slice(start + from, stop)
      .replace(/\r$/, '')
      .replace(/\s/g, ' ')
    const gutter = String(line)
    const caret = ' '.repeat(lead.length + column - 1 - from)
    return `${gutter} | ${lead}${shown}${stop < end ? '…' : ''}\n${' '.repeat(gutter.length)} | ${caret}^`
  }
}

/** One thing wrong (or doubtful) in a text. A warning never stops a program from being stored. */
export interface SyntaxProblem {
  message: string
  hint?: string
  /** Counted from 1 in the builder's own document. */
  line: number
  column: number
  excerpt: string
  severity: 'error' | 'warning'
  /** For example `function "math/double"`, or the name of the source. */
  document: string
  /** The line in the whole text when the document is one of several in it. */
  fileLine?: number
}

/** The payload of a syntax error: every error, and the position of the first. */
export interface SyntaxFailure {
  errors: { document: string; line: number; column: number; message: string; hint: string; excerpt: string }[]
  line: number
  column: number
  excerpt: string
}

/** Whether any of the problems forbids the use of the text. */
export const hasErrors = (problems: readonly SyntaxProblem[]): boolean => problems.some((p) => p.severity === 'error')

/** The error a client sees for a text that does not parse; warnings are left out. */
export function syntaxError(problems: readonly SyntaxProblem[]): AppError {
  const errors = problems
    .filter((p) => p.severity === 'error')
    .map(({ document, line, column, message, hint, excerpt }) => ({ document, line, column, message, hint: hint ?? '', excerpt }))
  const first = errors[0]
  const payload: SyntaxFailure = { errors, line: first?.line ?? 1, column: first?.column ?? 1, excerpt: first?.excerpt ?? '' }
  const message = first === undefined ? undefined : `Syntax error in ${first.document}, line ${first.line}: ${first.message}`
  return new AppError('syntax', message, first?.hint ? { payload, hint: first.hint } : { payload })
}
