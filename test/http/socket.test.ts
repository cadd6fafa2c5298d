import { type AddressInfo, connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endpoints } from './endpoints.js'
import { makeApp, type TestApp } from './harness.js'

describe('on a real socket', () => {
  let port = 0
  let raw: TestApp
  beforeAll(async () => {
    raw = await makeApp([{ endpoints }])
    await raw.app.listen({ port: 0, host: '127.0.0.1' })
    port = (raw.app.server.address() as AddressInfo).port
  })
  afterAll(() => raw.app.close())

  const speak = (text: string): Promise<string> =>
    new Promise((resolve, reject) => {
      let answer = ''
      const socket = connect(port, '127.0.0.1', () => socket.write(text))
      socket.on('data', (chunk) => {
        answer += chunk
      })
      socket.on('end', () => resolve(answer))
      socket.on('error', reject)
    })
  const request = (lines: string[]): Promise<string> => speak(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`)
  const status = (answer: string): number => Number(answer.split(' ')[1])

  it('answers with our headers on the wire', async () => {
    const answer = await request(['GET /api:abc123/ok HTTP/1.1', 'Host: x'])
    expect(status(answer)).toBe(200)
    expect(answer.toLowerCase()).toContain('x-content-type-options: nosniff')
    expect(answer.endsWith('\r\n\r\n1')).toBe(true)
  })

  it('repeats a header that was added twice', async () => {
    expect((await request(['GET /api:abc123/created HTTP/1.1', 'Host: x'])).toLowerCase()).toContain('x-a: 1\r\nx-a: 2\r\n')
  })

  it.each([
    ['two hosts', 400, ['GET /api:abc123/ok HTTP/1.1', 'Host: x', 'Host: y']],
    ['two tokens', 400, ['GET /api:abc123/ok HTTP/1.1', 'Host: x', 'Authorization: Bearer a', 'authorization: Bearer b']],
    ['two content types', 400, ['GET /api:abc123/ok HTTP/1.1', 'Host: x', 'Content-Type: text/plain', 'Content-Type: application/json']],
    ['two origins', 400, ['GET /api:abc123/ok HTTP/1.1', 'Host: x', 'Origin: a', 'Origin: b']],
    ['two lengths', 400, ['POST /api:abc123/ok HTTP/1.1', 'Host: x', 'Content-Length: 1', 'Content-Length: 2']],
    ['both framings', 400, ['POST /api:abc123/ok HTTP/1.1', 'Host: x', 'Content-Length: 1', 'Transfer-Encoding: chunked']],
    ['a __proto__ header', 200, ['GET /api:abc123/ok HTTP/1.1', 'Host: x', '__proto__: y']],
    ['17 KB of headers', 431, ['GET /api:abc123/ok HTTP/1.1', 'Host: x', `X-A: ${'a'.repeat(17_000)}`]],
    ['a 1 MB token', 431, ['GET /api:abc123/ok HTTP/1.1', 'Host: x', `Authorization: Bearer ${'a'.repeat(1_000_000)}`]],
    ['no request at all', 400, ['nonsense']],
    ['a dot segment', 404, ['GET /api:abc123/./ok HTTP/1.1', 'Host: x']],
    ['a parent segment', 404, ['GET /api:abc123/../api:abc123/ok HTTP/1.1', 'Host: x']],
    ['an absolute address', 404, ['GET http://evil/api:abc123/ok HTTP/1.1', 'Host: x']],
    ['CONNECT-like', 404, ['TRACE /api:abc123/ok HTTP/1.1', 'Host: x']],
  ])('answers %s with %i', async (_what, wanted, lines) => {
    const answer = await request(lines)
    expect(status(answer)).toBe(wanted)
    expect(answer.toLowerCase()).toContain("content-security-policy: default-src 'none'")
    expect(answer.toLowerCase()).not.toContain('\r\nserver:')
  })
})
