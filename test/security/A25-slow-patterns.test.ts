/** What a caller writes into headers and inputs is read in time that grows with its length, not with its square (Parse GHSA-mf3j-86qx-cq5j, GHSA-38m6-82c8-4xfm). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createRedactor } from '../../src/services/redact.js'
import { growth } from '../helpers/growth.js'
import { makeApp, type TestApp } from '../http/harness.js'

let app: TestApp
beforeAll(async () => {
  app = await makeApp(
    [
      {
        endpoints: [
          { path: 'echo', verb: 'POST', input: ['a'], run: () => 1 },
          { path: 'me', auth: 'user', run: () => 1 },
        ],
      },
    ],
    {},
    { settings: { requestLimit: { max: 0, windowMs: 1 } } },
  )
})
afterAll(() => app.app.close())

/** What backtracking meets most often: one letter, one group, one pair of signs, over and over, with an end that does not fit. */
const corpora: readonly (readonly [what: string, unit: string])[] = [
  ['a letter', 'a'],
  ['numbers and dots', '1.'],
  ['blanks', ' '],
  ['tabs', '\t'],
  ['commas', ','],
  ['semicolons and blanks', '; '],
  ['quotes', '"'],
  ['backslashes', '\\'],
  ['equal signs', 'a='],
  ['addresses', 'a@a.'],
  ['colons', '::ffff:'],
  ['percent signs', '%2'],
  ['brackets', '[('],
  ['tokens', 'eyJ.'],
  ['slashes', '/../'],
]
const headers = [
  'authorization',
  'content-type',
  'origin',
  'accept',
  'cookie',
  'x-forwarded-for',
  'forwarded',
  'host',
  'user-agent',
  'x-data-source',
  'x-branch',
  'idempotency-key',
  'x-proof-of-work',
  'if-none-match',
  'accept-language',
  'content-disposition',
]
const times = 40
const small = 1_000
/** Sixteenfold: linear work is 16 times as much, a square 256 times. */
const large = 16_000
const fill = (unit: string, length: number): string => `x${unit.repeat(Math.floor(length / unit.length))}\u00a1x`

describe.each(corpora)('%s', (_what, unit) => {
  it('in any header', async () => {
    const send = async (length: number): Promise<void> => {
      for (const name of headers)
        for (let n = 0; n < times / headers.length; n++) {
          const { statusCode } = await app.app.inject({
            method: 'POST',
            url: '/api:abc123/echo',
            payload: '{}',
            headers: { 'content-type': 'application/json', [name]: fill(unit, length) },
          })
          if (statusCode >= 500) throw new Error(`${name}: ${statusCode}`)
        }
      await app.app.inject({ url: '/api:abc123/me', headers: { authorization: `Bearer ${fill(unit, length)}` } })
    }
    await send(small)
    expect(
      await growth(
        () => send(small),
        () => send(large),
      ),
    ).toBeLessThan(100)
  })

  it('in a query, a path, a form and a part of one', async () => {
    const send = async (length: number): Promise<void> => {
      const text = fill(unit, length)
      const forms: [type: string, payload: string][] = [
        ['application/x-www-form-urlencoded', `a=${text}&${text}=1`],
        ['multipart/form-data; boundary=x', `--x\r\nContent-Disposition: form-data; name="${text.replace(/["\\]/g, '_')}"\r\n\r\n${text}\r\n--x--\r\n`],
        [`multipart/form-data; boundary=${text.slice(0, 2_000).replace(/[^\w.]/g, 'b')}`, text],
        ['application/json', JSON.stringify({ a: text })],
      ]
      for (const [type, payload] of forms) {
        const { statusCode } = await app.app.inject({
          method: 'POST',
          url: `/api:abc123/echo?b=${encodeURIComponent(text)}`,
          payload,
          headers: { 'content-type': type },
        })
        if (statusCode >= 500) throw new Error(`${type}: ${statusCode}`)
      }
      await app.app.inject(`/api:abc123/${encodeURIComponent(text.slice(0, 4_000))}`)
    }
    await send(small)
    expect(
      await growth(
        () => send(small),
        () => send(large),
      ),
    ).toBeLessThan(100)
  })

  it('where secrets are masked', async () => {
    const mask = (length: number) => (): void => {
      for (let n = 0; n < 20; n++) createRedactor(new Set(['own'])).text(fill(unit, length * 4))
    }
    mask(small)()
    expect(await growth(mask(small), mask(large))).toBeLessThan(100)
  })
})
