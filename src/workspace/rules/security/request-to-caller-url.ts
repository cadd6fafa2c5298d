/** The server fetches whatever address the caller names (CWE-918). */
import type { Statement } from '../../../lang/tree.js'
import { findingAt, type RuleFinding, type SecurityRule } from './rule.js'
import { activeStatements, argument, readsInput } from './syntax.js'

export const requestToCallerUrl: SecurityRule = {
  id: 'request-to-caller-url',
  title: 'Requests to addresses the caller names',
  severity: 'warning',
  seed: 'C13',
  kinds: ['query'],
  check: (definition) =>
    activeStatements(definition).flatMap((statement): RuleFinding[] => {
      const url = urlOf(statement)
      if (url === undefined || !readsInput(url)) return []
      return [
        findingAt(
          statement,
          `${statement.name} goes to an address that the caller chooses.`,
          'Choose among addresses you know; pass only what varies as a parameter.',
        ),
      ]
    }),
}

const urlOf = (statement: Statement) => {
  if (/^(?:api\.request|webhook|stream\.from_request)$/.test(statement.name)) return argument(statement, 'url')
  return /^db\.external\.[a-z]+\.direct_query$/.test(statement.name) ? argument(statement, 'connection_string') : undefined
}
