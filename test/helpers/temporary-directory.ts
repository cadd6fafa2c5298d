/** Directories that vanish with the test, even when it is killed, and with them the servers started inside. */
import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface TemporaryDirectory {
  path: string
  remove(): void
}

const script = fileURLToPath(new URL('cleaner.mjs', import.meta.url))

/** Mode 0711: another user, as Postgres needs one when we are root, can come to files inside that it knows of. */
export function createTemporaryDirectory(parent = tmpdir(), mode = 0o711): TemporaryDirectory {
  const path = mkdtempSync(join(parent, 'stackhold-test-'))
  chmodSync(path, mode)
  const cleaner = spawn(process.execPath, [script, path], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
  cleaner.stdin.on('error', () => {})
  cleaner.unref()
  return {
    path,
    remove() {
      rmSync(path, { recursive: true, force: true, maxRetries: 5 })
      cleaner.stdin.end('done')
    },
  }
}
