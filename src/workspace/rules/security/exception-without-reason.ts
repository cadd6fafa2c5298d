/** A rule is switched off and nobody says why. */
import { findAttribute } from '../../../definitions/attributes.js'
import { constantOf } from '../../../definitions/constant.js'
import { isObj } from '../../../lib/value.js'
import { exceptionsAttribute, isReason } from './exceptions.js'
import { findingAt, type RuleFinding, type SecurityRule } from './rule.js'

export const exceptionWithoutReason: SecurityRule = {
  id: 'exception-without-reason',
  title: 'A rule is switched off without a reason',
  severity: 'error',
  seed: 'C18',
  kinds: ['query', 'function', 'table', 'api_group', 'task', 'tool', 'middleware', 'addon', 'branch', 'workspace'],
  check(definition): RuleFinding[] {
    const attribute = findAttribute(definition, exceptionsAttribute)
    if (attribute === undefined) return []
    const value = constantOf(attribute.value)
    const fix = `Name each rule with its reason: ${exceptionsAttribute} = {"idor-dataflow": "Staff may see every order."}.`
    if (!isObj(value)) return [findingAt(attribute, `${exceptionsAttribute} must be an object of reasons.`, fix)]
    return [...value].filter(([, reason]) => !isReason(reason)).map(([rule]) => findingAt(attribute, `The exception for "${rule}" gives no reason.`, fix))
  },
}
