/** The caller decides where a browser is sent (CWE-601), or what it is told about the answer (CWE-113). */
import { flowOf } from './flow.js'
import { isInput } from './labels.js'
import { findingAt, type SecurityRule } from './rule.js'

export const headerFromInput: SecurityRule = {
  id: 'header-from-input',
  title: 'The caller writes a response header',
  severity: 'warning',
  seed: 'S5',
  kinds: ['query'],
  check: (definition, context) =>
    flowOf(definition, context)
      .sinks.filter(({ kind, labels }) => kind === 'header' && [...labels].some(isInput))
      .map(({ at }) =>
        findingAt(at, 'util.set_header takes its value from the caller: a Location header becomes an open redirect.', 'Choose among values you know.'),
      ),
}
