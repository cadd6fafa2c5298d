/** The process as an operator meets it: first start, restart, the command line, the way down. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { pullCommand } from '../../src/cli/pull.js'
import { pushCommand } from '../../src/cli/push.js'
import { scaffoldCommand } from '../../src/cli/scaffold.js'
import { parseConfig } from '../../src/config.js'
import { encodeSecureId } from '../../src/filters/secure-id.js'
import { type RunningServer, startServer } from '../../src/server.js'

const dataDir = mkdtempSync(join(tmpdir(), 'stackhold-server-'))
const files = mkdtempSync(join(tmpdir(), 'stackhold-files-'))
const start = () => startServer(parseConfig({ PORT: '0', STACKHOLD_DATA: dataDir, STACKHOLD_LOG_LEVEL: 'silent', STACKHOLD_ENV: 'development' }))

let server: RunningServer
let token = ''
let group = ''
let user = ''

const call = async (path: string, body?: object, bearer?: string, method?: string) => {
  const response = await fetch(server.url + path, {
    ...(method === undefined ? {} : { method }),
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }) },
    ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
  })
  return { status: response.status, body: (await response.json()) as Record<string, never> & { items: { canonical: string; name: string }[] } }
}
const remote = () => ({ url: server.url, token, workspace: 1 })

beforeAll(async () => {
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  server = await start()
}, 60_000)
afterAll(async () => {
  vi.restoreAllMocks()
  await server.close()
  rmSync(dataDir, { recursive: true, force: true })
  rmSync(files, { recursive: true, force: true })
})

describe('a server', () => {
  it('shows the first admin token once and signs the first user up', async () => {
    expect(server.firstAdminToken).toMatch(/^shk_/)
    token = server.firstAdminToken ?? ''
    group = (await call('/api:meta/workspace/1/apigroup', undefined, token)).body.items[0]?.canonical ?? ''
    const signup = await call(`/api:${group}/auth/signup`, { name: 'Ada', email: 'ada@example.com', password: 'Correct-horse-7-battery' })
    user = String(signup.body['authToken'])
    expect(user.split('.')).toHaveLength(5)
    expect((await call(`/api:${group}/auth/me`, undefined, user)).body).toMatchObject({ id: 1, email: 'ada@example.com' })
    expect((await call(`/api:${group}/auth/me`)).status).toBe(401)
    expect((await call(`/api:${group}/auth/me`, undefined, token)).status).toBe(401)
    expect((await call('/api:meta/workspace', undefined, user)).status).toBe(401)
  })

  it('keeps tokens and data over a restart, and makes no second admin token', async () => {
    await server.close()
    server = await start()
    expect(server.firstAdminToken).toBeNull()
    expect((await call(`/api:${group}/auth/me`, undefined, user)).body).toMatchObject({ id: 1 })
  }, 60_000)

  it('serves what the command line pushes, at once', async () => {
    const file = join(files, 'ping.xs')
    writeFileSync(
      file,
      'api_group ping {\n  canonical = "pinggrp"\n}\n---\nquery ping verb=GET {\n  api_group = "ping"\n  public = "test"\n  input {}\n  stack {}\n  response = "pong"\n}\n',
    )
    await pushCommand(file, { ...remote(), dryRun: true })
    expect((await call('/api:pinggrp/ping')).status).toBe(404)
    const said = vi.mocked(process.stdout.write)
    said.mockClear()
    await pushCommand(file, remote())
    expect(said.mock.calls.join('')).toMatch(/^warning api_group "ping":2 .*\(guessable-canonical\)\n {2}\S.*$[\s\S]*^Pushed 2 documents\.$/m)
    expect((await call('/api:pinggrp/ping')).body).toBe('pong')
    await expect(pushCommand(file, { ...remote(), token: 'wrong' })).rejects.toThrow('401')
    await expect(pushCommand(join(files, 'none'), remote())).rejects.toThrow('does not exist')
  })

  it('obscures ids with a key that nobody else has', async () => {
    const file = join(files, 'obscure.xs')
    writeFileSync(
      file,
      'query obscure verb=GET {\n  api_group = "ping"\n  public = "test"\n  input {}\n  stack {}\n  response = [12345|secureid_encode:"s", 12345|secureid_encode:"s"|secureid_decode:"s"]\n}\n',
    )
    await pushCommand(file, remote())
    const [text, id] = (await call('/api:pinggrp/obscure')).body as unknown as [string, number]
    expect(id).toBe(12345)
    expect(text).not.toBe(encodeSecureId(12345, { instance: new Uint8Array(), salt: Buffer.from('s') }))
  })

  it('names every mistake of a push with its place, and changes nothing', async () => {
    const file = join(files, 'broken.xs')
    writeFileSync(
      file,
      'query ping verb=GET {\n  api_group = "ping"\n  public = "test"\n  stack {\n    var $x { valu = 1 }\n    nonsense.statement {\n    }\n  }\n  response = "other"\n}\n',
    )
    await expect(pushCommand(file, remote())).rejects.toThrow(/:6:/)
    await expect(pushCommand(file, { ...remote(), dryRun: true })).rejects.toThrow(/would be refused[\s\S]*:6:/)
    expect((await call('/api:pinggrp/ping')).body).toBe('pong')
  })

  it('scaffolds and pulls what it has, and pushing that back changes nothing', async () => {
    const said = vi.mocked(process.stdout.write)
    said.mockClear()
    await scaffoldCommand('crud', { ...remote(), table: 'user', group: 'ping', auth: 'user' })
    expect(said.mock.calls.join('')).toMatch(/^created query GET user$[\s\S]*^error query "user\/\{user_id\}" DELETE:\d+ .*\(idor-dataflow\)$/m)
    expect((await call('/api:pinggrp/user')).status).toBe(401)
    const directory = join(files, 'pulled')
    await pullCommand(directory, remote())
    const written = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.xs'))
    expect(written).toContain('api/ping/ping_GET.xs')
    expect(written).toContain('table/user.xs')
    const plan = vi.mocked(process.stdout.write)
    plan.mockClear()
    await pushCommand(directory, { ...remote(), dryRun: true })
    expect(plan.mock.calls.join('')).toContain('Nothing would change.')
  })

  it('says 503 on /health once it drains, and still answers', async () => {
    server.drain()
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(await call('/health')).toEqual({ status: 503, body: { status: 'draining' } })
    expect((await call('/api:pinggrp/ping')).body).toBe('pong')
  })
})
