/** The history of an endpoint that handles credentials keeps all of it for ever. */
import { findAttribute } from '../../../definitions/attributes.js'
import { findingAt, type RuleFinding, type SecurityRule } from './rule.js'
import { textOf } from './syntax.js'

export const historyOfEverything: SecurityRule = {
  id: 'history-of-everything',
  title: 'A request history without bounds',
  severity: 'warning',
  seed: 'C19',
  kinds: ['query', 'api_group', 'branch', 'workspace'],
  check(definition): RuleFinding[] {
    const attribute = findAttribute(definition, 'history')
    if (attribute === undefined || textOf(attribute.value) !== 'all') return []
    return [findingAt(attribute, 'The request history has no bound.', 'Choose one: history = 1000.')]
  },
}
