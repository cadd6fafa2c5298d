/** An endpoint without auth answers rows of accounts: addresses, names, roles. */
import { readQuery } from '../../../definitions/query.js'
import { flowOf } from './flow.js'
import { findingAt, type SecurityRule } from './rule.js'

export const publicAccountData: SecurityRule = {
  id: 'public-account-data',
  title: 'Accounts in public answers',
  severity: 'warning',
  seed: 'S2',
  kinds: ['query'],
  check(definition, context) {
    const { query } = readQuery(definition)
    if (query.auth !== null || !query.active) return []
    const { accesses, answers } = flowOf(definition, context)
    return accesses
      .filter((access) => access.table.auth && (access.operation === 'list' || access.operation === 'read') && !access.capability && !access.ruled)
      .filter((access) => answers.some((answer) => answer.labels.has(`row:${access.id}`) && !answer.isProven(access)))
      .map((access) =>
        findingAt(
          access.at,
          `${query.verb} ${query.path} answers rows of the accounts in "${access.table.name}" to anyone.`,
          `Ask for the members that are public: output = ["id", "name"], or add auth = "${access.table.name}".`,
        ),
      )
  },
}
