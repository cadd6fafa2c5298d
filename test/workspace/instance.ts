/** A whole instance over a database of its own: definitions, snapshot, engine. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createPasswords } from '../../src/auth/passwords.js'
import { createVaults } from '../../src/auth/vault.js'
import { allFilters } from '../../src/filters/index.js'
import { createRegistry } from '../../src/runtime/registry.js'
import { allStatements } from '../../src/statements/index.js'
import type { ChangeContext } from '../../src/workspace/change.js'
import { createCompilers } from '../../src/workspace/compilers.js'
import { createEnvCipher } from '../../src/workspace/env.js'
import { pull } from '../../src/workspace/multidoc/pull.js'
import { dryRun, type PushOptions, push } from '../../src/workspace/multidoc/push.js'
import { createLiveSnapshot, type LiveSnapshot } from '../../src/workspace/reload.js'
import { createWorkspace, ensureInstance } from '../../src/workspace/workspaces.js'
import { createTestDatabase, type TestDatabase } from '../helpers/database.js'

export const registry = createRegistry(allStatements, allFilters)
export const vaults = createVaults([Buffer.alloc(32, 6)])
export const cipher = createEnvCipher(Buffer.alloc(32, 5))
/** Cheap, so that tests that are not about hashing stay fast. */
export const passwords = createPasswords({ cost: { memory: 8_192, passes: 1, lanes: 1 } })

export interface TestInstance {
  db: TestDatabase['database']
  context: ChangeContext
  live: LiveSnapshot
  /** Id of the workspace the helpers below act on. */
  workspaceId: number
  push(text: string, options?: Partial<PushOptions>): ReturnType<typeof push>
  dryRun(text: string, options?: Partial<PushOptions>): ReturnType<typeof dryRun>
  pull(options?: { branch?: string; env?: boolean; records?: boolean }): Promise<string>
  drop(): Promise<void>
}

/** With `fresh` it holds what a first start makes; otherwise one empty workspace. */
export async function createInstance({ fresh = false } = {}): Promise<TestInstance> {
  const database = await createTestDatabase()
  const db = database.database
  const compilers = createCompilers(registry, { vaults })
  const workspaceId = fresh ? 1 : await createWorkspace(db, { name: 'demo', description: '' })
  const live = await createLiveSnapshot(db, { compilers, cipher })
  const context: ChangeContext = { db, live, cipher, compilers, passwords, vaults, mode: 'development' }
  if (fresh) await ensureInstance(db, context)
  const options = (given: Partial<PushOptions>): PushOptions => ({
    workspaceId,
    branch: null,
    partial: true,
    delete: false,
    env: false,
    records: false,
    truncate: false,
    ...given,
  })
  return {
    db,
    context,
    live,
    workspaceId,
    push: (text, given = {}) => push(context, text, options(given)),
    dryRun: (text, given = {}) => dryRun(context, text, options(given)),
    pull: ({ branch = '', env = false, records = false } = {}) => pull(db, cipher, { workspaceId, branch, env, records }),
    async drop() {
      await live.close()
      await database.drop()
    },
  }
}

const root = resolve(import.meta.dirname, '../../examples')

/** The documents of an example, joined as the official client does. */
export function readExample(name: string): string {
  const files = readdirSync(join(root, name), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.xs'))
  return files
    .sort()
    .map((file) => readFileSync(join(root, name, file), 'utf8').trim())
    .join('\n---\n')
}
