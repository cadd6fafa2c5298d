/** A change that is refused: every problem of it, with document, line, column and caret where it came as text. */
import { AppError } from '../errors.js'
import { type SyntaxProblem, syntaxError } from '../lang/source.js'
import { documentName } from './document-name.js'
import type { Finding } from './rules/rule.js'

/** The one error for all findings: a conflict when every finding is one, a syntax error for text, else an input error. */
export function rejection(findings: readonly Finding[]): AppError {
  const problems = findings.map(toProblem)
  const first = findings[0]
  const failure = syntaxError(problems)
  if (findings.every((finding) => finding.conflict === true))
    return new AppError('conflict', first?.problem.message, { payload: failure.payload, hint: first?.problem.hint ?? '' })
  if (findings.some((finding) => finding.entry.source !== null)) return failure
  return new AppError('input', first?.problem.message, { payload: { param: '', ...(failure.payload as object) }, hint: first?.problem.hint ?? '' })
}

function toProblem({ entry, problem }: Finding): SyntaxProblem {
  const at = problem.at ?? entry.definition.at ?? 0
  const where = entry.source === null ? { line: 1, column: 1 } : entry.source.position(at)
  return {
    ...where,
    message: problem.message,
    severity: 'error',
    document: documentName(entry),
    excerpt: entry.source === null ? '' : entry.source.excerpt(at),
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
  }
}
