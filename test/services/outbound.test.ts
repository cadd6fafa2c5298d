import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEgress } from '../../src/services/egress.js'
import { createOutbound, outboundLimits } from '../../src/services/outbound/http.js'

const seen: { url: string; method: string; headers: IncomingMessage['headers']; body: string }[] = []
const routes: Record<string, (request: IncomingMessage, response: ServerResponse) => void> = {
  '/hello': (_request, response) => response.end('hello'),
  '/gzip': (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('packed')),
  '/br': (_request, response) => response.writeHead(200, { 'content-encoding': 'br' }).end(brotliCompressSync('packed')),
  '/bomb': (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(6 * 1_048_576))),
  '/twice': (_request, response) => response.writeHead(200, { 'content-encoding': 'gzip, gzip' }).end(gzipSync(gzipSync('x'))),
  '/endless': (_request, response) => {
    const chunk = Buffer.alloc(65_536)
    const write = (): void => {
      while (!response.destroyed && response.write(chunk));
    }
    response.on('drain', write)
    write()
  },
  '/never': () => {},
  '/drip': (_request, response) => {
    const timer = setInterval(() => response.write('x'), 20)
    response.on('close', () => clearInterval(timer))
  },
  '/headers': (_request, response) => response.writeHead(200, { 'x-large': 'x'.repeat(60_000) }).end(),
  '/303': (_request, response) => response.writeHead(303, { location: '/hello' }).end(),
  '/307': (_request, response) => response.writeHead(307, { location: '/hello' }).end(),
  '/loop': (_request, response) => response.writeHead(302, { location: '/loop' }).end(),
  '/inside': (_request, response) => response.writeHead(302, { location: `http://127.0.0.2:${port}/hello` }).end(),
  '/file': (_request, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
  '/elsewhere': (_request, response) => response.writeHead(302, { location: `http://other.test:${port}/hello` }).end(),
}
const upstream = createServer((request, response) => {
  let body = ''
  request.on('data', (part) => {
    body += String(part)
  })
  request.on('end', () => {
    seen.push({ url: request.url ?? '', method: request.method ?? '', headers: request.headers, body })
    routes[request.url ?? '']?.(request, response)
  })
})
let port = 0
beforeAll(async () => {
  await new Promise<void>((resolve) => upstream.listen(0, '0.0.0.0', resolve))
  port = (upstream.address() as AddressInfo).port
})
afterAll(async () => {
  await outbound.close()
  upstream.closeAllConnections()
  upstream.close()
})

const egress = createEgress({ allow: ['127.0.0.1'], resolver: async () => [{ address: '127.0.0.1', family: 4 }] })
const outbound = createOutbound(egress)
const impatient = createOutbound(egress, { ...outboundLimits, timeoutMs: 300 })
const get = (path: string, more: object = {}) => outbound.send({ url: `http://127.0.0.1:${port}${path}`, ...more })

describe('answers', () => {
  it('come decoded, with status and headers', async () => {
    expect(await get('/hello')).toMatchObject({ status: 200, body: Buffer.from('hello') })
    expect(String((await get('/gzip')).body)).toBe('packed')
    expect(String((await get('/br')).body)).toBe('packed')
  })

  it('may be 5 MiB, counted unpacked', async () => {
    await expect(get('/bomb')).rejects.toThrow('larger than 5242880 bytes')
    await expect(get('/endless')).rejects.toThrow('larger than 5242880 bytes')
    await expect(get('/twice')).rejects.toThrow('more than once')
  })

  it('may take the time given, headers and body together', async () => {
    for (const path of ['/never', '/drip'])
      await expect(impatient.send({ url: `http://127.0.0.1:${port}${path}`, timeoutMs: 60_000 }), path).rejects.toThrow('longer than 300 ms')
  })

  it('may have 50 KiB of headers', async () => {
    await expect(get('/headers')).rejects.toMatchObject({ status: 500 })
  })
})

describe('redirects', () => {
  it('are followed three times, as the method asks', async () => {
    seen.length = 0
    await get('/303', { method: 'POST', body: 'x', headers: { 'Content-Type': 'text/plain' } })
    await get('/307', { method: 'POST', body: 'x' })
    expect(seen.map(({ method, url, body }) => [method, url, body])).toEqual([
      ['POST', '/303', 'x'],
      ['GET', '/hello', ''],
      ['POST', '/307', 'x'],
      ['POST', '/hello', 'x'],
    ])
    seen.length = 0
    await expect(get('/loop')).rejects.toThrow('redirected more than 3 times')
    expect(seen).toHaveLength(4)
    expect((await get('/loop', { redirects: 0 })).status).toBe(302)
  })

  it('are checked like the first address', async () => {
    seen.length = 0
    await expect(get('/inside')).rejects.toMatchObject({ status: 403 })
    await expect(get('/file')).rejects.toThrow('must start with http')
    expect(seen.map(({ url }) => url)).toEqual(['/inside', '/file'])
  })

  it('take no credentials to another host', async () => {
    seen.length = 0
    await get('/elsewhere', { headers: { Authorization: 'Bearer x', Cookie: 'a=b', 'X-Kept': '1' } })
    expect(seen.map(({ headers }) => [headers.authorization, headers.cookie, headers['x-kept']])).toEqual([
      ['Bearer x', 'a=b', '1'],
      [undefined, undefined, '1'],
    ])
  })
})

describe('addresses', () => {
  it.each(['http://127.0.0.2', 'http://[::1]', 'http://[::ffff:127.0.0.1]', 'http://0x7f000002', 'http://0', 'http://169.254.169.254'])(
    '%s is refused',
    async (origin) => {
      seen.length = 0
      await expect(outbound.send({ url: `${origin}:${port}/hello` })).rejects.toMatchObject({ status: 403 })
      expect(seen).toEqual([])
    },
  )

  it.each(['ftp://example.com/x', 'file:///etc/passwd', 'javascript:1', 'http://user:pass@127.0.0.1/', 'no url'])('%s is no URL to send to', async (url) => {
    await expect(outbound.send({ url })).rejects.toMatchObject({ status: 400 })
  })

  it('a name that points inside is refused', async () => {
    const closed = createOutbound(createEgress({ resolver: async () => [{ address: '127.0.0.1', family: 4 }] }))
    seen.length = 0
    await expect(closed.send({ url: `http://rebinding.test:${port}/hello` })).rejects.toMatchObject({ status: 403 })
    expect(seen).toEqual([])
    await closed.close()
  })
})
