/** A stack is exempt from the rules of tables: the report lists it with the reason. */
import { bypassReason } from '../../../definitions/access.js'
import { findAttribute } from '../../../definitions/attributes.js'
import { isReason } from './exceptions.js'
import { findingAt, type SecurityRule } from './rule.js'

export const bypassedRules: SecurityRule = {
  id: 'bypassed-rules',
  title: 'A stack that keeps to no rules of tables',
  severity: 'warning',
  seed: 'C8',
  kinds: ['query', 'function', 'task', 'tool', 'middleware', 'addon'],
  check(definition) {
    const reason = bypassReason(definition)
    if (reason === null) return []
    const finding = findingAt(
      findAttribute(definition, 'bypass_rules'),
      'The stack reads and writes rows whatever the rules of their tables say.',
      'Remove bypass_rules, or say in a few words why it looks after the rows of everyone: bypass_rules = "A nightly report counts all notes."',
    )
    return [isReason(reason) ? { ...finding, accepted: reason } : finding]
  },
}
