/** Tokens already verified, by the SHA-256 of their text: decryption is paid once per token, not once per request. */
import { createHash } from 'node:crypto'

export interface TokenCache<T> {
  find(digest: string): T | undefined
  put(digest: string, entry: T): void
  drop(digest: string): void
  readonly size: number
}

export const tokenDigest = (token: string): string => createHash('sha256').update(token, 'latin1').digest('binary')

/** Least recently used entries leave first once there are `max`. */
export function createTokenCache<T>(max: number): TokenCache<T> {
  const entries = new Map<string, T>()
  return {
    find(digest) {
      const entry = entries.get(digest)
      if (entry === undefined) return undefined
      entries.delete(digest)
      entries.set(digest, entry)
      return entry
    },
    put(digest, entry) {
      if (max <= 0) return
      if (entries.size >= max) {
        const oldest = entries.keys().next().value
        if (oldest !== undefined) entries.delete(oldest)
      }
      entries.set(digest, entry)
    },
    drop: (digest) => void entries.delete(digest),
    get size() {
      return entries.size
    },
  }
}
