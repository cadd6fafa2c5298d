/** Tests inside functions, endpoints and middleware, and workflow tests: listed, and run inside transactions that are rolled back. */
import { z } from 'zod'
import { textAttribute } from '../../definitions/attributes.js'
import { readQuery } from '../../definitions/query.js'
import { AppError } from '../../errors.js'
import { parseDocument } from '../../lang/parser.js'
import { Source } from '../../lang/source.js'
import type { Definition, TestBlock } from '../../lang/tree.js'
import type { RecordsSession } from '../../runtime/capabilities.js'
import type { Run } from '../../runtime/frame.js'
import { describe, rehearse, runWorkflowTest, type TestOutcome } from '../../runtime/test-run.js'
import type { BranchSnapshot, StoredDefinition } from '../../workspace/snapshot.js'
import { createDebugRun, findBranch, observing, traceJson, traceOf } from './debug-run.js'
import { envelope, windowOf } from './format.js'
import { hideVariables } from './hide-variables.js'
import type { MetaCall, MetaRoute } from './route.js'

interface UnitTest {
  id: string
  name: string
  description: string
  obj_id: number
  obj_name: string
  obj_type: string
  input_count: number
  expect_count: number
}

interface FoundTest {
  stored: StoredDefinition
  test: TestBlock
  json: UnitTest
}

const testsOf = (stored: StoredDefinition): FoundTest[] =>
  stored.definition.tests.map((test, i) => ({
    stored,
    test,
    json: {
      id: `${stored.id}-${i + 1}`,
      name: test.name,
      description: test.description ?? '',
      obj_id: stored.id,
      obj_name: stored.definition.name,
      obj_type: stored.kind,
      input_count: inputCount(test),
      expect_count: test.expectations.length,
    },
  }))

function inputCount({ attributes }: TestBlock): number {
  const input = attributes.find(({ name }) => name === 'input')?.value
  return input?.type === 'object' ? input.entries.length : input === undefined ? 0 : 1
}

/** Work for after the response runs before the changes are taken back; its errors go nowhere, as they do in a request. */
async function rehearseRun<T extends object>(
  call: MetaCall,
  branch: BranchSnapshot,
  datasource: string | null,
  work: (run: Run) => Promise<T>,
): Promise<T & { trace?: object }> {
  const trace = traceOf(call)
  const name = datasource === null || datasource === '' ? call.datasource : datasource
  if (!branch.workspace.datasources.includes(name)) throw new AppError('notFound', `The data source "${name}" does not exist.`)
  const records: RecordsSession = call.deps.services.openRecords(branch.workspace, name, { guarded: true, empty: datasource === '', ...observing(trace) })
  const later: (() => Promise<void>)[] = []
  const run: Run = { ...createDebugRun(call, branch, new Map(), { records, trace }), afterResponse: (after) => void later.push(after) }
  return rehearse(records, async () => {
    const result = await work(run)
    for (const after of later) await after().catch(() => {})
    return { ...result, ...traceJson(trace) }
  })
}

type TracedOutcome = TestOutcome & { trace?: object }

/** A test that cannot even be prepared is an answer, not a failure of the request. */
async function outcomeOf(work: () => Promise<TracedOutcome>): Promise<TracedOutcome & { timing: number }> {
  const startedAt = performance.now()
  const timed = (outcome: TracedOutcome) => ({ ...outcome, timing: Math.round(performance.now() - startedAt) / 1000 })
  try {
    return timed(await work())
  } catch (error) {
    if (!(error instanceof AppError) || error.kind === 'unavailable') throw error
    return timed({ status: 'error', message: describe(error), results: [] })
  }
}

const authTableOf = ({ kind, definition }: StoredDefinition): string | null => (kind === 'query' ? readQuery(definition).query.auth : null)

const runUnitTest = (call: MetaCall, branch: BranchSnapshot, { stored, test }: FoundTest) =>
  outcomeOf(async () => {
    const compiled = branch.compile.test(test)
    const program = branch.compile.program(stored.definition)
    const datasource = compiled.datasource(createDebugRun(call, branch, new Map()))
    return rehearseRun(call, branch, datasource, (run) => compiled.run(run, program, authTableOf(stored)))
  })

const runWorkflow = async (call: MetaCall, branch: BranchSnapshot, definition: Definition) => {
  const { results: _none, ...outcome } = await outcomeOf(async () => {
    const program = branch.compile.program(definition)
    const datasource = textAttribute(definition, 'datasource') ?? null
    const outcome = await rehearseRun(call, branch, datasource, (run) => runWorkflowTest(definition.name, run, program))
    return { ...outcome, results: [] }
  })
  return outcome
}

const runBody = z.object({ branch: z.string().nullish() })

/** The branch of a run: of the body, of the query, else the live one. */
function branchOf(call: MetaCall): BranchSnapshot {
  const label = call.body.kind === 'json' ? call.json(runBody).branch : undefined
  return findBranch(call, label || call.branch)
}

function workflowTestOf(call: MetaCall): Definition {
  if (call.body.kind !== 'xanoscript') throw new AppError('input', 'Send the workflow test as text/x-xanoscript.')
  const { definition, problems } = parseDocument(new Source('workflow_test', call.body.text), call.deps.compilers.registry)
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (definition === undefined || errors.length > 0) throw new AppError('syntax', errors[0]?.message, { payload: { errors } })
  if (definition.kind !== 'workflow_test') throw new AppError('input', `Expected a workflow_test, not a ${definition.kind}.`)
  return definition
}

export const testRoutes: readonly MetaRoute[] = [
  {
    method: 'GET',
    path: '/workspace/:workspace_id/unit_test',
    area: 'function',
    async handle(call) {
      const wanted = call.query('obj_type')
      const search = call.query('search').toLowerCase()
      const found = branchOf(call)
        .definitions.filter(({ kind }) => wanted === '' || kind === wanted)
        .flatMap((stored) => testsOf(stored).map(({ json }) => json))
        .filter(({ name, obj_name }) => `${name} ${obj_name}`.toLowerCase().includes(search))
      const window = windowOf(call)
      const from = (window.page - 1) * window.perPage
      return envelope(found.slice(from, from + window.perPage), found.length, window)
    },
  },
  {
    method: 'POST',
    path: '/workspace/:workspace_id/unit_test/:id/run',
    area: 'function',
    async handle(call) {
      const branch = branchOf(call)
      const found = branch.definitions.flatMap(testsOf).find(({ json }) => json.id === call.param('id'))
      if (found === undefined) throw new AppError('notFound', `There is no unit test with the id ${call.param('id')}.`)
      return hideVariables(call, branch, await runUnitTest(call, branch, found))
    },
  },
  {
    method: 'POST',
    path: '/workspace/:workspace_id/workflow_test/:id/run',
    area: 'function',
    async handle(call) {
      const branch = branchOf(call)
      const found = branch.definitions.find(({ kind, id }) => kind === 'workflow_test' && id === call.id('id'))
      if (found === undefined) throw new AppError('notFound', `There is no workflow test with the id ${call.param('id')}.`)
      return hideVariables(call, branch, await runWorkflow(call, branch, found.definition))
    },
  },
  {
    method: 'POST',
    path: '/workspace/:workspace_id/workflow_test/run',
    area: 'function',
    async handle(call) {
      const branch = findBranch(call, call.branch)
      return hideVariables(call, branch, await runWorkflow(call, branch, workflowTestOf(call)))
    },
  },
]
