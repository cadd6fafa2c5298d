/** R20, R21, R52: every route of the Metadata API says what it needs, and gives it to nobody else: roles, scopes, logins. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { areas, permits, type Role, roleScopes, roles } from '../../src/auth/roles.js'
import { metaRoutes } from '../../src/http/meta/index.js'
import { accessOf, type MetaRoute, permissionsOf } from '../../src/http/meta/route.js'
import { createServer, type TestServer } from '../meta/server.js'

let server: TestServer
const password = 'Correct-Horse-42-Battery'
const tokens = new Map<Role, string>()

const login = (email: string, secret = password) => server.meta('POST', '/auth/login', { email, password: secret }, { token: '' })
const as = (role: Role) => ({ token: tokens.get(role) ?? '' })

beforeAll(async () => {
  server = await createServer()
  for (const role of roles) {
    const made = await server.meta('POST', '/account', { email: `${role}@example.com`, name: `The ${role}`, role, password })
    expect(made.status).toBe(200)
    tokens.set(role, (await login(`${role}@example.com`)).body.token)
  }
})
afterAll(() => server.close())

/** What each role may do, written down apart from the code that decides: `r` read, `w` write. */
const expected: Record<Role, Record<string, string>> = {
  owner: Object.fromEntries(areas.map((area) => [area, 'rw'])),
  admin: Object.fromEntries(areas.map((area) => [area, 'rw'])),
  developer: {
    self: 'rw',
    instance: 'r',
    workspace: 'rw',
    database: 'rw',
    content: 'rw',
    api: 'rw',
    function: 'rw',
    task: 'rw',
    import: 'rw',
    history: 'rw',
  },
  auditor: { self: 'rw', instance: 'r', workspace: 'r', database: 'r', api: 'r', function: 'r', task: 'r', history: 'r', audit: 'r', account: 'r' },
}

const closed: readonly MetaRoute[] = metaRoutes.filter((route) => route.open !== true)
const pathOf = (route: MetaRoute): string => route.path.replace(/:\w+/g, '987654')
const bodyOf = (route: MetaRoute): unknown => (route.method === 'GET' || route.method === 'DELETE' ? undefined : {})

describe('R21: routes and permissions', () => {
  it('has a permission of a known area on every route, and writing on every route that changes something', () => {
    expect(metaRoutes.length).toBeGreaterThan(150)
    for (const route of metaRoutes) {
      expect([route.path, areas.includes(route.area)]).toEqual([route.path, true])
      for (const permission of Object.values(route.when ?? {})) expect(areas).toContain(permission.area)
    }
    const reading = metaRoutes.filter((route) => route.method !== 'GET' && accessOf(route) === 'read').map((route) => `${route.method} ${route.path}`)
    expect(reading.filter((route) => !/\/search$|\/convert\/(from|to)XS$/.test(route))).toEqual([])
  })

  it('is open without a token at the login only', () => {
    expect(metaRoutes.filter((route) => route.open === true).map((route) => `${route.method} ${route.path}`)).toEqual(['POST /auth/login'])
  })

  it.each(roles)('R52: lets the role %s do what its row says, and answers 403 to the rest, on every route', async (role) => {
    const wrong: string[] = []
    for (const route of closed) {
      const may = (expected[role][route.area] ?? '').includes(accessOf(route) === 'read' ? 'r' : 'w')
      expect(permits({ role, scopes: ['*'] }, { area: route.area, access: accessOf(route) })).toBe(may)
      if (may && (route.path === '/auth/logout' || route.method !== 'GET')) continue
      const { status } = await server.meta(route.method, pathOf(route), bodyOf(route), as(role))
      if ((status === 403) === may || status === 401) wrong.push(`${route.method} ${route.path}: ${status}`)
    }
    expect(wrong).toEqual([])
  })

  it('answers 401, in the same bytes, to whoever has no token, a wrong one, or one of an app', async () => {
    const signup = [...server.instance.live.current.workspaces.get(1)!.branches.get('v1')!.groups.values()][0]!.canonical
    const { body } = await server.api('POST', `${signup}/auth/signup`, { name: 'Ada', email: 'ada@example.com', password })
    const texts = new Set<string>()
    for (const token of ['', 'nope', `shk_${'A'.repeat(43)}`, body.authToken])
      for (const route of closed) {
        const answer = await server.meta(route.method, pathOf(route), bodyOf(route), { token })
        expect([route.path, answer.status]).toEqual([route.path, 401])
        texts.add(answer.text)
      }
    expect(texts.size).toBe(1)
  })

  it('counts every route by its pattern in the metrics, with its status', async () => {
    await server.meta('GET', '/workspace/1/branch/v1')
    await server.meta('GET', '/workspace/1/branch/v1', undefined, { token: '' })
    const text = (await server.app.inject({ url: '/metrics' })).body
    for (const status of [200, 401])
      expect(text).toContain(`stackhold_requests_total{route="GET /api:meta/workspace/:workspace_id/branch/:label",status="${status}"}`)
    expect(text).not.toContain('branch/v1')
  })

  it('asks for more when a parameter takes secrets or rows along', async () => {
    const pull = metaRoutes.find((route) => route.method === 'GET' && route.path === '/workspace/:workspace_id/multidoc')!
    expect(permissionsOf(pull, (name) => name === 'env')).toContainEqual({ area: 'secret', access: 'read' })
    for (const [query, role, status] of [
      ['', 'developer', 200],
      ['?env=true', 'developer', 403],
      ['?records=true', 'developer', 403],
      ['?env=true&records=true', 'auditor', 403],
      ['?env=true&records=true', 'admin', 200],
    ] as const)
      expect([query, (await server.meta('GET', `/workspace/1/multidoc${query}`, undefined, as(role))).status]).toEqual([query, status])
  })
})

