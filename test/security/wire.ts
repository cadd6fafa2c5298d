/** Requests byte for byte, for what no client would send. */
import { connect } from 'node:net'

export interface WireAnswer {
  /** 0 when the connection was closed without an answer. */
  status: number
  text: string
  /** How many answers came. */
  answers: number
}

/** Sends the bytes and reads until the server closes, or `quietMs` after its last byte. */
export const speak = (port: number, bytes: string | Uint8Array, quietMs = 300): Promise<WireAnswer> =>
  new Promise((resolve) => {
    let text = ''
    let quiet: NodeJS.Timeout | undefined
    const socket = connect(port, '127.0.0.1', () => socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes))
    const end = (): void => {
      clearTimeout(quiet)
      socket.destroy()
      resolve({ status: Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0), text, answers: text.match(/HTTP\/1\.1 \d{3} /g)?.length ?? 0 })
    }
    const wait = (): void => {
      clearTimeout(quiet)
      quiet = setTimeout(end, quietMs)
    }
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1')
      wait()
    })
    socket.on('close', end)
    socket.on('error', end)
    quiet = setTimeout(end, 5_000)
  })

/** A GET of that target, with further header lines. */
export const get = (target: string, ...lines: string[]): string => [`GET ${target} HTTP/1.1`, 'Host: x', ...lines, 'Connection: close', '', ''].join('\r\n')

/** A POST of JSON. */
export const post = (target: string, body: string, ...lines: string[]): string =>
  [
    `POST ${target} HTTP/1.1`,
    'Host: x',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body, 'latin1')}`,
    ...lines,
    'Connection: close',
    '',
    body,
  ].join('\r\n')
