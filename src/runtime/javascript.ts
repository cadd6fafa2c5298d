/** What JavaScript of a program is handed over: the variables and roots it names. */
import { fatal } from '../errors.js'
import type { Obj, Value } from '../lib/value.js'
import type { Frame } from './frame.js'
import { release } from './ownership.js'
import { readAuth, readSystemEnvironment } from './roots.js'
import type { Scope } from './scope.js'
import { stringify } from './serialize.js'

/** Default of `timeout`, in seconds. */
export const defaultTimeout = 10

/** Runs code in a frame. `initial` is the first `$result`. */
export interface CodeCall {
  code: string
  driver: string
  /** Seconds. */
  timeout: number
  value?: Value
  initial?: Value
}

/** Collects the variables that code sees. */
export type ReadVariables = (frame: Frame, code: string) => Obj | null

/** For code known when compiling, and for code that is not (null): then any variable may be named. */
export function compileVariables(scope: Scope, code: string | null): ReadVariables {
  const named = code === null ? null : namedVariables(code)
  const slots = named === null ? scope.slots : new Map([...named].map((name) => [name, scope.slot(name)]))
  return (frame, text) => {
    const wanted = named ?? namedVariables(text)
    if (wanted?.size === 0) return null
    const out: Obj = new Map()
    for (const [name, slot] of slots) {
      const value = frame.slots[slot]
      if (value === undefined || (wanted !== null && !wanted.has(name))) continue
      release(frame, slot)
      out.set(name, value)
    }
    return out
  }
}

/** The variables that code names as `$var.name`; null when it uses `$var` in another way. */
function namedVariables(code: string): ReadonlySet<string> | null {
  const names = new Set<string>()
  for (const [, dot, name] of code.matchAll(/\$var\b(\s*(?:\?\.|\.)\s*([A-Za-z_$][\w$]*))?/g)) {
    if (dot === undefined || name === undefined) return null
    names.add(name)
  }
  return names
}

/** Runs code apart from the server. What it is given is read at once. */
export function runJavaScript(frame: Frame, read: ReadVariables, call: CodeCall): Promise<Value> {
  const { javascript, budget, logs } = frame.run
  if (javascript === undefined)
    throw fatal('JavaScript does not run here.', { hint: 'The operator allows it by STACKHOLD_JAVASCRIPT_PROCESSES.', name: 'JavaScriptError' })
  const { code, driver, timeout, value, initial } = call
  const left = budget.limits.maxMilliseconds - (performance.now() - budget.startedAt)
  const milliseconds = Math.floor(Math.min(timeout * 1000, left))
  return javascript.run({ code, driver, bindings: bindingsOf(frame, read, code, value, initial), milliseconds, patience: left, log: logs && logTo(logs) })
}

/** More lines than this are dropped. */
const maxLogs = 1000
const logTo =
  (logs: Value[]): ((line: string) => void) =>
  (line) => {
    if (logs.length < maxLogs) logs.push(line)
  }

function bindingsOf(frame: Frame, read: ReadVariables, code: string, value: Value | undefined, initial: Value | undefined): string {
  const bindings: Obj = new Map()
  if (value !== undefined) bindings.set('this', value)
  if (initial !== undefined) bindings.set('initial', initial)
  const variables = read(frame, code)
  if (variables !== null) bindings.set('var', variables)
  if (code.includes('$input')) bindings.set('input', frame.input)
  if (code.includes('$auth')) bindings.set('auth', readAuth(frame))
  if (code.includes('$env')) bindings.set('env', new Map([...frame.run.env, ...readSystemEnvironment(frame)]))
  return stringify(bindings)
}
