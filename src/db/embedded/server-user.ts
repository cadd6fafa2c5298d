/** As whom Postgres runs. It refuses root, so root hands it to another user; everybody else runs it as themselves. */
import { readFileSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'

export interface ServerUser {
  uid: number
  gid: number
}

const nobody: ServerUser = { uid: 65534, gid: 65534 }

/** `undefined` when the current user can run Postgres; else the owner of the data, `postgres`, or `nobody`. */
export function chooseServerUser(clusterDir: string): ServerUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  const owner = statSync(clusterDir, { throwIfNoEntry: false })
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  return findAccount('postgres') ?? findAccount('nobody') ?? nobody
}

function findAccount(name: string): ServerUser | undefined {
  let passwd: string
  try {
    passwd = readFileSync('/etc/passwd', 'utf8')
  } catch {
    return undefined
  }
  const fields = passwd
    .split('\n')
    .find((line) => line.startsWith(`${name}:`))
    ?.split(':')
  const [uid, gid] = [Number(fields?.[2]), Number(fields?.[3])]
  return uid > 0 && gid >= 0 ? { uid, gid } : undefined
}

const mayRead = 0o4
const mayEnter = 0o1

function allows(stats: Stats, user: ServerUser, bits: number): boolean {
  const shift = stats.uid === user.uid ? 6 : stats.gid === user.gid ? 3 : 0
  return ((stats.mode >> shift) & bits) === bits
}

/** Whether a user can come to a path through all the directories above it. */
export function canReach(path: string, user: ServerUser): boolean {
  for (let at = dirname(path); ; at = dirname(at)) {
    if (!allows(statSync(at), user, mayEnter)) return false
    if (at === dirname(at)) return true
  }
}

/** Whether a user can come to a path, and read and enter (or run) it. */
export const canUse = (path: string, user: ServerUser): boolean => canReach(path, user) && allows(statSync(path), user, mayRead | mayEnter)
