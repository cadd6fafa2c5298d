/** Which password policy a column of type password has: declared with `policy`, else by the filters it brings. */
import type { Field } from '../lang/tree.js'
import { findOption, optionText } from './field-options.js'

/** `strict` and `nist` are the presets; `filters`: the column's own filters decide. The block list applies to all three. */
export type PasswordPolicy = 'strict' | 'nist' | 'filters'

export const passwordPresets = ['strict', 'nist'] as const

/** Filters that clean a text rather than judge it: a column with these alone has said nothing about its passwords. */
const cleaning = new Set(['trim', 'lower', 'to_lower', 'upper', 'to_upper', 'salt', '@'])

export function passwordPolicyOf(field: Field): PasswordPolicy {
  const named = optionText(field, 'policy')
  const preset = passwordPresets.find((candidate) => candidate === named)
  if (preset !== undefined) return preset
  return field.filters.some((filter) => filter.disabled !== true && !cleaning.has(filter.name)) ? 'filters' : 'strict'
}

/** What is wrong with the `policy` of a field; null when nothing. */
export function passwordPolicyProblem(field: Field): string | null {
  if (findOption(field, 'policy') === undefined) return null
  if (field.type !== 'password') return `Only a password column has a policy; "${field.name}" is ${field.type}.`
  return passwordPresets.some((preset) => preset === optionText(field, 'policy'))
    ? null
    : `The policy of "${field.name}" must be ${passwordPresets.join(' or ')}.`
}
