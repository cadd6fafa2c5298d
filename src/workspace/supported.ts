/** Constructs and clauses that are stored but do not run yet: running without them would not be what the builder wrote. */
import { findAttribute, textAttribute } from '../definitions/attributes.js'
import { constantOf } from '../definitions/constant.js'
import { kindOf } from '../definitions/kinds.js'
import { AppError } from '../errors.js'
import type { Definition } from '../lang/tree.js'
import { isList, isObj, type Value } from '../lib/value.js'

/** Throws `unsupported` for a construct that does not run yet, or that middleware around it would guard. `around`: its group and branch. */
export function assertSupported(definition: Definition, around: readonly (Definition | undefined)[]): void {
  if (!kindOf(definition.kind).runs) throw notSupported(definition.kind)
  if (textAttribute(definition, 'response_type') === 'stream') throw notSupported('response_type = "stream"')
  const own = middlewareOf(definition)
  // A list on a lower level replaces the inherited one.
  const inherited = around.find((outer) => outer !== undefined && middlewareOf(outer, definition.kind) !== null)
  const effective = own ?? (inherited === undefined ? null : middlewareOf(inherited, definition.kind))
  if (effective !== null && isActive(effective)) throw notSupported('middleware')
}

/** What answers a call of something that is stored only. */
export const notSupported = (name: string): AppError => new AppError('unsupported', `not supported yet: ${name}`)

/** `middleware = {pre, post}`; of a branch the part for one kind. Null when it says nothing. */
function middlewareOf(definition: Definition, kind?: string): Value | null {
  const attribute = findAttribute(definition, 'middleware')
  const value = attribute === undefined ? undefined : constantOf(attribute.value)
  if (value === undefined) return null
  if (definition.kind === 'branch') return isObj(value) ? (value.get(kind ?? '') ?? null) : null
  return value
}

const isActive = (value: Value): boolean =>
  isObj(value) && [...value.values()].some((list) => isList(list) && list.some((item) => !isObj(item) || item.get('active') !== false))
