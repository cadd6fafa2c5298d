/** How Fastify is set up: every limit that is off or generous by default, on. */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { type FastifyHttpOptions, LogController } from 'fastify'
import { errorTable } from '../errors.js'
import type { TlsMaterial } from '../services/tls-files.js'
import { toHeaderList } from './security-headers.js'

export interface ServerLimits {
  bodyLimit: number
  /** Ms a client may take to send a request. */
  requestTimeoutMs: number
  /** Ms a run may take; a socket is not dropped under it. */
  runTimeoutMs: number
  trustProxy: boolean | number | string
  /** Certificate and key of our own TLS; absent: plain HTTP. */
  tls?: TlsMaterial | undefined
}

const headersTimeoutMs = 10_000
const maxHeaderBytes = 16_384

export function toServerOptions(limits: ServerLimits): FastifyHttpOptions<Server> {
  // A request without Host is refused by `guard`: Node's own refusal lacks our headers.
  const wire = {
    headersTimeout: Math.min(headersTimeoutMs, limits.requestTimeoutMs),
    connectionsCheckingInterval: 2_000,
    maxHeaderSize: maxHeaderBytes,
    requireHostHeader: false,
  }
  return {
    trustProxy: typeof limits.trustProxy === 'number' ? trustHops(limits.trustProxy) : limits.trustProxy,
    bodyLimit: limits.bodyLimit,
    requestTimeout: limits.requestTimeoutMs,
    connectionTimeout: Math.max(limits.requestTimeoutMs, limits.runTimeoutMs + 5_000),
    // Longer than a proxy keeps an idle connection, so that the proxy is the one to close it.
    keepAliveTimeout: limits.trustProxy === false ? 5_000 : 65_000,
    http: wire,
    ...(limits.tls === undefined ? {} : { https: { ...wire, ...limits.tls } }),
    routerOptions: { maxParamLength: 128, caseSensitive: true },
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, allErrors: false } },
    exposeHeadRoutes: false,
    // Its answer has neither our body nor our headers; while closing, what still arrives is served.
    return503OnClosing: false,
    requestIdHeader: false,
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: 'idle',
    clientErrorHandler(error, socket) {
      answerClientError(error, socket)
    },
  }
}

/** So many proxies are believed, and only when the nearest one is on a private network: anyone else could be the caller himself. */
const trustHops =
  (hops: number) =>
  (address: string, hop: number): boolean =>
    hop < hops && (hop > 0 || isPrivate(address))

const isPrivate = (address: string): boolean => /^(?:::ffff:)?(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)|^::1$|^f[cd]/i.test(address)

const clientErrors: Record<string, [status: number, reason: string]> = {
  HPE_HEADER_OVERFLOW: [431, 'Request Header Fields Too Large'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Request Timeout'],
}

/** What never became a request is still answered in our form. */
function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [status, reason] = clientErrors[error.code ?? ''] ?? [400, 'Bad Request']
  const body = JSON.stringify({ code: errorTable.badRequest.code, message: reason, payload: '' })
  const headers = [
    'content-type',
    'application/json; charset=utf-8',
    ...toHeaderList(''),
    'content-length',
    String(Buffer.byteLength(body)),
    'connection',
    'close',
  ]
  let text = `HTTP/1.1 ${status} ${reason}\r\n`
  for (let i = 0; i < headers.length; i += 2) text += `${headers[i]}: ${headers[i + 1]}\r\n`
  socket.end(`${text}\r\n${body}`)
}
