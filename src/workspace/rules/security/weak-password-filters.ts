/** A password column whose own filters ask for less than the preset "strict". */
import { passwordPolicyOf } from '../../../fields/password-policy.js'
import type { Field } from '../../../lang/tree.js'
import { findingAt, type SecurityRule } from './rule.js'

export const weakPasswordFilters: SecurityRule = {
  id: 'weak-password-filters',
  title: 'A weak password policy',
  severity: 'warning',
  seed: 'C3',
  kinds: ['table'],
  check: (definition) =>
    (definition.schema ?? []).flatMap((field) => {
      if (field.type !== 'password' || passwordPolicyOf(field) !== 'filters') return []
      const missing = missingFrom(field)
      return missing.length === 0
        ? []
        : [
            findingAt(
              field,
              `Passwords in "${field.name}" of table "${definition.name}" need no ${missing.join(', no ')}.`,
              'Remove the filters: the policy "strict" applies then. Or name one: policy = "nist".',
            ),
          ]
    }),
}

/** A long one needs no classes, as NIST has it. */
function missingFrom(field: Field): string[] {
  const active = field.filters.filter((filter) => filter.disabled !== true)
  const least = (...names: string[]): number =>
    Math.max(0, ...active.filter((filter) => names.includes(filter.name)).map((filter) => Number(filter.args[0]?.text ?? 0)))
  const length = least('min')
  if (length >= 15) return []
  const has = (...names: string[]): boolean => least(...names) > 0
  return [
    ...(length < 12 ? [`12 characters (${length === 0 ? 'any number will do' : `${length} will do`})`] : []),
    ...(has('minLowerAlpha') ? [] : ['lower-case letter']),
    ...(has('minUpperAlpha') ? [] : ['upper-case letter']),
    ...(has('minDigit') ? [] : ['digit']),
    ...(has('minSymbol') ? [] : ['symbol']),
  ]
}
