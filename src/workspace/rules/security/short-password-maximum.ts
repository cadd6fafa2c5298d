/** A low upper bound forbids the long passwords that are the good ones (ASVS 6.2.9: at least 64). */
import { findingAt, type SecurityRule } from './rule.js'

export const shortPasswordMaximum: SecurityRule = {
  id: 'short-password-maximum',
  title: 'Long passwords are refused',
  severity: 'warning',
  seed: 'C3',
  kinds: ['table'],
  check: (definition) =>
    (definition.schema ?? []).flatMap((field) => {
      const max = field.type === 'password' ? field.filters.find((filter) => filter.name === 'max' && filter.disabled !== true) : undefined
      const limit = Number(max?.args[0]?.text ?? Number.POSITIVE_INFINITY)
      return limit >= 64
        ? []
        : [findingAt(field, `Passwords in "${field.name}" may have ${limit} characters at most.`, 'Allow 64 at least: filters=max:128, or none.')]
    }),
}
