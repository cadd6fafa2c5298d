/** `stackhold start`: runs the server until it is told to stop. */
import cluster from 'node:cluster'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Config, isLoopback, readConfig } from '../config.js'
import { AppError } from '../errors.js'
import { startServer } from '../server.js'
import { type RunningProcess, serveInCluster, startCluster } from './cluster.js'

/** Time for a load balancer to see the 503 of `/health` before connections are refused. */
const noticeMs = 1_000

export async function startCommand({ dev }: { dev?: boolean }): Promise<void> {
  const config = dev === true ? toDevelopment(readConfig()) : readConfig()
  if (cluster.isWorker) {
    surviveStrayErrors()
    return serveInCluster(config)
  }
  const stop = stopOnSignals(config.env === 'production' ? noticeMs : 0)
  const server: RunningProcess = config.http.workers > 1 ? await startCluster(config) : await startServer(config)
  surviveStrayErrors()
  stop.arm(server)
  process.stdout.write(`Stackhold listens on ${server.url}\n`)
  if (server.firstAdminToken !== null) process.stdout.write(`Admin token (shown only now): ${server.firstAdminToken}\n`)
}

function toDevelopment(config: Config): Config {
  if (!isLoopback(config.http.host))
    throw new AppError('fatal', `HOST is ${config.http.host}, but development mode answers this machine only.`, {
      hint: 'Leave HOST out, or start without --dev.',
    })
  return { ...config, env: 'development' }
}

/** The first signal drains, a second one ends at once. A signal during the start counts as soon as there is something to stop. */
function stopOnSignals(graceMs: number): { arm(server: RunningProcess): void } {
  let server: RunningProcess | undefined
  let stopping = false
  const end = async (running: RunningProcess): Promise<void> => {
    running.drain()
    await sleep(graceMs)
    await running.close()
  }
  const stop = (running: RunningProcess): void => {
    end(running).then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`)
        process.exit(1)
      },
    )
  }
  const onSignal = (): void => {
    if (stopping) process.exit(130)
    stopping = true
    if (server !== undefined) stop(server)
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
  return {
    arm(running) {
      server = running
      if (stopping) stop(running)
    },
  }
}

/** What no one caught is a defect of ours; the other requests shall not pay for it. */
function surviveStrayErrors(): void {
  const report = (kind: string) => (error: unknown) =>
    process.stderr.write(`${JSON.stringify({ level: 'fatal', kind, error: error instanceof Error ? error.stack : String(error) })}\n`)
  process.on('uncaughtException', report('uncaught_exception'))
  process.on('unhandledRejection', report('unhandled_rejection'))
}
