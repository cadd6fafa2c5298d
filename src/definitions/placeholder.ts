/** `function.run ""`, `db.get ""`: where a function or table has gone missing. Stored as it is, an error when it is reached. */
import type { Definition, Statement } from '../lang/tree.js'
import { visitStatements } from '../lang/visit.js'
import { constantOf } from './constant.js'

const callers = new Set(['function.run', 'action.call'])

const isPlaceholder = ({ name, head }: Statement): boolean =>
  (callers.has(name) || name.startsWith('db.')) && head[0] !== undefined && constantOf(head[0]) === ''

/** The definition with its placeholders switched off, for checks that judge names. */
export function withoutPlaceholders(definition: Definition): Definition {
  let found = false
  visitStatements(definition.stack ?? [], (statement) => {
    found ||= isPlaceholder(statement)
  })
  if (!found) return definition
  const copy = structuredClone(definition)
  visitStatements(copy.stack ?? [], (statement) => {
    if (isPlaceholder(statement)) statement.disabled = true
  })
  return copy
}
