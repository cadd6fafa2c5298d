/** `postmaster.pid`, the file a running Postgres keeps in its data directory. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isAlive, isPostgresOf } from './process-info.js'

export interface PostmasterFile {
  pid: number
  port: number
  socketDir: string
  ready: boolean
}

/** `undefined` when the file is missing or not yet complete. */
export function readPostmasterFile(clusterDir: string): PostmasterFile | undefined {
  let lines: string[]
  try {
    lines = readFileSync(join(clusterDir, 'postmaster.pid'), 'utf8').split('\n')
  } catch {
    return undefined
  }
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0) return undefined
  return { pid, port: Number(lines[3]), socketDir: lines[4] ?? '', ready: lines[7]?.trim() === 'ready' }
}

/** The living Postgres of this data directory. A file left by a dead one, whose id may belong to anybody now, is removed. */
export function findRunningPostmaster(clusterDir: string): PostmasterFile | undefined {
  const file = readPostmasterFile(clusterDir)
  if (file === undefined) return undefined
  if (isAlive(file.pid) && isPostgresOf(file.pid, clusterDir)) return file
  rmSync(join(clusterDir, 'postmaster.pid'), { force: true })
  return undefined
}
