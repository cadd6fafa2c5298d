/** Runs JavaScript of stacks apart from the server: a process without files, environment or children, and a fresh engine for every run. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { AppError, fatal } from '../errors.js'
import { isObj, type Value } from '../lib/value.js'
import { Cache } from '../runtime/cache.js'
import type { JavaScript, JavaScriptRequest } from '../runtime/capabilities.js'
import { parseJson } from '../runtime/serialize.js'
import { prelude } from './javascript-prelude.js'
import type { JavaScriptJob, JavaScriptOutcome, JavaScriptSetup } from './javascript-process.js'
import { webGlobals } from './javascript-web.js'
import { createProcessPool, type ProcessPool } from './process-pool.js'
import { bodyWithoutTypes, moduleWithoutTypes } from './typescript.js'

export interface JavaScriptService extends JavaScript {
  readonly pids: readonly number[]
  /** Runs that wait for a process. */
  readonly waiting: number
  /** Ends the processes. */
  close(): void
}

export interface JavaScriptOptions {
  /** Runs at once; each has a process. */
  processes?: number
  /** Of one engine. */
  memoryMb?: number
  longestQueue?: number
  /** Told why a process could not be started. */
  onError?: (error: unknown) => void
}

/** Text that may cross in one direction, in UTF-16 units. */
const longestText = 10_000_000
/** How much later than the engine the process itself is stopped, in ms. */
const grace = 300

export function createJavaScript({ processes = 2, memoryMb = 64, longestQueue = 200, onError = () => {} }: JavaScriptOptions = {}): JavaScriptService {
  const setup: JavaScriptSetup = { prelude, web: webGlobals, memoryBytes: memoryMb * 1_048_576, longestAnswer: longestText }
  const pool = createProcessPool<JavaScriptJob, JavaScriptOutcome>({ args: processArguments, setup, onError }, { processes, longestQueue })
  const untyped = new Cache<string, string>(500)
  return {
    async run(request) {
      const { code, bindings, milliseconds } = request
      if (bindings.length > longestText) throw failure(`It is given more than ${longestText} characters.`, 'Hand over only what the code needs.')
      if (milliseconds <= 0) throw late(0)
      const known = untyped.get(code)
      const answer = await perform(pool, known === undefined ? request : { ...request, code: known })
      if (known !== undefined || !isSyntaxError(answer)) return resultOf(answer)
      const plain = await bodyWithoutTypes(code)
      if (plain === null) return resultOf(answer)
      untyped.set(code, plain)
      return resultOf(await perform(pool, { ...request, code: plain }))
    },
    get pids() {
      return pool.pids
    },
    get waiting() {
      return pool.waiting
    },
    close: () => pool.close(),
  }
}

/** The answer of the process. Errors: AppError `fatal`, `unavailable` when too many runs wait. */
async function perform(pool: ProcessPool<JavaScriptJob, JavaScriptOutcome>, request: JavaScriptRequest): Promise<Value> {
  const { code, driver, bindings, milliseconds, patience, log } = request
  const job = { code, driver, bindings, milliseconds, logs: log !== null }
  const finished = await pool.run(job, { work: milliseconds + grace, patience })
  if (!('outcome' in finished)) throw gone(finished.failure, milliseconds)
  const { outcome } = finished
  if (log !== null) for (const line of outcome.lines) log(line)
  if (outcome.failure === 'time') throw late(milliseconds)
  if (outcome.failure === 'stuck') throw failure('It waits for a promise that nothing settles.', 'Resolve or reject every promise that is awaited.')
  if (outcome.failure === 'size') throw failure(`It answers more than ${longestText} characters.`, 'Return less.')
  if (outcome.failure === 'depth') throw failure('Calls or values are nested too deeply.', 'End the recursion earlier.')
  return outcome.answer === null ? null : parseJson(outcome.answer)
}

const failure = (message: string, hint: string): AppError => fatal(`JavaScript: ${message}`, { hint, name: 'JavaScriptError' })
const late = (milliseconds: number): AppError => failure(`It takes longer than ${milliseconds / 1000} s.`, 'Raise `timeout`, or do less at once.')

function gone(why: 'busy' | 'time' | 'gone' | 'lost', milliseconds: number): AppError {
  if (why === 'time') return late(milliseconds)
  if (why === 'gone') return failure('It needs too much memory.', 'Work on smaller pieces, or raise STACKHOLD_JAVASCRIPT_MEMORY_MB.')
  if (why === 'lost') return failure('It could not be run.', 'Read the log of the server.')
  return new AppError('unavailable', 'Too much JavaScript runs at once.', {
    hint: 'Try again after the seconds named in Retry-After, or raise STACKHOLD_JAVASCRIPT_PROCESSES.',
    headers: { 'retry-after': '1' },
  })
}

const member = (value: Value, name: string): Value => (isObj(value) ? (value.get(name) ?? null) : null)
const isSyntaxError = (answer: Value): boolean => member(member(answer, 'error'), 'syntax') === true

/** Names that code for other hosts expects, and what to use in their place. */
const elsewhere: [names: RegExp, hint: string][] = [
  [/\b(fetch|axios|XMLHttpRequest|WebSocket)\b/, 'JavaScript here has no network: use api.request before it and hand the result over in a variable.'],
  [/\b(require|process|Deno|Bun|module|global|import)\b/, 'JavaScript here has no modules, files or environment; $env holds the variables of the workspace.'],
  [
    /\b(crypto|Buffer|URL|URLSearchParams|Intl|_|moment|luxon|DateTime|jose|cryptojs|uuid)\b/,
    'This library is not part of JavaScript here: use a filter or a statement for it.',
  ],
]

function resultOf(answer: Value): Value {
  const error = member(answer, 'error')
  if (error === null) return member(answer, 'result')
  const [name, message, line] = [member(error, 'name'), member(error, 'message'), member(error, 'line')]
  const text = `${String(name)}${message === '' ? '' : `: ${String(message)}`}`
  const missing = /not defined|import|load module/.test(text) ? elsewhere.find(([names]) => names.test(text)) : undefined
  const hint = missing?.[1] ?? (text.includes('out of memory') ? 'Work on smaller pieces, or raise STACKHOLD_JAVASCRIPT_MEMORY_MB.' : 'Correct the code.')
  throw failure(line === null ? text : `${text} (line ${String(line)})`, hint)
}

const require = createRequire(import.meta.url)

/** The process may read the engine and nothing else, so its own text is handed over. Run from its source, its types are taken off first. */
async function processArguments(): Promise<string[]> {
  const fromSource = import.meta.url.endsWith('.ts')
  const text = readFileSync(new URL(fromSource ? './javascript-process.ts' : './javascript-process.js', import.meta.url), 'utf8')
  return confined(fromSource ? await moduleWithoutTypes(text) : text)
}

/** Arguments for a Node process that runs a module given as text: it may read the engine's directory, and start nothing. */
export function confined(module: string): string[] {
  const [entry, wasm] = [require.resolve('quickjs-wasi'), require.resolve('quickjs-wasi/quickjs.wasm')]
  const permission = process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission'
  return [permission, `--allow-fs-read=${join(dirname(wasm), '*')}`, '--max-old-space-size=96', '--input-type=module', '-e', module, entry, wasm]
}
