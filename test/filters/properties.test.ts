/** Laws of every filter: a value or a documented error, inputs left alone, prototypes left alone. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '../../src/errors.js'
import { allFilters } from '../../src/filters/index.js'
import { isList, isObj, type Value } from '../../src/lib/value.js'
import type { ElementFunction, FilterSpec } from '../../src/runtime/define.js'
import { createFilterContext } from '../../src/runtime/filter-context.js'
import { selectorsFor } from '../../src/runtime/selector.js'
import { createRun, registry } from './evaluate.js'
import { anyValue, copyOf, isValue } from './generated-values.js'

const families = new Set(['text', 'array', 'array_higher_order', 'manipulation', 'comparison', 'type_check', 'regex', 'text_encoding'])
const filters = allFilters.filter(({ group }) => families.has(group))

const elementFunctions: ElementFunction[] = [
  (item) => item,
  (_, index) => index,
  (_, _index, parent) => parent,
  (item, _index, _parent, result) => (result === undefined ? item : result),
  () => null,
  () => true,
]
const anyFunction = fc.constantFrom(...elementFunctions)

function apply(filter: FilterSpec, input: Value, args: readonly Value[], fn: ElementFunction): Value {
  const context = createFilterContext(createRun(300_000), (run) => selectorsFor(registry, run))
  if ('apply' in filter) return filter.apply(input, args, context)
  if ('each' in filter) return filter.each(input, fn, args, context)
  return null
}

/** The value, or null for the documented kind of failure; any other error passes through. */
function outcome(filter: FilterSpec, input: Value, args: readonly Value[], fn: ElementFunction): { value: Value } | { error: AppError } {
  try {
    return { value: apply(filter, input, args, fn) }
  } catch (error) {
    if (error instanceof AppError) return { error }
    throw error
  }
}

const prototypes = [Object.prototype, Array.prototype, Map.prototype, String.prototype, Function.prototype]
const prototypeKeys = (): string => JSON.stringify(prototypes.map((prototype) => Reflect.ownKeys(prototype).map(String)))

const argumentsOf = (filter: FilterSpec): fc.Arbitrary<Value[]> => {
  const expected = (filter.args ?? []).filter((arg) => arg.kind !== 'lambda').length
  return fc.array(anyValue, { minLength: 0, maxLength: expected + 1 })
}

describe.each(filters.map((filter) => [filter.name, filter] as const))('%s', (_, filter) => {
  it('gives a value or an error that names it, and leaves inputs and prototypes alone', () => {
    const before = prototypeKeys()
    fc.assert(
      fc.property(anyValue, argumentsOf(filter), anyFunction, (input, args, fn) => {
        const [inputBefore, argsBefore] = [copyOf(input), args.map(copyOf)]
        const result = outcome(filter, input, args, fn)
        expect(input).toStrictEqual(inputBefore)
        expect(args).toStrictEqual(argsBefore)
        if ('value' in result) expect(isValue(result.value)).toBe(true)
        else expect(result.error.message).not.toBe('')
      }),
      { numRuns: 150 },
    )
    expect(prototypeKeys()).toBe(before)
  })
})

/** Only lists and objects are owned. */
const container = anyValue.filter((value) => isList(value) || isObj(value))

/** A filter that works in place, under the names of one that does not. */
function inPlaceOf(filter: FilterSpec): FilterSpec | undefined {
  if ('apply' in filter && filter.applyOwned) return { ...filter, apply: filter.applyOwned }
  if ('each' in filter && filter.eachOwned) return { ...filter, each: filter.eachOwned }
  return undefined
}
const changing = filters.flatMap((plain) => {
  const inPlace = inPlaceOf(plain)
  return inPlace ? [{ name: plain.name, plain, inPlace }] : []
})
describe.each(changing)('$name in place', ({ plain, inPlace }) => {
  it('gives the same', () => {
    fc.assert(
      fc.property(container, argumentsOf(plain), (input, args) => {
        const expected = outcome(plain, input, args, () => null)
        const result = outcome(inPlace, copyOf(input), args, () => null)
        if ('value' in expected) expect(result).toStrictEqual(expected)
        else expect(result).toHaveProperty('error.message', expected.error.message)
      }),
    )
  })
})
