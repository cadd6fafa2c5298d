/** Imports that go on after their answer, and the bound on how many imports and exports this process runs at once. */
import { setTimeout as sleep } from 'node:timers/promises'
import { endImportJob, heartbeatMs, type ImportJob, type ImportJobError, insertImportJob, touchImportJob } from '../../db/import-jobs.js'
import type { Queryable } from '../../db/queryable.js'
import { AppError } from '../../errors.js'

const runningMax = 4
/** A database that is away for a moment shall not make a finished import a lost one. */
const endAttempts = 8

export interface Jobs {
  /** Starts work in the background. Throws `tooManyRequests` while {@link runningMax} run. */
  start(db: Queryable, of: Pick<ImportJob, 'workspaceId' | 'tableId'>, work: (progress: (now: object) => void) => Promise<unknown>): Promise<ImportJob>
  /** Runs work that someone waits for, within the same bound. */
  within<T>(work: () => Promise<T>): Promise<T>
}

export function createJobs(): Jobs {
  let running = 0
  const enter = (): void => {
    if (running >= runningMax) throw new AppError('tooManyRequests', 'Too many imports and exports are running.', { headers: { 'retry-after': '5' } })
    running++
  }
  const within = async <T>(work: () => Promise<T>): Promise<T> => {
    enter()
    try {
      return await work()
    } finally {
      running--
    }
  }
  return {
    within,
    async start(db, of, work) {
      enter()
      let job: ImportJob
      try {
        job = await insertImportJob(db, of)
      } catch (error) {
        running--
        throw error
      }
      void run(db, job.id, work).finally(() => running--)
      return job
    },
  }
}

/** Never throws: what happened is in the catalog. */
async function run(db: Queryable, id: string, work: (progress: (now: object) => void) => Promise<unknown>): Promise<void> {
  let progress: object = {}
  const heartbeat = setInterval(() => void touchImportJob(db, id, progress).catch(() => {}), heartbeatMs)
  const end = await work((now) => {
    progress = now
  }).then(
    (result) => ({ result, error: null }),
    (error: unknown) => ({ result: null, error: toJson(error) }),
  )
  clearInterval(heartbeat)
  for (let attempt = 1; attempt <= endAttempts; attempt++) {
    try {
      return await endImportJob(db, id, { progress, ...end })
    } catch {
      await sleep(250 * attempt)
    }
  }
}

const toJson = (error: unknown): ImportJobError =>
  error instanceof AppError
    ? { code: error.code, message: error.message, payload: error.payload }
    : { code: 'ERROR_FATAL', message: 'Something went wrong.', payload: '' }
