/** A list without pages grows with the table: slow, expensive, and a whole table in one answer. */
import { authTableOf } from './context.js'
import { flowOf } from './flow.js'
import { isInput, nothing } from './labels.js'
import { findingAt, type RuleFinding, type SecurityRule } from './rule.js'

const largestPage = 1000

export const unboundedQuery: SecurityRule = {
  id: 'unbounded-query',
  title: 'A list without pages',
  severity: 'warning',
  seed: 'C15',
  kinds: ['query'],
  check(definition, context) {
    const { accesses, answers } = flowOf(definition, context)
    const bounded = new Set(
      (definition.input ?? []).filter((field) => field.filters.some((filter) => filter.name === 'max' && filter.disabled !== true)).map((field) => field.name),
    )
    return accesses.flatMap((access): RuleFinding[] => {
      if (access.operation !== 'list' || !answers.some((answer) => answer.labels.has(`row:${access.id}`))) return []
      // What belongs to one caller is bounded by what one caller makes.
      if (!access.paged && access.own && authTableOf(definition) !== null) return []
      if (!access.paged)
        return [
          findingAt(
            access.at,
            `db.query "${access.table.name}" answers every row there is.`,
            'Add paging: return = {type: "list", paging: {page: $input.page, per_page: 50}}.',
          ),
        ]
      const { labels, most } = access.pageSize ?? { labels: nothing, most: 0 }
      if (Number.isFinite(most))
        return most <= largestPage
          ? []
          : [findingAt(access.at, `A page has ${most} rows of table "${access.table.name}".`, `Choose ${largestPage} at most: per_page: 50.`)]
      const input = [...labels].find((label) => isInput(label) && !bounded.has(label.slice(3)))?.slice(3)
      if (input === undefined) return []
      return [
        findingAt(
          access.at,
          `The caller chooses how many rows of table "${access.table.name}" a page has.`,
          `Give the input an upper bound: int ${input === '*' ? 'per_page' : input}?=20 filters=min:1|max:100.`,
        ),
      ]
    })
  },
}
