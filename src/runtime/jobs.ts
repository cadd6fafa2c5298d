/** Asynchronous runs of functions within this process, known by their ids until they are collected. */
import { fatal } from '../errors.js'
import type { Value } from '../lib/value.js'
import type { Run } from './frame.js'

type Outcome = { value: Value } | { error: unknown }

/** The jobs one run has started. */
export class Jobs {
  private readonly outcomes = new Map<string, Promise<Outcome>>()

  /** Starts work that the caller does not wait for; its error waits for whoever collects it. */
  start(id: string, work: () => Promise<Value>): void {
    const outcome = new Promise<void>((resolve) => setImmediate(resolve)).then(work).then(
      (value): Outcome => ({ value }),
      (error: unknown): Outcome => ({ error }),
    )
    this.outcomes.set(id, outcome)
  }

  /** Results by id. `timeout` in ms, 0 = none. Throws `Async timeout` for an unknown id or when time runs out, and the error of a job that failed. */
  async collect(ids: readonly string[], timeout: number): Promise<Map<string, Value>> {
    const waiting = ids.map((id) => this.outcomes.get(id))
    if (waiting.includes(undefined)) throw fatal('Async timeout', { hint: 'Await only ids that function.run returned in this run.' })
    const outcomes = await withTimeout(Promise.all(waiting as Promise<Outcome>[]), timeout)
    if (outcomes === null) throw fatal('Async timeout')
    const results = new Map<string, Value>()
    outcomes.forEach((outcome, i) => {
      if ('error' in outcome) throw outcome.error
      results.set(ids[i] ?? '', outcome.value)
    })
    return results
  }
}

async function withTimeout<T>(work: Promise<T>, milliseconds: number): Promise<T | null> {
  if (milliseconds <= 0) return work
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, milliseconds, null)
  })
  try {
    return await Promise.race([work, timeout])
  } finally {
    clearTimeout(timer)
  }
}

const jobs = new WeakMap<Run, Jobs>()

/** The jobs of a run. */
export function jobsOf(run: Run): Jobs {
  let own = jobs.get(run)
  if (!own) {
    own = new Jobs()
    jobs.set(run, own)
  }
  return own
}
