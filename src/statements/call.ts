/** Calling functions, at once or in the background. */
import { AppError, fatal } from '../errors.js'
import { isList, isObj, type Obj, type Value } from '../lib/value.js'
import { toDecimal, toText, typeName } from '../runtime/convert.js'
import type { Callable, StatementSpec, Step } from '../runtime/define.js'
import type { Evaluate, Frame } from '../runtime/frame.js'
import { jobsOf } from '../runtime/jobs.js'

/** The function the head names; for an unknown one something that fails when called. */
function calleeOf(step: Step): Callable {
  const name = step.headName()
  try {
    if (name === '') throw fatal('Function does not exist: (no name)', { hint: 'Name the function to run.' })
    return step.workspace.callable('function', name)
  } catch (error) {
    const fail = step.later(error instanceof AppError ? error : fatal(`Function does not exist: ${name}`))
    return { document: name, call: async () => fail() }
  }
}

function inputOf(read: Evaluate, frame: Frame): Obj {
  const input = read(frame)
  if (input === null || (isList(input) && input.length === 0)) return new Map()
  if (!isObj(input)) throw fatal(`The input of a function must be an object, not ${typeName(input)}.`)
  return input
}

const input = { type: 'object', summary: 'Inputs by name; the function gets these and no others.' }

const runFunction: StatementSpec = {
  name: 'function.run',
  group: 'custom function',
  summary: 'Runs a function of the workspace.',
  head: { kind: 'name', summary: 'Name of the function.' },
  args: {
    input,
    runtime_mode: { type: 'enum sync|async-shared|async-dedicated', summary: 'The asynchronous modes return an id at once; see await.' },
    async: { type: 'bool', summary: 'Older spelling of an asynchronous mode.' },
    cpu: { type: 'any', summary: 'Accepted; all runs share this process.' },
    memory: { type: 'any', summary: 'Accepted; all runs share this process.' },
    timeout: { type: 'any', summary: 'Accepted; the limits of the run hold.' },
    max_retry: { type: 'any', summary: 'Accepted; a run is not repeated.' },
  },
  result: 'Response of the function, or the id of an asynchronous run.',
  examples: ['function.run "math/double" {\n  input = {n: 2}\n} as $r'],
  compile(step) {
    const callee = calleeOf(step)
    const readInput = step.value('input')
    const mode = step.constant('runtime_mode')
    if (step.constant('async') === true || (typeof mode === 'string' && mode.startsWith('async'))) {
      return {
        async: false,
        run(frame) {
          const values = inputOf(readInput, frame)
          const id = frame.run.random.uuid()
          jobsOf(frame.run).start(id, () => callee.call(frame, values))
          step.store(frame, id)
          return undefined
        },
      }
    }
    return {
      async: true,
      async run(frame) {
        if (frame.run.budget.turn()) await frame.run.budget.yield()
        step.store(frame, await callee.call(frame, inputOf(readInput, frame)))
        return undefined
      },
    }
  },
}

const callFunction: StatementSpec = {
  ...runFunction,
  name: 'function.call',
  group: 'call',
  summary: 'Runs a function, as workflow tests and tools write it.',
  examples: ['function.call "math/double" {\n  input = {n: 2}\n} as $r'],
}

const awaitJobs: StatementSpec = {
  name: 'await',
  group: 'control',
  summary: 'Waits for asynchronous function runs.',
  args: {
    ids: { type: 'text[]', summary: 'Ids that function.run returned.', required: true },
    timeout: { type: 'int', summary: 'Seconds; 0 = no limit.', default: 0 },
  },
  result: 'Object of id → result.',
  examples: ['await {\n  ids = [$job]\n  timeout = 10\n} as $results'],
  compile(step) {
    const [readIds, readTimeout] = [step.value('ids'), step.value('timeout')]
    return {
      async: true,
      async run(frame) {
        const ids: Value = readIds(frame)
        const list = isList(ids) ? ids : [ids]
        step.store(frame, await jobsOf(frame.run).collect(list.map(toText), toDecimal(readTimeout(frame)) * 1000))
        return undefined
      },
    }
  },
}

/** Installed actions do not run; a placeholder without a name must not keep the rest of its program from running. */
const callAction: StatementSpec = {
  name: 'action.call',
  group: 'custom function',
  summary: 'Runs an installed action; not supported yet: it says so when it is reached.',
  head: { kind: 'name', summary: 'Name of the action.' },
  args: { input, package: { type: 'text', summary: 'Name or guid of the package.' }, registry: { type: 'object', summary: 'Settings of the package.' } },
  result: 'Result of the action.',
  examples: ['action.call "send_sms" {\n  package = "sms"\n  input = {to: "+1"}\n} as $r'],
  compile(step) {
    const name = step.headName()
    const fail = step.later(
      name === ''
        ? fatal('Action does not exist: (no name)', { hint: 'Name the action to run.' })
        : new AppError('unsupported', 'not supported yet: action.call'),
    )
    return { async: false, run: () => fail() }
  },
}

export const callStatements = [runFunction, callFunction, callAction, awaitJobs]
