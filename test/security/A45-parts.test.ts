/** Forms of many parts, headers or levels are refused before they cost anything (@fastify/multipart CVE-2023-25576, CVE-2025-24033). */
import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { growth } from '../helpers/growth.js'
import { makeApp, type TestApp } from '../http/harness.js'
import { speak } from './wire.js'

let app: TestApp
let port = 0
let ran = 0
beforeAll(async () => {
  app = await makeApp(
    [
      {
        endpoints: [
          {
            path: 'upload',
            verb: 'POST',
            run: () => {
              ran++
              return 1
            },
          },
        ],
      },
    ],
    {},
    { settings: { requestLimit: { max: 0, windowMs: 1 } } },
  )
  await app.app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.app.server.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
})
afterAll(() => app.app.close())

const send = async (payload: string, boundary = 'x'): Promise<number> =>
  (await app.app.inject({ method: 'POST', url: '/api:abc123/upload', payload, headers: { 'content-type': `multipart/form-data; boundary=${boundary}` } }))
    .statusCode
const field = (name: string, value = 'v', more = ''): string => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n${more}\r\n${value}\r\n`
const file = (name: string, value = 'v'): string =>
  `--x\r\nContent-Disposition: form-data; name="${name}"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n${value}\r\n`
const end = '--x--\r\n'
const many = (n: number, one: (i: number) => string): string => Array.from({ length: n }, (_, i) => one(i)).join('')

describe('a form', () => {
  it('of a few parts is read', async () => {
    expect(await send(field('a') + file('b') + end)).toBe(200)
  })

  it('may have 1,000 fields and 50 files, and no more', async () => {
    const forms = [many(1000, (i) => field(`f${i}`)), many(1001, (i) => field(`f${i}`)), many(50, (i) => file(`f${i}`)), many(51, (i) => file(`f${i}`))]
    const answers = []
    for (const form of forms) answers.push(await send(form + end))
    expect(answers).toEqual([200, 400, 200, 400])
  })

  it.each<[what: string, body: string, boundary?: string]>([
    ['10,001 fields', many(10_001, (i) => field(`f${i}`)) + end],
    ['10,001 fields of one name', many(10_001, () => field('f')) + end],
    ['10,001 empty fields', many(10_001, () => field('f', '')) + end],
    ['5,001 files', many(5_001, (i) => file(`f${i}`)) + end],
    ['no end', many(10, (i) => field(`f${i}`))],
    ['a part that breaks off', '--x\r\nContent-Disposition: form-data; name="a"'],
    ['another boundary', field('a') + end, 'other'],
    ['names that nest 40 deep', field(`a${'[b]'.repeat(40)}`) + end],
    ['a name of prototypes', field('__proto__[x]') + end],
  ])('of %s is refused', async (_what, body, boundary) => {
    ran = 0
    expect([400, 413]).toContain(await send(body, boundary))
    expect(ran).toBe(0)
  })

  it.each(['', ';', '; boundary', '; boundary=', '; boundary=""', '; boundary=x; boundary=y', `; boundary=${'b'.repeat(2_000)}`])(
    'whose type says "multipart/form-data%s" is refused',
    async (rest) => {
      const answer = await app.app.inject({
        method: 'POST',
        url: '/api:abc123/upload',
        payload: field('a') + end,
        headers: { 'content-type': `multipart/form-data${rest}` },
      })
      // Of two boundaries the first may count: then the form is read as it is.
      expect(rest.includes('boundary=x') ? [200, 400, 415] : [400, 415]).toContain(answer.statusCode)
    },
  )

  it('inside of a form is a file like any other', async () => {
    const inner = '--y\r\nContent-Disposition: form-data; name="role"\r\n\r\nadmin\r\n--y--\r\n'
    const nested = `--x\r\nContent-Disposition: form-data; name="a"\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n${inner}\r\n${end}`
    expect([200, 400]).toContain(await send(nested))
  })

  it('whose parts have headers without end reads none of them, in time that grows with their length', async () => {
    const of = (n: number) => async () => {
      for (const more of [many(n, (i) => `X-${i}: y\r\n`), `X-A: ${'y'.repeat(50 * n)}\r\n`])
        for (let i = 0; i < 10; i++) expect([200, 400, 413]).toContain(await send(field('a', 'v', more) + end))
    }
    await of(500)()
    expect(await growth(of(500), of(8_000))).toBeLessThan(100)
  })

  it('costs as much as it is long', async () => {
    const of = (n: number) => async () => {
      for (let i = 0; i < 10; i++) await send(many(n, (part) => field(`f${part}`)) + end)
    }
    await of(50)()
    expect(await growth(of(50), of(800))).toBeLessThan(100)
  })

  it('that breaks off on the wire leaves nothing behind', async () => {
    const before = readdirSync(tmpdir()).filter((name) => /upload|multipart|busboy/i.test(name)).length
    const body = file('a', 'y'.repeat(50_000))
    const head = `POST /api:abc123/upload HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: ${body.length}\r\n\r\n`
    await Promise.all(Array.from({ length: 10 }, () => speak(port, head + body.slice(0, 20_000))))
    expect(readdirSync(tmpdir()).filter((name) => /upload|multipart|busboy/i.test(name)).length).toBe(before)
    expect(await send(field('a') + end)).toBe(200)
  })
})
