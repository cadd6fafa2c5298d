/** Imports that go on after their answer, in the catalog: every node can tell how far one is, and that its node died. */
import { randomBytes } from 'node:crypto'
import type { Queryable } from './queryable.js'

export interface ImportJob {
  id: string
  workspaceId: number
  tableId: number
  status: 'running' | 'ok' | 'error'
  /** Rows and bytes so far. */
  progress: object
  /** The report. */
  result: unknown
  error: ImportJobError | null
  /** Epoch ms. */
  startedAt: number
  endedAt: number | null
}

export interface ImportJobError {
  code: string
  message: string
  payload: unknown
}

/** Seconds of silence after which the node of a job counts as dead. */
const silentSeconds = 20
/** How often the node says that it still works, ms. */
export const heartbeatMs = 2_000
const keptInterval = '1 hour'

const lost: ImportJobError = {
  code: 'ERROR_FATAL',
  message: 'The server that ran this import stopped before it was done. Nothing was imported.',
  payload: '',
}

interface JobRow {
  id: string
  workspace_id: number
  table_id: number
  status: ImportJob['status']
  progress: object
  result: unknown
  error: ImportJobError | null
  started_at: number
  seen_at: number
  ended_at: number | null
  is_lost: boolean
}

const columns = `*, status = 'running' and seen_at < now() - interval '${silentSeconds} seconds' as is_lost`

/** A job that has just begun. */
export async function insertImportJob(db: Queryable, of: Pick<ImportJob, 'workspaceId' | 'tableId'>): Promise<ImportJob> {
  const id = randomBytes(16).toString('base64url')
  const [row] = await db.query<JobRow>(`insert into stackhold.import_job (id, workspace_id, table_id) values ($1, $2, $3) returning ${columns}`, [
    id,
    of.workspaceId,
    of.tableId,
  ])
  return toJob(row as JobRow)
}

/** Says how far a job is, and that its node lives. */
export async function touchImportJob(db: Queryable, id: string, progress: object): Promise<void> {
  await db.query(`update stackhold.import_job set progress = $2, seen_at = now() where id = $1 and status = 'running'`, [id, JSON.stringify(progress)])
}

export async function endImportJob(db: Queryable, id: string, end: Pick<ImportJob, 'progress' | 'result' | 'error'>): Promise<void> {
  await db.query('update stackhold.import_job set status = $2, progress = $3, result = $4, error = $5, seen_at = now(), ended_at = now() where id = $1', [
    id,
    end.error === null ? 'ok' : 'error',
    JSON.stringify(end.progress),
    end.error === null ? JSON.stringify(end.result) : null,
    end.error === null ? null : JSON.stringify(end.error),
  ])
}

/** A job of a table, whichever node runs it; undefined an hour after its end. */
export async function findImportJob(
  db: Queryable,
  { id, workspaceId, tableId }: Pick<ImportJob, 'id' | 'workspaceId' | 'tableId'>,
): Promise<ImportJob | undefined> {
  const [row] = await db.query<JobRow>(`select ${columns} from stackhold.import_job where id = $1 and workspace_id = $2 and table_id = $3`, [
    id,
    workspaceId,
    tableId,
  ])
  return row === undefined ? undefined : toJob(row)
}

/** Forgets jobs that ended, or fell silent, an hour ago. */
export async function forgetImportJobs(db: Queryable): Promise<void> {
  await db.query(`delete from stackhold.import_job where seen_at < now() - interval '${keptInterval}'`)
}

const toJob = (row: JobRow): ImportJob => ({
  id: row.id,
  workspaceId: row.workspace_id,
  tableId: row.table_id,
  status: row.is_lost ? 'error' : row.status,
  progress: row.progress,
  result: row.result,
  error: row.is_lost ? lost : row.error,
  startedAt: row.started_at,
  endedAt: row.is_lost ? row.seen_at : row.ended_at,
})
