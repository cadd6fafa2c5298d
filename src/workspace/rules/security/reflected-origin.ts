/** A stack that writes CORS headers itself goes around the policy of its group. */
import { findingAt, type RuleFinding, type SecurityRule } from './rule.js'
import { activeStatements, argument, textOf } from './syntax.js'

export const reflectedOrigin: SecurityRule = {
  id: 'reflected-origin',
  title: 'CORS headers written by hand',
  severity: 'error',
  seed: 'C10',
  kinds: ['query', 'function'],
  check: (definition) =>
    activeStatements(definition).flatMap((statement): RuleFinding[] => {
      if (statement.name !== 'util.set_header') return []
      const parts = ['value', 'name', 'header'].map((name) => textOf(argument(statement, name)) ?? '')
      if (!parts.some((part) => /^access-control-/i.test(part.trim()))) return []
      return [
        findingAt(
          statement,
          'util.set_header writes a CORS header and goes around the policy of the group.',
          'Remove it and list the origins in cors of the API group.',
        ),
      ]
    }),
}
