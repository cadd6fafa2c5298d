/** Runs functions of a pushed workspace over a real database, and tells which statements they sent. */
import type { StatementFact } from '../../src/db/records.js'
import { createRecordsSession } from '../../src/db/records.js'
import { fromPlain, type Json, type Value } from '../../src/lib/value.js'
import { Budget } from '../../src/runtime/budget.js'
import type { Run } from '../../src/runtime/frame.js'
import { stringify } from '../../src/runtime/serialize.js'
import { createRun } from '../filters/evaluate.js'
import { createInstance, passwords, type TestInstance } from '../workspace/instance.js'

export interface Programs {
  readonly instance: TestInstance
  /** The result as JSON, and the statements that were sent. */
  run(name: string, input?: Record<string, unknown>): Promise<Json>
  /** As a response is made: rows that nobody looks into stay the text that Postgres wrote. */
  answer(name: string, input?: Record<string, unknown>): Promise<Json>
  /** The value itself. */
  answerValue(name: string, input?: Record<string, unknown>): Promise<Value>
  /** Statements of the last run. */
  readonly facts: readonly StatementFact[]
  drop(): Promise<void>
}

/** Pushes documents into a workspace of its own. */
export async function createPrograms(documents: string[], maxMilliseconds = 10_000): Promise<Programs> {
  const instance = await createInstance()
  await instance.push(documents.join('\n---\n'), { records: true })
  const facts: StatementFact[] = []
  const start = (name: string, input: Record<string, unknown>) => {
    facts.length = 0
    const workspace = instance.live.current.workspaces.get(instance.workspaceId)
    const branch = workspace?.branches.get(workspace.liveBranch)
    if (workspace === undefined || branch === undefined) throw new Error('no workspace')
    const records = createRecordsSession(instance.db, {
      workspaceId: instance.workspaceId,
      datasource: 'live',
      datasources: workspace.datasources,
      observe: (fact) => facts.push(fact),
    })
    const run: Run = { ...createRun(), budget: new Budget({ maxSteps: 5_000_000, maxMilliseconds, maxDepth: 10 }), records, passwords }
    const raw = new Map(Object.entries(input).map(([key, value]) => [key, fromPlain(value)]))
    return { program: branch.program('function', name), run, raw }
  }
  const answerValue = async (name: string, input: Record<string, unknown> = {}) => {
    const { program, run, raw } = start(name, input)
    return program.answer(run, raw)
  }
  return {
    instance,
    facts,
    async run(name, input = {}) {
      const { program, run, raw } = start(name, input)
      return JSON.parse(stringify(await program.run(run, raw))) as Json
    },
    answerValue,
    answer: async (name, input) => JSON.parse(stringify(await answerValue(name, input))) as Json,
    drop: () => instance.drop(),
  }
}

/** A function document with a stack. */
export const functionDocument = (name: string, inputs: string, stack: string, response: string): string =>
  `function "${name}" {\n  input {\n${inputs}\n  }\n\n  stack {\n${stack}\n  }\n\n  response = ${response}\n}`
