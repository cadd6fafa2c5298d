/** Values of workspace variables in the answers of runs: whoever may not read secrets sees that they are there, not what they are. */
import { permits } from '../../auth/roles.js'
import { fromPlain, isBinary, isList, isObj, type Value } from '../../lib/value.js'
import type { BranchSnapshot } from '../../workspace/snapshot.js'
import type { MetaCall } from './route.js'

const masked = '(masked)'
/** Shorter texts occur anywhere. */
const shortest = 6

/**
 * The answer as it is for those with `secret:read`; for others without the values. That keeps secrets off screens and out of logs; a program that sends
 * them elsewhere, or spells them otherwise, is not stopped by it.
 */
export function hideVariables({ caller }: Pick<MetaCall, 'caller'>, { workspace }: BranchSnapshot, answer: unknown): unknown {
  if (permits(caller, { area: 'secret', access: 'read' })) return answer
  const secrets = [...workspace.env.values()].filter((value): value is string => typeof value === 'string' && value.length >= shortest)
  if (secrets.length === 0) return answer
  // A value may be part of another one.
  secrets.sort((a, b) => b.length - a.length)
  const hide = (value: Value): Value => {
    if (typeof value === 'string') return secrets.reduce((text, secret) => text.replaceAll(secret, masked), value)
    if (isList(value)) return value.map(hide)
    if (!isObj(value) || isBinary(value)) return value
    return new Map([...value].map(([name, member]) => [hide(name) as string, hide(member)]))
  }
  return hide(fromPlain(answer))
}
