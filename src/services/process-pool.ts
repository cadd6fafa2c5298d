/** Work for processes of their own: none can hang the server, and one that eats all memory ends alone (a thread would take the server along). */
import { type ChildProcess, spawn } from 'node:child_process'
import { setPriority } from 'node:os'

export interface ProcessPool<Job, Outcome> {
  /** Never rejects. `work`: ms the process may take; `patience`: ms the job may wait until one is free. */
  run(job: Job, limits: { work: number; patience: number }): Promise<Finished<Outcome>>
  /** Ids of the living processes. */
  readonly pids: readonly number[]
  /** Jobs that wait for a process. */
  readonly waiting: number
  /** Ends the processes. */
  close(): void
}

/** `busy`: no process was free in time. `time`: it took too long. `gone`: the process ended. `lost`: it could not be started or reached. */
export type Finished<Outcome> = { outcome: Outcome } | { failure: 'busy' | 'time' | 'gone' | 'lost' }

/** How a process is started: arguments for Node. It sends one message when it is ready, then answers every job by one. */
export interface ProcessPlan {
  args(): string[] | Promise<string[]>
  /** What it is told before the first job. */
  setup?: unknown
  /** Told why a process could not be started. */
  onError?(error: unknown): void
}

export interface ProcessPoolOptions {
  /** Jobs that run at once; further ones wait. The first use starts the processes. */
  processes: number
  /** More waiting jobs than this are `busy` at once. */
  longestQueue: number
}

interface Task<Job, Outcome> {
  job: Job
  work: number
  settle(finished: Finished<Outcome>): void
}

/** Longest start of a process, in ms. */
const longestStart = 20_000

export function createProcessPool<Job, Outcome>(plan: ProcessPlan, { processes, longestQueue }: ProcessPoolOptions): ProcessPool<Job, Outcome> {
  const idle: Worker<Job, Outcome>[] = []
  const all = new Set<Worker<Job, Outcome>>()
  const queue: Task<Job, Outcome>[] = []
  let closed = false

  const start = (): Worker<Job, Outcome> => {
    const worker: Worker<Job, Outcome> = new Worker(plan, () => {
      all.delete(worker)
      const at = idle.indexOf(worker)
      if (at >= 0) idle.splice(at, 1)
      pump()
    })
    all.add(worker)
    return worker
  }

  const pump = (): void => {
    while (!closed && queue.length > 0 && (idle.length > 0 || all.size < processes)) {
      const task = queue.shift()
      if (task === undefined) return
      const worker = idle.pop() ?? start()
      void worker.perform(task.job, task.work).then((finished) => {
        if ('outcome' in finished) idle.push(worker)
        task.settle(finished)
        pump()
      })
    }
  }

  return {
    run(job, { work, patience }) {
      if (closed || patience <= 0 || queue.length >= longestQueue) return Promise.resolve({ failure: 'busy' })
      return new Promise((resolve) => {
        const giveUp = setTimeout(() => {
          const at = queue.indexOf(task)
          if (at < 0) return
          queue.splice(at, 1)
          resolve({ failure: 'busy' })
        }, patience)
        const task: Task<Job, Outcome> = {
          job,
          work,
          settle(finished) {
            clearTimeout(giveUp)
            resolve(finished)
          },
        }
        queue.push(task)
        pump()
      })
    },
    get pids() {
      return [...all].flatMap(({ pid }) => (pid === undefined ? [] : [pid]))
    },
    get waiting() {
      return queue.length
    },
    close() {
      closed = true
      for (const worker of all) worker.kill()
    },
  }
}

/** One process. After a failure it is gone. */
class Worker<Job, Outcome> {
  private child: ChildProcess | undefined
  private readonly ready: Promise<ChildProcess | null>
  private killed = false

  constructor(plan: ProcessPlan, onEnd: () => void) {
    this.ready = this.start(plan).catch((error: unknown) => {
      this.kill()
      plan.onError?.(error)
      return null
    })
    void this.ready.then((child) => {
      if (child === null || child.exitCode !== null || child.signalCode !== null) onEnd()
      else child.once('exit', onEnd)
    })
  }

  get pid(): number | undefined {
    return this.child?.pid
  }

  private async start(plan: ProcessPlan): Promise<ChildProcess | null> {
    const args = await plan.args()
    if (this.killed) return null
    const child = spawn(process.execPath, args, { env: {}, serialization: 'advanced', stdio: ['ignore', 'ignore', 'ignore', 'ipc'] })
    this.child = child
    // A listener for as long as it lives: without one, an error that nobody waits for would end the server.
    child.on('error', () => this.kill())
    if (child.pid !== undefined) yieldCpu(child.pid)
    const greeting = await nextMessage(child, longestStart)
    if (!('message' in greeting)) {
      if (this.killed) return null
      throw new Error(`A process did not start (${greeting.failure}): node ${args.filter((arg) => arg.startsWith('--')).join(' ')}`)
    }
    if (plan.setup !== undefined) child.send(plan.setup as object, () => {})
    rest(child)
    return child
  }

  async perform(job: Job, milliseconds: number): Promise<Finished<Outcome>> {
    const child = await this.ready
    if (child === null || !child.connected) return { failure: 'lost' }
    child.ref()
    child.channel?.ref()
    child.send(job as object, (error) => error !== null && this.kill())
    const answer = await nextMessage(child, milliseconds)
    if (!('message' in answer)) this.kill()
    rest(child)
    return 'message' in answer ? { outcome: answer.message as Outcome } : { failure: answer.failure }
  }

  kill(): void {
    this.killed = true
    this.child?.kill('SIGKILL')
  }
}

/** The next thing the process says, or why there is none. */
function nextMessage(child: ChildProcess, milliseconds: number): Promise<{ message: unknown } | { failure: 'time' | 'gone' | 'lost' }> {
  return new Promise((resolve) => {
    const finish = (result: { message: unknown } | { failure: 'time' | 'gone' | 'lost' }): void => {
      clearTimeout(timer)
      child.off('message', onMessage).off('exit', onExit).off('error', onError)
      resolve(result)
    }
    const onMessage = (message: unknown): void => finish({ message })
    const onExit = (): void => finish({ failure: 'gone' })
    const onError = (): void => finish({ failure: 'lost' })
    const timer = setTimeout(() => finish({ failure: 'time' }), Math.max(0, milliseconds))
    child.once('message', onMessage).once('exit', onExit).once('error', onError)
    if (child.exitCode !== null || child.signalCode !== null) onExit()
  })
}

/** An idle process does not keep this one alive. */
function rest(child: ChildProcess): void {
  child.unref()
  child.channel?.unref()
}

/** A third of the share of the server. */
const niceness = 5

/** The server comes first when both want the processor. */
function yieldCpu(pid: number): void {
  try {
    setPriority(pid, niceness)
  } catch {
    // Not allowed everywhere; the processes then compete as equals.
  }
}
