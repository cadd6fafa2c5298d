/** What is wrong with a program, found while compiling it. */
import { AppError, fatal } from '../errors.js'
import { didYouMean } from '../lang/suggest.js'

export interface ProgramProblem {
  message: string
  hint?: string
  /** Offset in the source (UTF-16 units); absent for definitions that came as JSON. */
  at?: number
  /** Line of the statement in the builder's document, when known. */
  line?: number
  statement?: string
  /** A warning never stops a program from being stored. */
  severity: 'error' | 'warning'
  /** Exists in the language, does not run here yet: stored, and answered with 501 when called. */
  unsupported?: true
}

/** Where problems go: a compile throws the first error, a check collects all of them. */
export interface ProblemSink {
  /** Throws, or returns when problems are collected. */
  report(problem: ProgramProblem): void
  /** Whether problems are collected: then compiling goes on after each. */
  readonly collects: boolean
}

/** Throws the first error as AppError (`unsupported` or `fatal`) with its position; warnings are ignored. */
export const throwingSink = (document: string): ProblemSink => ({
  collects: false,
  report(problem) {
    if (problem.severity === 'error') throw problemError(problem, document)
  },
})

/** Collects everything. */
export const collectingSink = (problems: ProgramProblem[]): ProblemSink => ({ collects: true, report: (problem) => void problems.push(problem) })

/** The error a problem becomes when the program is called nevertheless. */
export function problemError(problem: ProgramProblem, document: string): AppError {
  const position = {
    document,
    ...(problem.line === undefined ? {} : { line: problem.line }),
    ...(problem.statement === undefined ? {} : { statement: problem.statement }),
  }
  const options = { position, ...(problem.hint === undefined ? {} : { hint: problem.hint }) }
  return problem.unsupported ? new AppError('unsupported', problem.message, options) : fatal(problem.message, options)
}

/** `{hint}` with a did-you-mean, or nothing. */
export function suggestionHint(name: string, candidates: Iterable<string>): { hint?: string } {
  const hint = didYouMean(name, candidates)
  return hint === undefined ? {} : { hint }
}
