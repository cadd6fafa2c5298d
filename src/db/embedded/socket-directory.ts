/** The folder of the unix socket: short (a socket's path has at most 107 bytes), closed to everybody but us. */
import { chmodSync, chownSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { canReach, type ServerUser } from './server-user.js'

const prefix = 'stackhold-'
const pathMax = 107
const socketName = '/.s.PGSQL.5432'

/** Makes a new folder and remembers it in `noteFile`, so that a later start can remove what a crash left. */
export function createSocketDirectory(noteFile: string, user: ServerUser | undefined): string {
  removeNoted(noteFile)
  const parent = [tmpdir(), '/tmp', '/var/tmp'].find((folder) => fits(folder) && (user === undefined || canReach(join(folder, 'x'), user))) ?? '/tmp'
  const directory = mkdtempSync(join(parent, prefix))
  close(directory, user)
  writeFileSync(noteFile, directory, { mode: 0o600 })
  return directory
}

/** Makes the folder again when something cleaned the temporary folder up. */
export function ensureSocketDirectory(directory: string, user: ServerUser | undefined): void {
  if (lstatSync(directory, { throwIfNoEntry: false }) !== undefined) return
  mkdirSync(directory, { mode: 0o700 })
  close(directory, user)
}

export function removeSocketDirectory(directory: string, noteFile: string): void {
  rmSync(directory, { recursive: true, force: true })
  rmSync(noteFile, { force: true })
}

function removeNoted(noteFile: string): void {
  let directory: string
  try {
    directory = readFileSync(noteFile, 'utf8')
  } catch {
    return
  }
  if (new RegExp(`/${prefix}\\w{6}$`).test(directory)) rmSync(directory, { recursive: true, force: true })
}

const fits = (folder: string): boolean => Buffer.byteLength(join(folder, `${prefix}XXXXXX`) + socketName) <= pathMax

function close(directory: string, user: ServerUser | undefined): void {
  chmodSync(directory, 0o700)
  if (user !== undefined) chownSync(directory, user.uid, user.gid)
}
