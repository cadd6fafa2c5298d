/** Calling endpoints and other constructs without HTTP, as workflow tests do. */
import { AppError, fatal } from '../errors.js'
import { fromPlain, isList, isObj, type Obj, type Value } from '../lib/value.js'
import { anonymous, type Caller } from '../runtime/capabilities.js'
import { toText, typeName } from '../runtime/convert.js'
import type { Callable, Endpoint, StatementSpec, Step } from '../runtime/define.js'
import type { Frame, Run } from '../runtime/frame.js'

const group = 'call'

function inputOf(input: Value): Obj {
  if (input === null || (isList(input) && input.length === 0)) return new Map()
  if (!isObj(input)) throw fatal(`The input of a call must be an object, not ${typeName(input)}.`)
  return new Map(input)
}

/** Looks the callee up when compiling; what does not exist fails when it is reached. */
function found<T extends Callable>(step: Step, find: () => T): T | (() => never) {
  try {
    return find()
  } catch (error) {
    return step.later(error instanceof AppError ? error : fatal('There is no such callee.'))
  }
}

/** `["Name: value"]` as the callee sees it: Title-Case names, nothing else. */
function headersOf(lines: Value): Obj {
  const headers: Obj = new Map()
  for (const line of isList(lines) ? lines : []) {
    const [name = '', ...rest] = toText(line).split(':')
    headers.set(
      name.trim().replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase()),
      rest.join(':').trim(),
    )
  }
  return headers
}

async function callerOf(endpoint: Endpoint, token: string, run: Run): Promise<Caller> {
  if (endpoint.auth === null) return anonymous
  if (run.authenticate === undefined) throw fatal('Endpoints that need a token are called in workflow tests only.')
  return run.authenticate(token, endpoint.auth)
}

/** The run of the endpoint: same data, its own caller, request and response head. */
async function runOf(frame: Frame, endpoint: Endpoint, verb: string, headers: Obj, input: Obj): Promise<Run> {
  const { run } = frame
  const bearer = /^bearer (.+)$/i.exec(toText(headers.get('Authorization') ?? null))?.[1] ?? ''
  const caller = await callerOf(endpoint, bearer, run)
  return {
    ...run,
    caller,
    request: { ...run.request, method: verb, headers, authToken: bearer, rawInput: input, rawBody: null },
    response: { status: null, headers: [] },
  }
}

/** What a client would have received. */
const envelope = ({ code, message, payload }: AppError): Value =>
  new Map([['code', code] as const, ['message', message] as const, ['payload', fromPlain(payload)] as const])

const apiCall: StatementSpec = {
  name: 'api.call',
  group,
  summary: 'Calls an endpoint without HTTP; when it fails the result is its error, {code, message, payload}.',
  head: { kind: 'name', summary: 'Path as the endpoint declares it, placeholders included.' },
  args: {
    verb: { type: 'enum GET|POST|PUT|PATCH|DELETE|HEAD', summary: 'Written in the head: verb=GET.', kind: 'name', default: 'GET' },
    api_group: { type: 'text', summary: 'Name of the API group.', kind: 'name', required: true },
    headers: { type: 'text[]', summary: 'Headers the endpoint sees, such as "Authorization: Bearer …"; no others.' },
    input: { type: 'object', summary: 'Inputs by name, path parameters included.' },
  },
  result: 'Response of the endpoint, or its error.',
  examples: ['api.call "order/{id}" verb=GET {\n  api_group = "shop"\n  input = {id: 1}\n} as $order'],
  compile(step) {
    const { endpoint: find } = step.workspace
    if (find === undefined) return { async: true, run: async () => step.fail('Endpoints cannot be called here.') }
    const verb = toText(step.constant('verb') ?? 'GET').toUpperCase()
    const groupName = toText(step.constant('api_group') ?? '')
    const path = step.headName()
    const endpoint = found(step, () => find(groupName, verb, path))
    const [readInput, readHeaders] = [step.value('input'), step.value('headers')]
    return {
      async: true,
      async run(frame) {
        if (typeof endpoint === 'function') return endpoint()
        const input = inputOf(readInput(frame))
        const headers = headersOf(readHeaders(frame))
        step.store(frame, await answerOf(frame, endpoint, verb, headers, input))
        return undefined
      },
    }
  },
}

async function answerOf(frame: Frame, endpoint: Endpoint, verb: string, headers: Obj, input: Obj): Promise<Value> {
  try {
    const run = await runOf(frame, endpoint, verb, headers, input)
    return await endpoint.call({ ...frame, run }, input)
  } catch (error) {
    if (
      frame.run.throwing !== true &&
      error instanceof AppError &&
      error.kind !== 'unsupported' &&
      error.kind !== 'unavailable' &&
      error.errorName !== 'LimitError'
    )
      return envelope(error)
    throw error
  }
}

/** Statements that run a construct of one kind by its name. */
const calling = (kind: string, summary: string, example: string): StatementSpec => ({
  name: `${kind}.call`,
  group,
  summary,
  head: { kind: 'name', summary: 'Its name.' },
  args: {
    input: { type: 'object', summary: 'Inputs by name.' },
    datasource: { type: 'text', summary: 'Accepted; the data source of the run holds.' },
  },
  result: 'Its response.',
  examples: [example],
  compile(step) {
    const name = step.headName()
    const callee = found(step, () => step.workspace.callable(kind, name))
    const readInput = step.value('input')
    return {
      async: true,
      async run(frame) {
        if (typeof callee === 'function') return callee()
        step.store(frame, await callee.call(frame, inputOf(readInput(frame))))
        return undefined
      },
    }
  },
})

export const testCallStatements = [
  apiCall,
  calling('task', 'Runs a task now.', 'task.call "cleanup"'),
  calling('middleware', 'Runs a middleware.', 'middleware.call "audit" {\n  input = {vars: {}, type: "pre"}\n} as $r'),
  calling('addon', 'Runs an addon.', 'addon.call "author" {\n  input = {user_id: 1}\n} as $r'),
  calling('tool', 'Runs a tool.', 'tool.call "search" {\n  input = {q: "a"}\n} as $r'),
  calling('workflow_test', 'Runs another workflow test.', 'workflow_test.call "signup"'),
]
