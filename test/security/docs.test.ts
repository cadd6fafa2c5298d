/** docs/security.md tells the truth: every requirement is there, every test it names exists, every test named after a requirement is named. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { attacks } from '../../src/cli/attack/index.js'
import { securityRules } from '../../src/workspace/rules/security/index.js'

const root = resolve(import.meta.dirname, '../..')
const text = readFileSync(join(root, 'docs/security.md'), 'utf8')
const rows = [...text.matchAll(/^\| (R\d\d) \| (.+) \| ([^|]+) \|$/gm)].map(([, id = '', what = '', tests = '']) => ({
  id,
  what,
  tests: tests.split(',').map((test) => test.trim()),
}))
const items = (text: string): string[] => text.split(',').map((item) => item.trim())
const ledger = [...text.matchAll(/^\| (A\d\d|JWE) \| [^|]+ \| ([^|]+) \| ([^|]+) \| (yes|) ?\| ([^|]+) \|$/gm)].map(
  ([, id = '', what = '', found = '', replayed = '', tests = '']) => ({ id, what, found: items(found), replayed, tests: items(tests) }),
)

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

  it('names every test that is named after an attack class, and no other', () => {
    const files = readdirSync(join(root, 'test/security')).filter((file) => /^A\d\d-.*\.test\.ts$/.test(file))
    const named = [...text.matchAll(/test\/security\/(A\d\d-[\w-]+\.test\.ts)/g)].map(([, file = '']) => file)
    expect(files.filter((file) => !named.includes(file))).toEqual([])
    expect(named.filter((file) => !files.includes(file))).toEqual([])
  })

  it('has every row of the ledger of attacks, each with where it was found and what shows it, or why it is open', () => {
    expect(ledger.map((row) => row.id)).toEqual([...Array.from({ length: 45 }, (_, i) => `A${String(i + 1).padStart(2, '0')}`), 'JWE'])
    const wrong = ledger.flatMap(({ id, what, found, tests }) => [
      ...(found.every((one) => /^(CVE-\d{4}-\d+|GHSA(-\w{4}){3}|ASVS [\d.]+|RFC \d+( [\d.]+)?|llhttp|[\w/-]+ #\d+)$/.test(one))
        ? []
        : [`${id} found as ${found.join()}`]),
      ...tests.filter((test) => (test === 'open' ? !what.includes('**open**') : !existsSync(join(root, test)))).map((test) => `${id} ${test}`),
      ...(what.includes('**open**') && !tests.includes('open') ? [`${id} is open and does not say so`] : []),
    ])
    expect(wrong).toEqual([])
  })

  it('says which rows "stackhold attack" replays, and knows its advisories', () => {
    expect(ledger.filter((row) => row.replayed === 'yes').map((row) => row.id)).toEqual(attacks.map(({ id }) => id).sort())
    const unknown = attacks.flatMap(({ id, advisories }) =>
      advisories.filter((one) => !ledger.find((row) => row.id === id)?.found.includes(one)).map((one) => `${id} ${one}`),
    )
    expect(unknown).toEqual([])
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
