/** Whoever knows the URL of the group reads what it offers. */
import { readApiGroup } from '../../../definitions/api-group.js'
import { findAttribute } from '../../../definitions/attributes.js'
import { findingAt, type SecurityRule } from './rule.js'

export const openDocumentation: SecurityRule = {
  id: 'open-documentation',
  title: 'API documentation for everyone',
  severity: 'warning',
  seed: 'C11',
  kinds: ['api_group'],
  check(definition) {
    const { swagger } = readApiGroup(definition).group
    // Off in production unless the group says so; a builder who writes it out means it.
    if (findAttribute(definition, 'swagger') === undefined || !swagger.active || swagger.token !== '') return []
    return [
      findingAt(
        findAttribute(definition, 'swagger'),
        `The documentation of the group "${definition.name}" is open to everyone.`,
        'Set a token: swagger = {active: true, token: "…"}, or active: false.',
      ),
    ]
  },
}
