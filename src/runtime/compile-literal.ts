/** Literals: lists, objects, timestamps, casts. */
import { fatal } from '../errors.js'
import type { Cast, ListLiteral, ObjectLiteral } from '../lang/tree.js'
import { isList, isObj, type Obj, type Value } from '../lib/value.js'
import { castValue, timestampOf } from './cast.js'
import { type Compiled, constant, fresh, mergeRoots } from './compiled.js'
import { toText } from './convert.js'
import { type ExpressionCompiler, offset, type Place, problem } from './expression.js'

export function compileTimestamp(c: ExpressionCompiler, expr: { text: string; at?: number }): Compiled {
  const time = timestampOf(expr.text)
  return time === null ? problem(c, expr, `"${expr.text}" is not a timestamp.`) : constant(time)
}

export function compileCast(c: ExpressionCompiler, expr: Cast, at: Place): Compiled {
  const cast = castValue(expr.to, expr.text)
  if ('expr' in cast) return c.node(cast.expr, at)
  if ('value' in cast) return constant(cast.value)
  return 'now' in cast ? fresh((frame) => frame.run.clock.now()) : problem(c, expr, cast.problem)
}

export function compileList(c: ExpressionCompiler, expr: ListLiteral, at: Place): Compiled {
  const parts = expr.items.map((item) => ({ spread: item.type === 'spread', ...c.node(item.type === 'spread' ? item.value : item, at) }))
  if (parts.every((part) => !part.spread && part.constant !== undefined)) return constant(parts.map((part) => part.constant ?? null))
  const roots = mergeRoots(parts)
  if (!parts.some((part) => part.spread)) {
    const readers = parts.map((part) => part.evaluate)
    return { evaluate: (frame) => readers.map((read) => read(frame)), roots }
  }
  return {
    evaluate(frame) {
      const out: Value[] = []
      for (const part of parts) {
        const value = part.evaluate(frame)
        if (!part.spread) out.push(value)
        else spreadInto(value, out)
      }
      frame.run.budget.spend(out.length >> 4)
      return out
    },
    roots,
  }
}

function spreadInto(value: Value, out: Value[]): void {
  if (isList(value)) for (const item of value) out.push(item)
  else if (isObj(value)) for (const item of value.values()) out.push(item)
  else if (value !== null) throw fatal('Only a list can be spread into a list.')
}

export function compileObject(c: ExpressionCompiler, expr: ObjectLiteral, at: Place): Compiled {
  const parts = expr.entries.map((entry) => ({
    key: entry.type === 'entry' ? constant(entry.key) : entry.type === 'computed' ? c.node(entry.key, at) : null,
    ...c.node(entry.value, at),
  }))
  reportDuplicateKeys(c, expr)
  if (parts.every((part) => part.key?.constant !== undefined && part.constant !== undefined))
    return constant(new Map(parts.map((part) => [toText(part.key?.constant ?? null), part.constant ?? null])))
  const roots = mergeRoots(parts)
  if (parts.every((part) => part.key?.constant !== undefined)) {
    const entries = parts.map((part) => [toText(part.key?.constant ?? null), part.evaluate] as const)
    return {
      evaluate(frame) {
        const out: Obj = new Map()
        for (const [key, read] of entries) out.set(key, read(frame))
        return out
      },
      roots,
    }
  }
  return {
    evaluate(frame) {
      const out: Obj = new Map()
      for (const part of parts) {
        if (part.key) out.set(toText(part.key.evaluate(frame)), part.evaluate(frame))
        else spreadMembers(part.evaluate(frame), out)
      }
      return out
    },
    roots,
  }
}

function spreadMembers(value: Value, out: Obj): void {
  if (isObj(value)) for (const [key, member] of value) out.set(key, member)
  else if (isList(value)) value.forEach((item, i) => void out.set(String(i), item))
  else if (value !== null) throw fatal('Only an object can be spread into an object.')
}

function reportDuplicateKeys(c: ExpressionCompiler, expr: ObjectLiteral): void {
  const seen = new Set<string>()
  for (const entry of expr.entries) {
    if (entry.type !== 'entry') continue
    if (seen.has(entry.key)) c.sink.report({ message: `The key \`${entry.key}\` appears twice.`, severity: 'error', ...offset(entry) })
    seen.add(entry.key)
  }
}
