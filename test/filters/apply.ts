/** Applies one filter to plain values against a fixed clock, without parser or compiler. */
import { conversionFilters } from '../../src/filters/conversion.js'
import { mathFilters } from '../../src/filters/math.js'
import { securityFilters } from '../../src/filters/security.js'
import { timestampFilters } from '../../src/filters/timestamp.js'
import { urlFilters } from '../../src/filters/url.js'
import { fromPlain, type Value } from '../../src/lib/value.js'
import { Budget } from '../../src/runtime/budget.js'
import type { FilterContext, FilterSpec, ValueFilter } from '../../src/runtime/define.js'

/** The value filters of these families; a family may have query filters too. */
const all: readonly FilterSpec[] = [...mathFilters, ...conversionFilters, ...timestampFilters, ...securityFilters, ...urlFilters]
export const filters = all.filter((filter): filter is ValueFilter => 'apply' in filter)

/** Wednesday, 18 June 2025, 10:20:30.456 UTC. */
export const fixedNow = Date.UTC(2025, 5, 18, 10, 20, 30, 456)

let seed = 1
const nextByte = (): number => {
  seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
  return (seed >>> 16) & 255
}

/** Different bytes at every call, the same ones in every run. */
export const randomBytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, nextByte)

export function testContext(now = fixedNow, maxSteps = 1e9): FilterContext {
  const budget = new Budget({ maxSteps, maxMilliseconds: 60_000, maxDepth: 10 })
  return {
    clock: { now: () => now },
    random: { bytes: randomBytes, int: (min) => min, uuid: () => '550e8400-e29b-41d4-a716-446655440000' },
    spend: (steps) => budget.spend(steps),
    instanceKeys: [Buffer.from('this instance')],
    compileSelector: () => {
      throw new Error('No selectors here.')
    },
  }
}

export function findFilter(name: string): ValueFilter {
  const found = filters.find((filter) => filter.name === name || filter.aliases?.includes(name))
  if (!found) throw new Error(`No value filter ${name}.`)
  return found
}

/** Omitted arguments take their defaults, as the compiler fills them in. */
export function apply(name: string, input: unknown, ...args: unknown[]): Value {
  return applyIn(testContext(), name, input, ...args)
}
export function applyIn(context: FilterContext, name: string, input: unknown, ...args: unknown[]): Value {
  const filter = findFilter(name)
  const values = args.map((arg) => fromPlain(arg))
  for (const { default: fallback } of (filter.args ?? []).slice(values.length)) if (fallback !== undefined) values.push(fallback)
  return filter.apply(fromPlain(input), values, context)
}
