/** Who may come, by address: compared as numbers, deny wins, and nothing a caller writes changes where he comes from (n8n CVE-2025-68949). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { compileIpLists, problemOfNetwork } from '../../src/lib/ip-list.js'
import { makeApp, type TestEndpoint } from '../http/harness.js'
import { createServer, type TestServer } from '../meta/server.js'

const admits = (allow: string[], deny: string[], ip: string): boolean | undefined => compileIpLists({ allow, deny })?.(ip)

describe('lists', () => {
  it.each<[ip: string, allow: string[], deny: string[], admitted: boolean]>([
    ['10.0.0.1', ['10.0.0.1'], [], true],
    // The cases of the substring match.
    ['110.0.0.1', ['10.0.0.1'], [], false],
    ['10.0.0.11', ['10.0.0.1'], [], false],
    ['10.0.0.1', ['110.0.0.1'], [], false],
    ['10.0.0.1', ['0.0.0.1'], [], false],
    ['1.10.0.0', ['10.0.0.1'], [], false],
    ['10.0.0.100', ['10.0.0.10'], [], false],
    ['2001:db8::10', ['2001:db8::1'], [], false],
    // Networks.
    ['192.0.2.255', ['192.0.2.0/24'], [], true],
    ['192.0.3.0', ['192.0.2.0/24'], [], false],
    ['192.0.2.131', ['192.0.2.128/30'], [], true],
    ['192.0.2.132', ['192.0.2.128/30'], [], false],
    ['8.8.8.8', ['0.0.0.0/0'], [], true],
    ['2001:db8::1', ['0.0.0.0/0'], [], false],
    ['2001:db8:ffff::1', ['2001:db8::/32'], [], true],
    ['2001:db9::1', ['2001:db8::/32'], [], false],
    ['2001:0DB8:0:0:0:0:0:1', ['2001:db8::1'], [], true],
    // One address, two notations.
    ['::ffff:10.0.0.1', ['10.0.0.1'], [], true],
    ['::ffff:a00:1', ['10.0.0.1'], [], true],
    ['10.0.0.1', ['::ffff:10.0.0.1'], [], true],
    ['10.0.0.77', ['::ffff:10.0.0.0/120'], [], true],
    ['10.0.1.77', ['::ffff:10.0.0.0/120'], [], false],
    ['::ffff:10.0.0.1', [], ['10.0.0.0/8'], false],
    ['::10.0.0.1', ['10.0.0.1'], [], false],
    // A zone says on which wire, not who.
    ['fe80::1%eth0', ['fe80::1'], [], true],
    ['fe80::1%eth0', [], ['fe80::/10'], false],
    ['10.0.0.1%eth0', ['10.0.0.1'], [], false],
    // Deny wins.
    ['192.0.2.66', ['192.0.2.0/24'], ['192.0.2.66'], false],
    ['192.0.2.67', ['192.0.2.0/24'], ['192.0.2.66'], true],
    ['192.0.2.66', ['192.0.2.66'], ['192.0.2.0/24'], false],
    ['198.51.100.1', [], ['192.0.2.0/24'], true],
    // What is no address comes from nowhere.
    ['010.0.0.1', ['10.0.0.1', '8.0.0.1'], [], false],
    ['10.0.0.01', ['10.0.0.1'], [], false],
    ['0x0a.0.0.1', ['10.0.0.1'], [], false],
    ['10.1', ['10.0.0.1'], [], false],
    ['167772161', ['10.0.0.1'], [], false],
    ['10.0.0.1.', ['10.0.0.1'], [], false],
    ['10.0.0.1, 10.0.0.1', ['10.0.0.1'], [], false],
    ['', [], ['192.0.2.66'], false],
    ['unknown', [], ['192.0.2.66'], false],
    ['::ffff:010.0.0.1', ['10.0.0.1', '8.0.0.1'], [], false],
  ])('%s with allow %j, deny %j: %s', (ip, allow, deny, admitted) => expect(admits(allow, deny, ip)).toBe(admitted))

  it('that are empty cost nothing', () => expect(compileIpLists({ allow: [], deny: [] })).toBeNull())

  it.each([
    '10.0.0',
    '010.0.0.1',
    '10.0.0.1/33',
    '10.0.0.1/-1',
    '10.0.0.1/',
    '10.0.0.1/08',
    '2001:db8::/129',
    'fe80::1%eth0',
    'localhost',
    '*',
    '',
    '10.0.0.1/24/8',
    '::ffff:10.0.0.1/95',
  ])('refuse %j, and a list that holds it lets nobody in', (text) => {
    expect(problemOfNetwork(text)).not.toBeNull()
    expect([admits([text], [], '10.0.0.1'), admits([], [text], '10.0.0.1')]).toEqual([false, false])
  })
})

describe('a group with lists', () => {
  const endpoints: TestEndpoint[] = [{ path: 'ok', run: (run) => run.request.remoteIp }]
  const lists = { allow: ['192.0.2.0/24', '2001:db8::/32'], deny: ['192.0.2.66'] }
  const listed = [
    { ipAccess: lists, swagger: { active: true, token: '', stated: true }, endpoints },
    { canonical: 'free', endpoints },
  ]

  it('is not there for others: same bytes as a group that is none, on every kind of request', async () => {
    const { app } = await makeApp(listed)
    const ask = async (url: string, remoteAddress: string, method: 'GET' | 'OPTIONS' | 'POST' = 'GET') => {
      const { statusCode, body, headers } = await app.inject({ method, url, remoteAddress })
      return { statusCode, body, headers: { ...headers, date: '' } }
    }
    for (const ip of ['192.0.2.7', '::ffff:192.0.2.7', '2001:db8::9']) expect((await ask('/api:abc123/ok', ip)).statusCode).toBe(200)
    for (const ip of ['192.0.2.66', '::ffff:192.0.2.66', '198.51.100.1', '192.0.20.1'])
      for (const [path, prefix] of [
        ['/ok', '/api:'],
        ['/nope', '/api:'],
        ['', '/api:'],
        ['?type=json', '/apispec:'],
      ])
        for (const method of ['GET', 'POST', 'OPTIONS'] as const)
          expect(await ask(`${prefix}abc123${path}`, ip, method)).toEqual(await ask(`${prefix}unknown${path}`, ip, method))
    expect((await ask('/api:free/ok', '198.51.100.1')).statusCode).toBe(200)
    await app.close()
  })

  const forged = ['x-forwarded-for', 'x-real-ip', 'x-client-ip', 'true-client-ip', 'cf-connecting-ip', 'forwarded', 'x-forwarded']
  it('headers do not move a caller, unless a proxy we believe sent them (CVE-2026-3635, CVE-2026-16732)', async () => {
    const plain = (await makeApp(listed)).app
    for (const name of forged) {
      const value = name === 'forwarded' ? 'for=192.0.2.7' : '192.0.2.7'
      expect((await plain.inject({ url: '/api:abc123/ok', remoteAddress: '198.51.100.1', headers: { [name]: value } })).statusCode).toBe(404)
      expect((await plain.inject({ url: '/api:abc123/ok', remoteAddress: '192.0.2.7', headers: { [name]: '198.51.100.1' } })).json()).toBe('192.0.2.7')
    }
    await plain.close()
    const behind = (await makeApp(listed, { STACKHOLD_TRUST_PROXY: '10.0.0.0/8' })).app
    const from = async (remoteAddress: string, forwarded: string) =>
      (await behind.inject({ url: '/api:abc123/ok', remoteAddress, headers: { 'x-forwarded-for': forwarded } })).statusCode
    expect(await from('10.1.2.3', '192.0.2.7')).toBe(200)
    expect(await from('198.51.100.1', '192.0.2.7')).toBe(404)
    // The one the proxy saw is the last; what stands before it the caller wrote himself.
    expect(await from('10.1.2.3', '192.0.2.7, 198.51.100.1')).toBe(404)
    expect(await from('10.1.2.3', '198.51.100.1, 192.0.2.7')).toBe(200)
    expect(await from('10.1.2.3', 'nonsense')).toBe(404)
    await behind.close()
  })
})

describe('as definitions', () => {
  let server: TestServer
  beforeAll(async () => {
    server = await createServer()
  }, 60_000)
  afterAll(() => server.close())
  const push = (text: string) => server.meta('POST', '/workspace/1/multidoc?partial=true', text)
  const group = (security: string): string => `api_group office {\n  canonical = "office"\n${security}}`
  const endpoint = 'query ping verb=GET {\n  api_group = "office"\n  public = "test"\n  input {\n  }\n  stack {\n  }\n  response = "pong"\n}'
  const ping = async (remoteAddress: string) => (await server.app.inject({ url: '/api:office/ping', remoteAddress })).statusCode

  it('of a group and of the workspace: both must let an address in', async () => {
    expect((await push(`${group('  security = {allow_ips: ["192.0.2.0/24"]}\n')}\n---\n${endpoint}`)).status).toBe(200)
    expect([await ping('192.0.2.1'), await ping('198.51.100.1')]).toEqual([200, 404])
    const pulled = (await server.meta('GET', '/workspace/1/multidoc')).text
    expect(pulled).toContain('security = {allow_ips: ["192.0.2.0/24"]}')
    const name = /^workspace (\S+)/m.exec(pulled)?.[1] ?? 'Stackhold'
    expect((await push(`workspace ${name} {\n  security = {deny_ips: ["192.0.2.66", "203.0.113.0/24"]}\n}`)).status).toBe(200)
    expect([await ping('192.0.2.1'), await ping('192.0.2.66')]).toEqual([200, 404])
    expect((await push(group(''))).status).toBe(200)
    expect([await ping('198.51.100.1'), await ping('203.0.113.5'), await ping('192.0.2.66')]).toEqual([200, 404, 404])
  })

  it.each([
    ['{allow_ips: ["10.0.0.0/33"]}', 'security.allow_ips: "10.0.0.0/33" is not an address or a network.'],
    ['{deny_ips: ["office"]}', 'security.deny_ips: "office" is not an address or a network.'],
    ['{deny_ips: "10.0.0.1"}', '"security.deny_ips" must be a list of text.'],
  ])('%s is refused with its line', async (security, message) => {
    const answer = await push(group(`  security = ${security}\n`))
    expect([answer.status, answer.body.payload.errors]).toMatchObject([400, [{ line: 3, message }]])
  })
})
