/** Several processes behind one port: the first keeps the database and the others alive, the others serve. */
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Config } from '../config.js'
import { AppError } from '../errors.js'
import { type Foundation, layFoundation } from '../server/foundation.js'
import { type RunningServer, startServer } from '../server.js'

export type RunningProcess = Pick<RunningServer, 'url' | 'firstAdminToken' | 'drain' | 'close'>

type ToWorker = { kind: 'begin'; foundation: Foundation } | { kind: 'drain' } | { kind: 'close'; drainMs: number }
type FromWorker = { kind: 'hello' } | { kind: 'ready'; url: string; firstAdminToken: string | null } | { kind: 'failed'; message: string; hint: string }

const restartMs = { first: 200, most: 10_000 }
/** A worker that lived so long did not fail at its start. */
const settledMs = 30_000

/** The first process. Errors: as `startServer`. */
export async function startCluster(config: Config): Promise<RunningProcess> {
  const { close: closeFoundation, ...foundation } = await layFoundation(config)
  let closing = false
  const say = (worker: Worker, message: ToWorker): void => {
    if (worker.isConnected()) worker.send(message)
  }
  const all = (): Worker[] => Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined)

  const start = async (): Promise<FromWorker & { kind: 'ready' }> => {
    const worker = cluster.fork()
    const answer = await new Promise<Exclude<FromWorker, { kind: 'hello' }>>((resolve) => {
      worker.on('message', (message: FromWorker) => {
        // What is sent before the worker listens would be lost.
        if (message.kind === 'hello') say(worker, { kind: 'begin', foundation })
        else resolve(message)
      })
      worker.once('exit', (code) => resolve({ kind: 'failed', message: `A worker ended with code ${code}.`, hint: 'Read the log for the cause.' }))
    })
    if (answer.kind === 'failed') throw new AppError('fatal', answer.message, { hint: answer.hint })
    worker.once('exit', () => void replace(performance.now()))
    return answer
  }

  const replace = async (diedAt: number): Promise<void> => {
    for (let wait = restartMs.first; !closing; wait = Math.min(wait * 2, restartMs.most)) {
      await sleep(performance.now() - diedAt > settledMs ? restartMs.first : wait)
      if (closing) return
      const started = await start().catch((error: unknown) => process.stderr.write(`${String(error)}\n`))
      if (typeof started === 'object') return
    }
  }

  const stopWorkers = async (drainMs: number): Promise<void> => {
    closing = true
    const ended = all().map((worker) => {
      const exit = once(worker, 'exit')
      say(worker, { kind: 'close', drainMs })
      const late = setTimeout(() => worker.process.kill('SIGKILL'), drainMs + 5_000)
      return exit.finally(() => clearTimeout(late))
    })
    await Promise.all(ended)
  }

  try {
    // One alone makes the first workspace and the first token; the others find them.
    const { url, firstAdminToken } = await start()
    await Promise.all(Array.from({ length: config.http.workers - 1 }, start))
    return {
      url,
      firstAdminToken,
      drain() {
        for (const worker of all()) say(worker, { kind: 'drain' })
      },
      async close(drainMs = 30_000) {
        await stopWorkers(drainMs)
        await closeFoundation()
      },
    }
  } catch (error) {
    await stopWorkers(0)
    await closeFoundation()
    throw error
  }
}

/** One of the others: serves until the first one says otherwise, or is gone. */
export async function serveInCluster(config: Config): Promise<void> {
  // A terminal signals every process; the first one decides.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => {})
  const tell = (message: FromWorker): void => void process.send?.(message)
  let server: RunningServer | undefined
  const end = async (drainMs: number): Promise<void> => {
    await server?.close(drainMs).catch((error: unknown) => process.stderr.write(`${String(error)}\n`))
    process.exit(0)
  }
  process.on('disconnect', () => void end(0))
  const beginning = once(process, 'message')
  tell({ kind: 'hello' })
  const [begin] = (await beginning) as [ToWorker]
  if (begin.kind !== 'begin') return end(0)
  process.on('message', (message: ToWorker) => {
    if (message.kind === 'drain') server?.drain()
    if (message.kind === 'close') void end(message.drainMs)
  })
  try {
    server = await startServer(config, { foundation: begin.foundation })
    tell({ kind: 'ready', url: server.url, firstAdminToken: server.firstAdminToken })
  } catch (error) {
    const known = error instanceof AppError ? error : new AppError('fatal', String(error), { cause: error })
    process.send?.({ kind: 'failed', message: known.message, hint: known.hint } satisfies FromWorker, () => process.exit(1))
  }
}
