import { describe, expect, it } from 'vitest'
import { fromPlain } from '../../src/lib/value.js'
import { createRegistry } from '../../src/runtime/registry.js'
import { isReservedStatement } from '../../src/runtime/reserved.js'
import { stringify } from '../../src/runtime/serialize.js'
import { registry } from './harness.js'

/** What Stackhold adds to the language: the one list of it. `post_process` is the short name of `util.post_process`. */
const extensions = [
  'post_process',
  'security.check_second_factor',
  'security.confirm_second_factor',
  'security.create_challenge',
  'security.create_one_time_token',
  'security.create_session',
  'security.enrol_second_factor',
  'security.has_second_factor',
  'security.link_identity',
  'security.list_sessions',
  'security.oauth_finish',
  'security.oauth_start',
  'security.read_challenge',
  'security.remove_second_factor',
  'security.revoke_session',
  'security.revoke_tokens',
  'security.rotate_session',
  'security.unlink_identities',
  'security.use_one_time_token',
]

describe('the registry', () => {
  it('finds statements and filters by name and alias', () => {
    expect(registry.findStatement('remove')?.name).toBe('foreach.remove')
    expect(registry.findStatement('db.delete')?.name).toBe('db.del')
    expect(registry.findStatement('nope')).toBeUndefined()
    expect(registry.filter('array_push')?.name).toBe('push')
    expect(registry.statement('conditional')?.blocks).toEqual(['if', 'elseif', 'else'])
    expect(registry.statementNames()).toContain('try_catch')
  })

  it('refuses two definitions of one name', () => {
    const [first] = registry.statements
    if (!first) throw new Error('no statements')
    expect(() => createRegistry([first, first], [])).toThrow(`Two definitions of statement "${first.name}".`)
  })

  it('knows the statements of the language, and of its own only the listed ones', () => {
    const own = registry.statements.flatMap(({ name, aliases }) => [name, ...(aliases ?? [])]).filter((name) => !isReservedStatement(name))
    expect(own.toSorted()).toEqual(extensions)
  })

  it('describes itself as JSON', () => {
    const description = registry.describe()
    expect(JSON.parse(stringify(fromPlain(description)))).toEqual(JSON.parse(JSON.stringify(description)))
    expect(description.statements.find(({ name }) => name === 'db.direct_query')?.args.find(({ name }) => name === 'arg')).toMatchObject({
      repeat: true,
      expression: true,
    })
    for (const { name, summary, examples } of description.statements) {
      expect(summary, name).toMatch(/^[A-Z].*\.$/)
      expect(examples.length, name).toBeGreaterThan(0)
    }
  })
})
