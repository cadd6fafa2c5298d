/** The caller decides where a browser is sent (CWE-601). */
import { findingAt, type RuleFinding, type SecurityRule } from './rule.js'
import { activeStatements, argument, readsInput } from './syntax.js'

export const headerFromInput: SecurityRule = {
  id: 'header-from-input',
  title: 'The caller writes a response header',
  severity: 'warning',
  seed: 'S5',
  kinds: ['query'],
  check: (definition) =>
    activeStatements(definition).flatMap((statement): RuleFinding[] => {
      const value = statement.name === 'util.set_header' ? argument(statement, 'value') : undefined
      if (value === undefined || !readsInput(value)) return []
      return [
        findingAt(statement, 'util.set_header takes its value from the caller: a Location header becomes an open redirect.', 'Choose among values you know.'),
      ]
    }),
}
