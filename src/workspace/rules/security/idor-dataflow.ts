/** An input picks a row that belongs to someone, and nothing proves that it belongs to the caller (CWE-639, R17). */

import type { Access } from './access.js'
import { authTableOf, isOwned, ownerColumnsOf, type SecurityContext } from './context.js'
import { flowOf } from './flow.js'
import { isInput } from './labels.js'
import { findingAt, type RuleFinding, type SecurityRule } from './rule.js'

export const idorDataflow: SecurityRule = {
  id: 'idor-dataflow',
  title: 'An input picks the rows of other people',
  severity: 'error',
  seed: 'C5',
  kinds: ['query'],
  check(definition, context) {
    const auth = authTableOf(definition)
    const { accesses, answers, incomplete } = flowOf(definition, context)
    if (incomplete)
      return [
        findingAt(
          definition,
          'The stack has more ways through it than can be followed: nobody knows whose rows it reaches.',
          'Move parts of it into functions that check ownership themselves, or accept it with a reason.',
        ),
      ]
    return accesses.flatMap((access): RuleFinding[] => {
      if (!access.unproven || access.ruled || access.operation === 'add' || !isOwned(access.table, context)) return []
      // What a public endpoint shows is public by decision; what it changes is not.
      if (isReading(access)) {
        if (auth === null) return []
        if (!answers.some((answer) => answer.labels.has(`row:${access.id}`) && !answer.isProven(access))) return []
      }
      return [finding(access, auth, context)]
    })
  },
}

const isReading = ({ operation }: Access): boolean => operation === 'read' || operation === 'list' || operation === 'count'

function finding(access: Access, auth: string | null, context: SecurityContext): RuleFinding {
  const { table, statement, inside, at } = access
  const inputs = [...new Set(access.keys.flatMap(({ labels }) => [...labels].filter(isInput)))].map((label) =>
    label === 'in:*' ? 'the request' : `$input.${label.slice(3)}`,
  )
  const what = inputs.length === 0 ? 'A row that the caller picked' : inputs.join(', ')
  const verb = isReading(access) ? 'shows' : access.operation === 'delete' ? 'deletes' : 'changes'
  const where = inside === '' ? '' : ` (in function "${inside}")`
  const owner = ownerColumnsOf(table, context, auth)[0]?.name
  const check =
    owner === undefined
      ? 'check the role of the caller first: precondition ($auth.extras.role == "admin")'
      : `add $db.${table.name}.${owner} == $auth.id to the condition, or check it first: precondition ($row.${owner} == $auth.id)`
  return findingAt(
    at,
    `${what} picks the row of table "${table.name}" that ${statement.name}${where} ${verb}, and nothing proves that it is the caller's.`,
    `${check.charAt(0).toUpperCase()}${check.slice(1)}.`,
  )
}
