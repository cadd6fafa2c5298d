/** What the caller sends goes into a row as it is: columns nobody meant to open are set too (CWE-915). */

import type { Access } from './access.js'
import { authTableOf, isPrivileged, ownerColumns, type SecurityContext } from './context.js'
import { flowOf } from './flow.js'
import { isColumnRuled } from './flow-rules.js'
import { isInput } from './labels.js'
import { findingAt, type RuleFinding, type SecurityRule } from './rule.js'

export const massAssignment: SecurityRule = {
  id: 'mass-assignment',
  title: 'Columns the caller must not set',
  severity: 'error',
  seed: 'C5',
  kinds: ['query'],
  check: (definition, context) =>
    flowOf(definition, context).accesses.flatMap((access) => [...wholeFindings(access), ...columnFindings(access, context, authTableOf(definition))]),
}

function wholeFindings({ whole, at, statement, table }: Access): RuleFinding[] {
  if (whole === null) return []
  const what = whole === 'raw' ? 'The raw body of the request' : 'The whole of $input'
  return [
    findingAt(
      at,
      `${what} is the data of ${statement.name} "${table.name}".`,
      'Write the columns out: data = {title: $input.title}, or pick them: $input|pick:["title"].',
    ),
  ]
}

function columnFindings(access: Access, context: SecurityContext, auth: string | null): RuleFinding[] {
  const { written, table, at, operation } = access
  if (written === null) return []
  const owners = new Set(ownerColumns(table, context).map((column) => column.name))
  return [...written].flatMap(([column, labels]) => {
    const fromInput = [...labels].some(isInput)
    if (!fromInput || !access.unauthorized || (!access.bypasses && isColumnRuled(table, operation, column, auth))) return []
    if (owners.has(column) && column !== table.columns[0]?.name && (auth !== null || access.operation === 'change'))
      return [
        findingAt(at, `The caller chooses "${column}", whom the row of table "${table.name}" belongs to.`, `Take it from the token: ${column}: $auth.id.`),
      ]
    if (table.auth && isPrivileged(column))
      return [
        findingAt(at, `The caller chooses "${column}" of an account in table "${table.name}".`, 'Leave the column out, or check the role of the caller first.'),
      ]
    return []
  })
}
