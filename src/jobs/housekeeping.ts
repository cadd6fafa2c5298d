/** What has to be done now and then, by one node of all: the bin is emptied, indexes that could not be built are tried again, old jobs, sessions and links in mails are forgotten. */
import { setTimeout as sleep } from 'node:timers/promises'
import { forgetOldSignIns } from '../auth/forget.js'
import type { Database } from '../db/client.js'
import { emptyBin } from '../db/ddl/bin.js'
import { forgetImportJobs } from '../db/import-jobs.js'
import { repairWorkspaceIndexes, repairWorkspaceRules } from '../workspace/indexes.js'
import { listWorkspaces } from '../workspace/store.js'

export interface Housekeeping {
  /** Does everything once; nothing when another node is at it. */
  run(): Promise<void>
  /** Begins nothing more, and waits a moment for what is under way: an index build goes on in Postgres. */
  stop(): Promise<void>
}

export interface HousekeepingOptions {
  /** ms; default an hour. */
  everyMs?: number
  /** Told of whatever failed; the rest goes on. */
  onError(error: unknown): void
  /** Told of indexes that still could not be built. */
  onProblem(problem: string): void
  /** Further work, done by one node of all. */
  also?: readonly (() => Promise<unknown>)[]
}

/** Begins at once, in the background. */
export function startHousekeeping(db: Database, { everyMs = 3_600_000, onError, onProblem, also = [] }: HousekeepingOptions): Housekeeping {
  let stopped = false
  let running: Promise<void> = Promise.resolve()

  const attempt = async (work: () => Promise<unknown>): Promise<void> => {
    if (!stopped) await work().catch((error: unknown) => (stopped ? undefined : onError(error)))
  }
  const tidy = async (): Promise<void> => {
    await attempt(() => emptyBin(db, onError))
    await attempt(() => forgetImportJobs(db))
    await attempt(() => forgetOldSignIns(db))
    for (const work of also) await attempt(work)
    await attempt(async () => {
      for (const { id } of await listWorkspaces(db)) await attempt(() => repairWorkspaceRules(db, id))
      for (const { id } of await listWorkspaces(db)) await attempt(async () => (await repairWorkspaceIndexes(db, id)).forEach(onProblem))
    })
  }
  const run = (): Promise<void> => {
    running = running.then(() => attempt(() => db.withLock('housekeeping', 0, tidy)))
    return running
  }
  const timer = setInterval(() => void run(), everyMs)
  timer.unref()
  void run()
  return {
    run,
    async stop() {
      stopped = true
      clearInterval(timer)
      await Promise.race([running, sleep(1_000, undefined, { ref: false })])
    },
  }
}
