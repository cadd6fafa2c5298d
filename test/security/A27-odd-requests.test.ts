/** No request ends the process or is answered by an error of ours (Parse GHSA-6hh7-46r2-vf29, Node CVE-2026-21710). */
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { makeApp, type TestApp } from '../http/harness.js'
import { get, post, speak } from './wire.js'

let app: TestApp
let port = 0
const stray: unknown[] = []
const note = (error: unknown): void => void stray.push(error)
beforeAll(async () => {
  app = await makeApp(
    [
      {
        endpoints: [
          { path: 'echo', verb: 'POST', input: ['a'], run: (_run, input) => new Map(input) },
          { path: 'echo/{id}', input: ['id'], run: (_run, input) => new Map(input) },
          { path: 'me', auth: 'user', run: () => 1 },
        ],
      },
    ],
    {},
    { settings: { requestLimit: { max: 0, windowMs: 1 } } },
  )
  await app.app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.app.server.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
  process.on('unhandledRejection', note)
  process.on('uncaughtException', note)
})
afterAll(async () => {
  process.off('unhandledRejection', note)
  process.off('uncaughtException', note)
  await app.app.close()
})
beforeEach(() => {
  stray.length = 0
})

const alive = async (): Promise<void> => {
  expect((await speak(port, get('/health/live'))).status).toBe(200)
  expect(stray).toEqual([])
  expect(app.facts.filter(({ kind }) => kind === 'request_failed')).toEqual([])
}

const odd = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype', 'then', 'length', '0', '-1', '']

it('names that objects have are no more than names', async () => {
  for (const name of odd) {
    if (name !== '') expect((await speak(port, get('/health/live', `${name}: x`))).status).toBe(200)
    for (const bytes of [
      get(`/api:abc123/echo/${encodeURIComponent(name) || '%20'}`),
      get(`/api:abc123/echo/1?${name}=1&${name}[${name}]=2&a[${name}]=3&a[]=${name}`),
      post('/api:abc123/echo', `{"a":{"${name}":{"${name}":1}}}`),
      post('/api:abc123/echo', `{"${name}":1}`),
      get('/api:abc123/me', `Authorization: Bearer ${name}`),
      get(`/api:${name}/x`),
      get(`/api:abc123:${name}/echo/1`),
      get('/api:abc123/echo/1', `X-Branch: ${name}`, `X-Data-Source: ${name}`),
      post('/api:abc123/echo', '{"a":1}', `Idempotency-Key: ${name}`),
    ]) {
      const { status, text } = await speak(port, bytes)
      expect([text.slice(0, 200), status < 500 && status >= 200]).toEqual([text.slice(0, 200), true])
    }
  }
  expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  await alive()
})

it('keys chosen to collide take no longer than others', async () => {
  const time = async (keys: string[]): Promise<number> => {
    const began = performance.now()
    const { status } = await speak(port, post('/api:abc123/echo', JSON.stringify(Object.fromEntries(keys.map((key) => [key, 1])))))
    expect(status).toBe(200)
    return performance.now() - began
  }
  // Array indexes, whose hash is the number itself.
  const step = 2 ** 21
  await time(Array.from({ length: 9_000 }, (_, i) => `k${i}`))
  expect(await time(Array.from({ length: 2_000 }, (_, i) => String(i * step)))).toBeLessThan(2_000)
  await alive()
})

const byte = fc.integer({ min: 0, max: 255 })
it('bytes at random', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(byte, { maxLength: 400 }), async (bytes) => {
      const { status } = await speak(port, Uint8Array.from(bytes), 20)
      expect([0, 400]).toContain(status)
    }),
    { numRuns: 30, seed: 27 },
  )
  await alive()
}, 240_000)

const text = fc.array(byte, { maxLength: 60 }).map((bytes) =>
  Buffer.from(bytes)
    .toString('latin1')
    .replace(/[\r\n]/g, ''),
)
it('requests with one part at random', async () => {
  const forms = fc.oneof(
    text.map((part) => get(`/api:abc123/echo/${part}`)),
    text.map((part) => get(`/api:abc123/echo/1?${part}`)),
    text.map((part) => get(`/api:${part}/echo/1`)),
    text.map((part) => get('/api:abc123/me', `Authorization: Bearer ${part}`)),
    text.map((part) => get('/api:abc123/echo/1', `X-A: ${part}`)),
    text.map((part) => get('/api:abc123/echo/1', `Origin: ${part}`, `X-Branch: ${part}`)),
    text.map((part) => post('/api:abc123/echo', part)),
    text.map((part) => post('/api:abc123/echo', `{"a":"${part}"}`)),
    text.map((part) => post('/api:abc123/echo', part).replace('application/json', 'application/x-www-form-urlencoded')),
    text.map((part) => post('/api:abc123/echo', `--x\r\n${part}\r\n\r\n${part}\r\n--x--`).replace('application/json', 'multipart/form-data; boundary=x')),
    text.map((part) => post('/api:abc123/echo', '{}').replace('application/json', part)),
  )
  await fc.assert(
    fc.asyncProperty(forms, async (bytes) => {
      expect((await speak(port, bytes)).status).toBeLessThan(500)
    }),
    { numRuns: 400, seed: 2727 },
  )
  await alive()
}, 120_000)

it('connections that break off', async () => {
  await Promise.all(Array.from({ length: 50 }, (_, n) => speak(port, post('/api:abc123/echo', `{"a":"${'x'.repeat(500)}"}`).slice(0, 20 + n * 12), 10)))
  await alive()
})
