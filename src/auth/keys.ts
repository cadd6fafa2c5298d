/** Keys derived from the master secret, one per purpose: what is sealed for one can never be opened for another. */
import { hkdfSync } from 'node:crypto'

/** 32 bytes by HKDF-SHA256 (RFC 5869) with an empty salt. `info` names the purpose, for example `stackhold/env/1`. */
export const deriveKey = (secret: Uint8Array, info: string): Buffer => Buffer.from(hkdfSync('sha256', secret, new Uint8Array(), info, 32))

/** Keys for ids that filters obscure, of each workspace. `secrets`: the current master secret first. */
export function createInstanceKeys(secrets: readonly Uint8Array[]): (workspaceId: number) => readonly Uint8Array[] {
  const known = new Map<number, readonly Uint8Array[]>()
  return (workspaceId) => {
    const keys = known.get(workspaceId) ?? secrets.map((secret) => deriveKey(secret, `stackhold/secure-id/${workspaceId}`))
    known.set(workspaceId, keys)
    return keys
  }
}
