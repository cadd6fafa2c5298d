/** Randomness from the operating system; nothing else in the server draws random numbers. */
import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import type { Random } from '../runtime/capabilities.js'

/** `crypto.randomInt` serves ranges below 2^48 only. */
const widestRange = 2 ** 48 - 1

export const systemRandom: Random = {
  bytes: (count) => randomBytes(count),
  int: (min, max) => (max - min < widestRange ? randomInt(min, max + 1) : wideInt(min, max)),
  uuid: () => randomUUID(),
}

/** Rejection sampling over 53 bits, so that no value is likelier than another. */
function wideInt(min: number, max: number): number {
  const span = max - min + 1
  const limit = Number.MAX_SAFE_INTEGER - (Number.MAX_SAFE_INTEGER % span)
  for (;;) {
    const bytes = randomBytes(7)
    const draw = (bytes.readUInt32BE(0) & 0x1fffff) * 2 ** 24 + bytes.readUIntBE(4, 3)
    if (draw < limit) return min + (draw % span)
  }
}
