/** Any website may call the group from a visitor's browser (CWE-942). */
import { readApiGroup } from '../../../definitions/api-group.js'
import { findAttribute } from '../../../definitions/attributes.js'
import { findingAt, type SecurityRule } from './rule.js'

export const wildcardCors: SecurityRule = {
  id: 'wildcard-cors',
  title: 'CORS for everyone',
  severity: 'error',
  seed: 'C10',
  kinds: ['api_group'],
  check(definition) {
    const { cors } = readApiGroup(definition).group
    if (cors.mode !== 'custom') return []
    const at = findAttribute(definition, 'cors') ?? definition
    const fix = 'List the origins of your own front ends: cors = {mode: "custom", origins: ["https://app.example.com"]}.'
    return cors.origins.flatMap((origin) => {
      if (origin.includes('*'))
        return [findingAt(at, `CORS of the group "${definition.name}" lists "${origin}"${cors.credentials ? ' with credentials' : ''}.`, fix)]
      if (origin === 'null') return [findingAt(at, `CORS of the group "${definition.name}" lists "null", which every sandboxed page and local file has.`, fix)]
      return []
    })
  },
}
