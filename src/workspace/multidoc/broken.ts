/** What is wrong with documents, as operations of a dry run: clients show them beside what would change. */
import { kindOf } from '../../definitions/kinds.js'
import { AppError } from '../../errors.js'
import type { SyntaxFailure } from '../../lang/source.js'
import type { PlanOperation } from '../plan.js'

/** The problems of documents that an error lists; none when it is about something else. */
export function listedErrors(error: unknown): SyntaxFailure['errors'] {
  return error instanceof AppError && typeof error.payload === 'object' ? ((error.payload as Partial<SyntaxFailure> | null)?.errors ?? []) : []
}

/** The line of a dry run for a problem. Clients know it by `exception:`. */
export function brokenOperation({ document, line, column, message, hint }: SyntaxFailure['errors'][number]): PlanOperation {
  return { action: 'unchanged', ...subject(document), details: `exception: ${message} (line ${line}, column ${column})`, reason: hint }
}

/** Type and name of what messages call `query "user/{id}" GET`. */
function subject(document: string): { type: string; name: string } {
  const [, kind, name = '', verb = ''] = /^(\w+) "(.*)"( [A-Z]+)?$/s.exec(document) ?? []
  return kind === undefined ? { type: 'document', name: document } : { type: kindOf(kind).type, name: `${name}${verb}` }
}
