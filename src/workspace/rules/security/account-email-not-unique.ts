/** Two accounts with one address: which one a login or a reset means is a matter of chance (R49). */
import { readTable } from '../../../definitions/read-table.js'
import { findingAt, type SecurityRule } from './rule.js'

export const accountEmailNotUnique: SecurityRule = {
  id: 'account-email-not-unique',
  title: 'Two accounts may have one address',
  severity: 'warning',
  seed: 'C2',
  kinds: ['table'],
  check(definition) {
    const { table } = readTable(definition, 0, '')
    if (!table.auth) return []
    const unique = new Set(table.indexes.filter((index) => index.type === 'unique' && index.fields.length === 1).map((index) => index.fields[0]?.name))
    return table.columns.flatMap((column) => {
      if (column.type !== 'email' && column.name !== 'email') return []
      if (!unique.has(column.name))
        return [
          findingAt(
            column.field,
            `Nothing keeps two accounts of "${table.name}" from having the same "${column.name}".`,
            `Add to index: {type: "btree|unique", field: [{name: "${column.name}"}]}.`,
          ),
        ]
      const folds = column.field.filters.some((filter) => ['lower', 'to_lower', 'upper', 'to_upper'].includes(filter.name) && filter.disabled !== true)
      return folds
        ? []
        : [
            findingAt(
              column.field,
              `"Ada@example.com" and "ada@example.com" are two accounts of "${table.name}".`,
              `Fold the case: email ${column.name} filters=trim|lower.`,
            ),
          ]
    })
  },
}
