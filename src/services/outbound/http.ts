/** The one HTTP client for addresses that builders or their callers name: guarded, and bounded in time, size and redirects. */
import { isIP } from 'node:net'
import { type Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import { Agent, buildConnector, type Dispatcher, request } from 'undici'
import { AppError, fatal } from '../../errors.js'
import type { Egress } from '../egress.js'

export interface OutboundRequest {
  /** http or https, without a user. */
  url: string
  method?: string
  headers?: Readonly<Record<string, string>>
  body?: string | Uint8Array
  /** Milliseconds for everything, redirects and body included; the cap of the client at most. */
  timeoutMs?: number
  /** Redirects to follow; the cap of the client at most. 0 answers the redirect itself. */
  redirects?: number
}

export interface OutboundResponse {
  status: number
  /** Names in lower case; a repeated header is joined with commas, `set-cookie` stays a list. */
  headers: Record<string, string | string[]>
  /** Decoded. */
  body: Buffer
  /** Where the answer came from. */
  url: string
}

export interface OutboundLimits {
  timeoutMs: number
  /** Bytes of the decoded body. */
  bodyBytes: number
  redirects: number
  /** Bytes of the response's headers. */
  headerBytes: number
}

export const outboundLimits: OutboundLimits = { timeoutMs: 10_000, bodyBytes: 5 * 1_048_576, redirects: 3, headerBytes: 50 * 1024 }

export interface Outbound {
  /**
   * Sends a request. Throws AppError: `badRequest` for a URL that is none, `accessDenied` for an address that may not be reached, `fatal` for
   * everything that goes wrong on the way, limits included. An answer of any status is no error.
   */
  send(request: OutboundRequest): Promise<OutboundResponse>
  close(): Promise<void>
}

export function createOutbound(egress: Egress, limits: OutboundLimits = outboundLimits): Outbound {
  const agent = createAgent(egress, limits)
  return {
    async send(given) {
      const timeoutMs = Math.max(1, Math.min(given.timeoutMs ?? limits.timeoutMs, limits.timeoutMs))
      const signal = AbortSignal.timeout(timeoutMs)
      try {
        return await follow(given, agent, limits, signal)
      } catch (error) {
        throw toOutboundError(error, timeoutMs)
      }
    },
    close: () => agent.close(),
  }
}

/** Literals are checked here; names when the socket looks them up, at every connection. */
function createAgent(egress: Egress, limits: OutboundLimits): Agent {
  const connect = buildConnector({ lookup: egress.lookup, timeout: Math.min(5_000, limits.timeoutMs) })
  return new Agent({
    connect(options, callback) {
      try {
        const host = options.hostname.replace(/^\[(.*)\]$/, '$1')
        if (isIP(host) !== 0) egress.checkAddress(host)
      } catch (error) {
        callback(error as Error, null)
        return
      }
      connect(options, callback)
    },
    maxHeaderSize: limits.headerBytes,
    headersTimeout: limits.timeoutMs,
    bodyTimeout: limits.timeoutMs,
    keepAliveTimeout: 4_000,
    connections: 16,
    pipelining: 1,
  })
}

async function follow(given: OutboundRequest, agent: Agent, limits: OutboundLimits, signal: AbortSignal): Promise<OutboundResponse> {
  let url = readUrl(given.url)
  let { method = 'GET', body } = given
  let headers = lowerCase(given.headers ?? {})
  const redirects = Math.min(given.redirects ?? limits.redirects, limits.redirects)
  for (let hop = 0; ; hop++) {
    const answer = await request(url, { method: method as Dispatcher.HttpMethod, headers, body: body ?? null, dispatcher: agent, signal })
    const target = redirects === 0 ? undefined : redirectOf(answer, url)
    if (target === undefined) return { status: answer.statusCode, headers: plainHeaders(answer.headers), body: await readBody(answer, limits), url: url.href }
    await answer.body.dump({ limit: 16_384, signal })
    if (hop >= redirects) throw fatal(`The request was redirected more than ${redirects} times.`)
    if (target.origin !== url.origin) headers = without(headers, 'authorization', 'cookie', 'proxy-authorization')
    if (answer.statusCode === 303 || ((answer.statusCode === 301 || answer.statusCode === 302) && method === 'POST')) {
      method = method === 'HEAD' ? 'HEAD' : 'GET'
      body = undefined
      headers = without(headers, 'content-type', 'content-length')
    }
    url = target
  }
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol)) throw new AppError('badRequest', 'The URL must start with http:// or https://.')
  if (url.username !== '' || url.password !== '') throw new AppError('badRequest', 'A URL must not contain a user or password.', { hint: 'Send a header.' })
  return url
}

function redirectOf(answer: Dispatcher.ResponseData, from: URL): URL | undefined {
  const { location } = answer.headers
  if (![301, 302, 303, 307, 308].includes(answer.statusCode) || typeof location !== 'string') return undefined
  if (!URL.canParse(location, from.href)) throw fatal('The request was redirected to something that is no URL.')
  return readUrl(new URL(location, from.href).href)
}

/** Counts what comes out, not what comes in: a small answer can unpack to any size. */
async function readBody({ headers, body }: Dispatcher.ResponseData, { bodyBytes }: OutboundLimits): Promise<Buffer> {
  const parts: Buffer[] = []
  let size = 0
  const sink = new Writable({
    write(part: Buffer, _encoding, done) {
      size += part.length
      parts.push(part)
      done(size > bodyBytes ? fatal(`The answer is larger than ${bodyBytes} bytes.`) : null)
    },
  })
  await pipeline([body, ...decoders(headers['content-encoding']), sink])
  return Buffer.concat(parts, size)
}

function decoders(encoding: string | string[] | undefined): Transform[] {
  const names = String(encoding ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity')
  if (names.length > 1) throw fatal('The answer is encoded more than once.')
  return names.map((name) => {
    if (name === 'gzip' || name === 'x-gzip') return createGunzip()
    if (name === 'deflate') return createInflate()
    if (name === 'br') return createBrotliDecompress()
    throw fatal(`The answer has an encoding that is not known: ${name}`)
  })
}

const lowerCase = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
const without = (headers: Record<string, string>, ...names: string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)))
const plainHeaders = (headers: Dispatcher.ResponseData['headers']): OutboundResponse['headers'] =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) && name !== 'set-cookie' ? value.join(', ') : value]],
    ),
  )

/** What the network says goes to the log; the builder learns what kind of thing went wrong. */
function toOutboundError(error: unknown, timeoutMs: number): AppError {
  if (error instanceof AppError) return error
  const name = error instanceof Error ? error.name : ''
  const text = error instanceof Error ? error.message : String(error)
  const found = error instanceof Error && error.cause instanceof AppError ? error.cause : null
  if (found !== null) return found
  if (name === 'TimeoutError' || name === 'AbortError' || /Timeout/.test(name)) return fatal(`The request took longer than ${timeoutMs} ms.`, { cause: error })
  if (name === 'HeadersOverflowError') return fatal('The headers of the answer are too large.', { cause: error })
  return fatal('The request failed.', { cause: error, detail: text })
}
