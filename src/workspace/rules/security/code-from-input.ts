/** The caller decides what runs (CWE-94): JavaScript is confined, but reads every variable it is given; an expression reads them all. */
import type { Expr } from '../../../lang/tree.js'
import { statementExprs, visitExpr } from '../../../lang/visit.js'
import { findingAt, type RuleFinding, type SecurityRule } from './rule.js'
import { activeStatements, argument, readsInput } from './syntax.js'

export const codeFromInput: SecurityRule = {
  id: 'code-from-input',
  title: 'The caller writes code that the server runs',
  severity: 'error',
  seed: 'S5',
  kinds: ['query'],
  check: (definition) =>
    activeStatements(definition).flatMap((statement): RuleFinding[] => {
      const code = statement.name === 'api.lambda' ? argument(statement, 'code') : undefined
      const found = [...(code === undefined ? [] : [code]), ...statementExprs(statement).flatMap(codeOf)]
      if (!found.some(readsInput)) return []
      return [findingAt(statement, `${statement.name} runs code that comes from the caller.`, 'Write the code in the stack, and hand the input over as data.')]
    }),
}

/** What filters inside an expression run as code. */
function codeOf(expr: Expr): Expr[] {
  const found: Expr[] = []
  visitExpr(expr, (inner) => {
    if (inner.type !== 'filter' || inner.disabled === true) return
    if (inner.name === 'to_expr' && inner.input !== null) found.push(inner.input)
    const code = inner.args[inner.name === 'lambda_reduce' ? 1 : 0]
    if (/^lambda(?:_|$)/.test(inner.name) && code !== undefined) found.push(code)
  })
  return found
}
