/** What all parts of the statement compiler share. */
import type { Statement } from '../lang/tree.js'
import type { Workspace } from './define.js'
import type { ExpressionCompiler } from './expression.js'
import type { ProgramProblem } from './problem.js'

export interface StatementCompiler extends ExpressionCompiler {
  readonly workspace: Workspace
  readonly document: string
}

/** Arguments that any statement may carry. */
export const commonArguments = ['description', 'disabled', 'mock']

/** Whether the builder switched a statement off. */
export const isDisabled = (statement: Statement): boolean =>
  statement.disabled === true || statement.args.some(({ name, value }) => name === 'disabled' && value.type === 'constant' && value.name === 'true')

/** A problem without what the statement itself says; an error unless it says otherwise. */
export type StatementProblem = Omit<ProgramProblem, 'severity'> & { severity?: 'warning' }

/** Reports a problem at a statement. */
export function report(c: StatementCompiler, statement: Statement, problem: StatementProblem): void {
  c.sink.report({
    severity: 'error',
    statement: statement.name,
    ...(statement.at === undefined ? {} : { at: statement.at }),
    ...(statement.line === undefined ? {} : { line: statement.line }),
    ...problem,
  })
}
