/** The master secret, and the file that keeps it where none is configured. */
import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config.js'
import { AppError } from '../errors.js'

/** The master secret: the configured one, or one kept in the data directory (mode 0600), made at the first start. */
export function loadSecret(config: Pick<Config, 'secret' | 'dataDir'>): string {
  if (config.secret !== undefined) return config.secret
  const path = join(config.dataDir, 'secret')
  mkdirSync(config.dataDir, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 })
  try {
    return readSecret(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  const draft = `${path}.${process.pid}.tmp`
  writeFileSync(draft, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flush: true })
  try {
    // Appears whole, and never over the secret another process has made meanwhile.
    linkSync(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    rmSync(draft)
  }
  return readSecret(path)
}

function readSecret(path: string): string {
  // Whoever reads it can make any token; a copy with loose permissions is a leak that nobody notices.
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0)
    throw new AppError('fatal', `Others than its owner can read the secret in ${path}.`, { hint: `Run: chmod 600 ${path}` })
  const secret = readFileSync(path, 'utf8').trim()
  if (secret.length >= 32) return secret
  throw new AppError('fatal', `The secret in ${path} is damaged.`, {
    hint: 'Restore the file from a backup: tokens and stored environment variables cannot be read without it.',
  })
}
