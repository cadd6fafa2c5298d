/** `stackhold attack --self`: our server holds, and whatever does not is noticed. */
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Stage } from '../../src/cli/attack/attack.js'
import { attacks } from '../../src/cli/attack/index.js'
import type { Summary } from '../../src/cli/attack/report.js'
import { type Outcome, runAttacks } from '../../src/cli/attack/run.js'
import { attackCommand } from '../../src/cli/attack.js'
import { certificate, key } from '../helpers/certificates.js'
import { type ListeningServer, startListeningServer } from '../helpers/running-server.js'
import { createTemporaryDirectory } from '../helpers/temporary-directory.js'

afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = 0
})

/** Everything but the limit that the requests of a test run reach together. */
const settings = { STACKHOLD_REQUESTS_PER_MINUTE: '1000000' }

async function attack(url: string, token: string, more: object = {}): Promise<{ code: number; text: string }> {
  const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  process.exitCode = 0
  await attackCommand({ url, token, self: true, ...more })
  const text = write.mock.calls.map(([chunk]) => String(chunk)).join('')
  const code = Number(process.exitCode)
  write.mockRestore()
  return { code, text }
}

describe('a server as it comes', () => {
  let server: ListeningServer
  beforeAll(async () => {
    server = await startListeningServer(settings, { limited: true })
  }, 60_000)
  afterAll(() => server.close())

  it('holds off every attack, and is left as it was found', async () => {
    const before = await facts()
    const { code, text } = await attack(server.url, server.adminToken, { json: true })
    const { ok, attacks: outcomes } = JSON.parse(text) as Summary & { attacks: Outcome[] }
    const failed = outcomes.flatMap(({ id, probes }) =>
      probes.filter(({ held }) => !held).map(({ sent, answer, expected }) => `${id} ${sent} → ${answer}: ${expected}`),
    )
    expect(failed).toEqual([])
    expect(outcomes.map(({ id, status }) => [id, status])).toEqual(attacks.map(({ id }) => [id, 'pass']))
    expect([ok, code]).toEqual([true, 0])
    expect(text).not.toContain(server.adminToken)
    expect(await facts()).toEqual(before)
  }, 180_000)

  it('the transcript has a line for each attack, with what was sent and what came back', async () => {
    const { code, text } = await attack(server.url, server.adminToken, { only: 'a41,JWE' })
    expect(code).toBe(0)
    expect(text).toMatch(/^pass {2}A41 A parameter that is there twice \[ASVS 15\.3\.7\]: \d+ requests, such as GET \/api:\S+\/pick\?name=a&name=b → 400 /m)
    expect(text).toMatch(/^pass {2}JWE .*CVE-2022-36083.* → 401 /m)
    expect(text).toMatch(/2 attacks held off, 0 got through, 0 not tried; \d+ requests judged\.\n$/)
  }, 60_000)

  it('is attacked only by who says that it is his, from its own machine, with a token', async () => {
    const at = { url: server.url, token: server.adminToken }
    await expect(attackCommand(at)).rejects.toThrow('Whose server is it?')
    await expect(attackCommand({ ...at, self: true, url: 'http://192.0.2.1' })).rejects.toThrow('is not this machine')
    await expect(attackCommand({ ...at, self: true, url: 'ftp://127.0.0.1' })).rejects.toThrow('is not an address of HTTP')
    await expect(attackCommand({ ...at, self: true, only: 'A99' })).rejects.toThrow('There is no attack A99')
    const before = await facts()
    await expect(attackCommand({ ...at, self: true, token: 'shk_wrong' })).rejects.toThrow('401')
    expect(await facts()).toEqual(before)
  })

  const facts = async () => ({
    workspaces: (await server.meta('GET', '/workspace')).body.map((one: { name: string }) => one.name),
    schemas: (await server.query<{ name: string }>(`select nspname as name from pg_namespace where nspname like 'ws%' order by 1`)).map(({ name }) => name),
    definitions: await server.query('select count(*)::int as n from stackhold.definition'),
  })
})

it('a server that speaks TLS holds them off as well', async () => {
  const directory = createTemporaryDirectory()
  const [cert, secret] = ['cert.pem', 'key.pem'].map((name) => join(directory.path, name)) as [string, string]
  writeFileSync(cert, certificate, { mode: 0o600 })
  writeFileSync(secret, key, { mode: 0o600 })
  const server = await startListeningServer({ ...settings, STACKHOLD_TLS_CERT: cert, STACKHOLD_TLS_KEY: secret }, { limited: true })
  expect(server.url).toMatch(/^https:/)
  const { code, text } = await attack(server.url, server.adminToken, { only: 'A08,A40,A41,JWE' })
  expect([code, text.match(/^pass /gm)?.length]).toEqual([0, 4])
  await server.close()
  directory.remove()
}, 120_000)

