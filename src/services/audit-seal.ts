/** Seals of the audit log, made with a key that is not in the database: of the end of the chain, and of where it was shortened. */
import { createHmac } from 'node:crypto'

export interface SealedHead {
  id: number
  hash: Uint8Array
  seal: Uint8Array
}

/** Everything up to the entry `id`, whose hash is `hash`, was whole when it was removed. */
export interface SealedCheckpoint extends SealedHead {
  /** Epoch ms. */
  cutAt: number
}

export interface AuditSeals {
  sealHead(id: number, hash: Uint8Array): Buffer
  sealCheckpoint(id: number, hash: Uint8Array, cutAt: number): Buffer
  /** Whether one of our keys made it, and whether it was the one in force. */
  judgeHead(head: SealedHead): 'current' | 'previous' | 'foreign'
  judgeCheckpoint(checkpoint: SealedCheckpoint): 'current' | 'previous' | 'foreign'
}

/** 32 bytes each, derived for this purpose alone. The first one seals; the others made seals before. */
export function createAuditSeals(keys: readonly Uint8Array[]): AuditSeals {
  const seal = (key: Uint8Array, about: string, hash: Uint8Array): Buffer => createHmac('sha256', key).update(about).update(hash).digest()
  const judge = (given: Uint8Array, about: string, hash: Uint8Array) => {
    const at = keys.findIndex((key) => seal(key, about, hash).equals(given))
    return at === 0 ? 'current' : at > 0 ? 'previous' : 'foreign'
  }
  const aboutHead = (id: number): string => `head|${id}|`
  const aboutCheckpoint = (id: number, cutAt: number): string => `checkpoint|${id}|${cutAt}|`
  const [current = new Uint8Array(32)] = keys
  return {
    sealHead: (id, hash) => seal(current, aboutHead(id), hash),
    sealCheckpoint: (id, hash, cutAt) => seal(current, aboutCheckpoint(id, cutAt), hash),
    judgeHead: ({ id, hash, seal: given }) => judge(given, aboutHead(id), hash),
    judgeCheckpoint: ({ id, hash, cutAt, seal: given }) => judge(given, aboutCheckpoint(id, cutAt), hash),
  }
}
