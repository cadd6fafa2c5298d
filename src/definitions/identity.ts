/** What makes two documents describe the same construct: kind, name, and for some the group, verb or table around it. */
import type { Definition } from '../lang/tree.js'
import { textAttribute } from './attributes.js'
import { trimSlashes } from './path.js'
import { readQuery } from './query.js'

export interface Identity {
  kind: string
  name: string
  /** API group of a query, table of a table trigger; `""` for the rest. */
  parent: string
  /** Verb of a query; `""` for the rest. */
  verb: string
}

/** The identity a document states. */
export function identityOf(definition: Definition): Identity {
  const { kind, name } = definition
  if (kind === 'query') return { kind, name: trimSlashes(name), parent: textAttribute(definition, 'api_group') ?? '', verb: readQuery(definition).query.verb }
  if (kind === 'table_trigger') return { kind, name, parent: textAttribute(definition, 'table') ?? '', verb: '' }
  // One per workspace, whatever it is called.
  if (kind === 'workspace' || kind === 'branch') return { kind, name: '', parent: '', verb: '' }
  return { kind, name, parent: '', verb: '' }
}

/** The identity as one text, for maps. */
export const identityKey = ({ kind, parent, name, verb }: Identity): string => JSON.stringify([kind, parent, name, verb])

/** The name in plans and messages: `path VERB` for a query. */
export const displayName = ({ name, verb }: Pick<Identity, 'name' | 'verb'>): string => (verb === '' ? name : `${name} ${verb}`)

/** Equal but for positions and lines: what decides whether a push changes anything. */
export function sameDefinition(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => sameDefinition(item, b[i]))
  const keys = meaningfulKeys(a)
  return (
    keys.length === meaningfulKeys(b).length && keys.every((key) => sameDefinition((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  )
}

const meaningfulKeys = (node: object): string[] =>
  Object.keys(node).filter((key) => key !== 'at' && key !== 'line' && (node as Record<string, unknown>)[key] !== undefined)
