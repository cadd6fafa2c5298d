import { describe, expect, it } from 'vitest'
import type { RecordsRequest } from '../../src/runtime/capabilities.js'
import { createRun, stack } from '../runtime/harness.js'

describe('database statements', () => {
  it('hand their arguments as trees to the records compiler and store what it answers', async () => {
    const seen: RecordsRequest[] = []
    const records = (request: RecordsRequest) => {
      seen.push(request)
      const read = request.compileValue(request.args.get('field_value') ?? { type: 'text', value: 'none' })
      return async (_: unknown, frame: Parameters<typeof read>[0]) => read(frame)
    }
    const text = 'var $id { value = 7 }\ndb.get "user" {\n field_name = "id"\n field_value = $id + 1\n} as $x'
    expect(await stack(text, '$x', { records })).toBe(8)
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatchObject({ operation: 'get', table: 'user' })
    expect([...(seen[0]?.args.keys() ?? [])]).toEqual(['field_name', 'field_value'])
  })

  it('use canonical names for aliases and lists for repeated arguments', async () => {
    const seen: RecordsRequest[] = []
    const records = (request: RecordsRequest) => {
      seen.push(request)
      return async () => null
    }
    await stack('db.direct_query {\n code = "select ?, ?"\n response_type = "single"\n arg = 1\n arg = 2\n} as $x', '$x', { records })
    expect(seen[0]?.args.get('sql')).toMatchObject({ type: 'text', value: 'select ?, ?' })
    expect(seen[0]?.args.get('arg')).toMatchObject({ type: 'list', items: [{ text: '1' }, { text: '2' }] })
    await stack('db.bulk.add "tag" { data = [] } as $x\ndb.delete "tag" {\n field_name = "id"\n field_value = 1\n}', '1', { records })
    expect(seen.slice(1).map(({ operation }) => operation)).toEqual(['bulk.add', 'del'])
    expect(seen[1]?.args.has('items')).toBe(true)
  })

  it('run a transaction around its stack, and undo it on an error only', async () => {
    const events: string[] = []
    const run = createRun()
    run.records = {
      datasource: 'live',
      setDatasource: (name) => void events.push(`use ${name}`),
      async transaction(body) {
        events.push('begin')
        try {
          const result = await body()
          events.push('commit')
          return result
        } catch (error) {
          events.push('rollback')
          throw error
        }
      },
    }
    const text = (inside: string): string => `db.set_datasource { value = "test" }\ndb.transaction {\n stack {\n${inside}\n }\n}`
    expect(await stack(text('return { value = 5 }'), '1', { run })).toBe(5)
    await expect(stack(text('var $x { value = 1 / 0 }'), '1', { run })).rejects.toThrow('Division by zero.')
    expect(events).toEqual(['use test', 'begin', 'commit', 'use test', 'begin', 'rollback'])
  })
})
