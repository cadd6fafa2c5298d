/** The caller decides what runs (CWE-94): JavaScript is confined, but reads every variable it is given; an expression or a template reads them all. */
import { flowOf } from './flow.js'
import { isInput } from './labels.js'
import { findingAt, type SecurityRule } from './rule.js'

export const codeFromInput: SecurityRule = {
  id: 'code-from-input',
  title: 'The caller writes code that the server runs',
  severity: 'error',
  seed: 'S5',
  kinds: ['query'],
  check: (definition, context) =>
    flowOf(definition, context)
      .sinks.filter(({ kind, labels }) => kind === 'code' && [...labels].some(isInput))
      .map(({ at, statement }) =>
        findingAt(at, `${statement.name} runs code that comes from the caller.`, 'Write the code in the stack, and hand the input over as data.'),
      ),
}