describe('attacks that get through are noticed', () => {
  it('settings that open doors: the attacks on these doors fail, the others do not', async () => {
    const open = { STACKHOLD_PUBLIC_ENDPOINTS: 'allow', STACKHOLD_TRUST_PROXY: 'true', STACKHOLD_LOGINS_PER_MINUTE: '0', STACKHOLD_LOGINS_PER_ACCOUNT: '0' }
    const server = await startListeningServer({ ...settings, ...open }, { limited: true })
    const before = await server.query('select count(*)::int as n from stackhold.definition')
    const { code, text } = await attack(server.url, server.adminToken, { only: 'A07,A10,A23,A41,JWE' })
    expect(code).toBe(1)
    expect([...text.matchAll(/^(\w+|--) +(A\d\d|JWE) /gm)].map(([, mark, id]) => `${id} ${mark}`)).toEqual([
      'A41 pass',
      'A07 FAIL',
      'A10 FAIL',
      'JWE pass',
      'A23 FAIL',
    ])
    expect(text).toMatch(/FAIL {2}GET \S+\/unreviewed → 200 "canary-unreviewed"\n +expected: 401/)
    expect(await server.query('select count(*)::int as n from stackhold.definition')).toEqual(before)
    await server.close()
  }, 120_000)

  const person = (id: number) => ({ id, email: `alice${id}@example.com`, password: `p${id}`, token: `a.b.c.d.${'e'.repeat(22)}${id}`, secret: `secret-${id}` })
  const stage: Stage = {
    workspace: 2,
    canonical: 'canonical',
    tables: { account: 1, guest: 2, note: 3 },
    alice: person(1),
    bob: person(2),
    nobody: person(3),
    crowd: [4, 5, 6, 7, 8, 9, 10, 11, 12, 13].map(person),
    stranger: 'a.b.c.d.f',
    adminToken: 'shk_admin',
    mode: 'production',
  }

  /** Runs everything against something that answers each connection once, whatever was asked. */
  async function attackStub(answer: (request: string) => string): Promise<Outcome[]> {
    const stub: Server = createServer((socket) => {
      socket.on('error', () => {})
      socket.once('data', (chunk) => {
        socket.end(answer(chunk.toString('latin1')))
        socket.resume()
      })
    })
    await new Promise<void>((resolve) => stub.listen(0, '127.0.0.1', resolve))
    const address = stub.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    try {
      return await runAttacks({ origin: { host: '127.0.0.1', address: '127.0.0.1', port, tls: false }, stage, attacks })
    } finally {
      await new Promise((resolve) => stub.close(resolve))
    }
  }

  it('a server that says yes to everything and repeats it fails every attack itself', async () => {
    const outcomes = await attackStub((request) => {
      const origin = /^Origin: (.*)$/im.exec(request)?.[1]?.trim()
      const body = JSON.stringify({ request: request.slice(0, 2_000), id: Math.random() })
      const head = ['HTTP/1.1 200 OK', 'Server: nginx/1.2.3', 'ETag: "1"', 'Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`]
      if (origin !== undefined) head.push(`Access-Control-Allow-Origin: ${origin}`, 'Access-Control-Allow-Credentials: true')
      return `${head.join('\r\n')}\r\n\r\n${body}`
    })
    const missed = outcomes.filter(({ status, probes }) => status !== 'fail' || !probes.some((probe) => !probe.control && !probe.held))
    expect(missed.map(({ id }) => id)).toEqual([])
  }, 120_000)

  it.each([
    ['refuses everything', 'HTTP/1.1 401 Unauthorized\r\nCache-Control: no-store\r\nContent-Length: 2\r\n\r\n{}'],
    ['says 200 and nothing', 'HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nContent-Length: 4\r\n\r\nnull'],
    ['says nothing', ''],
  ])(
    'a server that %s passes none: what must work does not',
    async (_what, answer) => {
      const outcomes = await attackStub(() => answer)
      expect(outcomes.filter(({ status }) => status !== 'fail').map(({ id }) => id)).toEqual([])
    },
    120_000,
  )
})
