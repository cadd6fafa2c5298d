/** A secret is guessed at the pace of ordinary requests: only endpoints that check passwords or issue tokens by statement count under the strict limit. */
import type { Definition, Expr } from '../../../lang/tree.js'
import type { SecurityContext } from './context.js'
import { findingAt, type RuleFinding, type SecurityRule } from './rule.js'
import { activeStatements, argument, columnOf, nameInHead, snakeCase, variableName, visitActive } from './syntax.js'

const strict = new Set(['security.check_password', 'security.create_auth_token', 'security.create_session', 'security.use_one_time_token', 'redis.ratelimit'])
const secretName = /^(?:.*_)?(?:password|passwd|pwd|otp|pin|code|passcode)$/

export const authEndpointWithoutLimit: SecurityRule = {
  id: 'auth-endpoint-without-limit',
  title: 'Secrets can be guessed without a limit',
  severity: 'warning',
  seed: 'C4',
  kinds: ['query'],
  check(definition, context) {
    if (usesStrict(definition, context, new Set())) return []
    const found: RuleFinding[] = []
    const secretInput = secretsIn(definition)
    visitActive(definition, (expr, statement) => {
      if (found.length > 0 || expr.type !== 'binary' || !/^[=!]==?$/.test(expr.op)) return
      const input = [expr.left, expr.right].map(secretInput).find((name) => name !== undefined)
      const other = [expr.left, expr.right].find((side) => secretInput(side) === undefined)
      if (input === undefined || other === undefined || (columnOf(other) === undefined && other.type !== 'member' && other.type !== 'filter')) return
      found.push(
        findingAt(
          statement ?? definition,
          `$input.${input} is compared with a stored secret, at the pace of ordinary requests.`,
          'Compare passwords with security.check_password; its endpoints allow five tries a minute.',
        ),
      )
    })
    return found
  },
}

/** Itself or through functions, as the HTTP layer looks for it. */
function usesStrict(definition: Definition, context: SecurityContext, seen: Set<string>): boolean {
  return activeStatements(definition).some((statement) => {
    if (strict.has(statement.name)) return true
    const name = statement.name === 'function.run' ? nameInHead(statement) : ''
    const callee = context.functions.get(name)
    if (callee === undefined || seen.has(name)) return false
    seen.add(name)
    return usesStrict(callee, context, seen)
  })
}

/** Inputs called like secrets, and variables that hold one. */
function secretsIn(definition: Definition): (expr: Expr) => string | undefined {
  const held = new Map<string, string>()
  const find = (expr: Expr): string | undefined => {
    if (expr.type === 'variable') return held.get(expr.name)
    if (expr.type === 'filter') return expr.input === null || expr.name === 'get' ? undefined : find(expr.input)
    return expr.type === 'member' && variableName(expr.object) === 'input' && secretName.test(snakeCase(expr.name)) ? expr.name : undefined
  }
  for (const statement of activeStatements(definition)) {
    const [target, value] = [variableName(statement.head[0]), argument(statement, 'value')]
    const name = /^var(?:\.update)?$/.test(statement.name) && value !== undefined ? find(value) : undefined
    if (target !== undefined && name !== undefined) held.set(target, name)
  }
  return find
}
