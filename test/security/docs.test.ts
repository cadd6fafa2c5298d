/** docs/security.md tells the truth: every requirement is there, every test it names exists, every test named after a requirement is named. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { securityRules } from '../../src/workspace/rules/security/index.js'

const root = resolve(import.meta.dirname, '../..')
const text = readFileSync(join(root, 'docs/security.md'), 'utf8')
const rows = [...text.matchAll(/^\| (R\d\d) \| (.+) \| ([^|]+) \|$/gm)].map(([, id = '', what = '', tests = '']) => ({
  id,
  what,
  tests: tests.split(',').map((test) => test.trim()),
}))

describe('docs/security.md', () => {
  it('has R01 to R52, once each', () => expect(rows.map((row) => row.id)).toEqual(Array.from({ length: 52 }, (_, i) => `R${String(i + 1).padStart(2, '0')}`)))

  it('names tests that exist, or says that the requirement is open', () => {
    const wrong = rows.flatMap(({ id, what, tests }) =>
      tests.filter((test) => (test === 'open' ? !what.includes('**open**') : !existsSync(join(root, test)))).map((test) => `${id} ${test}`),
    )
    expect(wrong).toEqual([])
  })

  it('names every test that is named after a requirement', () => {
    const files = readdirSync(join(root, 'test/security')).filter((file) => /^R\d\d-.*\.test\.ts$/.test(file))
    const missing = files.filter((file) => !rows.some((row) => row.id === file.slice(0, 3) && row.tests.includes(`test/security/${file}`)))
    expect(missing).toEqual([])
  })

  it('lists every rule as it is', () => {
    const listed = [...text.matchAll(/^\| `([a-z-]+)` \| ([CS]\d+) \| (error|warning) \| (.+) \|$/gm)].map(([, id, seed, severity, title]) => ({
      id,
      seed,
      severity,
      title,
    }))
    expect(listed).toEqual(securityRules.map(({ id, seed, severity, title }) => ({ id, seed, severity, title })))
  })
})
