/** `*` is refused wherever it comes from: the Metadata API, a push, the environment, a row written into the database. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parseConfig } from '../../src/config.js'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'

const group = (origins: string, more = ''): string => `api_group open {
  canonical = "openopen"
  cors = {mode: "custom", origins: ${origins}, credentials: false}
${more}}`
const endpoint = `query ping verb=GET {
  api_group = "open"
  public = "test"
  input {
  }
  stack {
  }
  response = "pong"
}`

let server: ListeningServer
beforeAll(async () => {
  server = await startListeningServer()
}, 60_000)
afterAll(() => server.close())

const push = (text: string, query = '') => server.call('POST', `/api:meta/workspace/1/multidoc?partial=true${query}`, { body: text, token: server.adminToken })
const ping = (origin = 'https://evil.com') => server.call('GET', '/api:openopen/ping', { headers: { origin } })

describe('production refuses it when it is saved', () => {
  beforeEach(() => server.pushText(`${group('["https://app.example.com"]')}\n---\n${endpoint}`))

  it.each(['["*"]', '["https://app.example.com", "*"]', '["https://*.example.com"]', '["null"]'])('by a push of %s, with line and fix', async (origins) => {
    const answer = await push(group(origins))
    expect(answer.status).toBe(400)
    expect(answer.body.payload.errors).toMatchObject([
      { line: 3, document: 'api_group "open"', message: expect.stringContaining('wildcard-cors'), hint: expect.stringContaining('cors = {mode: "custom"') },
    ])
    expect((await ping('https://app.example.com')).headers.get('access-control-allow-origin')).toBe('https://app.example.com')
  })

  it('by a push that accepts the finding with a reason', async () => {
    expect((await push(group('["*"]', '  security_exceptions = {"wildcard-cors": "We like it."}\n'))).status).toBe(400)
  })

  it('by a dry run', async () => {
    expect((await push(group('["*"]'), '&dry_run=true')).status).toBe(400)
  })

  it('by the Metadata API', async () => {
    const groups = (await server.meta('GET', '/workspace/1/apigroup')).body.items as { id: number; name: string }[]
    const id = groups.find(({ name }) => name === 'open')?.id
    const answer = await server.meta('PUT', `/workspace/1/apigroup/${id}`, { cors: { mode: 'custom', origins: ['*'] } })
    expect([answer.status, answer.text]).toEqual([400, expect.stringContaining('lists \\"*\\"')])
    const made = await server.meta('POST', '/workspace/1/apigroup', { name: 'second', cors: { mode: 'custom', origins: ['*'] } })
    expect(made.status).toBe(400)
    expect((await server.meta('GET', `/workspace/1/apigroup/${id}`)).body.cors.origins).toEqual(['https://app.example.com'])
  })
})

describe('a row written past the server', () => {
  const spoil = (from: string, to: string) =>
    server.query(`update stackhold.definition set definition = replace(definition::text, $1, $2)::jsonb where name = 'open'`, [from, to])

  it('keeps the group closed from the next start on, loudly, and the others open', async () => {
    await server.pushText(`${group('["https://app.example.com"]')}\n---\n${endpoint}`)
    expect((await ping()).status).toBe(200)
    await spoil('https://app.example.com', '*')
    await server.restart()
    const answer = await ping()
    expect([answer.status, answer.headers.get('access-control-allow-origin'), answer.headers.get('retry-after')]).toEqual([503, null, '1'])
    expect(answer.body.message).toContain('This API group is not served')
    expect(
      (await server.call('OPTIONS', '/api:openopen/ping', { headers: { origin: 'https://evil.com' } })).headers.get('access-control-allow-origin'),
    ).toBeNull()
    expect((await server.meta('GET', '/auth/me')).status).toBe(200)

    // Another push does not open it, and mending it does.
    await server.pushText(endpoint.replace('pong', 'pong2'))
    expect((await ping()).status).toBe(503)
    await server.pushText(group('["https://app.example.com"]'))
    expect([(await ping()).status, (await ping()).headers.get('access-control-allow-origin')]).toEqual([200, null])
  })
})

describe('the environment', () => {
  it.each(['*', 'https://*.example.com', 'null', 'http://console.example.com', 'https://a.example.com/', 'https://a.example.com,*'])(
    '%s stops the start',
    (value) => {
      expect(() => parseConfig({ STACKHOLD_CONSOLE_ORIGINS: value })).toThrow(/STACKHOLD_CONSOLE_ORIGINS must be origins/)
    },
  )
})

it('development takes it, so that it can be tried out, and reports it', async () => {
  const local = await startListeningServer({ STACKHOLD_ENV: 'development' })
  try {
    const body = `${group('["*"]')}\n---\n${endpoint}`
    const answer = await local.call('POST', '/api:meta/workspace/1/multidoc?partial=true', { body, token: local.adminToken })
    expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('wildcard-cors')])
    expect((await local.call('GET', '/api:openopen/ping', { headers: { origin: 'https://x.com' } })).headers.get('access-control-allow-origin')).toBe('*')
  } finally {
    await local.close()
  }
}, 60_000)
