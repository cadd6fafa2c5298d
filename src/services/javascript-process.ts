/**
 * The process that runs JavaScript of stacks: a fresh engine for every run, in WebAssembly, with nothing of the host inside. This file
 * imports nothing of the project: the process may read the engine's directory and no other file.
 */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import type { JSValueHandle } from 'quickjs-wasi'

export interface JavaScriptSetup {
  prelude: string
  /** Globals that only code which names them gets; see `WebGlobals`. */
  web: readonly { named: string; source: string }[]
  /** Of one engine. */
  memoryBytes: number
  /** Longest answer, in UTF-16 units. */
  longestAnswer: number
}

export interface JavaScriptJob {
  /** Body of an async function of `$this`, `$index`, `$parent`, `$result`, `$var`, `$input`, `$auth`, `$env`. */
  code: string
  /** Body of an async function of `call`, `value`, `entries`, `rebuild`, `initial`: how often the code runs, and on what. */
  driver: string
  /** JSON text of `{this, initial, var, input, auth, env}`. */
  bindings: string
  milliseconds: number
  /** Whether the lines of `console` are wanted. */
  logs: boolean
}

export interface JavaScriptOutcome {
  /** JSON text of `{result}` or `{error: {name, message, line, syntax}}`; null when there is none, for the reason in `failure`. */
  answer: string | null
  failure: 'time' | 'stuck' | 'size' | 'depth' | null
  lines: string[]
}

const [, entry = '', wasmFile = ''] = process.argv
const { QuickJS, JSException }: typeof import('quickjs-wasi') = await import(pathToFileURL(entry).href)
/** Node's own types leave it out. */
const { compile } = (globalThis as unknown as { WebAssembly: { compile(bytes: Uint8Array): Promise<WebAssembly.Module> } }).WebAssembly
const wasm = await compile(readFileSync(wasmFile))

/** The engine's own guard against recursion must come before that of the process. */
const maxStackSize = 160 * 1024
const nothing = (failure: JavaScriptOutcome['failure']): JavaScriptOutcome => ({ answer: null, failure, lines: [] })

async function run(job: JavaScriptJob, setup: JavaScriptSetup): Promise<JavaScriptOutcome> {
  const deadline = performance.now() + job.milliseconds
  const isLate = (): boolean => performance.now() >= deadline
  try {
    return await drive(job, setup, deadline)
  } catch (error) {
    if (isLate()) return nothing('time')
    if (error instanceof JSException) return thrown(error.name, error.message)
    if (error instanceof RangeError) return nothing('depth')
    return thrown('Error', error instanceof Error ? error.message : String(error))
  }

  function thrown(name: string, message: string): JavaScriptOutcome {
    const error = { name: name.slice(0, 100), message: message.slice(0, 2000), line: null, syntax: false }
    return { answer: JSON.stringify({ error }), failure: null, lines: [] }
  }
}

async function drive({ code, driver, bindings, logs }: JavaScriptJob, setup: JavaScriptSetup, deadline: number): Promise<JavaScriptOutcome> {
  const isLate = (): boolean => performance.now() >= deadline
  const silent = (): number => 0
  const engine = await QuickJS.create({
    wasm,
    memoryLimit: setup.memoryBytes,
    maxStackSize,
    interruptHandler: isLate,
    timezoneOffset: 0,
    wasi: () => ({ fd_write: silent }),
  })
  const controls = engine.evalCode(setup.prelude, '<prelude>')
  for (const { named, source } of setup.web)
    if (new RegExp(named).test(code))
      engine.callFunction(engine.evalCode(source, '<prelude>'), engine.undefined, engine.newString(randomBytes(32).toString('hex')))
  const [start, status, fire, answer, log] = ['start', 'status', 'fire', 'answer', 'log'].map((name) => controls.getProp(name))
  if (!start || !status || !fire || !answer || !log) throw new Error('The prelude is incomplete.')
  engine.callFunction(start, engine.undefined, engine.newString(code), engine.newString(driver), engine.newString(bindings), logs ? engine.true : engine.false)
  for (;;) {
    engine.executePendingJobs()
    if (isLate()) return nothing('time')
    const wait = engine.callFunction(status, engine.undefined).toNumber()
    if (wait === -1) break
    if (!(wait >= 0)) return nothing('stuck')
    await new Promise((resolve) => setTimeout(resolve, Math.min(wait, deadline - performance.now())))
    engine.callFunction(fire, engine.undefined)
  }
  const read = (text: JSValueHandle): string | null => (text.isString && text.getProp('length').toNumber() <= setup.longestAnswer ? text.toString() : null)
  const [text, lines] = [read(engine.callFunction(answer, engine.undefined)), read(engine.callFunction(log, engine.undefined))]
  if (text === null || lines === null) return nothing('size')
  return { answer: text, failure: null, lines: (JSON.parse(lines) as unknown[]).map(String) }
}

let setup: JavaScriptSetup | undefined
process.on('message', (message: JavaScriptJob | JavaScriptSetup) => {
  if ('prelude' in message) setup = message
  else if (setup !== undefined) void run(message, setup).then((outcome) => process.send?.(outcome))
})
process.on('disconnect', () => process.exit())
process.send?.('ready')
