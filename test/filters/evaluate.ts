/** Runs one expression through the real parser and compiler. */
import { allFilters } from '../../src/filters/index.js'
import { parseExpression } from '../../src/lang/parser.js'
import type { Value } from '../../src/lib/value.js'
import { Budget } from '../../src/runtime/budget.js'
import { anonymous } from '../../src/runtime/capabilities.js'
import { compileEscape } from '../../src/runtime/compile-expression.js'
import type { FilterSpec } from '../../src/runtime/define.js'
import { createFilterContext } from '../../src/runtime/filter-context.js'
import type { Evaluate, Frame, Run } from '../../src/runtime/frame.js'
import { throwingSink } from '../../src/runtime/problem.js'
import { createRegistry, isValueFilter } from '../../src/runtime/registry.js'
import { Scope, topLevel } from '../../src/runtime/scope.js'
import { selectorsFor } from '../../src/runtime/selector.js'
import { settle } from '../../src/runtime/waiting.js'

export const registry = createRegistry([], allFilters)

/** Wednesday, 2025-09-17 12:00:00 UTC: the week in which the reference wrote down what "next friday" gives. */
export const fixedNow = Date.UTC(2025, 8, 17, 12)

/** Same sequence in every test. */
function createRandom(): Run['random'] {
  let state = 1
  const next = (): number => {
    state = (state * 48271) % 2147483647
    return state
  }
  return {
    bytes: (count) => Uint8Array.from({ length: count }, () => next() & 255),
    int: (min, max) => min + (next() % (max - min + 1)),
    uuid: () => '00000000-0000-4000-8000-000000000000',
  }
}

const unused = (): never => {
  throw new Error('An expression has no use for this.')
}

export function createRun(maxSteps = 5_000_000): Run {
  return {
    budget: new Budget({ maxSteps, maxMilliseconds: 10_000, maxDepth: 10 }),
    clock: { now: () => fixedNow },
    random: createRandom(),
    tokens: { issue: unused },
    passwords: { hash: unused, judge: unused, verify: unused },
    records: { datasource: 'live', setDatasource: unused, transaction: unused },
    caller: anonymous,
    request: {
      remoteIp: '127.0.0.1',
      method: 'GET',
      uri: '',
      querystring: '',
      headers: new Map(),
      authToken: '',
      apiBaseUrl: '',
      branch: '',
      debugger: false,
      rawBody: null,
      rawInput: new Map(),
    },
    response: { status: null, headers: [] },
    env: new Map(),
    trace: null,
    logs: null,
    afterResponse: unused,
  }
}

/** The value of an expression. Throws AppError for a bad program; a plain Error for one that cannot be read. */
export function evaluate(source: string, run: Run = createRun()): Value {
  const { compiled, frame } = compile(source, run)
  return compiled(frame)
}

/** The same for an expression that may wait. */
export async function evaluateLater(source: string, run: Run = createRun()): Promise<Value> {
  const { compiled, frame } = compile(source, run)
  return settle(frame, compiled)
}

function compile(source: string, run: Run): { compiled: Evaluate; frame: Frame } {
  const { expr, problems } = parseExpression(source, registry)
  const error = problems.find((problem) => problem.severity === 'error')
  if (expr === undefined || error) throw new Error(`${source}: ${error?.message ?? 'not an expression'}`)
  const scope = new Scope()
  const compiled = compileEscape({ registry, scope, sink: throwingSink('case'), inputs: null }, expr, topLevel)
  return { compiled, frame: createFrame(run, scope.count) }
}

export function createFrame(run: Run, slots: number): Frame {
  const context = createFilterContext(run, (inner) => selectorsFor(registry, inner))
  return { run, slots: new Array(slots).fill(undefined), owners: new Array(slots).fill(null), input: new Map(), depth: 0, returned: null, error: null, context }
}

/** What every filter tells about itself: name, source, result. Those of queries only run in test/db/query-filters.test.ts. */
export const casesOf = (filters: readonly FilterSpec[]): [name: string, source: string, result: string][] =>
  filters.filter(isValueFilter).flatMap(({ name, cases }) => cases.map(([source, result]): [string, string, string] => [name, source, result]))
