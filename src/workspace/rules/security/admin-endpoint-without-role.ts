/** What is called an admin endpoint opens for every account of the table. */
import { readQuery } from '../../../definitions/query.js'
import { flowOf } from './flow.js'
import { findingAt, type SecurityRule } from './rule.js'
import { snakeCase } from './syntax.js'

/** Anywhere in the path where the word says it all, at its beginning where it may mean something else. */
const forAdmins = /(?:^|\/)(?:admin|administration|administrator|backoffice|back_office)(?:s?[/_]|s?$)|^(?:internal|manage|management)(?:[/_]|$)/
const adminTable = /(?:admin|staff|employee|operator|moderator)/i

export const adminEndpointWithoutRole: SecurityRule = {
  id: 'admin-endpoint-without-role',
  title: 'An admin endpoint that everyone may call',
  severity: 'error',
  seed: 'C7',
  kinds: ['query'],
  check(definition, context) {
    const { query } = readQuery(definition)
    if (query.auth === null || !query.active || (!forAdmins.test(snakeCase(query.path)) && !forAdmins.test(snakeCase(query.group)))) return []
    if (adminTable.test(query.auth) || flowOf(definition, context).checksRole) return []
    return [
      findingAt(
        definition,
        `${query.verb} ${query.path} is for administrators and opens for every account of "${query.auth}".`,
        'Begin the stack with precondition ($auth.extras.role == "admin"), or use an auth table of administrators only.',
      ),
    ]
  },
}
