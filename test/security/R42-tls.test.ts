/** TLS of its own: 1.2 or newer, nothing in the clear; without it nobody but this machine, unless somebody says who does it. */
import { chmodSync, writeFileSync } from 'node:fs'
import { get } from 'node:https'
import { connect as connectPlain } from 'node:net'
import { join } from 'node:path'
import { connect, type SecureVersion, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toSettings } from '../../src/app.js'
import { type Config, parseConfig } from '../../src/config.js'
import { followTls, loadTls } from '../../src/services/tls-files.js'
import { certificate, ended, key, renewed, renewedKey } from '../helpers/certificates.js'
import { createTemporaryDirectory } from '../helpers/temporary-directory.js'
import { makeApp } from '../http/harness.js'

const directory = createTemporaryDirectory()
const file = (name: string, text: string, mode = 0o600): string => {
  const path = join(directory.path, name)
  writeFileSync(path, text, { mode })
  chmodSync(path, mode)
  return path
}
const cert = file('cert.pem', certificate)
const keyPath = file('key.pem', key)
const tls = { STACKHOLD_TLS_CERT: cert, STACKHOLD_TLS_KEY: keyPath }
afterAll(() => directory.remove())

describe('where a server may listen', () => {
  const starts = (env: Record<string, string>): boolean => {
    try {
      parseConfig(env)
      return true
    } catch {
      return false
    }
  }
  const everywhere = { HOST: '0.0.0.0' }
  it.each<[what: string, env: Record<string, string>, starts: boolean]>([
    ['this machine, without TLS', {}, true],
    ['::1', { HOST: '::1' }, true],
    ['every network, without TLS', everywhere, false],
    ['one network, without TLS', { HOST: '192.168.1.4' }, false],
    ['every network of IPv6', { HOST: '::' }, false],
    ['every network, TLS of its own', { ...everywhere, ...tls }, true],
    ['every network, TLS in front', { ...everywhere, STACKHOLD_BEHIND_TLS: 'true' }, true],
    ['every network, called by https', { ...everywhere, STACKHOLD_PUBLIC_URL: 'https://api.example.com' }, true],
    ['every network, called by http', { ...everywhere, STACKHOLD_PUBLIC_URL: 'http://api.example.com' }, false],
    ['a certificate without key', { STACKHOLD_TLS_CERT: cert }, false],
    ['a key without certificate', { STACKHOLD_TLS_KEY: keyPath }, false],
    ['TLS, called by http', { ...tls, STACKHOLD_PUBLIC_URL: 'http://api.example.com' }, false],
    ['development everywhere, TLS or not', { ...everywhere, ...tls, STACKHOLD_ENV: 'development' }, false],
    ['development on this machine, with TLS', { ...tls, STACKHOLD_ENV: 'development' }, true],
  ])('%s', (_what, env, expected) => expect(starts(env)).toBe(expected))

  it('says what to set', () => {
    expect(() => parseConfig(everywhere)).toThrow(
      /HOST is 0\.0\.0\.0, but .*without TLS \(set STACKHOLD_TLS_CERT and STACKHOLD_TLS_KEY; or STACKHOLD_BEHIND_TLS=true/,
    )
  })
})

describe('files', () => {
  it.each<[what: string, cert: () => string, key: () => string, problem: string]>([
    ['that are not there', () => join(directory.path, 'none'), () => keyPath, 'STACKHOLD_TLS_CERT: '],
    ['that are no certificate', () => file('nonsense', 'nonsense'), () => keyPath, 'is not a certificate in PEM'],
    ['that are no key', () => cert, () => cert, 'is not a private key in PEM'],
    ['of a key that everyone may read', () => cert, () => file('open.pem', key, 0o644), 'Everyone on this machine can read'],
    ['that do not belong together', () => cert, () => file('other.pem', renewedKey), 'does not belong to the certificate'],
    ['that have run out', () => file('ended.pem', ended), () => keyPath, 'ended on'],
  ])('%s stop the start', (_what, cert, key, problem) => expect(() => loadTls({ cert: cert(), key: key() })).toThrow(problem))
})

describe('a server with TLS', () => {
  let app: Awaited<ReturnType<typeof makeApp>>['app']
  let port = 0
  beforeAll(async () => {
    app = (await makeApp([{ endpoints: [{ path: 'ok', run: () => 1 }] }], tls)).app
    await app.listen({ host: '127.0.0.1', port: 0 })
    const address = app.server.address()
    port = typeof address === 'object' && address !== null ? address.port : 0
  })
  afterAll(() => app.close())

  const ask = (path: string, ca = certificate): Promise<{ status: number; headers: Record<string, unknown>; body: string }> =>
    new Promise((resolve, reject) => {
      get({ host: '127.0.0.1', port, path, ca, agent: false }, (response) => {
        let body = ''
        response.on('data', (chunk) => {
          body += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
      }).on('error', reject)
    })
  const shake = (minVersion: SecureVersion, maxVersion: SecureVersion): Promise<string> =>
    new Promise((resolve) => {
      const socket: TLSSocket = connect({ host: '127.0.0.1', port, ca: certificate, minVersion, maxVersion, ciphers: 'DEFAULT@SECLEVEL=0' }, () => {
        resolve(socket.getProtocol() ?? '')
        socket.end()
      })
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(`refused ${error.code}`))
    })

  it('answers over it, with HSTS, on every status', async () => {
    for (const [path, status] of [
      ['/api:abc123/ok', 200],
      ['/api:abc123/nope', 404],
      ['/health', 200],
      ['/nope', 404],
    ] as const) {
      const answer = await ask(path)
      expect([answer.status, answer.headers['strict-transport-security']]).toEqual([status, 'max-age=31536000; includeSubDomains'])
    }
  })

  it('speaks 1.2 and 1.3, nothing older', async () => {
    expect(await shake('TLSv1.3', 'TLSv1.3')).toBe('TLSv1.3')
    expect(await shake('TLSv1.2', 'TLSv1.2')).toBe('TLSv1.2')
    expect(await shake('TLSv1.1', 'TLSv1.1')).toMatch(/^refused /)
    expect(await shake('TLSv1', 'TLSv1')).toMatch(/^refused /)
  })

  it('neither answers nor redirects plain HTTP', async () => {
    const answer = await new Promise<string>((resolve) => {
      let text = ''
      const socket = connectPlain(port, '127.0.0.1', () => socket.write('GET /api:abc123/ok HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret\r\n\r\n'))
      socket.on('data', (chunk) => {
        text += chunk.toString('latin1')
      })
      socket.on('error', () => resolve(text))
      socket.on('close', () => resolve(text))
    })
    expect(answer).not.toMatch(/HTTP\/1\.1 (?:2|3)\d\d|Location/i)
    expect(answer).not.toContain('pong')
  })

  it('keeps the limits of plain HTTP', () => {
    const { headersTimeout, requestTimeout, keepAliveTimeout } = app.server
    expect([headersTimeout, requestTimeout, keepAliveTimeout]).toEqual([10_000, 30_000, 5_000])
  })

  it('takes renewed files without a restart, and keeps the old ones when the new are wrong', async () => {
    const [certNow, keyNow] = [file('now.pem', certificate), file('now.key', key)]
    const errors: unknown[] = []
    const stop = followTls(app.server, { cert: certNow, key: keyNow }, (error) => void errors.push(error), 20)
    await new Promise((resolve) => setTimeout(resolve, 50))
    file('now.pem', 'nonsense')
    await expect.poll(() => errors.length).toBeGreaterThan(0)
    expect((await ask('/health')).status).toBe(200)
    file('now.pem', renewed)
    file('now.key', renewedKey)
    await expect
      .poll(() =>
        ask('/health', renewed).then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200)
    stop()
  })
})

it('links and HSTS follow the address callers use', async () => {
  const config: Config = parseConfig({ ...tls, STACKHOLD_LOG_LEVEL: 'silent' })
  expect(toSettings(config).baseUrl).toBe('https://127.0.0.1:8686')
  const front = parseConfig({ HOST: '0.0.0.0', STACKHOLD_PUBLIC_URL: 'https://api.example.com', STACKHOLD_LOG_LEVEL: 'silent' })
  const { app } = await makeApp([{ endpoints: [{ path: 'ok', run: () => 1 }] }], { HOST: '0.0.0.0', STACKHOLD_PUBLIC_URL: 'https://api.example.com' })
  expect(toSettings(front).baseUrl).toBe('https://api.example.com')
  expect((await app.inject('/nope')).headers['strict-transport-security']).toContain('max-age=31536000')
  await app.close()
})
