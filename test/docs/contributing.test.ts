import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

it('shows a diff that applies', () => {
  const diff = readFileSync(resolve(root, 'CONTRIBUTING.md'), 'utf8').match(/```diff\n([\s\S]*?)```/)?.[1] ?? ''
  expect(diff).toContain('src/statements/object.ts')
  expect(() => execFileSync('git', ['apply', '--check', '-'], { cwd: root, input: diff, stdio: ['pipe', 'ignore', 'pipe'] })).not.toThrow()
})
