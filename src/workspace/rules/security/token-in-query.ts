/** A secret in the URL ends up in logs, history and referrers (CWE-598). */
import { readQuery } from '../../../definitions/query.js'
import { findingAt, type SecurityRule } from './rule.js'
import { snakeCase } from './syntax.js'

const secretName = /^(?:.*_)?(?:password|passwd|pwd|secret|token|jwt|api_?key|access_key|otp|magic_link|auth(?:orization)?)$/i
const inUrl = new Set(['GET', 'HEAD', 'DELETE'])

export const tokenInQuery: SecurityRule = {
  id: 'token-in-query',
  title: 'A secret in the URL',
  severity: 'warning',
  seed: 'S4',
  kinds: ['query'],
  check(definition) {
    const { query } = readQuery(definition)
    const inPath = new Set([...query.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]))
    return (definition.input ?? [])
      .filter((field) => (inUrl.has(query.verb) || inPath.has(field.name)) && (field.type === 'password' || secretName.test(snakeCase(field.name))))
      .map((field) =>
        findingAt(field, `"${field.name}" travels in the URL of ${query.verb} ${query.path}.`, 'Take it in the body of a POST, or as "Authorization: Bearer".'),
      )
  },
}
