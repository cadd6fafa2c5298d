/** A token is issued for an account that the caller merely named. */
import { flowOf } from './flow.js'
import { isInput } from './labels.js'
import { findingAt, type SecurityRule } from './rule.js'

export const unprovenToken: SecurityRule = {
  id: 'unproven-token',
  title: 'A token for an account nobody proved',
  severity: 'error',
  seed: 'C5',
  kinds: ['query'],
  check: (definition, context) =>
    flowOf(definition, context).tokens.flatMap(({ at, unproven }) =>
      unproven.size === 0
        ? []
        : [
            findingAt(
              at,
              `security.create_auth_token takes an id ${[...unproven].some(isInput) ? 'from the request' : 'of a row the caller picked'}, and no password or single-use token was checked.`,
              'Check first: security.check_password and precondition on its result, or look the account up by a secret single-use token.',
            ),
          ],
    ),
}
