/** Runs a function inside the normal engine and answers its result, its logs and how long it took. */
import { z } from 'zod'
import { AppError } from '../../errors.js'
import { fromPlain, isObj, type Obj, type Value } from '../../lib/value.js'
import type { Program } from '../../runtime/program.js'
import type { BranchSnapshot } from '../../workspace/snapshot.js'
import { createDebugRun, findBranch, traceJson, traceOf } from './debug-run.js'
import { hideVariables } from './hide-variables.js'
import type { MetaCall, MetaRoute } from './route.js'

const body = z.object({ name: z.string().min(1), input: z.record(z.string(), z.unknown()).nullish(), branch: z.string().nullish() })

export const functionRunRoutes: readonly MetaRoute[] = [
  {
    method: 'POST',
    path: '/workspace/:workspace_id/function/run',
    area: 'function',
    async handle(call) {
      const { name, input, branch: label } = call.json(body)
      const branch = findBranch(call, label || call.branch)
      if (!branch.definitions.some((stored) => stored.kind === 'function' && stored.name === name))
        throw new AppError('notFound', `Function does not exist: ${name}`)
      const raw = fromPlain(input ?? {})
      return hideVariables(call, branch, await runProgram(call, branch, () => branch.program('function', name), isObj(raw) ? raw : new Map<string, Value>()))
    },
  },
]

/** A failure of the program is an answer, not a failure of the request. */
async function runProgram(call: MetaCall, branch: BranchSnapshot, program: () => Program, input: Obj): Promise<unknown> {
  const trace = traceOf(call)
  const run = createDebugRun(call, branch, input, { trace })
  const later: (() => Promise<void>)[] = []
  const startedAt = performance.now()
  const outcome = (rest: object) => ({ ...rest, logs: run.logs ?? [], timing: Math.round(performance.now() - startedAt) / 1000, ...traceJson(trace) })
  try {
    const result = await program().run({ ...run, afterResponse: (work) => void later.push(work) }, input)
    const answer = outcome({ status: 'ok', result })
    for (const work of later) await work()
    return answer
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    if (error.kind === 'unavailable') throw error
    const { code, message, payload, position, value } = error
    return outcome({
      status: 'error',
      message,
      // Clients that show nothing but the result show why there is none.
      result: { code, message, payload },
      error: {
        code,
        message,
        payload,
        statement: position?.statement ?? '',
        ...(position?.line === undefined ? {} : { line: position.line }),
        document: position?.document ?? '',
        ...(value === undefined ? {} : { value }),
      },
    })
  }
}