describe('R20: accounts', () => {
  it('say who they are, as the reference has it', async () => {
    const { body } = await server.meta('GET', '/auth/me', undefined, as('developer'))
    expect(body).toMatchObject({
      id: expect.any(Number),
      name: 'The developer',
      email: 'developer@example.com',
      role: 'developer',
      extras: { instance: { membership: { role: 'explore', workspace: { id: [1] } } } },
    })
    expect(body.created_at).toBeGreaterThan(1_600_000_000)
    expect(body.created_at).toBeLessThan(10_000_000_000)
  })

  it('are managed from above only', async () => {
    const accounts = (await server.meta('GET', '/account')).body
    const idOf = (role: Role) => accounts.find((account: { role: Role }) => account.role === role).id
    const put = (id: number, body: unknown, role: Role) => server.meta('PUT', `/account/${id}`, body, as(role))
    expect((await put(idOf('owner'), { role: 'auditor' }, 'admin')).status).toBe(403)
    expect((await put(idOf('admin'), { name: 'x' }, 'admin')).status).toBe(403)
    expect((await put(idOf('developer'), { role: 'owner' }, 'admin')).status).toBe(403)
    expect((await put(idOf('developer'), { name: 'Dev' }, 'admin')).body.name).toBe('Dev')
    expect((await server.meta('POST', '/account', { email: 'x@example.com', role: 'owner', password }, as('admin'))).status).toBe(403)
    expect((await server.meta('DELETE', `/account/${idOf('owner')}`, undefined, as('admin'))).status).toBe(403)
    expect(JSON.stringify(accounts)).not.toContain('argon2')
  })

  it('are not made by a token that may manage accounts and nothing else, beyond itself', async () => {
    const token = await server.tokenWith(['account'])
    const make = (role: Role) => server.meta('POST', '/account', { email: `by-${role}@example.com`, role, password }, { token })
    expect((await make('owner')).status).toBe(403)
    expect((await make('developer')).status).toBe(403)
  })

  it('keep one owner, one spelling of an address, and the password policy', async () => {
    expect((await server.meta('POST', '/account', { email: ' OWNER@Example.com ', role: 'auditor', password })).status).toBe(409)
    const weak = await server.meta('POST', '/account', { email: 'weak@example.com', role: 'auditor', password: 'password' })
    expect([weak.status, weak.body.payload.param]).toEqual([400, 'password'])
    expect((await server.meta('POST', '/account', { email: 'who@example.com', role: 'god', password })).status).toBe(400)
  })

  it('never leave an installation without an owner', async () => {
    const { meta, instance, close } = await createServer()
    try {
      const { body: account } = await meta('POST', '/account', { email: 'only@example.com', role: 'owner', password })
      const { token } = (await meta('POST', '/auth/login', { email: 'only@example.com', password }, { token: '' })).body
      await instance.db.query('update stackhold.admin_token set revoked_at = now() where account_id is null')
      expect((await meta('PUT', `/account/${account.id}`, { role: 'admin' }, { token })).status).toBe(400)
      expect((await meta('PUT', `/account/${account.id}`, { active: false }, { token })).status).toBe(400)
      expect((await meta('DELETE', `/account/${account.id}`, undefined, { token })).status).toBe(400)
      expect((await meta('PUT', `/account/${account.id}`, { name: 'Only' }, { token })).status).toBe(200)
    } finally {
      await close()
    }
  })

  it('lose at once what is taken from them', async () => {
    const { body: account } = await server.meta('POST', '/account', { email: 'brief@example.com', role: 'admin', password })
    const { token } = (await login('brief@example.com')).body
    const get = (path: string) => server.meta('GET', path, undefined, { token })
    expect((await get('/account')).status).toBe(200)
    await server.meta('PUT', `/account/${account.id}`, { role: 'developer' })
    expect((await get('/account')).status).toBe(403)
    expect((await get('/workspace')).status).toBe(200)
    await server.meta('PUT', `/account/${account.id}`, { active: false })
    expect((await get('/workspace')).status).toBe(401)
    await server.meta('PUT', `/account/${account.id}`, { active: true })
    expect((await get('/workspace')).status).toBe(401)
    const again = (await login('brief@example.com')).body.token
    await server.meta('DELETE', `/account/${account.id}`)
    expect((await server.meta('GET', '/workspace', undefined, { token: again })).status).toBe(401)
  })

  it('change their password with the old one, which ends their other sessions', async () => {
    await server.meta('POST', '/account', { email: 'turn@example.com', role: 'developer', password })
    const [first, second] = [(await login('turn@example.com')).body.token, (await login('turn@example.com')).body.token]
    const change = (current: string) =>
      server.meta('POST', '/auth/password', { current_password: current, password: 'Another-Horse-43-Staple' }, { token: first })
    expect((await change('wrong')).status).toBe(403)
    expect((await change(password)).status).toBe(200)
    expect((await server.meta('GET', '/auth/me', undefined, { token: first })).status).toBe(200)
    expect((await server.meta('GET', '/auth/me', undefined, { token: second })).status).toBe(401)
    expect((await login('turn@example.com')).status).toBe(401)
    expect((await login('turn@example.com', 'Another-Horse-43-Staple')).status).toBe(200)
    await server.meta('POST', '/auth/logout', {}, { token: first })
    expect((await server.meta('GET', '/auth/me', undefined, { token: first })).status).toBe(401)
  })

  it('answer every refused login alike: unknown, wrong, disabled, without a password', async () => {
    const { body: account } = await server.meta('POST', '/account', { email: 'off@example.com', role: 'auditor', password })
    await server.meta('PUT', `/account/${account.id}`, { active: false })
    await server.meta('POST', '/account', { email: 'bare@example.com', role: 'auditor', password })
    await server.instance.db.query(`update stackhold.admin_account set password_hash = null where email = 'bare@example.com'`)
    const answers = await Promise.all([login('nobody@example.com'), login('owner@example.com', 'wrong'), login('off@example.com'), login('bare@example.com')])
    const shape = (answer: (typeof answers)[number]) => {
      const { date: _date, ...headers } = answer.headers
      return JSON.stringify([answer.status, answer.text, Object.entries(headers).filter(([name]) => !name.startsWith('ratelimit'))])
    }
    expect(new Set(answers.map(shape)).size).toBe(1)
    expect(answers[0].status).toBe(401)
  })
})

