/** `security_exceptions = {"rule-id": "reason"}`: what a builder has looked at and accepted. */
import { findAttribute } from '../../../definitions/attributes.js'
import { constantOf } from '../../../definitions/constant.js'
import type { Definition } from '../../../lang/tree.js'
import { isObj } from '../../../lib/value.js'

export const exceptionsAttribute = 'security_exceptions'

/** Whether a text says anything: two words at least. */
export const isReason = (text: unknown): text is string => typeof text === 'string' && /\p{L}{2,}\P{L}+\p{L}{2,}/u.test(text)

/** Accepted rules with the reason; entries without one do not count. */
export function exceptionsOf(definition: Definition): ReadonlyMap<string, string> {
  const attribute = findAttribute(definition, exceptionsAttribute)
  const value = attribute === undefined ? undefined : constantOf(attribute.value)
  if (!isObj(value)) return new Map()
  return new Map([...value].filter((entry): entry is [string, string] => isReason(entry[1])))
}
