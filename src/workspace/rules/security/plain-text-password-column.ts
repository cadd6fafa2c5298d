/** A password in a column of text is stored as it is (CWE-256). */
import { findingAt, type SecurityRule } from './rule.js'
import { snakeCase } from './syntax.js'

const passwordName = /^(?:.*_)?(?:password|passwd|passphrase|passcode|pwd|pass|kennwort)(?:_hash)?$/i

export const plainTextPasswordColumn: SecurityRule = {
  id: 'plain-text-password-column',
  title: 'A password stored as text',
  severity: 'error',
  seed: 'C13',
  kinds: ['table'],
  check: (definition) =>
    (definition.schema ?? [])
      .filter((field) => (field.type === 'text' || field.type === 'json') && passwordName.test(snakeCase(field.name)))
      .map((field) =>
        findingAt(
          field,
          `"${field.name}" of table "${definition.name}" is ${field.type}: it is stored as it comes.`,
          `Make it a password column: password ${field.name}.`,
        ),
      ),
}
