/** Arguments that must not be the caller's: where a request goes, what a header says, what runs; and errors, which callers read. */
import type { Expr, Statement } from '../../../lang/tree.js'
import { visitExpr } from '../../../lang/visit.js'
import { codeArgument } from './flow-code.js'
import type { Lead } from './flow-lead.js'
import type { Labels } from './labels.js'
import { argument, ownExprs } from './syntax.js'

export type SinkKind = 'url' | 'header' | 'code' | 'error'

/** What was found in such an argument, in the endpoint or in a function it runs. */
export interface Sink {
  readonly kind: SinkKind
  readonly labels: Labels
  readonly lead: Lead
  readonly statement: Statement
  /** Where the builder of the endpoint sees it: the statement itself, or the `function.run` that leads to it. */
  readonly at: Statement
}

/** The sinks of one statement, those inside its expressions too. */
export function sinksOf(statement: Statement): { kind: SinkKind; expr: Expr }[] {
  const named: [SinkKind, Expr | undefined][] = [
    ['url', urlOf(statement)],
    ['header', statement.name === 'util.set_header' ? argument(statement, 'value', 'header') : undefined],
    ['code', codeArgument(statement)],
    ['error', statement.name === 'throw' ? argument(statement, 'value') : statement.name === 'precondition' ? argument(statement, 'error') : undefined],
    ['error', statement.name === 'precondition' ? argument(statement, 'payload') : undefined],
  ]
  return [
    ...named.flatMap(([kind, expr]) => (expr === undefined ? [] : [{ kind, expr }])),
    ...ownExprs(statement)
      .flatMap(codeIn)
      .map((expr) => ({ kind: 'code' as const, expr })),
  ]
}

const urlOf = (statement: Statement): Expr | undefined => {
  if (/^(?:api\.request|webhook|stream\.from_request|api\.stream)$/.test(statement.name)) return argument(statement, 'url')
  return /^db\.external\.[a-z]+\.direct_query$/.test(statement.name) ? argument(statement, 'connection_string') : undefined
}

/** What filters inside an expression run as code. */
export function codeIn(expr: Expr): Expr[] {
  const found: Expr[] = []
  visitExpr(expr, (inner) => {
    if (inner.type !== 'filter' || inner.disabled === true) return
    if (inner.name === 'to_expr' && inner.input !== null) found.push(inner.input)
    const code = inner.args[inner.name === 'lambda_reduce' ? 1 : 0]
    if (/^lambda(?:_|$)/.test(inner.name) && code !== undefined) found.push(code)
  })
  return found
}
