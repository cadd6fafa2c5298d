/** Constants of definitions as JSON and back; `constantOf` reads them. */
import { constantOf } from '../lang/constant.js'
import type { Expr } from '../lang/tree.js'
import { type Json, toPlain } from '../lib/value.js'

export { constantOf }

/** The same as plain JSON. */
export function plainConstantOf(expr: Expr): Json | undefined {
  const value = constantOf(expr)
  return value === undefined ? undefined : toPlain(value)
}

/** A literal for a plain value. */
export function literalOf(value: unknown): Expr {
  if (value === null || value === undefined) return { type: 'constant', name: 'null' }
  switch (typeof value) {
    case 'string':
      return { type: 'text', value }
    case 'number':
      return { type: 'number', text: numberText(value) }
    case 'bigint':
      return { type: 'number', text: String(value) }
    case 'boolean':
      return { type: 'constant', name: value ? 'true' : 'false' }
    default:
      return compositeOf(value)
  }
}

function compositeOf(value: object): Expr {
  if (Array.isArray(value)) return { type: 'list', items: value.map(literalOf) }
  const entries = value instanceof Map ? [...value] : Object.entries(value).filter(([, member]) => member !== undefined)
  return { type: 'object', entries: entries.map(([key, member]) => ({ type: 'entry', key: String(key), value: literalOf(member) })) }
}

/** The language has no exponents. */
function numberText(value: number): string {
  const text = String(value)
  if (!text.includes('e')) return text
  return Number.isInteger(value) ? BigInt(value).toString() : value.toFixed(20).replace(/0+$/, '')
}
