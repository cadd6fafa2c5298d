/** Attribute values that are known without running anything: literals, and lists and objects of them. */
import type { Expr, ListLiteral, ObjectLiteral } from '../lang/tree.js'
import { type Json, toPlain, type Value } from '../lib/value.js'

/** The value of a literal; `undefined` when the expression is not constant. `now` is the text "now". */
export function constantOf(expr: Expr): Value | undefined {
  switch (expr.type) {
    case 'text':
    case 'word':
      return expr.value
    case 'number':
      return Number(expr.text)
    case 'timestamp':
      return expr.text
    case 'constant':
      return expr.name === 'null' ? null : expr.name === 'now' ? 'now' : expr.name === 'true'
    case 'list':
      return listOf(expr)
    case 'object':
      return objectOf(expr)
    case 'cast':
      return castOf(expr.to, expr.text)
    default:
      return undefined
  }
}

/** The same as plain JSON. */
export function plainConstantOf(expr: Expr): Json | undefined {
  const value = constantOf(expr)
  return value === undefined ? undefined : toPlain(value)
}

function listOf(expr: ListLiteral): Value | undefined {
  const out: Value[] = []
  for (const item of expr.items) {
    const value = item.type === 'spread' ? undefined : constantOf(item)
    if (value === undefined) return undefined
    out.push(value)
  }
  return out
}

function objectOf(expr: ObjectLiteral): Value | undefined {
  const out = new Map<string, Value>()
  for (const entry of expr.entries) {
    const value = entry.type === 'entry' ? constantOf(entry.value) : undefined
    if (value === undefined || entry.type !== 'entry') return undefined
    out.set(entry.key, value)
  }
  return out
}

function castOf(to: string, text: string): Value | undefined {
  if (to === 'int' || to === 'decimal') return Number(text)
  if (to === 'bool') return text === 'true' || text === '1'
  return to === 'text' || to === 'timestamp' ? text : undefined
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
