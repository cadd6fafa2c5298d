/** A partial push drops nothing: columns and indexes a table document leaves out stay as they are. */
import { findAttribute } from '../definitions/attributes.js'
import { readTable } from '../definitions/read-table.js'
import type { IndexModel } from '../definitions/table.js'
import { indexToExpr } from '../definitions/table-json.js'
import type { Definition, Field } from '../lang/tree.js'

export interface KeptTable {
  definition: Definition
  /** `column age`, `index btree(created_at desc)`: what was left out. */
  kept: string[]
}

/** The sent table with whatever only the stored one has. */
export function keepAbsent(stored: Definition, sent: Definition): KeptTable {
  const missing = missingFields(stored, sent)
  const indexes = missingIndexes(stored, sent)
  const kept = [...missing.map((field) => `column ${field.name}`), ...indexes.map((index) => `index ${labelOf(index)}`)]
  if (kept.length === 0) return { definition: sent, kept }
  return { definition: withIndexes({ ...sent, schema: mergeFields(stored.schema ?? [], sent.schema ?? []) }, indexes), kept }
}

function missingFields(stored: Definition, sent: Definition): Field[] {
  const names = new Set((sent.schema ?? []).map((field) => field.name))
  return (stored.schema ?? []).filter((field) => !names.has(field.name))
}

/** A column left out comes behind the one it stood behind. */
function mergeFields(stored: readonly Field[], sent: readonly Field[]): Field[] {
  const merged = [...sent]
  stored.forEach((field, i) => {
    if (merged.some(({ name }) => name === field.name)) return
    const at = merged.findIndex(({ name }) => name === stored[i - 1]?.name)
    merged.splice(at < 0 ? merged.length : at + 1, 0, field)
  })
  return merged
}

const indexesOf = (definition: Definition): IndexModel[] => readTable(definition, 0, '').table.indexes

const isOrdered = (index: IndexModel): boolean => index.type === 'btree' || index.type === 'unique'
/** Ascending is what an ordered index is without saying so. */
const keyOf = (index: IndexModel): string =>
  JSON.stringify([index.type, index.fields.map(({ name, op }) => [name, op?.toLowerCase() ?? (isOrdered(index) ? 'asc' : '')]), index.lang ?? ''])

function missingIndexes(stored: Definition, sent: Definition): IndexModel[] {
  const known = new Set(indexesOf(sent).map(keyOf))
  return indexesOf(stored).filter((index) => index.type !== 'primary' && !known.has(keyOf(index)))
}

function withIndexes(definition: Definition, indexes: readonly IndexModel[]): Definition {
  if (indexes.length === 0) return definition
  const items = indexes.map(indexToExpr)
  const attribute = findAttribute(definition, 'index')
  if (attribute?.value.type !== 'list') return { ...definition, attributes: [...definition.attributes, { name: 'index', value: { type: 'list', items } }] }
  const merged = { ...attribute, value: { ...attribute.value, items: [...attribute.value.items, ...items] } }
  return { ...definition, attributes: definition.attributes.map((one) => (one === attribute ? merged : one)) }
}

const labelOf = (index: IndexModel): string => `${index.type}(${index.fields.map(({ name, op }) => `${name}${op === undefined ? '' : ` ${op}`}`).join(', ')})`
