/** Cast literals (`!int "5"`) and timestamp literals, converted when a program is compiled. */
import { parseExpression } from '../lang/parser.js'
import type { Expr } from '../lang/tree.js'
import { decimalOf, isList, isObj, type Value } from '../lib/value.js'
import { toBool, toDecimal, toInt } from './convert.js'
import { parseJson } from './serialize.js'

export type CastResult = { value: Value } | { expr: Expr } | { now: true } | { problem: string }

/** The value of a cast literal. */
export function castValue(to: string, text: string): CastResult {
  switch (to) {
    case 'int':
      return { value: toInt(text) }
    case 'decimal':
      return { value: decimalOf(toDecimal(text)) }
    case 'bool':
      return { value: toBool(text) }
    case 'text':
      return { value: text }
    case 'array':
      return jsonOf(text, isList, 'list')
    case 'object':
      return jsonOf(text, isObj, 'object')
    case 'timestamp': {
      if (text.trim() === 'now') return { now: true }
      const time = timestampOf(text)
      return time === null ? { problem: `"${text}" is not a timestamp.` } : { value: time }
    }
    case 'expr': {
      const { expr, problems } = parseExpression(text)
      return expr ? { expr } : { problem: problems[0]?.message ?? 'Not an expression.' }
    }
    default:
      return { problem: `There is no cast to ${to}.` }
  }
}

function jsonOf(text: string, accepts: (value: unknown) => boolean, what: string): CastResult {
  try {
    const value = parseJson(text.trim() === '' ? (what === 'list' ? '[]' : '{}') : text)
    if (accepts(value)) return { value }
  } catch {
    // Reported below: the text is no JSON at all.
  }
  return { problem: `The text is not a JSON ${what}.` }
}

/** Epoch ms of a date with optional time and zone (UTC when absent) or of epoch ms as text; null for anything else. */
export function timestampOf(text: string): number | null {
  const trimmed = text.trim()
  if (/^-?\d{9,16}$/.test(trimmed)) return Number(trimmed)
  const parts = /^(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?\s*(Z|[+-]\d{2}:?\d{2})?$/i.exec(trimmed)
  if (!parts) return null
  const zone = (parts[3] ?? 'Z').replace(/^([+-]\d{2})(\d{2})$/, '$1:$2')
  const time = Date.parse(`${parts[1]}T${parts[2] ?? '00:00:00'}${zone.toUpperCase()}`)
  return Number.isNaN(time) ? null : time
}
