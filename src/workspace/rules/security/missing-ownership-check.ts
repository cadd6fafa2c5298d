/** An endpoint with auth works on rows that belong to people without ever asking whose they are. */
import { authTableOf, isIndirectlyOwned, isOwned } from './context.js'
import { flowOf } from './flow.js'
import { isChosen } from './labels.js'
import { findingAt, type RuleFinding, type SecurityRule } from './rule.js'

export const missingOwnershipCheck: SecurityRule = {
  id: 'missing-ownership-check',
  title: 'Rows of people without a look at whose they are',
  severity: 'warning',
  seed: 'C8',
  kinds: ['query'],
  check(definition, context) {
    if (authTableOf(definition) === null) return []
    const { accesses, answers, queries } = flowOf(definition, context)
    const rows = accesses.flatMap((access): RuleFinding[] => {
      const { table, operation, own, ruled, capability } = access
      if (own || ruled || capability || operation === 'add' || !isIndirectlyOwned(table, context)) return []
      const picked = access.keys.some(({ labels }) => [...labels].some(isChosen))
      // A key that an input picks is the matter of idor-dataflow, unless the owner is tables away.
      if (isOwned(table, context) ? picked || !access.unauthorized : !access.unproven) return []
      if (operation === 'list' || operation === 'read' || operation === 'count') {
        if (!answers.some((answer) => answer.labels.has(`row:${access.id}`) && !answer.isProven(access))) return []
      } else if (!access.unauthorized) return []
      const verb = operation === 'delete' ? 'deletes' : operation === 'change' ? 'changes' : 'shows'
      return [
        findingAt(
          access.at,
          `${access.statement.name} ${verb} rows of table "${table.name}" to every caller, whoever they belong to.`,
          'Compare the owner with $auth.id in where, or check the role of the caller first.',
        ),
      ]
    })
    const sql = queries.flatMap(({ at, tables, labels, unauthorized }): RuleFinding[] => {
      const owned = tables.find((table) => isOwned(table, context))
      if (owned === undefined || !unauthorized || labels.has('id') || labels.has('own')) return []
      return [
        findingAt(
          at,
          `db.direct_query reaches rows of table "${owned.name}", whoever they belong to.`,
          'Compare the owner with an argument: where author_id = ?, arg = $auth.id, or check the role of the caller first.',
        ),
      ]
    })
    return [...rows, ...sql]
  },
}
