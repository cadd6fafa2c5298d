/** An origin without TLS: whoever is on the network path speaks for it. */
import { readApiGroup } from '../../../definitions/api-group.js'
import { findAttribute } from '../../../definitions/attributes.js'
import { findingAt, type SecurityRule } from './rule.js'

export const insecureCorsOrigin: SecurityRule = {
  id: 'insecure-cors-origin',
  title: 'CORS for an origin without TLS',
  severity: 'warning',
  seed: 'C9',
  kinds: ['api_group'],
  check(definition) {
    const { cors } = readApiGroup(definition).group
    if (cors.mode !== 'custom') return []
    return cors.origins
      .filter((origin) => /^http:\/\/(?!localhost(?::|$)|127\.\d|\[::1\])/i.test(origin))
      .map((origin) =>
        findingAt(
          findAttribute(definition, 'cors') ?? definition,
          `CORS of the group "${definition.name}" lists ${origin}, which has no TLS.`,
          `Use ${origin.replace(/^http:/i, 'https:')}.`,
        ),
      )
  },
}
