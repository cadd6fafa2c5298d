/** A key is written in the program: everyone who reads or pulls the workspace has it (CWE-798). */
import { definitionExprs, visitExpr } from '../../../lang/visit.js'
import { findingAt, type RuleFinding, type SecurityRule } from './rule.js'
import { activeStatements, textOf } from './syntax.js'

/** Keys that say what they are. */
const known =
  /\b(?:sk_live_[A-Za-z0-9]{10}|rk_live_[A-Za-z0-9]{10}|sk-[A-Za-z0-9_-]{20}|AKIA[A-Z0-9]{16}|gh[pousr]_[A-Za-z0-9]{30}|glpat-[A-Za-z0-9_-]{20}|xox[abprs]-[A-Za-z0-9-]{10}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16}|AIza[A-Za-z0-9_-]{30}|shk_[A-Za-z0-9_-]{43})|-----BEGIN [A-Z ]*PRIVATE KEY-----|\b[a-z][a-z0-9+]*:\/\/[^\s:/@]+:[^\s:/@]+@[^\s/@]+|\bBearer [A-Za-z0-9._-]{20}/
/** Arguments that hold a key. */
const keyName = /^(?:.*_)?(?:api_?key|secret|secret_key|private_key|access_key|signing_key|password|auth_token|bearer)$/i

export const secretInProgram: SecurityRule = {
  id: 'secret-in-program',
  title: 'A key in the program',
  severity: 'error',
  seed: 'S4',
  kinds: ['query', 'function', 'task', 'tool', 'middleware', 'addon', 'agent', 'table_trigger', 'workspace_trigger'],
  check(definition): RuleFinding[] {
    const fix = 'Put it into a variable of the workspace and write $env.NAME.'
    const found: RuleFinding[] = []
    for (const expr of definitionExprs(definition))
      visitExpr(expr, (inner) => {
        const text = inner.type === 'text' || inner.type === 'binary' ? textOf(inner) : undefined
        if (text === undefined) return true
        if (known.test(text)) found.push(findingAt(inner, 'The text of a key is written in the program.', fix))
        return false
      })
    if (found.length > 0) return found
    return activeStatements(definition).flatMap((statement) =>
      statement.name.startsWith('expect.')
        ? []
        : statement.args
            .filter((arg) => keyName.test(arg.name) && arg.value.type === 'text' && arg.value.value.length >= 8)
            .map((arg) => findingAt(statement, `"${arg.name}" of ${statement.name} is written in the program.`, fix)),
    )
  },
}
