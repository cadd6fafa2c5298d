/** A stack that writes CORS headers itself goes around the policy of its group. */
import { flowOf } from './flow.js'
import { findingAt, type SecurityRule } from './rule.js'

export const reflectedOrigin: SecurityRule = {
  id: 'reflected-origin',
  title: 'CORS headers written by hand',
  severity: 'error',
  seed: 'C10',
  kinds: ['query', 'function'],
  check: (definition, context) =>
    flowOf(definition, context)
      .sinks.filter(
        ({ kind, lead, at, statement }) => kind === 'header' && /^\s*access-control-/i.test(lead.text) && (definition.kind === 'query' || at === statement),
      )
      .map(({ at }) =>
        findingAt(
          at,
          'util.set_header writes a CORS header and goes around the policy of the group.',
          'Remove it and list the origins in cors of the API group.',
        ),
      ),
}
