/** What the rules of a table keep from callers, whatever the stacks ask for. */
import type { Rule, TableRules } from '../../../definitions/rules.js'
import type { TableModel } from '../../../definitions/table.js'
import type { Operation } from './access.js'

const ruleOf = { read: 'read', list: 'read', count: 'read', add: 'create', change: 'update', delete: 'delete' } as const

/** What a row must satisfy for an operation: what one cannot read one cannot change. */
const wanted = (rules: TableRules, operation: Operation): Rule =>
  ruleOf[operation] === 'read' ? rules.read : { kind: 'all', parts: [rules.read, rules[ruleOf[operation]]] }

/** Whether the rules tell rows apart, or callers by their role: `true` and "whoever has a token" say nothing of whose row it is. */
export const isRuled = ({ rules }: TableModel, operation: Operation, auth: string | null): boolean =>
  rules !== undefined && restricts(wanted(rules, operation), auth)

function restricts(rule: Rule, auth: string | null): boolean {
  switch (rule.kind) {
    case 'all':
      return rule.parts.some((part) => restricts(part, auth))
    case 'any':
      return rule.parts.every((part) => restricts(part, auth))
    case 'constant':
      return !rule.value
    case 'caller':
      return rule.table === null ? auth === null : rule.table !== auth
    case 'not':
      return rule.part.kind === 'compare' || rule.part.kind === 'null'
    default:
      return true
  }
}

/** Whether the rules say what a caller may write into a column: whom the row belongs to, or who may set it. */
export function isColumnRuled({ rules }: TableModel, operation: Operation, column: string, auth: string | null): boolean {
  if (rules === undefined) return false
  const own = rules.columns.find(({ name }) => name === column)
  return (own !== undefined && restricts(own.rule, auth)) || pins(wanted(rules, operation), column)
}

/** Every row that satisfies the rule has the caller in the column, or a caller with a role. */
function pins(rule: Rule, column: string): boolean {
  switch (rule.kind) {
    case 'all':
      return rule.parts.some((part) => pins(part, column))
    case 'any':
      return rule.parts.every((part) => pins(part, column))
    case 'constant':
      return !rule.value
    case 'owner':
      return rule.column === column
    default:
      return rule.kind === 'role'
  }
}
