/** Branches and ends: conditional, switch, return, break, continue, throw, precondition, group. */
import { AppError } from '../errors.js'
import { toPlain, unmarked } from '../lib/value.js'
import { toText } from '../runtime/convert.js'
import type { Action, Body, CompiledBlock, StatementSpec, Step } from '../runtime/define.js'
import type { Completion, Evaluate, Frame } from '../runtime/frame.js'
import { looseEquals } from '../runtime/operators.js'
import { errorKind, ThrownError } from '../runtime/thrown.js'

/** An action that runs one of several bodies: synchronous when all of them are. */
function chooseBody(bodies: readonly Body[], choose: (frame: Frame) => Body | undefined, after: (completion: Completion) => Completion = (c) => c): Action {
  if (bodies.every((body) => !body.async)) return { async: false, run: (frame) => after(choose(frame)?.run(frame) as Completion) }
  return {
    async: true,
    async run(frame) {
      const body = choose(frame)
      if (body === undefined) return undefined
      return after(body.async ? await body.run(frame) : body.run(frame))
    },
  }
}

/** The same when the choice waits. */
function chooseLater(choose: (frame: Frame) => Promise<Body>, after: (completion: Completion) => Completion = (c) => c): Action {
  return {
    async: true,
    async run(frame) {
      const body = await choose(frame)
      return after(body.async ? await body.run(frame) : body.run(frame))
    },
  }
}

/** The first branch that holds; the heads below it are neither awaited nor evaluated. */
async function findLater(branches: readonly CompiledBlock[], frame: Frame, holds: (branch: CompiledBlock) => boolean): Promise<Body | undefined> {
  for (const branch of branches) {
    await branch.prepare?.(frame)
    if (holds(branch)) return branch.body
  }
  return undefined
}

const conditional: StatementSpec = {
  name: 'conditional',
  group: 'control',
  summary: 'Runs the first branch whose condition holds.',
  blocks: {
    if: { summary: 'Runs when its condition holds.', required: true, head: 'condition' },
    elseif: { summary: 'Tried when nothing above held.', repeat: true, head: 'condition' },
    else: { summary: 'Runs when nothing held.' },
  },
  examples: ['conditional {\n  if ($n > 1) {\n    return { value = 1 }\n  }\n  else {\n    return { value = 0 }\n  }\n}'],
  compile(step) {
    const branches = [...step.bodies('if'), ...step.bodies('elseif')]
    const otherwise = step.body('else')
    if (branches.some(({ prepare }) => prepare !== null))
      return chooseLater(async (frame) => (await findLater(branches, frame, ({ test }) => test?.(frame) === true)) ?? otherwise)
    const bodies = [...branches.map(({ body }) => body), otherwise]
    const [first, second] = branches
    if (first?.test && !second) {
      const { test, body } = first
      return chooseBody(bodies, (frame) => (test(frame) ? body : otherwise))
    }
    const tests = branches.map(({ test }) => test)
    return chooseBody(bodies, (frame) => {
      for (let i = 0; i < tests.length; i++) if (tests[i]?.(frame)) return bodies[i]
      return otherwise
    })
  },
}

const switchCase: StatementSpec = {
  name: 'switch',
  group: 'control',
  summary: 'Runs the case that equals the value; there is no fall-through.',
  head: { kind: 'value', summary: 'The value compared with each case.' },
  blocks: {
    case: { summary: 'Runs when its value equals the subject.', repeat: true, head: 'value', leaves: 'switch' },
    default: { summary: 'Runs when no case did.', leaves: 'switch' },
  },
  examples: ['switch ($kind) {\n  case ("a") {\n    return { value = 1 }\n  } break\n  default {\n    return { value = 0 }\n  }\n}'],
  compile(step) {
    const subject = step.head()
    const cases = step.bodies('case')
    const otherwise = step.body('default')
    const heads = cases.map(({ head }) => head ?? (() => null))
    const bodies = [...cases.map(({ body }) => body), otherwise]
    const after = (completion: Completion): Completion => (completion === 'break' ? undefined : completion)
    if (cases.some(({ prepare }) => prepare !== null)) {
      return chooseLater(async (frame) => {
        const value = subject(frame)
        return (await findLater(cases, frame, ({ head }) => looseEquals(value, head?.(frame) ?? null))) ?? otherwise
      }, after)
    }
    return chooseBody(
      bodies,
      (frame) => {
        const value = subject(frame)
        const found = heads.findIndex((head) => looseEquals(value, head(frame)))
        return found < 0 ? otherwise : bodies[found]
      },
      after,
    )
  },
}

