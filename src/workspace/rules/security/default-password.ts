/** Every account begins with the same password, written in the program (CWE-1392). */
import { findingAt, type SecurityRule } from './rule.js'
import { textOf } from './syntax.js'

export const defaultPassword: SecurityRule = {
  id: 'default-password',
  title: 'A password that everyone gets',
  severity: 'error',
  seed: 'C3',
  kinds: ['table'],
  check: (definition) =>
    (definition.schema ?? [])
      .filter((field) => field.type === 'password' && (textOf(field.default) ?? '') !== '')
      .map((field) =>
        findingAt(
          field,
          `"${field.name}" of table "${definition.name}" has a default password.`,
          'Remove the default: an account without a password cannot log in until it sets one.',
        ),
      ),
}
