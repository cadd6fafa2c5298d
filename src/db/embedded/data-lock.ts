/** One Stackhold process per data directory: a lock file with the owner's id, atomic to take, void when the owner is dead. */
import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../../errors.js'
import { isAlive, startMark } from './process-info.js'

export interface DataLock {
  release(): void
}

interface Owner {
  pid: number
  /** Tells the owner from a later process with the same id. */
  start: string
  host: string
  /** Tells two locks of one process apart. */
  nonce: string
}

const heartbeatMs = 5_000
/** An owner on another host cannot be asked; a lock it has not touched for this long is void. */
const foreignVoidMs = 15_000
const settleMs = 50

/** Throws `AppError` when another living process has the directory. */
export async function lockDataDirectory(dataDir: string): Promise<DataLock> {
  const path = join(dataDir, 'stackhold.lock')
  const own: Owner = { pid: process.pid, start: startMark(process.pid), host: hostname(), nonce: `${Date.now()}-${Math.random()}` }
  const draft = `${path}.${process.pid}.${own.nonce}`
  writeFileSync(draft, `${JSON.stringify(own)}\n`, { mode: 0o600 })
  try {
    await take(path, draft, dataDir)
  } finally {
    rmSync(draft, { force: true })
  }
  if (readOwner(path)?.nonce !== own.nonce) throw occupied(dataDir, readOwner(path))

  const heartbeat = setInterval(() => {
    const now = new Date()
    try {
      utimesSync(path, now, now)
    } catch {}
  }, heartbeatMs)
  heartbeat.unref()
  return {
    release() {
      clearInterval(heartbeat)
      if (readOwner(path)?.nonce === own.nonce) rmSync(path, { force: true })
    },
  }
}

async function take(path: string, draft: string, dataDir: string): Promise<void> {
  try {
    // A link appears whole or not at all, and never over an existing file.
    linkSync(draft, path)
    return
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  const owner = readOwner(path)
  if (owner !== undefined && holds(owner, path)) throw occupied(dataDir, owner)
  renameSync(draft, path)
  // Two may have found the lock void; the last one keeps it, the other sees that after a moment.
  await sleep(settleMs)
}

function holds(owner: Owner, path: string): boolean {
  if (owner.host !== hostname()) return Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) < foreignVoidMs
  return isAlive(owner.pid) && startMark(owner.pid) === owner.start
}

function readOwner(path: string): Owner | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Owner
  } catch {
    return undefined
  }
}

const occupied = (dataDir: string, owner: Owner | undefined): AppError =>
  new AppError(
    'fatal',
    `Another Stackhold process${owner === undefined ? '' : ` (pid ${owner.pid}${owner.host === hostname() ? '' : ` on ${owner.host}`})`} is using the data directory ${dataDir}.`,
    {
      hint: 'Stop that process, or give this one its own directory with STACKHOLD_DATA.',
    },
  )