const group: StatementSpec = {
  name: 'group',
  group: 'control',
  summary: 'Holds statements together for the reader; no scope of its own.',
  blocks: { stack: { summary: 'The statements.' } },
  examples: ['group {\n  stack {\n    var $x { value = 1 }\n  }\n}'],
  compile: (step) => step.body('stack'),
}

const returnValue: StatementSpec = {
  name: 'return',
  group: 'control',
  summary: 'Ends the function or endpoint; the value replaces its response.',
  args: { value: { type: 'any', summary: 'The response.' } },
  examples: ['return { value = {ok: true} }'],
  compile(step) {
    const read = step.value('value')
    return {
      async: false,
      run(frame) {
        frame.returned = read(frame)
        return 'return'
      },
    }
  },
}

function leave(name: 'break' | 'continue', summary: string): StatementSpec {
  return {
    name,
    group: 'control',
    summary,
    examples: [name],
    compile(step) {
      if (!step.mayLeave(name)) step.fail(`${name} stands outside a loop.`)
      return { async: false, run: () => name }
    },
  }
}

const throwError: StatementSpec = {
  name: 'throw',
  group: 'control',
  summary: 'Raises an error with a name and a value.',
  args: {
    name: { type: 'text', summary: 'Becomes the code; a precondition type (`notfound`) stands for its code and status.', required: true },
    value: { type: 'any', summary: 'The message.' },
  },
  examples: ['throw {\n  name = "QuotaError"\n  value = "Too many"\n}'],
  compile(step) {
    const [readName, readValue] = [step.value('name'), step.value('value')]
    return {
      async: false,
      run(frame) {
        const [name, value] = [toText(readName(frame)), readValue(frame)]
        const kind = errorKind(name)
        const payload = value !== null && typeof unmarked(value) === 'object' ? toPlain(value) : ''
        throw new ThrownError(kind ?? 'fatal', toText(value), value, { name, payload, hint: '', ...(kind ? {} : { code: name }) })
      },
    }
  },
}

const precondition: StatementSpec = {
  name: 'precondition',
  group: 'control',
  summary: 'Stops with an error unless the condition holds.',
  head: { kind: 'condition', summary: 'What must hold.' },
  args: {
    error_type: {
      type: 'enum standard|notfound|accessdenied|toomanyrequests|unauthorized|badrequest|inputerror',
      summary: 'Kind of the error: its code and status.',
      default: 'standard',
    },
    error: { type: 'text', summary: 'Message for the client.' },
    payload: { type: 'any', summary: 'Sent as payload of the error.' },
  },
  examples: ['precondition ($user != null) {\n  error_type = "notfound"\n  error = "Not Found."\n}'],
  compile(step) {
    const holds = step.test()
    const fail = failure(step)
    return {
      async: false,
      run(frame) {
        if (!holds(frame)) throw fail(frame)
        return undefined
      },
    }
  },
}

function failure(step: Step): (frame: Frame) => AppError {
  const read: Record<'type' | 'error' | 'payload', Evaluate> = { type: step.value('error_type'), error: step.value('error'), payload: step.value('payload') }
  return (frame) => {
    const kind = errorKind(toText(read.type(frame)) || 'standard') ?? 'fatal'
    const message = read.error(frame)
    const payload = read.payload(frame)
    const options = { payload: payload === null ? '' : toPlain(payload), result: payload }
    return new AppError(kind, message === null ? undefined : toText(message), options)
  }
}

export const controlStatements = [
  conditional,
  switchCase,
  group,
  returnValue,
  leave('break', 'Leaves the innermost loop or switch.'),
  leave('continue', 'Goes on with the next turn of the loop.'),
  throwError,
  precondition,
]
