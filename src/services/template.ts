/** Fills Twig templates in processes of their own: none can hang the server, and one that eats all memory ends alone (a thread would take the server along). */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { fatal } from '../errors.js'
import { type Obj, Resource, type Value } from '../lib/value.js'
import type { Templates } from '../runtime/capabilities.js'
import type { TemplateJob, TemplateOutcome } from './template-process.js'
import { toTwig } from './template-spelling.js'

export interface TemplateService extends Templates {
  /** Ends the processes. */
  close(): void
}

interface Task {
  job: TemplateJob
  /** Monotonic ms. */
  deadline: number
  settle(outcome: TemplateOutcome): void
}

const memoryLimitMb = 128

/** `processes` templates are filled at once; further ones wait, within their own time. The first use starts them. */
export function createTemplates({ processes = 2 }: { processes?: number } = {}): TemplateService {
  const idle: ChildProcess[] = []
  const all = new Set<ChildProcess>()
  const queue: Task[] = []

  const start = (): ChildProcess => {
    const child = startProcess()
    all.add(child)
    child.once('exit', () => {
      all.delete(child)
      const at = idle.indexOf(child)
      if (at >= 0) idle.splice(at, 1)
      pump()
    })
    return child
  }

  const pump = (): void => {
    while (queue.length > 0 && (idle.length > 0 || all.size < processes)) {
      const task = queue.shift()
      if (task === undefined) return
      const child = idle.pop() ?? start()
      void perform(child, task).then((reusable) => {
        if (reusable) idle.push(child)
        pump()
      })
    }
  }

  return {
    async fill(source, variables, milliseconds) {
      const twig = toTwig(source)
      const job: TemplateJob = { source: twig, variables: mentioned(twig, variables) }
      const outcome = await new Promise<TemplateOutcome>((settle) => {
        queue.push({ job, deadline: performance.now() + milliseconds, settle })
        pump()
      })
      if ('text' in outcome) return outcome.text
      throw fatal(`Template: ${outcome.error}`, {
        hint: outcome.line === null ? 'Correct the template.' : `Correct line ${outcome.line} of the template.`,
        name: 'TemplateError',
      })
    },
    close() {
      for (const child of all) child.kill('SIGKILL')
    },
  }
}

/** Runs one task; false when its process had to go. */
async function perform(child: ChildProcess, { job, deadline, settle }: Task): Promise<boolean> {
  const { promise, resolve } = withResolvers<TemplateOutcome | null>()
  let failure = 'It needs too much memory.'
  const give = (reason: string) => (): void => {
    failure = reason
    resolve(null)
  }
  const [onExit, onError] = [give(failure), give('It could not be filled.')]
  const timer = setTimeout(give('It takes too long.'), Math.max(0, deadline - performance.now()))
  child.once('message', resolve).once('exit', onExit).once('error', onError)
  child.ref()
  child.channel?.ref()
  child.send(job, (error) => error !== null && onError())
  const outcome = await promise
  clearTimeout(timer)
  child.off('message', resolve).off('exit', onExit)
  if (outcome === null) child.kill('SIGKILL')
  else child.off('error', onError)
  rest(child)
  settle(outcome ?? { error: failure, line: null })
  return outcome !== null
}

/** An idle process does not keep this one alive. */
function rest(child: ChildProcess): void {
  child.unref()
  child.channel?.unref()
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

/** The compiled file beside this one. Run from its source (development, tests), tsx reads it, as it does the rest. */
function startProcess(): ChildProcess {
  const fromSource = import.meta.url.endsWith('.ts')
  const file = fileURLToPath(new URL(fromSource ? './template-process.ts' : './template-process.js', import.meta.url))
  const execArgv = [`--max-old-space-size=${memoryLimitMb}`, ...(fromSource ? ['--import', 'tsx'] : [])]
  const child = fork(file, { execArgv, env: {}, serialization: 'advanced', stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
  rest(child)
  return child
}

/** Only what the template names crosses to the process. */
function mentioned(source: string, variables: Obj): Map<string, Value> {
  const out = new Map<string, Value>()
  for (const [name, value] of variables) if (source.includes(name)) out.set(name, transferable(value))
  return out
}

/** Handles of files and streams mean nothing elsewhere. */
function transferable(value: Value): Value {
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value
  if (Array.isArray(value)) return value.map(transferable)
  if (value instanceof Resource) return null
  return new Map([...value].map(([name, member]) => [name, transferable(member)]))
}
