/** An endpoint that names no auth and says not why (the exposure gate; 401 in production). */
import { findAttribute } from '../../../definitions/attributes.js'
import { readQuery } from '../../../definitions/query.js'
import { findingAt, type SecurityRule } from './rule.js'

const says = /\p{L}{2,}\P{L}+\p{L}{2,}/u

export const publicEndpointWithoutReason: SecurityRule = {
  id: 'public-endpoint-without-reason',
  title: 'A public endpoint that does not say why',
  severity: 'error',
  seed: 'C1',
  kinds: ['query'],
  check(definition) {
    const { query } = readQuery(definition)
    if (query.auth !== null || !query.active) return []
    const fix = 'Name the table whose tokens open it (auth = "user"), or write public = "why anyone may call it".'
    if (query.publicReason === null) return [findingAt(definition, `${query.verb} ${query.path} names no auth and no reason to be public.`, fix)]
    if (!says.test(query.publicReason))
      return [
        findingAt(
          findAttribute(definition, 'public') ?? definition,
          `"${query.publicReason}" is no reason for ${query.verb} ${query.path} to be public.`,
          'Write in a few words why anyone may call it.',
        ),
      ]
    return []
  },
}
