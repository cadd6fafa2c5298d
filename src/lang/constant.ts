/** Values that are known without running anything: literals, and lists and objects of them. */
import type { Value } from '../lib/value.js'
import type { Expr, ListLiteral, ObjectLiteral, Unary } from './tree.js'

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
    case 'unary':
      return negativeOf(expr)
    default:
      return undefined
  }
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

/** Lists and objects stay the text they are written in: whoever reads them knows their type. */
function castOf(to: string, text: string): Value | undefined {
  if (to === 'int' || to === 'decimal') return Number.isFinite(Number(text)) ? Number(text) : undefined
  return to === 'bool' ? text === 'true' || text === '1' : text
}

function negativeOf({ op, operand }: Unary): Value | undefined {
  const value = op === '-' ? constantOf(operand) : undefined
  return typeof value === 'number' ? -value : undefined
}
