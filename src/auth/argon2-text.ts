/** Reads the text form of an argon2 hash (PHC string format) without trusting it. */

export interface Argon2Cost {
  /** KiB. */
  memory: number
  passes: number
  lanes: number
}

export interface Argon2Text extends Argon2Cost {
  variant: string
}

const pattern = /^\$(argon2id|argon2i|argon2d)\$v=19\$m=([1-9]\d{0,6}),t=([1-9]\d?),p=([1-9]\d?)\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{16,172})$/
/** A hash may not ask for more work than this (KiB × passes): it can come from a request. */
const maxWork = 4 * 256 * 1024
const maxMemory = 256 * 1024

/** Null for anything that is not a hash we would verify. */
export function parseArgon2(text: string): Argon2Text | null {
  if (text.length > 400) return null
  const match = pattern.exec(text)
  if (match === null) return null
  const cost = { variant: match[1] ?? '', memory: Number(match[2]), passes: Number(match[3]), lanes: Number(match[4]) }
  return cost.memory > maxMemory || cost.memory * cost.passes > maxWork || cost.lanes > 16 || cost.memory < 8 * cost.lanes ? null : cost
}

export const workOf = (cost: Argon2Cost): number => cost.memory * cost.passes
