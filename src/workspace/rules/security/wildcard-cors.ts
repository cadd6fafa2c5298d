/** Any website may call the group from a visitor's browser (CWE-942). */
import { readApiGroup } from '../../../definitions/api-group.js'
import { findAttribute } from '../../../definitions/attributes.js'
import { unsafeOrigins } from '../../unsafe-cors.js'
import { findingAt, type SecurityRule } from './rule.js'

export const wildcardCors: SecurityRule = {
  id: 'wildcard-cors',
  title: 'CORS for everyone',
  severity: 'error',
  refusedInProduction: true,
  seed: 'C10',
  kinds: ['api_group'],
  check(definition) {
    const { cors } = readApiGroup(definition).group
    const at = findAttribute(definition, 'cors') ?? definition
    const fix = 'List the origins of your own front ends: cors = {mode: "custom", origins: ["https://app.example.com"]}.'
    return unsafeOrigins(cors).map((origin) => {
      const why = origin === 'null' ? ', which every sandboxed page and local file has' : cors.credentials ? ' with credentials' : ''
      return findingAt(at, `CORS of the group "${definition.name}" lists "${origin}"${why}.`, fix)
    })
  },
}
