/** One run of the `postgres` process: started or adopted, watched, stopped. */
import { spawn } from 'node:child_process'
import { closeSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Binaries } from './binaries.js'
import { cannotRun, clusterArgument, serverEnvironment } from './cluster.js'
import { findRunningPostmaster, readPostmasterFile } from './postmaster-file.js'
import { isAlive } from './process-info.js'
import type { ServerUser } from './server-user.js'

export interface Postmaster {
  pid: number
  socketDir: string
  /** Resolves when the process is gone, with how it ended when it was our child. */
  readonly exited: Promise<string>
}

export interface PostmasterOptions {
  binaries: Binaries
  clusterDir: string
  socketDir: string
  logFile: string
  user: ServerUser | undefined
  settings: Readonly<Record<string, string>>
}

const pollMs = 15
const watchMs = 250
const logMaxBytes = 10_000_000
/** Crash recovery replays what was written since the last checkpoint; that may take a while after heavy writing. */
const readyWithinMs = 300_000

const ownSettings: Readonly<Record<string, string>> = {
  listen_addresses: '',
  port: '5432',
  unix_socket_permissions: '0700',
  log_timezone: 'UTC',
  timezone: 'UTC',
  log_checkpoints: 'off',
}

/** Starts Postgres in a session of its own, so that Ctrl-C reaches only us and we stop it after the last request. */
export async function startPostmaster(options: PostmasterOptions): Promise<Postmaster> {
  const file = join(options.binaries.directory, 'postgres')
  const settings = { ...ownSettings, unix_socket_directories: options.socketDir, ...options.settings }
  const args = ['-D', clusterArgument(options.clusterDir, options.user), ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  const log = openLog(options.logFile)
  const logStart = fstatSync(log).size
  // A file, not a pipe: Postgres outlives a killed Node, and a broken pipe would follow it.
  const child = spawn(file, args, { cwd: options.clusterDir, ...options.user, env: serverEnvironment, detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  const exited = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(cannotRun(file, error).message))
    child.on('exit', (code, signal) => resolve(signal ?? `code ${code}`))
  })
  let ended: string | undefined
  void exited.then((how) => {
    ended = how
  })
  for (const start = Date.now(); ; await sleep(pollMs)) {
    if (ended !== undefined || child.pid === undefined)
      throw new Error(`PostgreSQL did not start (${ended ?? (await exited)}): ${lastLines(options.logFile, logStart)}`)
    const pidFile = readPostmasterFile(options.clusterDir)
    if (pidFile?.pid === child.pid && pidFile.ready) break
    if (Date.now() - start > readyWithinMs) {
      child.kill('SIGKILL')
      throw new Error(`PostgreSQL was not ready after ${readyWithinMs / 1000} s; see ${options.logFile}`)
    }
  }
  child.unref()
  return { pid: child.pid, socketDir: options.socketDir, exited }
}

/** Takes over a Postgres that a killed Node left behind; `undefined` when there is none that can be reached. */
export async function adoptPostmaster(clusterDir: string, answers: (socketDir: string) => Promise<boolean>): Promise<Postmaster | undefined> {
  const found = findRunningPostmaster(clusterDir)
  if (found === undefined) return undefined
  for (const start = Date.now(); isAlive(found.pid) && Date.now() - start < readyWithinMs; await sleep(pollMs * 4)) {
    const now = readPostmasterFile(clusterDir)
    if (now?.pid !== found.pid) break
    if (!now.ready) continue
    if (await answers(now.socketDir)) return { pid: now.pid, socketDir: now.socketDir, exited: watch(now.pid) }
    // Alive but out of reach, its socket is gone: only a fresh one helps.
    break
  }
  await stopPostmaster({ pid: found.pid, socketDir: found.socketDir, exited: watch(found.pid) })
  return undefined
}

async function watch(pid: number): Promise<string> {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, watchMs).unref())
  return 'gone'
}

const stopSteps = [
  { signal: 'SIGINT', waitMs: 10_000 },
  { signal: 'SIGQUIT', waitMs: 5_000 },
  { signal: 'SIGKILL', waitMs: 2_000 },
] as const

/** Fast stop: open transactions are rolled back, everything committed is on disk. Harder when it does not listen. */
export async function stopPostmaster(postmaster: Postmaster): Promise<void> {
  for (const { signal, waitMs } of stopSteps) {
    try {
      process.kill(postmaster.pid, signal)
    } catch {
      return
    }
    for (const start = Date.now(); Date.now() - start < waitMs; await sleep(pollMs)) if (!isAlive(postmaster.pid)) return
  }
}

function openLog(path: string): number {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > logMaxBytes) renameSync(path, `${path}.1`)
  return openSync(path, 'a', 0o600)
}

function lastLines(path: string, from: number): string {
  const log = openSync(path, 'r')
  try {
    const size = fstatSync(log).size
    const start = Math.max(from, size - 2_000)
    const bytes = Buffer.alloc(Math.max(0, size - start))
    readSync(log, bytes, 0, bytes.length, start)
    return bytes.toString('utf8').trim()
  } finally {
    closeSync(log)
  }
}
