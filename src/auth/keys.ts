/** Keys derived from the master secret, one per purpose: what is sealed for one can never be opened for another. */
import { hkdfSync } from 'node:crypto'

/** 32 bytes by HKDF-SHA256 (RFC 5869) with an empty salt. `info` names the purpose, for example `stackhold/env/1`. */
export const deriveKey = (secret: Uint8Array, info: string): Buffer => Buffer.from(hkdfSync('sha256', secret, new Uint8Array(), info, 32))
