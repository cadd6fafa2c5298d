/** A request that two parsers could read two ways is refused and its connection ends (llhttp's cases; Node accepts two Host headers). */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeApp, type TestApp } from '../http/harness.js'
import { speak } from './wire.js'

let app: TestApp
let port = 0
let ran: string[] = []
beforeAll(async () => {
  app = await makeApp([
    {
      endpoints: [
        {
          path: 'first',
          verb: 'POST',
          run: () => {
            ran.push('first')
            return 1
          },
        },
        {
          path: 'smuggled',
          run: () => {
            ran.push('smuggled')
            return 1
          },
        },
      ],
    },
  ])
  await app.app.listen({ host: '127.0.0.1', port: 0 })
  const address = app.app.server.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
})
afterAll(() => app.app.close())

const smuggled = 'GET /api:abc123/smuggled HTTP/1.1\r\nHost: x\r\n\r\n'
const head = (...lines: string[]): string => ['POST /api:abc123/first HTTP/1.1', ...lines, '', ''].join('\r\n')
const json = 'Content-Type: application/json'

it.each<[what: string, bytes: string]>([
  ['length and chunks', `${head('Host: x', json, 'Content-Length: 4', 'Transfer-Encoding: chunked')}0\r\n\r\n${smuggled}`],
  ['chunks and length', `${head('Host: x', json, 'Transfer-Encoding: chunked', 'Content-Length: 4')}0\r\n\r\n${smuggled}`],
  ['two lengths', head('Host: x', json, 'Content-Length: 0', `Content-Length: ${smuggled.length}`) + smuggled],
  ['two equal lengths', `${head('Host: x', json, 'Content-Length: 2', 'Content-Length: 2')}{}`],
  ['a list of lengths', `${head('Host: x', json, 'Content-Length: 2, 2')}{}`],
  ['a signed length', `${head('Host: x', json, 'Content-Length: +2')}{}`],
  ['a negative length', head('Host: x', json, 'Content-Length: -1') + smuggled],
  ['a length in hex', `${head('Host: x', json, 'Content-Length: 0x2')}{}`],
  ['a length that overflows', head('Host: x', json, 'Content-Length: 18446744073709551616') + smuggled],
  ['another encoding', head('Host: x', json, 'Transfer-Encoding: xchunked') + smuggled],
  ['two encodings', `${head('Host: x', json, 'Transfer-Encoding: chunked', 'Transfer-Encoding: identity')}0\r\n\r\n${smuggled}`],
  ['chunked, but not last', `${head('Host: x', json, 'Transfer-Encoding: chunked, identity')}0\r\n\r\n${smuggled}`],
  ['a blank before the colon', `${head('Host: x', json, 'Transfer-Encoding : chunked')}0\r\n\r\n${smuggled}`],
  ['a folded header', `${head('Host: x', json, 'Transfer-Encoding:', ' chunked')}0\r\n\r\n${smuggled}`],
  ['a tab in a name', `${head('Host: x', json, 'Transfer-Encoding\t: chunked')}0\r\n\r\n${smuggled}`],
  ['a NUL in a value', head('Host: x\0y', json, 'Content-Length: 2')],
  ['a bare CR in a value', head('Host: x', `X-A: a\rContent-Length: 2`)],
  ['a chunk size of nothing', `${head('Host: x', json, 'Transfer-Encoding: chunked')}\r\n${smuggled}`],
  ['a chunk size that overflows', `${head('Host: x', json, 'Transfer-Encoding: chunked')}fffffffffffffffff\r\n${smuggled}`],
  ['a chunk size with a blank', `${head('Host: x', json, 'Transfer-Encoding: chunked')}0 x\r\n\r\n${smuggled}`],
  ['a chunk longer than it says', `${head('Host: x', json, 'Transfer-Encoding: chunked')}1\r\n{}\r\n0\r\n\r\n${smuggled}`],
  ['two hosts', `${head('Host: x', 'Host: y', json, 'Content-Length: 2')}{}`],
  ['two hosts in other case', `${head('Host: x', 'hOST: x', json, 'Content-Length: 2')}{}`],
  ['no host', `${head(json, 'Content-Length: 2')}{}`],
  ['two tokens', `${head('Host: x', 'Authorization: Bearer a', 'Authorization: Bearer b', json, 'Content-Length: 2')}{}`],
  ['two types', `${head('Host: x', json, 'Content-Type: text/plain', 'Content-Length: 2')}{}`],
  ['two keys', `${head('Host: x', json, 'Idempotency-Key: a', 'Idempotency-Key: b', 'Content-Length: 2')}{}`],
  ['two data sources', `${head('Host: x', json, 'X-Data-Source: live', 'X-Data-Source: test', 'Content-Length: 2')}{}`],
  ['version 0.9', 'GET /api:abc123/smuggled\r\n\r\n'],
  ['version 2.0', 'GET /api:abc123/smuggled HTTP/2.0\r\nHost: x\r\n\r\n'],
  ['no version', 'GET /api:abc123/smuggled HTTP\r\nHost: x\r\n\r\n'],
])('%s', async (_what, bytes) => {
  ran = []
  const { status, answers, text } = await speak(port, bytes)
  expect([status === 400 || status === 505, answers, ran]).toEqual([true, 1, []])
  expect(text.toLowerCase()).toContain('x-content-type-options: nosniff')
})

it('a connection may carry two requests that are plain', async () => {
  ran = []
  const { answers } = await speak(port, `${head('Host: x', json, 'Content-Length: 2')}{}${smuggled}`)
  expect([answers, ran.sort()]).toEqual([2, ['first', 'smuggled']])
})
