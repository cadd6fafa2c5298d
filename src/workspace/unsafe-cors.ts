/** API groups that any website could call from a visitor's browser (R23). Production neither stores nor serves them. */
import type { GroupSnapshot, Snapshot } from './snapshot.js'

/** Origins of a policy that stand for everyone: a wildcard, or `null`, which every sandboxed page and local file has. */
export const unsafeOrigins = ({ mode, origins }: { mode: string; origins: readonly string[] }): string[] =>
  mode === 'custom' ? origins.filter((origin) => origin.includes('*') || origin === 'null') : []

/** Groups that answer requests and have such origins. */
export const groupsWithUnsafeCors = (snapshot: Snapshot): GroupSnapshot[] =>
  [...snapshot.workspaces.values()].flatMap((workspace) =>
    [...workspace.branches.values()].flatMap((branch) => [...branch.groups.values()].filter((group) => group.active && unsafeOrigins(group.cors).length > 0)),
  )
