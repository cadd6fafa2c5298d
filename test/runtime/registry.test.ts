import { describe, expect, it } from 'vitest'
import { fromPlain } from '../../src/lib/value.js'
import { createRegistry } from '../../src/runtime/registry.js'
import { isReservedStatement } from '../../src/runtime/reserved.js'
import { stringify } from '../../src/runtime/serialize.js'
import { registry } from './harness.js'

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

  it('knows only statements of the language', () => {
    const unknown = registry.statements.flatMap(({ name, aliases }) => [name, ...(aliases ?? [])]).filter((name) => !isReservedStatement(name))
    expect(unknown).toEqual(['post_process'])
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
