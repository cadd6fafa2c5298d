/** 5.0 is 5 to everything but the type checks: the same case written with decimals, the same values as decimals, give the same JSON. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { AppError } from '../../src/errors.js'
import { allFilters } from '../../src/filters/index.js'
import { parseExpression } from '../../src/lang/parser.js'
import { isTruthy, type Value } from '../../src/lib/value.js'
import { compileEscape } from '../../src/runtime/compile-expression.js'
import { compileBinary } from '../../src/runtime/compile-operator.js'
import { constant } from '../../src/runtime/compiled.js'
import type { ElementFunction, FilterSpec } from '../../src/runtime/define.js'
import { createFilterContext } from '../../src/runtime/filter-context.js'
import { throwingSink } from '../../src/runtime/problem.js'
import { Scope, topLevel } from '../../src/runtime/scope.js'
import { selectorsFor } from '../../src/runtime/selector.js'
import { stringify } from '../../src/runtime/serialize.js'
import { settle } from '../../src/runtime/waiting.js'
import { createJavaScript } from '../../src/services/javascript.js'
import { asDecimals, asSent, withoutMinusZero, writtenAsDecimals } from '../helpers/decimals.js'
import { casesOf, createFrame, createRun, registry } from './evaluate.js'
import { anyValue } from './generated-values.js'

/** What tells 5 from 5.0, and so may give another result. */
const telling = new Set(['is_int', 'is_decimal'])
const asksForTypes = (source: string): boolean => /===|!==|\|(is_int|is_decimal)\b/.test(source)
/** Errors name the type they were given. */
const untyped = (message: string): string => message.replace(/\ban int\b/g, 'a decimal')

const javascript = createJavaScript()
afterAll(() => javascript.close())

/** JSON of the result, or the message of the error. */
async function outcome(work: () => Value | Promise<Value>): Promise<string> {
  try {
    return stringify(await work())
  } catch (error) {
    if (error instanceof AppError) return untyped(error.message)
    throw error
  }
}

function evaluateTree(source: string, decimals: boolean): Promise<Value> {
  const { expr } = parseExpression(source, registry)
  if (expr === undefined) throw new Error(`${source} is no expression.`)
  const scope = new Scope()
  const compiled = compileEscape({ registry, scope, sink: throwingSink('case'), inputs: null }, decimals ? writtenAsDecimals(expr) : expr, topLevel)
  return settle(createFrame({ ...createRun(), javascript }, scope.count), compiled)
}

const read = <T>(file: string): T => JSON.parse(readFileSync(new URL(`../cases/${file}`, import.meta.url), 'utf8')) as T
const written = [
  ...casesOf(allFilters).map(([, source]) => source),
  ...read<{ kind: string; expr: string }[]>('filters.json').flatMap(({ kind, expr }) => (kind === 'value' && !/bytes |^</.test(expr) ? [expr] : [])),
  ...read<{ expr?: string; error?: unknown; program?: string; input?: string }[]>('semantics.json').flatMap(({ expr, error, program, input }) =>
    expr === undefined || error || program || input || expr.includes('$input') ? [] : [expr],
  ),
]
const sources = [...new Set(written)].filter((source) => /\d/.test(source) && !asksForTypes(source))

describe('cases', () => {
  it.each(sources)('%s', async (source) => {
    expect(await outcome(() => evaluateTree(source, true))).toBe(await outcome(() => evaluateTree(source, false)))
  })
})

const elementFunctions: ElementFunction[] = [
  (item) => item,
  (_, index) => index,
  (item, _index, _parent, result) => (result === undefined ? item : result),
  (item) => isTruthy(item),
]

function apply(filter: FilterSpec, input: Value, args: readonly Value[], fn: ElementFunction): Value {
  const context = createFilterContext(createRun(300_000), (run) => selectorsFor(registry, run))
  if ('apply' in filter) return filter.apply(input, args, context)
  return 'each' in filter ? filter.each(input, fn, args, context) : null
}

const applied = allFilters.filter((filter) => ('apply' in filter || 'each' in filter) && !telling.has(filter.name))
/** Some numbers in it are decimals without a fraction. */
const operand = fc.oneof({ weight: 2, arbitrary: anyValue }, { weight: 1, arbitrary: fc.integer({ min: -2, max: 6 }) }).map(withoutMinusZero)

describe.each(applied.map((filter) => [filter.name, filter] as const))('%s', (name, filter) => {
  const most = (filter.args ?? []).filter(({ kind }) => kind !== 'lambda').length
  it('gives the same for decimals without a fraction', async () => {
    await fc.assert(
      fc.asyncProperty(operand, fc.array(operand, { maxLength: most }), fc.constantFrom(...elementFunctions), async (input, args, fn) => {
        const run = (change: (value: Value) => Value): Promise<string> => outcome(() => apply(filter, change(input), args.map(change), fn))
        const expected = await run(asSent)
        expect(await run(asDecimals)).toBe(expected)
        // Compared strictly, the 5.0 of a list is not the 5 that is looked for.
        if (name !== 'remove' || args.length < 3) expect(await run((value) => value)).toBe(expected)
      }),
      { numRuns: 120 },
    )
  })
})

describe.each('+ - * / % ~ .. < <= > >= == != && || ?? ?:'.split(' '))('%s', (op) => {
  it('gives the same for decimals without a fraction', async () => {
    const bound = op === '..' ? fc.integer({ min: -50, max: 50 }) : operand
    await fc.assert(
      fc.asyncProperty(bound, bound, async (left, right) => {
        const run = (a: Value, b: Value): Promise<string> => outcome(() => compileBinary(op, constant(a), constant(b)).evaluate(createFrame(createRun(), 0)))
        const expected = await run(asSent(left), asSent(right))
        expect(await run(asDecimals(left), asDecimals(right))).toBe(expected)
        expect(await run(asDecimals(left), asSent(right))).toBe(expected)
        expect(await run(asSent(left), asDecimals(right))).toBe(expected)
      }),
      { numRuns: 300 },
    )
  })
})
