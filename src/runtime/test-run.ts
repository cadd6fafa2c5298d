/** Tests that builders write into a definition: its stack runs with the test's inputs, caller and mocks, then the expectations are judged in order. */
import { AppError } from '../errors.js'
import type { Definition, Statement, TestBlock } from '../lang/tree.js'
import { isObj, type Obj, type Value } from '../lib/value.js'
import type { Caller, RecordsSession } from './capabilities.js'
import { createCompiler } from './compile.js'
import { locate } from './compile-block.js'
import { compileStatements } from './compile-statement.js'
import type { Body, Workspace } from './define.js'
import { compileEscape } from './expression.js'
import { createFilterContext } from './filter-context.js'
import type { Evaluate, Frame, Run } from './frame.js'
import { throwingSink } from './problem.js'
import type { Program } from './program.js'
import type { Registry } from './registry.js'
import { topLevel } from './scope.js'
import { selectorsFor } from './selector.js'
import type { StatementCompiler } from './statement.js'

export interface TestOutcome {
  /** `fail`: an expectation does not hold. `error`: the stack or the test itself failed. */
  status: 'ok' | 'fail' | 'error'
  /** What went wrong; empty when all is well. */
  message: string
  /** One entry for each expectation that was judged; the first failure is the last entry. */
  results: { status: 'ok' | 'fail'; message: string }[]
}

export interface CompiledTest {
  readonly name: string
  /** Runs the program and judges it. Never throws but for a database that is gone. */
  run(run: Run, program: Program, authTable: string | null): Promise<TestOutcome>
  /** The data source the test names; null when it names none. */
  datasource(run: Run): string | null
}

interface Expectation {
  body: Body
  /** Judges an error of the stack rather than its response. */
  wantsError: boolean
}

/** Throws AppError with its position when the test does not compile. */
export function compileTest(test: TestBlock, { registry, workspace }: { registry: Registry; workspace: Workspace }): CompiledTest {
  const document = `test "${test.name}"`
  const definition: Definition = { kind: 'test', name: test.name, headAttributes: [], attributes: [], tests: [], groups: [] }
  const compiler = createCompiler(definition, { registry, workspace, sink: throwingSink(document) })
  compiler.scope.written.add('response')
  const response = compiler.scope.slot('response')
  const attributes = new Map(test.attributes.map(({ name, value }) => [name, compileEscape(compiler, value, topLevel)]))
  const expectations = test.expectations.filter((statement) => statement.disabled !== true).map((statement) => compileExpectation(compiler, statement))
  const frameOf = (run: Run): Frame => createFrame(compiler, run)
  return {
    name: test.name,
    datasource: (run) => {
      const name = attributes.get('datasource')?.(frameOf(run)) ?? null
      return typeof name === 'string' ? name : null
    },
    async run(given, program, authTable) {
      const run: Run = { ...given, test: test.name }
      const frame = frameOf(run)
      try {
        const input = read(attributes, 'input', frame)
        const caller = callerOf(read(attributes, 'auth', frame), authTable)
        frame.slots[response] = await program.run({ ...run, ...(caller === null ? {} : { caller }) }, isObj(input) ? input : new Map())
      } catch (error) {
        const known = locate(error, undefined)
        if (known.kind === 'unavailable') throw known
        if (!expectations.some(({ wantsError }) => wantsError)) return { status: 'error', message: describe(known), results: [] }
        frame.error = known
      }
      return judge(expectations, frame)
    },
  }
}

function compileExpectation(compiler: StatementCompiler, statement: Statement): Expectation {
  const wantsError = compiler.registry.findStatement(statement.name)?.judgesError === true && statement.blocks.length === 0
  return { body: compileStatements(compiler, [statement], topLevel), wantsError }
}

async function judge(expectations: readonly Expectation[], frame: Frame): Promise<TestOutcome> {
  const results: TestOutcome['results'] = []
  for (const { body } of expectations) {
    try {
      await body.run(frame)
      results.push({ status: 'ok', message: '' })
    } catch (error) {
      const message = describe(locate(error, undefined))
      results.push({ status: 'fail', message })
      return { status: 'fail', message, results }
    }
  }
  return { status: 'ok', message: '', results }
}

/** An attribute of the test. Throws AppError that names it. */
function read(attributes: ReadonlyMap<string, Evaluate>, name: string, frame: Frame): Value {
  try {
    return attributes.get(name)?.(frame) ?? null
  } catch (error) {
    throw locate(error, { position: { document: `test "${frame.run.test ?? ''}"`, statement: name } })
  }
}

/** `auth = {id: 1, extras: {…}}`, or an id alone. */
function callerOf(auth: Value, table: string | null): Caller | null {
  if (auth === null) return null
  if (!isObj(auth)) return { table, id: auth, extras: new Map() }
  const extras: Value = auth.get('extras') ?? null
  const named: Value = auth.get('table') ?? null
  return { table: typeof named === 'string' ? named : table, id: auth.get('id') ?? 0, extras: isObj(extras) ? extras : (new Map() as Obj) }
}

function createFrame({ scope, registry }: StatementCompiler, run: Run): Frame {
  return {
    run,
    slots: new Array(scope.count).fill(undefined),
    owners: new Array(scope.count).fill(null),
    input: new Map(),
    depth: 0,
    returned: null,
    error: null,
    context: createFilterContext(run, (inner) => selectorsFor(registry, inner)),
  }
}

/** The message, and where it happened. */
export function describe(error: AppError): string {
  const { position } = error
  const message = error.message === '' ? error.code : error.message
  if (position === undefined) return message
  const line = position.line === undefined ? '' : ` line ${position.line}`
  return `${message} (${position.document}${line}${position.statement === undefined ? '' : `, ${position.statement}`})`
}

/** A workflow test: a stack that passes when nothing in it fails. */
export async function runWorkflowTest(name: string, run: Run, program: Program): Promise<{ status: 'ok' | 'fail' | 'error'; message: string }> {
  try {
    await program.run({ ...run, test: name }, new Map())
    return { status: 'ok', message: '' }
  } catch (error) {
    const known = locate(error, undefined)
    if (known.kind === 'unavailable') throw known
    return { status: known.errorName === 'ExpectationFailed' ? 'fail' : 'error', message: describe(known) }
  }
}

/** Does the work inside a transaction and takes back whatever it changed. */
export async function rehearse<T>(records: RecordsSession, work: () => Promise<T>): Promise<T> {
  let done: { result: T } | undefined
  try {
    await records.transaction(async () => {
      done = { result: await work() }
      throw new AppError('fatal', 'rolled back')
    })
  } catch (error) {
    if (done === undefined) throw error
  }
  if (done === undefined) throw new AppError('fatal')
  return done.result
}
