/**
 * Expressions never wait, yet some hold calls that do (JavaScript). Such an expression is settled before the statement that needs it: it
 * stops at the call, the answer is awaited and kept, and the expression is evaluated again from its start, now with that answer. So
 * branches not taken are not run, and everything else about expressions stays as it is.
 */
import { type AppError, fatal } from '../errors.js'
import type { Expr } from '../lang/tree.js'
import { visitExpr } from '../lang/visit.js'
import type { Value } from '../lib/value.js'
import type { Frame } from './frame.js'
import type { Registry } from './registry.js'

/** Stops the evaluation of an expression until an answer is there. Thrown, but no error: it leaves only {@link settle}. */
class Suspension {
  readonly site: object
  readonly answer: () => Promise<Value>

  constructor(site: object, answer: () => Promise<Value>) {
    this.site = site
    this.answer = answer
  }
}

/** The answers of one expression, by the place of the call, in the order in which they were needed. */
export class Answers {
  private readonly known = new Map<object, Value[]>()
  private next = new Map<object, number>()

  /** Before the expression is evaluated anew. */
  rewind(): void {
    this.next = new Map()
  }

  /** The next answer of a place; undefined when it must be asked for. */
  take(site: object): Value | undefined {
    const at = this.next.get(site) ?? 0
    this.next.set(site, at + 1)
    return this.known.get(site)?.[at]
  }

  add(site: object, value: Value): void {
    const list = this.known.get(site)
    if (list === undefined) this.known.set(site, [value])
    else list.push(value)
  }
}

/** Inside an expression: the answer for this call of `site`, asked for when it is not known yet. */
export function awaited(frame: Frame, site: object, ask: () => Promise<Value>): Value {
  if (frame.answers === undefined) throw misplaced()
  const known = frame.answers.take(site)
  if (known === undefined) throw new Suspension(site, ask)
  return known
}

/** JavaScript where nothing can wait. */
export const misplaced = (): AppError => fatal('JavaScript cannot run in this place.', { hint: 'Compute it in a statement before, and use its variable here.' })

/** Evaluates what may wait. */
export async function settle<T>(frame: Frame, evaluate: (frame: Frame) => T): Promise<T> {
  const answers = new Answers()
  for (;;) {
    answers.rewind()
    frame.answers = answers
    let suspension: Suspension
    try {
      return evaluate(frame)
    } catch (error) {
      if (!(error instanceof Suspension)) throw error
      suspension = error
    } finally {
      frame.answers = undefined
    }
    answers.add(suspension.site, await suspension.answer())
  }
}

/** Whether an expression holds a call that waits. */
export function waits(expr: Expr, registry: Registry): boolean {
  let found = false
  visitExpr(expr, (inner) => {
    if (inner.type === 'filter' && inner.disabled !== true && filterWaits(inner, registry)) found = true
    return !found
  })
  return found
}

/** Whether a filter itself runs JavaScript. */
export function filterWaits({ name, args }: { name: string; args: readonly Expr[] }, registry: Registry): boolean {
  const spec = registry.filter(name)
  if (spec === undefined) return false
  return 'driver' in spec || ('each' in spec && spec.codeForm !== undefined && args.some(isJavaScript))
}

/** The older form of higher-order filters: JavaScript in a text. */
export const isJavaScript = (expr: Expr): boolean => expr.type === 'text' && /^\s*return\b/.test(expr.value)