describe('R20: tokens', () => {
  it('are shown once, stored as a hash, listed with their last use, and revoked', async () => {
    const made = (await server.meta('POST', '/auth/token', { name: 'ci', scopes: ['database:read'], expires_in_days: 7 }, as('developer'))).body
    expect(made.token).toMatch(/^shk_/)
    const use = () => server.meta('GET', '/workspace/1/table', undefined, { token: made.token })
    expect((await use()).status).toBe(200)
    expect((await server.meta('POST', '/workspace/1/table', { name: 'x' }, { token: made.token })).status).toBe(403)
    const own = await server.meta('GET', '/auth/token', undefined, as('developer'))
    expect(own.body.find((token: { id: number }) => token.id === made.id)).toMatchObject({
      name: 'ci',
      scopes: ['database:read'],
      expires_at: expect.any(String),
    })
    expect(own.text).not.toContain(made.token)
    expect(JSON.stringify(await server.instance.db.query('select * from stackhold.admin_token'))).not.toContain(made.token)
    // Others do not see it, and may not revoke it, unless they manage accounts.
    expect((await server.meta('GET', '/auth/token', undefined, as('auditor'))).text).not.toContain('"ci"')
    expect((await server.meta('DELETE', `/auth/token/${made.id}`, undefined, as('auditor'))).status).toBe(404)
    expect((await server.meta('DELETE', `/token/${made.id}`, undefined, as('admin'))).status).toBe(200)
    expect((await use()).status).toBe(401)
  })

  it('for a program see and end themselves only', async () => {
    const [weak, other] = [await server.tokenWith(['nothing']), await server.tokenWith(['*'])]
    const idOf = async (token: string): Promise<number> => (await server.meta('GET', '/auth/token', undefined, { token })).body[0].id
    expect((await server.meta('GET', '/auth/token', undefined, { token: weak })).body).toHaveLength(1)
    expect((await server.meta('DELETE', `/auth/token/${await idOf(other)}`, undefined, { token: weak })).status).toBe(404)
    expect((await server.meta('GET', '/workspace', undefined, { token: other })).status).toBe(200)
    expect((await server.meta('DELETE', `/auth/token/${await idOf(weak)}`, undefined, { token: weak })).status).toBe(200)
    expect((await server.meta('GET', '/auth/me', undefined, { token: weak })).status).toBe(401)
  })

  it('never allow more than their maker, nor prolong themselves, nor live for ever', async () => {
    const make = (scopes: string[], token: string, more = {}) => server.meta('POST', '/auth/token', { name: 't', scopes, ...more }, { token })
    expect((await make(['*'], as('developer').token)).status).toBe(403)
    expect((await make(['secret:read'], as('developer').token)).status).toBe(403)
    const small = (await make(['database'], as('developer').token)).body.token
    expect((await make(['database'], small)).status).toBe(403)
    expect((await make(['nonsense'], as('owner').token)).status).toBe(400)
    expect((await make(['database'], as('owner').token, { expires_in_days: 100_000 })).status).toBe(400)
  })

  it('of the installation keep working as the owner', async () => {
    expect((await server.meta('GET', '/auth/me')).body).toMatchObject({ name: 'first', role: 'owner', extras: { instance: { membership: { role: 'admin' } } } })
    expect(roleScopes.owner).toEqual(['*'])
  })
})

describe('R12: logins of administrators', () => {
  it('are limited per account, also with the right password', async () => {
    const { app, instance, meta, close } = await createServer({ limits: { accountLimit: { max: 3, windowMs: 60_000 } } })
    try {
      expect([app, instance].every(Boolean)).toBe(true)
      await meta('POST', '/account', { email: 'ann@example.com', role: 'auditor', password })
      const tryOnce = async (secret: string) => (await meta('POST', '/auth/login', { email: 'Ann@example.com', password: secret }, { token: '' })).status
      expect([await tryOnce('a'), await tryOnce('b'), await tryOnce('c'), await tryOnce(password)]).toEqual([401, 401, 401, 429])
    } finally {
      await close()
    }
  })
})
