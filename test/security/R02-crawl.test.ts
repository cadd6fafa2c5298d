/** What answers without a token is the public list, and nothing else: every route of the router and of the descriptions, without a token in every way. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { metaRoutes } from '../../src/http/meta/index.js'
import { createServer, type TestServer } from '../meta/server.js'
import { readExample } from '../workspace/instance.js'

const lacks: readonly (string | undefined)[] = [
  undefined,
  '',
  'Bearer',
  'Bearer ',
  'Bearer null',
  'Bearer undefined',
  'Bearer a.b.c.d.e',
  'Basic YWRtaW46YWRtaW4=',
  'Digest username="admin"',
  'Token x',
  'Negotiate x',
]

/** Routes of our own that are for everybody; what they say to strangers: R25. */
const ownPublic = ['GET /', 'GET /health', 'GET /health/live', 'GET /login', 'POST /api:meta/auth/login']

interface Route {
  method: string
  path: string
}

let server: TestServer
beforeAll(async () => {
  server = await createServer({ env: { STACKHOLD_ENV: 'production' } })
  for (const example of ['blog', 'two-audiences'])
    expect((await server.meta('POST', '/workspace/1/multidoc?partial=true', readExample(example))).status).toBe(200)
  for (const kind of ['crud', 'sessions'])
    expect((await server.meta('POST', '/workspace/1/scaffold', { kind, table: 'user', api_group: 'authentication', auth: 'user' })).status).toBe(200)
  const tables = server.instance.live.current.workspaces.get(1)?.tables
  const plant = async (table: string, row: object) =>
    expect((await server.meta('POST', `/workspace/1/table/${tables?.get(table)?.id ?? 0}/content`, row)).status).toBe(200)
  await plant('user', { name: 'n', email: 'one@example.com', password: 'Violin-Tr0ub4dor-9' })
  await plant('post', { author_id: 1, title: 't', body: 'b', published: true })
  const odd = ['unreviewed', 'off'].map(
    (path) =>
      `query ${path} verb=GET {\n  api_group = "authentication"\n  ${path === 'off' ? 'public = "It was."\n  active = false' : ''}\n  input {\n  }\n  stack {\n  }\n  response = 1\n}`,
  )
  expect((await server.meta('POST', '/workspace/1/multidoc?partial=true', odd.join('\n---\n'))).status).toBe(200)
}, 60_000)
afterAll(() => server.close())

const hasBody = (method: string): boolean => method !== 'GET' && method !== 'HEAD'

/** From another machine. */
const ask = (method: string, url: string, authorization: string | undefined) =>
  server.app.inject({
    method: method as 'GET',
    url,
    remoteAddress: '203.0.113.9',
    headers: { ...(hasBody(method) ? { 'content-type': 'application/json' } : {}), ...(authorization === undefined ? {} : { authorization }) },
    ...(hasBody(method) ? { payload: '{}' } : {}),
  })

/** Those that answer a stranger anything but "not you" and "not there". */
async function answering(routes: readonly Route[]): Promise<string[]> {
  const open = new Set<string>()
  for (const { method, path } of routes)
    for (const authorization of lacks) {
      const { statusCode } = await ask(method, path, authorization)
      if (statusCode !== 401 && statusCode !== 404) open.add(`${method} ${path}`)
    }
  return [...open].sort()
}

