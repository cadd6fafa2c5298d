/** `security = {limit: {max: 10, seconds: 60, per: "caller"}}` of an endpoint or an API group: how often it may be called. */
import type { Definition } from '../lang/tree.js'
import { isObj } from '../lib/value.js'
import { type AttributeReader, findAttribute, readAttributes } from './attributes.js'

const subjects = ['address', 'caller', 'all'] as const

export interface RequestLimit {
  max: number
  seconds: number
  /** Whose calls count together: those of an address, of an account (an address where there is none), or everyone's. */
  per: (typeof subjects)[number]
}

const maxSeconds = 86_400

/** Null when there is none; problems go to `reader`. */
export function readRequestLimit(definition: Definition, reader: AttributeReader = readAttributes(definition)): RequestLimit | null {
  const given = reader.object('security').get('limit')
  if (given === undefined || given === null) return null
  const member = (name: string): unknown => (isObj(given) ? given.get(name) : undefined)
  const [max, seconds, per] = [member('max'), member('seconds') ?? 60, member('per') ?? 'address']
  const isCount = (value: unknown, most: number): value is number => typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most
  if (isCount(max, 1_000_000_000) && isCount(seconds, maxSeconds) && isSubject(per)) return { max, seconds, per }
  const hint = `Write limit: {max: 10, seconds: 60, per: "caller"}; seconds up to ${maxSeconds}, per one of ${subjects.join(', ')}.`
  reader.fail(findAttribute(definition, 'security'), 'security.limit is not a limit.', hint)
  return null
}

const isSubject = (value: unknown): value is RequestLimit['per'] => (subjects as readonly unknown[]).includes(value)
