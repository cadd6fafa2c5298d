/** A token that lives for months outlives the phone it was stolen from (R45). */
import { findingAt, type RuleFinding, type SecurityRule } from './rule.js'
import { activeStatements, constantArgument } from './syntax.js'

const maxSeconds = 30 * 86_400

export const longLivedToken: SecurityRule = {
  id: 'long-lived-token',
  title: 'A token that lives too long',
  severity: 'warning',
  seed: 'C6',
  kinds: ['query', 'function'],
  check: (definition) =>
    activeStatements(definition).flatMap((statement): RuleFinding[] => {
      const seconds = statement.name === 'security.create_auth_token' ? constantArgument(statement, 'expiration') : undefined
      if (typeof seconds !== 'number' || seconds <= maxSeconds) return []
      return [
        findingAt(statement, `Tokens live ${Math.round(seconds / 86_400)} days.`, 'Let them live 30 days at most; a day is the standard: expiration = 86400.'),
      ]
    }),
}
