/** Stable ids of definitions: written as `guid = "…"` or `security { guid = "…" }`, kept apart from the stored definition. */
import { randomBytes } from 'node:crypto'
import type { Attribute, Definition } from '../lang/tree.js'
import { isObj } from '../lib/value.js'
import { constantOf } from './constant.js'

/** 22 characters of base64url, 128 bits: for guids and for the canonicals of API groups. */
export const createGuid = (): string => randomBytes(16).toString('base64url')

/** The guid a document names; null when it names none. */
export function guidOf(definition: Definition): string | null {
  const direct = guidIn(definition.attributes)
  if (direct !== null) return direct
  for (const group of definition.groups) if (group.name === 'security') return guidIn(group.attributes)
  const security = definition.attributes.find((attribute) => attribute.name === 'security')
  const value = security === undefined ? undefined : constantOf(security.value)
  const guid = isObj(value) ? value.get('guid') : undefined
  return typeof guid === 'string' && guid !== '' ? guid : null
}

function guidIn(attributes: readonly Attribute[]): string | null {
  const attribute = attributes.find((candidate) => candidate.name === 'guid')
  const value = attribute === undefined ? undefined : constantOf(attribute.value)
  return typeof value === 'string' && value !== '' ? value : null
}

/** The definition without its guid, as it is stored. */
export function withoutGuid(definition: Definition): Definition {
  return {
    ...definition,
    attributes: definition.attributes.filter((attribute) => attribute.name !== 'guid' && !(attribute.name === 'security' && isGuidOnly(attribute))),
    groups: definition.groups.filter((group) => group.name !== 'security' || group.attributes.some((attribute) => attribute.name !== 'guid')),
  }
}

function isGuidOnly(attribute: Attribute): boolean {
  const value = constantOf(attribute.value)
  return isObj(value) && [...value.keys()].every((key) => key === 'guid')
}

/** The definition as it is shown: with its guid at the end. */
export const withGuid = (definition: Definition, guid: string): Definition => ({
  ...definition,
  attributes: [...definition.attributes, { name: 'guid', value: { type: 'text', value: guid } }],
})
