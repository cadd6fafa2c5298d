/** The files of a PostgreSQL server ("cluster"): made once, under another name until complete, and never opened by another major version. */
import { spawn } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { AppError } from '../../errors.js'
import type { Binaries } from './binaries.js'
import { unsupportedPlatform } from './platform.js'
import { canReach, type ServerUser } from './server-user.js'

export const superuser = 'stackhold'
export const databaseName = 'stackhold'

/** No variable of ours reaches the server: it may hold secrets. */
export const serverEnvironment = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }

/** How the server's processes name their data directory. */
export function clusterArgument(clusterDir: string, user: ServerUser | undefined): string {
  // Started inside it by root, a process can use a directory whose path it could not walk, such as one below /root.
  return user !== undefined && process.platform === 'linux' && !canReach(clusterDir, user) ? '/proc/self/cwd' : clusterDir
}

export interface ClusterOptions {
  binaries: Binaries
  user: ServerUser | undefined
  /** Skips fsync; for throw-away data only. */
  unsafe: boolean
}

/** Makes the cluster when there is none. Throws when it belongs to another major version or user. Answers whether it was made. */
export async function ensureCluster(clusterDir: string, options: ClusterOptions): Promise<boolean> {
  if (!existsSync(clusterDir)) {
    await createCluster(clusterDir, options)
    return true
  }
  removeUnfinished(clusterDir)
  const uid = process.getuid?.()
  if (uid !== undefined && uid !== 0 && statSync(clusterDir).uid !== uid)
    throw new AppError('fatal', `The database files in ${clusterDir} belong to user ${statSync(clusterDir).uid}, not to ${uid}.`, {
      hint: 'Start as the user that started first (or as root), or use another STACKHOLD_DATA.',
    })
  const major = Number.parseInt(readFileSync(join(clusterDir, 'PG_VERSION'), 'utf8'), 10)
  if (major !== options.binaries.major)
    throw new AppError(
      'fatal',
      `The database files in ${clusterDir} were made by PostgreSQL ${major}; this Stackhold brings PostgreSQL ${options.binaries.major}.`,
      {
        hint: `Start the Stackhold version that brought PostgreSQL ${major}, make a backup there, and restore it here into an empty STACKHOLD_DATA.`,
      },
    )
  return false
}

async function createCluster(clusterDir: string, { binaries, user, unsafe }: ClusterOptions): Promise<void> {
  removeUnfinished(clusterDir)
  // A name of its own: the initdb of a start that was killed may still be writing into its own.
  const unfinished = mkdtempSync(`${clusterDir}.tmp-`)
  if (user !== undefined) chownSync(unfinished, user.uid, user.gid)
  const directory = clusterArgument(unfinished, user)
  const sync = unsafe ? ['--no-sync'] : []
  const locale = process.platform === 'linux' ? 'C.UTF-8' : 'C'
  // From 17 on the collation comes with PostgreSQL itself: a new libc can never change the order of an index.
  const provider = binaries.major >= 17 ? ['--locale-provider=builtin', '--builtin-locale=C.UTF-8'] : []
  const place = { cwd: unfinished, ...user }
  await runTool(
    join(binaries.directory, 'initdb'),
    ['-D', directory, '-U', superuser, '--auth=trust', '--encoding=UTF8', `--locale=${locale}`, ...provider, ...sync],
    place,
  )
  await runTool(
    join(binaries.directory, 'postgres'),
    ['--single', '-D', directory, ...(unsafe ? ['-F'] : []), 'postgres'],
    place,
    `create database ${databaseName}\n`,
  )
  renameSync(unfinished, clusterDir)
}

function removeUnfinished(clusterDir: string): void {
  const parent = dirname(clusterDir)
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(`${basename(clusterDir)}.tmp-`)) continue
    try {
      rmSync(join(parent, name), { recursive: true, force: true, maxRetries: 3 })
    } catch {
      // Still being written to; a later start removes it.
    }
  }
}

interface Place {
  cwd: string
  uid?: number
  gid?: number
}

function runTool(file: string, args: readonly string[], place: Place, input = ''): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, { ...place, env: serverEnvironment, stdio: ['pipe', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-4_000)
    })
    child.stdin.on('error', () => {})
    child.stdin.end(input)
    child.on('error', (error) => reject(cannotRun(file, error)))
    child.on('close', (code, signal) => {
      if (code === 0 && !/^\S*\s*(FATAL|ERROR|PANIC):/m.test(said)) resolve()
      else reject(cannotRun(file, new Error(said.trim() || `ended with ${code ?? signal}`)))
    })
  })
}

/** A binary that is there but cannot be started lacks its loader: Alpine and other systems without glibc. */
export const cannotRun = (file: string, error: Error): AppError =>
  (error as NodeJS.ErrnoException).code === 'ENOENT' && existsSync(file)
    ? unsupportedPlatform('The embedded PostgreSQL needs glibc, which this system (Alpine?) does not have.', error)
    : unsupportedPlatform(`The embedded PostgreSQL could not be started: ${error.message}.`, error)
