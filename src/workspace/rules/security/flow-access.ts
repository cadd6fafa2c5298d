/** What a statement does to the rows of a table, given what is known before it. */
import type { TableModel } from '../../../definitions/table.js'
import type { Statement } from '../../../lang/tree.js'
import { type Access, isPaged, mostOf, operationOf, secretColumns } from './access.js'
import type { Facts } from './flow-facts.js'
import { membersOf, wholeOf } from './flow-objects.js'
import { pickedBy } from './flow-picked.js'
import { isRuled } from './flow-rules.js'
import type { State } from './flow-state.js'
import { argument, memberOf } from './syntax.js'

export interface Place {
  /** The `function.run` in the endpoint that led here. */
  at: Statement | undefined
  /** The function; empty in the endpoint itself. */
  inside: string
  /** The stack is exempt from the rules of tables. */
  bypasses: boolean
}

/** The access, and whether its rows hang on a key that was proven before. */
export function readAccess(statement: Statement, table: TableModel, place: Place, facts: Facts, state: State): { access: Access; pinned: boolean } {
  const { keys, own, capability, pinned } = pickedBy(statement, table, facts, state)
  const operation = operationOf(statement)
  const data = argument(statement, 'data', 'items')
  const size = memberOf(memberOf(argument(statement, 'return'), 'paging'), 'per_page')
  // Nothing proves what the caller chose; a row that rules let the caller have is proof enough as a key of others.
  const isUnproven = ({ labels, target }: Access['keys'][number]): boolean =>
    [...facts.unproven(labels, target, state)].some((label) => !facts.isRuledRow(label))
  const access: Access = {
    id: facts.accesses.length,
    operation,
    table,
    at: place.at ?? statement,
    inside: place.inside,
    keys,
    own,
    ruled: !place.bypasses && isRuled(table, operation, facts.authTable),
    bypasses: place.bypasses,
    capability,
    unproven: !own && !capability && keys.some(isUnproven),
    unauthorized: !state.authorized && state.proven.size === 0,
    secrets: secretColumns(argument(statement, 'output'), table),
    written: data === undefined ? null : membersOf(data, facts.objects(state)),
    whole: data === undefined ? null : (wholeOf(data, facts.objects(state)) ?? null),
    paged: isPaged(statement),
    pageSize: size === undefined ? undefined : { labels: facts.labels(size, state), most: mostOf(size) },
    statement,
  }
  return { access, pinned }
}
