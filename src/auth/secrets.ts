/** Secrets that are handed out and kept as hashes only. */
import { createHash } from 'node:crypto'
import type { Random } from '../runtime/capabilities.js'

/** 256 random bits, 43 characters of base64url. */
export const createSecret = (random: Random): string => Buffer.from(random.bytes(32)).toString('base64url')

const shape = /^[A-Za-z0-9_-]{43}$/

/** SHA-256, enough for what has 256 random bits; null for what cannot be such a secret. */
export const hashSecret = (secret: string): Buffer | null => (shape.test(secret) ? createHash('sha256').update(secret, 'latin1').digest() : null)
