/** Imports that go on after their answer: what they are doing, in this process, for an hour. */
import { randomBytes } from 'node:crypto'
import { AppError } from '../../errors.js'

export interface JobState {
  id: string
  workspaceId: number
  tableId: number
  status: 'running' | 'ok' | 'error'
  /** Rows and bytes so far, then the report. */
  progress: object
  result: unknown
  error: { code: string; message: string; payload: unknown } | null
  startedAt: number
  endedAt: number | null
}

const keptMs = 3_600_000
const runningMax = 4

export interface Jobs {
  /** Starts work in the background. Throws `tooManyRequests` while {@link runningMax} run. */
  start(of: Pick<JobState, 'workspaceId' | 'tableId'>, work: (progress: (now: object) => void) => Promise<unknown>): JobState
  find(id: string): JobState | undefined
  /** Runs work that someone waits for, within the same bound. */
  within<T>(work: () => Promise<T>): Promise<T>
}

export function createJobs(): Jobs {
  const jobs = new Map<string, JobState>()
  let running = 0
  const within = async <T>(work: () => Promise<T>): Promise<T> => {
    if (running >= runningMax) throw new AppError('tooManyRequests', 'Too many imports and exports are running.', { headers: { 'retry-after': '5' } })
    running++
    try {
      return await work()
    } finally {
      running--
    }
  }
  const forget = (): void => {
    for (const [id, { endedAt }] of jobs) if (endedAt !== null && Date.now() - endedAt > keptMs) jobs.delete(id)
  }
  return {
    within,
    find: (id) => jobs.get(id),
    start(of, work) {
      forget()
      if (running >= runningMax) throw new AppError('tooManyRequests', 'Too many imports and exports are running.', { headers: { 'retry-after': '5' } })
      const job: JobState = {
        ...of,
        id: randomBytes(16).toString('base64url'),
        status: 'running',
        progress: {},
        result: null,
        error: null,
        startedAt: Date.now(),
        endedAt: null,
      }
      jobs.set(job.id, job)
      within(() => work((progress) => void Object.assign(job, { progress })))
        .then((result) => Object.assign(job, { status: 'ok', result }))
        .catch((error: unknown) => Object.assign(job, { status: 'error', error: toJson(error) }))
        .finally(() => Object.assign(job, { endedAt: Date.now() }))
      return job
    },
  }
}

const toJson = (error: unknown): JobState['error'] =>
  error instanceof AppError
    ? { code: error.code, message: error.message, payload: error.payload }
    : { code: 'ERROR_FATAL', message: 'Something went wrong.', payload: '' }
