/** One caller's answer is kept and given to the next one (CWE-524). */
import { findAttribute, readAttributes } from '../../../definitions/attributes.js'
import { authTableOf } from './context.js'
import { findingAt, type SecurityRule } from './rule.js'

export const sharedCache: SecurityRule = {
  id: 'shared-cache',
  title: 'Answers shared between callers',
  severity: 'error',
  seed: 'C8',
  kinds: ['query'],
  check(definition) {
    const cache = readAttributes(definition).object('cache')
    if (!cache.present || authTableOf(definition) === null || cache.int('ttl', 0) <= 0 || cache.bool('auth', false)) return []
    return [
      findingAt(
        findAttribute(definition, 'cache') ?? definition,
        'The cached answer of one caller is given to every other.',
        'Keep it per caller: cache = {ttl: …, auth: true}.',
      ),
    ]
  },
}
