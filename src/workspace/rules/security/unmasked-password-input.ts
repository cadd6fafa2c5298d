/** What is typed into a password field is kept in the request history as it is. */
import { optionValue } from '../../../fields/field-options.js'
import { findingAt, type SecurityRule } from './rule.js'
import { snakeCase } from './syntax.js'

const secretName = /^(?:.*_)?(?:password|passwd|pwd|passphrase|secret|otp|pin)$/i

export const unmaskedPasswordInput: SecurityRule = {
  id: 'unmasked-password-input',
  title: 'A password in the request history',
  severity: 'warning',
  seed: 'C19',
  kinds: ['query', 'function'],
  check: (definition) =>
    (definition.input ?? [])
      .filter((field) => field.type === 'text' && secretName.test(snakeCase(field.name)) && optionValue(field, 'sensitive') !== true)
      .map((field) => findingAt(field, `The input "${field.name}" is not masked in the request history.`, `Mark it: text ${field.name} { sensitive = true }.`)),
}
