/** The server fetches whatever address the caller names (CWE-918). */
import { flowOf } from './flow.js'
import { fixesHost } from './flow-lead.js'
import { isInput } from './labels.js'
import { findingAt, type SecurityRule } from './rule.js'

export const requestToCallerUrl: SecurityRule = {
  id: 'request-to-caller-url',
  title: 'Requests to addresses the caller names',
  severity: 'warning',
  seed: 'C13',
  kinds: ['query'],
  check: (definition, context) =>
    flowOf(definition, context)
      .sinks.filter(({ kind, labels, lead }) => kind === 'url' && [...labels].some(isInput) && !fixesHost(lead))
      .map(({ at, statement }) =>
        findingAt(
          at,
          `${statement.name} goes to an address that the caller chooses.`,
          'Choose among addresses you know; pass only what varies, behind the host ("https://api.example.com/" ~ …) or as a parameter.',
        ),
      ),
}
