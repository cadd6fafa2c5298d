import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AppError } from '../../src/errors.js'
import { createCompilers } from '../../src/workspace/compilers.js'
import { createLiveSnapshot, type LiveSnapshot } from '../../src/workspace/reload.js'
import { createGroupRouter } from '../../src/workspace/router.js'
import { ensureInstance } from '../../src/workspace/workspaces.js'
import { cipher, createInstance, registry, type TestInstance } from './instance.js'

const fn = (name: string, response: string, stack = '') => `function ${name} {\n  input {\n  }\n  stack {\n${stack}\n  }\n  response = ${response}\n}`

async function until(condition: () => boolean): Promise<void> {
  for (let i = 0; i < 200; i++) {
    if (condition()) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error('It did not come true within 4 s.')
}

describe('the live snapshot', () => {
  let instance: TestInstance
  let other: LiveSnapshot
  beforeAll(async () => {
    instance = await createInstance()
    other = await createLiveSnapshot(instance.db, { compilers: createCompilers(registry), cipher })
  })
  afterAll(async () => {
    await other.close()
    await instance.drop()
  })
  const namesOf = (live: LiveSnapshot): string[] =>
    live.current.workspaces
      .get(instance.workspaceId)!
      .branches.get('v1')!
      .definitions.filter((stored) => stored.kind === 'function')
      .map((stored) => stored.name)

  it('serves a change before the push answers, and on the other node soon after', async () => {
    const before = instance.live.current
    await instance.push(fn('one', '1'))
    expect(namesOf(instance.live)).toEqual(['one'])
    expect(
      before.workspaces
        .get(instance.workspaceId)!
        .branches.get('v1')!
        .definitions.filter((stored) => stored.kind === 'function'),
    ).toEqual([])
    await until(() => namesOf(other).includes('one'))
  })

  it('is frozen', () => {
    expect(Object.isFrozen(instance.live.current)).toBe(true)
    expect(Object.isFrozen(instance.live.current.workspaces.get(instance.workspaceId))).toBe(true)
  })

  it('stays what it was when a push fails', async () => {
    const before = instance.live.current
    await expect(instance.push(fn('two', '$nope.x', '    function.run "missing" as $x'))).rejects.toThrow()
    expect(instance.live.current).toBe(before)
  })

  it('loads the rest when one definition is broken', async () => {
    await instance.push(`${fn('good', '1')}\n---\n${fn('bad', '$x', '    db.query shelf {\n    } as $x')}\n---\ntable shelf {\n  schema {\n    int id\n  }\n}`)
    await instance.db.query(`delete from stackhold.definition where kind = 'table'`)
    await instance.live.refresh(instance.workspaceId)
    const branch = instance.live.current.workspaces.get(instance.workspaceId)!.branches.get('v1')!
    expect(branch.program('function', 'good').document).toBe('function "good"')
    const errors = [0, 1].map(() => {
      try {
        branch.program('function', 'bad')
      } catch (error) {
        return error
      }
      return null
    })
    expect(errors[0]).toBeInstanceOf(AppError)
    expect(errors[0]).toBe(errors[1])
    expect(branch.program('function', 'good')).toBe(branch.program('function', 'good'))
  })

  it.each([
    ['task t {\n  stack {\n  }\n}', 'task', 't'],
    ['tool t {\n  instructions = "x"\n  input {\n  }\n  stack {\n  }\n  response = 1\n}', 'tool', 't'],
    [
      'middleware m {\n  input {\n    json vars\n    enum type {\n      values = ["pre", "post"]\n    }\n  }\n  stack {\n  }\n  response = 1\n}\n---\nfunction guarded {\n  input {\n  }\n  stack {\n  }\n  response = 1\n  middleware = {pre: [{name: "m"}]}\n}',
      'function',
      'guarded',
    ],
  ])('stores what does not run yet and says so when it is called', async (text, kind, name) => {
    await instance.push(text)
    const branch = instance.live.current.workspaces.get(instance.workspaceId)!.branches.get('v1')!
    expect(() => branch.program(kind, name)).toThrow(/^not supported yet: (task|tool|middleware)$/)
  })

  it('names an unknown function with a did-you-mean', () => {
    const branch = instance.live.current.workspaces.get(instance.workspaceId)!.branches.get('v1')!
    expect(() => branch.program('function', 'goood')).toThrow('Function does not exist: goood')
  })
})

describe('the first start', () => {
  it('makes workspace 1 with users and their authentication, once', async () => {
    const instance = await createInstance({ fresh: true })
    try {
      const workspace = instance.live.current.workspaces.get(1)!
      expect(workspace.liveBranch).toBe('v1')
      expect(workspace.tables.get('user')?.auth).toBe(true)
      const group = workspace.branches.get('v1')!.groups.get('authentication')!
      expect(group.endpoints.map(({ verb, path, auth }) => `${verb} ${path} ${auth}`).sort()).toEqual([
        'GET auth/me user',
        'POST auth/login null',
        'POST auth/signup null',
      ])
      expect(group.canonical).toMatch(/^[\w-]{22}$/)
      for (const endpoint of group.endpoints) expect(() => endpoint.program()).not.toThrow()
      expect(await ensureInstance(instance.db, instance.context)).toEqual({ created: false })
      expect((await instance.dryRun(await instance.pull())).operations.every((operation) => operation.action === 'unchanged')).toBe(true)
    } finally {
      await instance.drop()
    }
  })

  it('finishes what a broken-off start left', async () => {
    const instance = await createInstance()
    try {
      expect(await ensureInstance(instance.db, instance.context)).toEqual({ created: true })
      expect(instance.live.current.workspaces.size).toBe(1)
      expect(instance.live.current.workspaces.get(instance.workspaceId)?.tables.has('user')).toBe(true)
    } finally {
      await instance.drop()
    }
  })
})

describe('the router', () => {
  const field = (name: string, type: string) => ({ name, type, filters: [], options: [] })
  const router = createGroupRouter([
    { verb: 'GET', path: 'item/{id}', input: [field('id', 'int')], target: 'one' },
    { verb: 'GET', path: 'slug/{name}', input: [field('name', 'text')], target: 'slug' },
    { verb: 'GET', path: 'item/{id}/part/{part}', input: [field('id', 'int'), field('part', 'text')], target: 'part' },
    { verb: 'POST', path: 'item', input: [], target: 'add' },
    { verb: 'GET', path: 'item/new', input: [], target: 'new' },
    { verb: 'GET', path: 'item/{other}', input: [], target: 'never: its shape is taken' },
    { verb: 'GET', path: 'team/{team-id}', input: [field('team_id', 'text')], target: 'team' },
    { verb: 'GET', path: 'team/all/{part}', input: [field('part', 'text')], target: 'all' },
    { verb: 'GET', path: 'team/{id}/members', input: [], target: 'members' },
    { verb: 'GET', path: '', input: [], target: 'root' },
  ])

  it.each([
    ['GET', '/item/12', 'one', { id: '12' }],
    ['GET', '/item/12/', 'one', { id: '12' }],
    ['GET', '/slug/a%2Fb%20c', 'slug', { name: 'a/b c' }],
    ['GET', '/item/1/part/x', 'part', { id: '1', part: 'x' }],
    ['POST', '/item', 'add', {}],
    ['GET', '/item/new', 'new', {}],
    ['GET', '/team/7', 'team', { team_id: '7' }],
    ['GET', '/team/all/members', 'all', { part: 'members' }],
    ['GET', '/team/7/members', 'members', { id: '7' }],
    ['GET', '/team/all', 'team', { team_id: 'all' }],
    ['GET', '/', 'root', {}],
  ])('%s %s → %s', (method, path, target, params) => expect(router.match(method, path)).toEqual({ target, params }))

  it.each([
    ['GET', '/item/abc'],
    ['GET', '/ITEM/1'],
    ['GET', '//item/1'],
    ['GET', '/slug/%zz'],
    ['PUT', '/item'],
    ['GET', '/item/1/part'],
    ['TRACE', '/item'],
  ])('%s %s → nothing', (method, path) => expect(router.match(method, path)).toBeNull())
})
