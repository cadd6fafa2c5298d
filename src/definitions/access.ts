/** Who may call an endpoint: what it says itself, and what its API group says for all of its endpoints. */
import type { Definition } from '../lang/tree.js'
import { isList } from '../lib/value.js'
import { findAttribute, textAttribute } from './attributes.js'
import { constantOf } from './constant.js'

export interface Access {
  /** Table whose tokens open it; null when nothing names one. */
  auth: string | null
  /** Each list must hold the role of the caller; empty when any role will do. */
  roles: readonly (readonly string[])[]
}

/** `auth` and `roles` of an endpoint within its group. An endpoint that says anything about `auth`, or is public with a reason, does not take the group's. */
export function readAccess(endpoint: Definition, group: Definition): Access {
  const roles = [readRoles(group), readRoles(endpoint)].filter((list) => list !== undefined)
  const decides = findAttribute(endpoint, 'auth') !== undefined || (textAttribute(endpoint, 'public') ?? '').trim() !== ''
  return { auth: authTable(decides ? endpoint : group), roles }
}

/** An endpoint as its group makes it: with the `auth` that it takes from there written in. */
export function withGroupAccess(definition: Definition, groups: ReadonlyMap<string, Definition>): Definition {
  const group = definition.kind === 'query' ? groups.get(textAttribute(definition, 'api_group') ?? '') : undefined
  if (group === undefined || findAttribute(definition, 'auth') !== undefined) return definition
  const { auth } = readAccess(definition, group)
  return auth === null ? definition : { ...definition, attributes: [...definition.attributes, { name: 'auth', value: { type: 'text', value: auth } }] }
}

const authTable = (definition: Definition): string | null => textAttribute(definition, 'auth') || null

/** `roles = ["admin"]`; `undefined` when the definition says nothing. What is not a list of names lets nobody in. */
export function readRoles(definition: Definition): readonly string[] | undefined {
  const attribute = findAttribute(definition, 'roles')
  if (attribute === undefined) return undefined
  const value = constantOf(attribute.value)
  return isList(value) ? value.filter((item): item is string => typeof item === 'string' && item !== '') : []
}

/** What is wrong with the `roles` of a definition; null when nothing. */
export function rolesProblem(definition: Definition): string | null {
  const roles = readRoles(definition)
  if (roles === undefined) return null
  return roles.length === 0 ? '"roles" must be a list of names: roles = ["admin"].' : null
}

/** Why a stack does not keep to the rules of the tables; null when it does. */
export const bypassReason = (definition: Definition): string | null => textAttribute(definition, 'bypass_rules')?.trim() || null
