/** Where the result of a statement goes: `as $name`, through the filters written behind it. */
import type { Statement, Target } from '../lang/tree.js'
import type { Value } from '../lib/value.js'
import { applyFilter } from './compile-filter.js'
import { compileNamedPlace } from './compile-place.js'
import { escaping } from './compiled.js'
import type { Frame } from './frame.js'
import { suggestionHint } from './problem.js'
import type { Candidate, Lexical } from './scope.js'
import { report, type StatementCompiler } from './statement.js'
import type { StatementWaits } from './statement-waits.js'
import { filterWaits, settle } from './waiting.js'

export interface StatementResult {
  /** Slot of the variable. */
  readonly slot: number
  store(frame: Frame, value: Value): void
}

/** Null when the statement has no `as`. What the filters wait for is awaited after the statement. */
export function compileResult(c: StatementCompiler, statement: Statement, at: Lexical, waits: StatementWaits): StatementResult | null {
  const target = statement.as
  if (target === undefined) return null
  const place = compileNamedPlace(c, target.name, target)
  const { slot } = place
  if (target.filters.length === 0) return { slot, store: (frame, value) => place.write(frame, value) }
  const holder = c.scope.hidden()
  let result = { evaluate: (frame: Frame) => frame.slots[holder] ?? null, roots: [] as readonly number[] }
  for (const filter of target.filters) {
    if (filter.disabled) continue
    const spec = c.registry.filter(filter.name)
    if (!spec) report(c, statement, { message: `Unknown filter: ${filter.name}`, ...suggestionHint(filter.name, c.registry.filterNames()) })
    else result = applyFilter(c, spec, { ...filter, ...(target.at === undefined ? {} : { at: target.at }) }, result, at)
  }
  const read = escaping(result)
  if (target.filters.some((filter) => filter.disabled !== true && filterWaits(filter, c.registry))) {
    waits.after(async (frame) => {
      if (frame.slots[holder] === undefined) return
      place.write(frame, await settle(frame, read))
      frame.slots[holder] = undefined
    })
    return {
      slot,
      store(frame, value) {
        frame.slots[holder] = value
      },
    }
  }
  return {
    slot,
    store(frame, value) {
      frame.slots[holder] = value
      place.write(frame, read(frame))
      frame.slots[holder] = undefined
    },
  }
}

/** Enters a statement whose result goes to a variable as it is into a list of those that the whole program decides about; null for any other. */
export function enlist(target: Target | undefined, candidates: Candidate[]): Candidate | null {
  if (target === undefined || target.filters.length > 0 || target.name.includes('.')) return null
  const candidate: Candidate = { name: target.name, allowed: false }
  candidates.push(candidate)
  return candidate
}
