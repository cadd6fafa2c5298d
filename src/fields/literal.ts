/** Defaults and options of fields are literals; this reads them. */
import type { Expr } from '../lang/tree.js'
import type { Value } from '../lib/value.js'

/** The value of a literal, `now` as the text "now"; `undefined` for anything that must be computed. */
export function literalValue(expr: Expr): Value | undefined {
  switch (expr.type) {
    case 'text':
    case 'word':
      return expr.value
    case 'timestamp':
      return expr.text
    case 'number':
      return Number(expr.text)
    case 'constant':
      return expr.name === 'null' ? null : expr.name === 'now' ? 'now' : expr.name === 'true'
    case 'cast':
      return expr.text
    case 'unary':
      return negative(expr.op, literalValue(expr.operand))
    case 'list':
      return collect(expr.items.map((item) => (item.type === 'spread' ? undefined : literalValue(item))))
    case 'object': {
      const values = collect(expr.entries.map((entry) => (entry.type === 'entry' ? literalValue(entry.value) : undefined)))
      return values && new Map(expr.entries.map((entry, i) => [entry.type === 'entry' ? entry.key : '', values[i] as Value]))
    }
    default:
      return undefined
  }
}

const negative = (op: string, value: Value | undefined): Value | undefined => (op === '-' && typeof value === 'number' ? -value : undefined)
const collect = (values: (Value | undefined)[]): Value[] | undefined => (values.includes(undefined) ? undefined : (values as Value[]))
