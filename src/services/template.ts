/** Fills Twig templates in worker threads, so that none can hang the server: past its deadline the thread ends. */
import { Worker } from 'node:worker_threads'
import { fatal } from '../errors.js'
import { type Obj, Resource, type Value } from '../lib/value.js'
import type { Templates } from '../runtime/capabilities.js'
import { toTwig } from './template-spelling.js'
import type { TemplateJob, TemplateOutcome } from './template-worker.js'

export interface TemplateService extends Templates {
  /** Ends the threads. */
  close(): Promise<void>
}

interface Task {
  job: TemplateJob
  /** Monotonic ms. */
  deadline: number
  settle(outcome: TemplateOutcome): void
}

const memoryLimitMb = 128

/** `threads` templates are filled at once; further ones wait, within their own time. */
export function createTemplates({ threads = 2 }: { threads?: number } = {}): TemplateService {
  const idle: Worker[] = []
  const all = new Set<Worker>()
  const queue: Task[] = []

  const start = (): Worker => {
    const worker = startWorker()
    all.add(worker)
    worker.once('exit', () => {
      all.delete(worker)
      const at = idle.indexOf(worker)
      if (at >= 0) idle.splice(at, 1)
    })
    return worker
  }

  const pump = (): void => {
    while (queue.length > 0 && (idle.length > 0 || all.size < threads)) {
      const task = queue.shift()
      if (task === undefined) return
      const worker = idle.pop() ?? start()
      void perform(worker, task).then((reusable) => {
        if (reusable) idle.push(worker)
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
    async close() {
      await Promise.all([...all].map((worker) => worker.terminate()))
    },
  }
}

/** Runs one task; false when its thread had to go. */
async function perform(worker: Worker, { job, deadline, settle }: Task): Promise<boolean> {
  const { promise, resolve } = withResolvers<{ outcome: TemplateOutcome; alive: boolean }>()
  const onMessage = (outcome: TemplateOutcome): void => resolve({ outcome, alive: true })
  const onError = (error: Error & { code?: string }): void =>
    resolve({ outcome: { error: error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'It needs too much memory.' : error.message, line: null }, alive: false })
  const onExit = (): void => resolve({ outcome: { error: 'It could not be filled.', line: null }, alive: false })
  const timer = setTimeout(() => resolve({ outcome: { error: 'It takes too long.', line: null }, alive: false }), Math.max(0, deadline - performance.now()))
  worker.on('message', onMessage).on('error', onError).on('exit', onExit)
  worker.ref()
  worker.postMessage(job)
  const { outcome, alive } = await promise
  clearTimeout(timer)
  worker.off('message', onMessage).off('exit', onExit)
  if (alive) {
    worker.off('error', onError)
    worker.unref()
  } else await worker.terminate()
  settle(outcome)
  return alive
}

function withResolvers<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => {}
  const promise = new Promise<T>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

/** The compiled file beside this one; run from its source, the same loader as this process's reads it. */
function startWorker(): Worker {
  const fromSource = import.meta.url.endsWith('.ts')
  const url = new URL(fromSource ? './template-worker.ts' : './template-worker.js', import.meta.url)
  const worker = new Worker(url, { env: {}, resourceLimits: { maxOldGenerationSizeMb: memoryLimitMb }, execArgv: fromSource ? ['--import', 'tsx'] : [] })
  worker.unref()
  return worker
}

/** Only what the template names crosses to the thread. */
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
