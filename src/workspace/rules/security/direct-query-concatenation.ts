/** SQL put together from values (CWE-89). */
import type { Expr, Statement } from '../../../lang/tree.js'
import { visitExpr } from '../../../lang/visit.js'
import { findingAt, type RuleFinding, type SecurityRule } from './rule.js'
import { activeStatements, argument, textOf } from './syntax.js'

export const directQueryConcatenation: SecurityRule = {
  id: 'direct-query-concatenation',
  title: 'SQL put together from values',
  severity: 'error',
  seed: 'C13',
  kinds: ['query', 'function', 'task', 'tool', 'middleware', 'addon'],
  check: (definition) =>
    activeStatements(definition).flatMap((statement): RuleFinding[] => {
      if (!/^db\.(?:external\.[a-z_]+\.)?direct_query$/.test(statement.name)) return []
      const text = argument(statement, 'sql', 'code')
      const fix = 'Write ? in the text and pass the value as arg: sql = "select * from post where id = ?", arg = $input.id.'
      if (text !== undefined && isComposed(text)) return [findingAt(statement, 'The text of db.direct_query is put together from values.', fix)]
      if (isTemplate(statement) && /\{\{|\{%/.test(textOf(text) ?? ''))
        return [findingAt(statement, 'The text of db.direct_query is a template with values in it.', fix)]
      return []
    }),
}

/** A parser that is not written out may be the template engine. */
const isTemplate = (statement: Statement): boolean => {
  const parser = argument(statement, 'parser')
  return parser !== undefined && ['template_engine', undefined].includes(textOf(parser))
}

function isComposed(expr: Expr): boolean {
  let composed = false
  visitExpr(expr, (inner) => {
    if (inner.type === 'variable' || (inner.type === 'filter' && inner.disabled !== true && !['trim', 'sql_esc'].includes(inner.name))) composed = true
  })
  return composed
}
