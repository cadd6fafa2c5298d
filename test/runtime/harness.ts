/** Compiles and runs XanoScript against literal capabilities: no server, no database, a fixed clock. */

import { fatal } from '../../src/errors.js'
import { compileInputs } from '../../src/fields/inputs.js'
import { allFilters } from '../../src/filters/index.js'
import { parseDocuments } from '../../src/lang/parser.js'
import type { Definition } from '../../src/lang/tree.js'
import { fromPlain, type Json, toPlain, type Value } from '../../src/lib/value.js'
import { Budget, type BudgetLimits } from '../../src/runtime/budget.js'
import { anonymous, type RecordsAction, type RecordsRequest } from '../../src/runtime/capabilities.js'
import { compileProgram } from '../../src/runtime/compile.js'
import type { Workspace } from '../../src/runtime/define.js'
import type { Run } from '../../src/runtime/frame.js'
import type { Program } from '../../src/runtime/program.js'
import { createRegistry } from '../../src/runtime/registry.js'
import { allStatements } from '../../src/statements/index.js'

export const registry = createRegistry(allStatements, allFilters)

/** 2025-09-17 12:00:00 UTC. */
export const fixedNow = Date.UTC(2025, 8, 17, 12)

const limits: BudgetLimits = { maxSteps: 50_000_000, maxMilliseconds: 60_000, maxDepth: 1000 }

/** The same sequence in every test. */
function createRandom(): Run['random'] {
  let state = 1
  const next = (): number => {
    state = (state * 48271) % 2147483647
    return state
  }
  return {
    bytes: (count) => Uint8Array.from({ length: count }, () => next() & 255),
    int: (min, max) => min + (next() % (max - min + 1)),
    uuid: () => `00000000-0000-4000-8000-${String(next()).padStart(12, '0')}`,
  }
}

export type TestRun = { -readonly [K in keyof Run]: Run[K] }

/** A run with literal capabilities; `change` replaces some of them. */
export function createRun(change: Partial<Run> & { limits?: Partial<BudgetLimits> } = {}): TestRun {
  const { limits: own, ...rest } = change
  let datasource = 'live'
  return {
    budget: new Budget({ ...limits, ...own }),
    clock: { now: () => fixedNow },
    random: createRandom(),
    tokens: { issue: (claims) => Promise.resolve(`token:${claims.table}:${String(claims.id)}:${claims.expiration ?? 'never'}`) },
    passwords: {
      judge: () => Promise.resolve(null),
      hash: (text) => Promise.resolve(`hash:${text}`),
      verify: (text, hash) => Promise.resolve(hash === `hash:${text}`),
    },
    records: {
      get datasource() {
        return datasource
      },
      setDatasource(name) {
        datasource = name
      },
      transaction: (body) => body(),
    },
    caller: anonymous,
    request: {
      remoteIp: '203.0.113.7',
      method: 'POST',
      uri: 'https://example.test/api:x/y?a=1',
      querystring: 'a=1',
      headers: new Map<string, Value>([['Host', 'example.test']]),
      authToken: '',
      apiBaseUrl: 'https://example.test/api:x',
      branch: 'v1',
      debugger: false,
      rawBody: null,
      rawInput: new Map(),
    },
    response: { status: null, headers: [] },
    env: new Map<string, Value>([['SECRET', 's3cret']]),
    trace: null,
    logs: [],
    afterResponse: () => {},
    ...rest,
  }
}

export interface Library {
  readonly definitions: readonly Definition[]
  program(kind: string, name: string): Program
}

/** Records operations that a test wants to see or answer. */
export type RecordsStub = (request: RecordsRequest) => RecordsAction

const noRecords: RecordsStub = ({ operation }) => {
  throw fatal(`no database here: ${operation}`)
}

/** Compiles all documents of a text; they can call one another. Throws when it does not parse. */
export function library(text: string, records: RecordsStub = noRecords): Library {
  const { definitions: sources, problems } = parseDocuments(text, registry)
  const error = problems.find((problem) => problem.severity === 'error')
  if (error) throw new Error(`${error.document}:${error.line}:${error.column} ${error.message} ${error.hint ?? ''}\n${error.excerpt}`)
  const definitions = sources.map(({ definition }) => definition)
  const programs = new Map<string, Program>()
  const find = (kind: string, name: string): Definition | undefined => definitions.find((definition) => definition.kind === kind && definition.name === name)
  const program = (kind: string, name: string): Program => {
    const key = `${kind} ${name}`
    const known = programs.get(key)
    if (known) return known
    const definition = find(kind, name)
    if (!definition) throw fatal(`Function does not exist: ${name}`)
    const compiled = compileProgram(definition, { registry, workspace, inputs: compileInputs(definition.input ?? []) })
    programs.set(key, compiled)
    return compiled
  }
  const workspace: Workspace = {
    records: { compile: records },
    document: (kind, name) => {
      throw fatal(`Unknown ${kind}: ${name}`)
    },
    isAuthTable: () => true,
    callable(kind, name) {
      if (!find(kind, name)) throw fatal(`Function does not exist: ${name}`)
      return { document: `${kind} "${name}"`, call: (frame, input) => program(kind, name).run(frame.run, input, frame.depth + 1) }
    },
  }
  return { definitions, program }
}

/** Runs the first definition of a text with plain JSON in and out. */
export async function run(text: string, input: Record<string, Json> = {}, options: { run?: Run; records?: RecordsStub } = {}): Promise<Json> {
  const { definitions, program } = library(text, options.records)
  const [first] = definitions
  if (!first) throw new Error('no definition')
  const raw = new Map(Object.entries(input).map(([name, value]) => [name, fromPlain(value)]))
  return toPlain(await program(first.kind, first.name).run(options.run ?? createRun(), raw))
}

/** Runs statements and gives what `$x` (or the response expression) holds. */
export const stack = (
  statements: string,
  response = '$x',
  options: { run?: Run; records?: RecordsStub; input?: string; values?: Record<string, Json> } = {},
): Promise<Json> =>
  run(`function "test" {\n  input {\n${options.input ?? ''}\n  }\n  stack {\n${statements}\n  }\n  response = ${response}\n}`, options.values ?? {}, options)

/** The value of an expression. */
export const evaluate = (expression: string, before = ''): Promise<Json> => stack(before, `(${expression})`)