/** The tree that the router prints, as routes. */
function printedRoutes(): Route[] {
  const routes: Route[] = []
  const above: string[] = []
  for (const line of server.app.printRoutes({ commonPrefix: false }).split('\n')) {
    const [, indent = '', segment = '', methods = ''] = /^((?:│ {3}| {4})*)[├└]── (.*?)(?: \(([A-Z, ]+)\))?$/.exec(line) ?? []
    if (segment === '') continue
    const depth = indent.length / 4
    above.length = depth
    above.push(segment.split('|')[0] ?? '')
    const path = above
      .join('')
      .replace(/^\/\//, '/')
      .replace(/:(\w+)/g, (whole, name: string) => (name === 'meta' ? whole : '1'))
    for (const method of methods.split(', ').filter(Boolean)) routes.push({ method, path })
  }
  return routes
}

it('of the routes of the server: four pages and the login of administrators', async () => {
  const printed = printedRoutes()
  const own = printed.filter(({ path, method }) => !path.includes('*') && method !== 'OPTIONS' && method !== 'HEAD')
  expect(own.filter(({ path }) => path.startsWith('/api:meta')).length).toBeGreaterThanOrEqual(metaRoutes.length)
  expect(await answering(own)).toEqual([...ownPublic].sort())
}, 120_000)

it('of the routes of the Metadata API as they are declared: the login', async () => {
  const declared = metaRoutes.map(({ method, path }) => ({ method, path: `/api:meta${path.replace(/:(\w+)/g, '1')}` }))
  expect(await answering(declared)).toEqual(['POST /api:meta/auth/login'])
}, 120_000)

interface Listed {
  verb: string
  url: string
  status: string
  active: boolean
}

it('of the endpoints: exactly the public list, by the definitions and by OpenAPI', async () => {
  const workspace = server.instance.live.current.workspaces.get(1)
  const groups = [...(workspace?.branches.get('v1')?.groups.values() ?? [])]
  const fill = (path: string): string => path.replace(/\{\w+\}/g, '1')
  const defined = groups.flatMap((group) =>
    group.endpoints.map(({ verb, path }) => ({ method: verb as string, path: `/api:${group.canonical}/${fill(path)}` })),
  )
  const described: Route[] = []
  const securedWithout: string[] = []
  for (const group of groups) {
    const { paths } = (
      await server.app.inject({ url: `/apispec:${group.canonical}?type=json`, headers: { authorization: `Bearer ${server.adminToken}` } })
    ).json()
    for (const [path, operations] of Object.entries(paths as Record<string, Record<string, { security?: unknown[] }>>))
      for (const [verb, { security }] of Object.entries(operations)) {
        const route = { method: verb.toUpperCase(), path: `/api:${group.canonical}${fill(path)}` }
        described.push(route)
        if ((security ?? []).length === 0) securedWithout.push(`${route.method} ${route.path}`)
      }
  }
  expect(defined.length).toBeGreaterThan(25)
  const names = (routes: readonly Route[]): string[] => [...new Set(routes.map(({ method, path }) => `${method} ${path}`))].sort()
  // What is switched off is not described.
  expect(names(described)).toEqual(names(defined).filter((name) => !name.endsWith('/off')))

  const report = (await server.meta('GET', '/workspace/1/security/public-endpoints')).body as Listed[]
  const listed = report
    .filter(({ status, active }) => status === 'public' && active)
    .map(({ verb, url }) => `${verb} ${fill(decodeURIComponent(new URL(url).pathname))}`)
    .sort()
  expect(listed.length).toBeGreaterThan(5)
  expect(report.map(({ status }) => status)).toContain('unreviewed')
  expect(await answering(defined)).toEqual(listed)
  expect(securedWithout.filter((name) => !listed.includes(name) && !name.endsWith('/unreviewed'))).toEqual([])
}, 120_000)

it('no other verb of any path answers', async () => {
  const workspace = server.instance.live.current.workspaces.get(1)
  const groups = [...(workspace?.branches.get('v1')?.groups.values() ?? [])]
  const open: string[] = []
  for (const group of groups)
    for (const path of new Set(group.endpoints.map((endpoint) => endpoint.path)))
      for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']) {
        // HEAD is a GET without the body.
        const verb = method === 'HEAD' ? 'GET' : method
        if (group.endpoints.some((endpoint) => endpoint.path === path && endpoint.verb === verb)) continue
        const { statusCode } = await ask(method, `/api:${group.canonical}/${path.replace(/\{\w+\}/g, '1')}`, undefined)
        if (statusCode !== 401 && statusCode !== 404) open.push(`${statusCode} ${method} ${path}`)
      }
  expect(open).toEqual([])
}, 60_000)
