/** HTTP/1.1 byte for byte, over connections of its own: no client in between tidies up what an attacker would send. */
import { connect as connectPlain, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'

export interface Origin {
  /** As in the URL: goes into `Host`. */
  host: string
  /** Address that was looked at; the name is not asked for again. */
  address: string
  port: number
  tls: boolean
}

export interface Reply {
  /** What was asked, short: `GET /api:x/y`. */
  sent: string
  /** 0: the connection ended without an answer. */
  status: number
  /** Names in lower case; values in order. */
  headers: ReadonlyMap<string, readonly string[]>
  text: string
  /** Answers that came over the connection. */
  answers: number
  ms: number
}

const longestWait = 30_000
const isName = (host: string): boolean => isIP(host.replace(/^\[|\]$/g, '')) === 0

/** Sends the bytes and reads until the server closes, or until `quietMs` after its last byte. */
export function exchange(origin: Origin, bytes: Buffer, sent: string, quietMs = longestWait): Promise<Reply> {
  return new Promise((resolve) => {
    const began = performance.now()
    const chunks: Buffer[] = []
    let quiet = setTimeout(() => end(), longestWait)
    const { address: host, port } = origin
    // The address is one of this machine: the certificate has nobody else to tell apart from.
    const socket = origin.tls
      ? connectTls({ host, port, ...(isName(origin.host) ? { servername: origin.host } : {}), rejectUnauthorized: false })
      : connectPlain({ host, port })
    let isOver = false
    const end = (): void => {
      if (isOver) return
      isOver = true
      clearTimeout(quiet)
      socket.destroy()
      resolve({ ...parse(Buffer.concat(chunks)), sent, ms: performance.now() - began })
    }
    socket.once(origin.tls ? 'secureConnect' : 'connect', () => socket.write(bytes))
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      clearTimeout(quiet)
      quiet = setTimeout(end, quietMs)
    })
    socket.on('close', end)
    socket.on('error', end)
  })
}

function parse(bytes: Buffer): Omit<Reply, 'sent' | 'ms'> {
  const raw = bytes.toString('latin1')
  const split = raw.indexOf('\r\n\r\n')
  const head = split < 0 ? raw : raw.slice(0, split)
  const headers = new Map<string, string[]>()
  for (const line of head.split('\r\n').slice(1)) {
    const colon = line.indexOf(':')
    const name = line.slice(0, colon).toLowerCase()
    headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()])
  }
  const body = split < 0 ? Buffer.alloc(0) : bytes.subarray(split + 4)
  return {
    status: Number(/^HTTP\/1\.[01] (\d{3})/.exec(raw)?.[1] ?? 0),
    headers,
    text: (headers.get('transfer-encoding')?.includes('chunked') === true ? joinChunks(body) : body).toString('utf8'),
    answers: raw.match(/HTTP\/1\.[01] \d{3} /g)?.length ?? 0,
  }
}

function joinChunks(body: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < body.length; ) {
    const line = body.indexOf('\r\n', at)
    const size = Number.parseInt(body.subarray(at, line).toString('latin1'), 16)
    if (line < 0 || !(size > 0)) break
    parts.push(body.subarray(line + 2, line + 2 + size))
    at = line + 4 + size
  }
  return Buffer.concat(parts)
}
