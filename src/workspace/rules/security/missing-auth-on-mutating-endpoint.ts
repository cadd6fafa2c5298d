/** Rows are changed or deleted on the word of anyone. */
import { readQuery } from '../../../definitions/query.js'
import { flowOf } from './flow.js'
import { findingAt, type RuleFinding, type SecurityRule } from './rule.js'

export const missingAuthOnMutatingEndpoint: SecurityRule = {
  id: 'missing-auth-on-mutating-endpoint',
  title: 'Anyone may change rows',
  severity: 'error',
  seed: 'S1',
  kinds: ['query'],
  check(definition, context) {
    const { query } = readQuery(definition)
    if (query.auth !== null || !query.active) return []
    const { accesses } = flowOf(definition, context)
    const fix = 'Add auth = "user", or prove the right in the stack: a password, a secret single-use token.'
    const found = accesses.flatMap((access): RuleFinding[] => {
      const changes = access.operation === 'change' || access.operation === 'delete'
      if (!changes || access.capability || !access.unauthorized) return []
      return [findingAt(access.at, `${access.statement.name} "${access.table.name}" in ${query.verb} ${query.path}, which anyone may call.`, fix)]
    })
    // Without a reason nobody has thought about an endpoint that adds, either.
    if (found.length > 0 || query.publicReason !== null) return found
    const adds = accesses.find((access) => access.operation === 'add')
    if (adds === undefined && query.verb !== 'PUT' && query.verb !== 'PATCH' && query.verb !== 'DELETE') return []
    return [findingAt(adds?.at ?? definition, `${query.verb} ${query.path} changes data and names no auth.`, fix)]
  },
}
