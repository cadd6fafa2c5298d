/** The process: database, migrations, snapshot, HTTP; and the way back down. */
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { toSettings } from './app.js'
import type { Config } from './config.js'
import { openDatabase } from './db/client.js'
import { type Cleanup, createLog, type Foundation, prepare, undoAll } from './server/foundation.js'
import { buildHouse, type HouseOptions } from './server/house.js'
import { createMetrics } from './services/metrics.js'

export interface RunningServer {
  app: FastifyInstance
  /** Where it listens. */
  url: string
  /** Made at this start, the first of the instance; null at every other. */
  firstAdminToken: string | null
  /** Says 503 on `/health` from now on, without closing yet. */
  drain(): void
  /** Answers what is under way (for up to `drainMs`, default 30 000), then ends every connection and the embedded database. */
  close(drainMs?: number): Promise<void>
}

export interface ServerOptions extends HouseOptions {
  /** Made by another process that keeps the database; absent: this one does all by itself. */
  foundation?: Foundation
  /** Instead of lines on the standard error, for tests. */
  log?: Logger
}

/** Errors: `AppError` when the database cannot be reached within a minute, is too old, or is in use by another server. */
export async function startServer(config: Config, options: ServerOptions = {}): Promise<RunningServer> {
  const log = options.log ?? createLog(config)
  const cleanup: Cleanup = []
  const undo = (): Promise<void> => undoAll(cleanup, log)
  try {
    const { connection, secret } = options.foundation ?? (await prepare(config, log, cleanup))
    const metrics = createMetrics()
    const db = openDatabase({
      connection,
      poolSize: config.database.poolSize,
      statementTimeoutMs: config.database.statementTimeoutMs,
      onError: (error) => {
        metrics.countEvent('connection_lost')
        log.warn({ err: error }, 'connection_lost')
      },
    })
    cleanup.push(() => db.close())
    const house = await buildHouse(config, { db, secret: Buffer.from(secret), log, metrics }, options)
    cleanup.push(() => house.stop())
    await house.app.listen({ host: config.http.host, port: config.http.port })
    const address = house.app.server.address()
    const port = typeof address === 'object' && address !== null ? address.port : config.http.port
    if (config.http.port === 0) house.settings.baseUrl = toSettings({ ...config, http: { ...config.http, port } }).baseUrl
    const url = toSettings({ ...config, http: { ...config.http, port, publicUrl: undefined } }).baseUrl
    return {
      app: house.app,
      url,
      firstAdminToken: house.firstAdminToken,
      drain: house.drain,
      async close(drainMs = 30_000) {
        house.drain()
        const late = setTimeout(() => house.app.server.closeAllConnections(), drainMs)
        await house.app.close()
        clearTimeout(late)
        await undo()
      },
    }
  } catch (error) {
    await undo()
    throw error
  }
}
