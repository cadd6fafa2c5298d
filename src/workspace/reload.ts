/** The snapshot that serves now. A change is announced in its own transaction; every node loads it and swaps at once. */
import { randomUUID } from 'node:crypto'
import { guardAccounts } from '../auth/account-triggers.js'
import type { Database, Queryable } from '../db/client.js'
import { buildSnapshot, type LoadContext, loadSnapshot, loadWorkspace } from './load.js'
import { modelOfTable } from './models.js'
import type { Snapshot, WorkspaceSnapshot } from './snapshot.js'
import { listAllTables } from './store.js'

export interface LiveSnapshot {
  /** A request reads it once and keeps it to its end. */
  readonly current: Snapshot
  /** The last step of every change: accounts of its tables are guarded, and the other nodes hear of it when the transaction commits. */
  announce(transaction: Queryable, workspaceId: number): Promise<void>
  /** Loads a workspace anew; resolves when it serves here. Call after the commit, before answering. */
  refresh(workspaceId: number): Promise<void>
  /** Loads everything anew. */
  refreshAll(): Promise<void>
  /** Told after every swap; the result stops it. */
  onSwap(listener: (snapshot: Snapshot) => void): () => void
  close(): Promise<void>
}

export interface LiveSnapshotOptions extends LoadContext {
  /** A reload asked for by another node failed; it is tried again. */
  onError?: (error: unknown) => void
}

const channel = 'stackhold_workspace'
const retryMs = 1_000

/** Loads every workspace and keeps them current. */
export async function createLiveSnapshot(db: Database, options: LiveSnapshotOptions): Promise<LiveSnapshot> {
  const node = randomUUID()
  const listeners = new Set<(snapshot: Snapshot) => void>()
  let current: Snapshot
  let closed = false
  let retry: NodeJS.Timeout | undefined

  const swap = (next: Snapshot): void => {
    current = next
    for (const listener of listeners) listener(next)
  }
  // One consistent view of all tables, whatever is committed meanwhile.
  const consistently = <T>(load: (db: Queryable) => Promise<T>): Promise<T> => db.withTransaction(load, { isolation: 'repeatable read' })

  const jobs = createJobs(async (workspaceId) => {
    if (workspaceId === null) return swap(await consistently((tx) => loadSnapshot(tx, options)))
    const workspace = await consistently((tx) => loadWorkspace(tx, workspaceId, options))
    swap(buildSnapshot(replaceWorkspace(current.workspaces, workspaceId, workspace)))
  })

  const refreshInBackground = (workspaceId: number | null): void => {
    jobs.run(workspaceId).catch((error: unknown) => {
      if (closed) return
      options.onError?.(error)
      clearTimeout(retry)
      retry = setTimeout(() => refreshInBackground(null), retryMs)
      retry.unref()
    })
  }

  // Listening comes first: whatever is committed while loading is announced.
  const stop = await db.listen(channel, {
    onMessage(payload) {
      const [id, from] = payload.split(' ')
      if (from !== node && Number.isInteger(Number(id))) refreshInBackground(Number(id))
    },
    onReconnect: () => refreshInBackground(null),
  })
  current = await consistently((tx) => loadSnapshot(tx, options))

  return {
    get current() {
      return current
    },
    async announce(transaction, workspaceId) {
      const tables = await listAllTables(transaction, workspaceId)
      await guardAccounts(transaction, workspaceId, tables.map(modelOfTable))
      await transaction.notify(channel, `${workspaceId} ${node}`)
    },
    refresh: (workspaceId) => jobs.run(workspaceId),
    refreshAll: () => jobs.run(null),
    onSwap(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    async close() {
      closed = true
      clearTimeout(retry)
      await stop()
    },
  }
}

/** Runs one load at a time; a load that is waiting to start serves everyone who asks for the same. */
function createJobs(load: (workspaceId: number | null) => Promise<void>): { run(workspaceId: number | null): Promise<void> } {
  const waiting = new Map<number | null, Promise<void>>()
  let tail: Promise<void> = Promise.resolve()
  return {
    run(workspaceId) {
      const queued = waiting.get(workspaceId)
      if (queued !== undefined) return queued
      const job = tail.then(() => {
        waiting.delete(workspaceId)
        return load(workspaceId)
      })
      waiting.set(workspaceId, job)
      tail = job.catch(() => {})
      return job
    },
  }
}

function replaceWorkspace(
  workspaces: ReadonlyMap<number, WorkspaceSnapshot>,
  id: number,
  workspace: WorkspaceSnapshot | undefined,
): Map<number, WorkspaceSnapshot> {
  const next = new Map(workspaces)
  if (workspace === undefined) next.delete(id)
  else next.set(id, workspace)
  return new Map([...next].sort(([a], [b]) => a - b))
}
