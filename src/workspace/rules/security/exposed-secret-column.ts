/** A column that holds a secret comes with every row. */
import { optionText, optionValue } from '../../../fields/field-options.js'
import { findingAt, type SecurityRule } from './rule.js'
import { snakeCase } from './syntax.js'

const secretName = /^(?:.*_)?(?:secret|token|api_?key|private_key|access_key|ssn|iban|card_number|cvv|pin|otp|totp_secret|recovery_codes?)$/i

export const exposedSecretColumn: SecurityRule = {
  id: 'exposed-secret-column',
  title: 'A secret column in every row',
  severity: 'warning',
  seed: 'C13',
  kinds: ['table'],
  check: (definition) =>
    (definition.schema ?? [])
      .filter(
        (field) =>
          (field.type === 'text' || field.type === 'json') &&
          secretName.test(snakeCase(field.name)) &&
          optionText(field, 'access') !== 'internal' &&
          optionText(field, 'access') !== 'private' &&
          optionValue(field, 'sensitive') !== true &&
          optionValue(field, 'encrypted') !== true,
      )
      .map((field) =>
        findingAt(
          field,
          `"${field.name}" of table "${definition.name}" looks like a secret, is not masked in the history and is part of every row.`,
          `Add { access = "internal" sensitive = true } to the column, or { encrypted = true }: then it is in rows that ask for it by name only.`,
        ),
      ),
}
