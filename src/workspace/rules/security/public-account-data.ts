/** An endpoint without auth answers rows of accounts: addresses, names, roles. */
import { readQuery } from '../../../definitions/query.js'
import type { TableModel } from '../../../definitions/table.js'
import type { Expr } from '../../../lang/tree.js'
import { flowOf } from './flow.js'
import { findingAt, type SecurityRule } from './rule.js'
import { argument, snakeCase, textsOf } from './syntax.js'

export const publicAccountData: SecurityRule = {
  id: 'public-account-data',
  title: 'Accounts in public answers',
  severity: 'warning',
  seed: 'S2',
  kinds: ['query'],
  check(definition, context) {
    const { query } = readQuery(definition)
    if (query.auth !== null || !query.active) return []
    const { accesses, answers } = flowOf(definition, context)
    return accesses
      .filter((access) => access.table.auth && (access.operation === 'list' || access.operation === 'read') && !access.capability && !access.ruled)
      .filter(({ statement, table }) => !showsLittle(argument(statement, 'output'), table))
      .filter((access) => answers.some((answer) => answer.labels.has(`row:${access.id}`) && !answer.isProven(access)))
      .map((access) =>
        findingAt(
          access.at,
          `${query.verb} ${query.path} answers rows of the accounts in "${access.table.name}" to anyone.`,
          `Ask for the members that are public: output = ["id", "name"], or add auth = "${access.table.name}".`,
        ),
      )
  },
}

const personal = /(?:mail|phone|mobile|address|street|birth|gender|role|permission|token|secret|password|iban|salary|ip)/

/** The columns are chosen, and none of them is what people do not show to everyone. */
function showsLittle(output: Expr | undefined, table: TableModel): boolean {
  const asked = new Set(textsOf(output).map((path) => path.replace(/^items\./, '').split('.')[0]))
  const columns = table.columns.filter(({ name }) => asked.has(name))
  return columns.length > 0 && columns.every(({ name, type }) => type !== 'email' && type !== 'password' && !personal.test(snakeCase(name)))
}
