/** Requests to the server under attack: written by hand, and repeated when a limit asks to wait. */
import { header, type Sending } from './attack.js'
import { exchange, type Origin, type Reply } from './wire.js'

export interface Client {
  send(sending: Sending): Promise<Reply>
  sendBytes(bytes: string, sent: string): Promise<Reply>
}

export interface ClientOptions {
  origin: Origin
  /** Target of an endpoint by its name. */
  targetOf(name: string): string
  /** Told when a limit makes the run wait, in seconds. */
  onWait?(seconds: number): void
}

const quietMs = 1_000
const waitsAtMost = 70

export function createClient({ origin, targetOf, onWait = () => {} }: ClientOptions): Client {
  const send = async (sending: Sending): Promise<Reply> => {
    const target = sending.to.startsWith('/') ? sending.to : targetOf(sending.to)
    const bytes = toBytes(origin, target, sending)
    const sent = `${sending.method ?? 'GET'} ${shorten(target, 120)}${describe(sending)}`
    for (let tries = 0; ; tries++) {
      const reply = await exchange(origin, bytes, sent)
      const seconds = Number(header(reply, 'retry-after'))
      if (sending.limitsCount === true || reply.status !== 429 || tries === 2 || !(seconds > 0 && seconds <= waitsAtMost)) return reply
      onWait(seconds)
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000))
    }
  }
  return { send, sendBytes: (bytes, sent) => exchange(origin, Buffer.from(bytes, 'latin1'), sent, quietMs) }
}

function toBytes(origin: Origin, target: string, { method = 'GET', token, headers = [], body, type }: Sending): Buffer {
  const payload = body === undefined ? null : Buffer.from(typeof body === 'string' ? body : JSON.stringify(body))
  const names = new Set(headers.map(([name]) => name.toLowerCase()))
  const lines = [
    `${method} ${target} HTTP/1.1`,
    ...(names.has('host') ? [] : [`Host: ${origin.host}:${origin.port}`]),
    'Connection: close',
    ...(token === undefined ? [] : [`Authorization: Bearer ${token}`]),
    ...(payload === null ? [] : [`Content-Length: ${payload.length}`]),
    ...(payload === null || names.has('content-type') || type === '' ? [] : [`Content-Type: ${type ?? 'application/json'}`]),
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), payload ?? Buffer.alloc(0)])
}

/** What else went along; never a token. */
function describe({ headers = [], body, type }: Sending): string {
  const parts = headers.map(([name, value]) => `${name}: ${/^(authorization|cookie)$/i.test(name) ? '…' : shorten(value, 40)}`)
  if (type !== undefined) parts.push(`as ${type === '' ? 'no type' : shorten(type, 60)}`)
  if (body !== undefined) parts.push(shorten(typeof body === 'string' ? body : JSON.stringify(body), 80))
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`
}

/** On one line, without control characters, the rest counted. */
export function shorten(text: string, most: number): string {
  const plain = text
    .slice(0, most)
    .replace(/[^\x20-\x7e\u00a0-\ud7ff]/g, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`)
    .replace(/eyJ[\w-]+\.[\w.-]+/g, 'eyJ…')
  return text.length > most ? `${plain}… (${text.length})` : plain
}
