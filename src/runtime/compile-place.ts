/** Variables, and paths into them, that statements change. */
import { fatal } from '../errors.js'
import { reservedVariables } from '../lang/grammar.js'
import type { Expr } from '../lang/tree.js'
import { isList, isObj, unmarked, type Value } from '../lib/value.js'
import { missingVariable } from './compile-variable.js'
import { toText } from './convert.js'
import type { Place } from './define.js'
import { type Place as At, compileBorrow, type ExpressionCompiler, problem } from './expression.js'
import type { Evaluate, Frame } from './frame.js'
import { owned } from './ownership.js'
import { asObject, getMember, nameSegment, reserveIndex } from './path.js'

/** Roots that the language fills itself. */
const readOnly = new Set(['input', 'auth', 'env', 'db'])
export const isReadOnly = (name: string): boolean => readOnly.has(name)

/** A step of a target: a fixed name or an index computed at run time. */
type Step = { name: string; index: number | null } | { key: Evaluate }

interface Target {
  name: string
  slot: number
  steps: Step[]
}

/** A place from a tree: `$name`, `$name.path`, `$name[expr]`. A compile error for anything else. */
export function compilePlace(c: ExpressionCompiler, expr: Expr, at: At): Place {
  const target = targetOf(c, expr, at)
  if (target) return placeOf(target)
  problem(c, expr, 'Expected a variable, such as `$total` or `$order.status`.')
  return placeOf({ name: '?', slot: c.scope.hidden(), steps: [] })
}

/** The place a text names: `total`, `order.status` (as in `as $order.status`). */
export function compileNamedPlace(c: ExpressionCompiler, path: string, node: { at?: number }): Place {
  const [name = '', ...rest] = path.split('.')
  return placeOf({ name, slot: declare(c, name, node), steps: rest.map(stepOf) })
}

/** Reserves the slot of a variable that is written. */
export function declare(c: ExpressionCompiler, name: string, node: { at?: number }): number {
  if (readOnly.has(name)) problem(c, node, `\`$${name}\` is reserved and cannot be assigned.`, { hint: 'Choose another name for the variable.' })
  c.scope.written.add(name)
  return c.scope.slot(name)
}

const stepOf = (name: string): Step => nameSegment(name)

function targetOf(c: ExpressionCompiler, expr: Expr, at: At): Target | null {
  switch (expr.type) {
    case 'variable':
      if (reservedVariables.has(expr.name) && !isReadOnly(expr.name))
        problem(c, expr, `\`$${expr.name}\` is a name of the language itself.`, { severity: 'warning', hint: 'Choose another name for the variable.' })
      return { name: expr.name, slot: declare(c, expr.name, expr), steps: [] }
    case 'member': {
      const base = targetOf(c, expr.object, at)
      return base && { ...base, steps: [...base.steps, stepOf(expr.name)] }
    }
    case 'index': {
      const base = targetOf(c, expr.object, at)
      return base && { ...base, steps: [...base.steps, { key: compileBorrow(c, expr.index, at) }] }
    }
    default:
      return null
  }
}

/** The name of a target's variable when it is a variable and nothing more. */
export const plainVariable = (expr: Expr | undefined): string | null => (expr?.type === 'variable' ? expr.name : null)

function placeOf({ name, slot, steps }: Target): Place {
  if (steps.length === 0) return variablePlace(name, slot)
  const label = `$${name}${steps.map((step) => ('name' in step ? `.${step.name}` : '[…]')).join('')}`
  const root = (frame: Frame): Value => {
    const value = frame.slots[slot]
    if (value === undefined) throw missingVariable(name)
    return value
  }
  const change = (frame: Frame, replace: Replace): void => {
    const path = steps.map((step) => ('name' in step ? step : keyStep(step.key(frame))))
    frame.slots[slot] = changeIn(frame, slot, root(frame), path, 0, replace)
  }
  const onePlace = (frame: Frame): void => {
    let value = root(frame)
    for (const step of steps) {
      const { name: key, index } = 'name' in step ? step : keyStep(step.key(frame))
      if (isList(value) && value.length > 0 && index === null)
        throw fatal(`${label} is a place in every element of a list.`, { hint: `Name one element, such as $${name}.0.${key}.` })
      value = getMember(value, key, index) ?? null
    }
  }
  return {
    label,
    slot,
    read: (frame) =>
      steps.reduce<Value>((value, step) => {
        const { name: key, index } = 'name' in step ? step : keyStep(step.key(frame))
        return getMember(value, key, index) ?? null
      }, root(frame)),
    write: (frame, value) => change(frame, () => value),
    edit(frame) {
      onePlace(frame)
      let result: Value = null
      change(frame, (old) => {
        result = isList(old) || isObj(old) ? owned(old, frame, slot) : (old ?? null)
        return result
      })
      return result
    },
  }
}

function keyStep(given: Value): { name: string; index: number | null } {
  const key = unmarked(given)
  if (key === null || typeof key === 'object') throw fatal('A path needs text or a number.')
  return nameSegment(typeof key === 'number' ? Math.trunc(key) : toText(key))
}

function variablePlace(name: string, slot: number): Place {
  return {
    label: `$${name}`,
    slot,
    read(frame) {
      const value = frame.slots[slot]
      if (value === undefined) throw missingVariable(name)
      return value
    },
    write(frame, value) {
      frame.slots[slot] = value
    },
    edit(frame) {
      const value = frame.slots[slot]
      if (value === undefined) throw missingVariable(name)
      if (!isList(value) && !isObj(value)) return value
      const own = owned(value, frame, slot)
      frame.slots[slot] = own
      return own
    },
  }
}

type Replace = (old: Value | undefined) => Value

/** The container with the end of the path replaced: changed in place where the slot owns it, copied where not; missing objects are made. */
function changeIn(frame: Frame, slot: number, value: Value, path: readonly { name: string; index: number | null }[], depth: number, replace: Replace): Value {
  const step = path[depth]
  if (step === undefined) return replace(value)
  const next = (old: Value | undefined): Value => (depth === path.length - 1 ? replace(old) : changeIn(frame, slot, old ?? null, path, depth + 1, replace))
  if (isList(value) && (step.index !== null || value.length > 0)) {
    const list = owned(value, frame, slot)
    if (step.index === null) {
      for (let i = 0; i < list.length; i++) list[i] = changeIn(frame, slot, list[i] ?? null, path, depth, replace)
    } else {
      const index = reserveIndex(list, step.index)
      list[index] = next(list[index])
    }
    return list
  }
  const object = owned(isList(value) ? new Map() : asObject(value, step.name), frame, slot)
  object.set(step.name, next(object.get(step.name)))
  return object
}
