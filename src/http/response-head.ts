/** Headers a program sets on its answer, checked before they reach the wire. */
import { fatal } from '../errors.js'
import type { ResponseHead } from '../runtime/capabilities.js'

const namePattern = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}$/
/** No line breaks, no NUL: nothing that could begin another header (RFC 9110 §5.5). */
const valuePattern = /^[\t\x20-\x7e\x80-\xff]*$/
/** Framing belongs to the server. */
const framing = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'upgrade', 'trailer', 'te', 'date'])

export interface CheckedHead {
  status: number
  /** Flat list: the program's headers, then those of `defaults` it did not set. */
  headers: string[]
  contentType: string | null
}

/** Throws AppError `fatal` for a status, name or value that cannot be sent. `Access-Control-*` is the API group's alone and left out. */
export function checkHead(head: ResponseHead, defaults: readonly string[]): CheckedHead {
  const status = head.status ?? 200
  if (!Number.isInteger(status) || status < 200 || status > 599) throw fatal(`The status ${status} cannot be sent.`)
  const set = new Set<string>()
  const headers: string[] = []
  let contentType: string | null = null
  for (const [written, value] of head.headers) {
    const name = written.toLowerCase()
    assertHeader(written, value)
    if (framing.has(name)) throw fatal(`The header ${written} is set by the server.`)
    if (name.startsWith('access-control-')) continue
    if (name === 'content-type') contentType = value
    else headers.push(name, value)
    set.add(name)
  }
  for (let i = 0; i < defaults.length; i += 2) {
    const name = defaults[i] ?? ''
    // `nosniff` stays: no program gains by losing it.
    if (!set.has(name) || name === 'x-content-type-options') headers.push(name, defaults[i + 1] ?? '')
  }
  return { status, headers, contentType }
}

function assertHeader(name: string, value: string): void {
  if (!namePattern.test(name)) throw fatal('A header has a name that cannot be sent.', { hint: 'Names consist of letters, digits and "-".' })
  if (!valuePattern.test(value))
    throw fatal(`The header ${name} has a value that cannot be sent.`, { hint: 'Line breaks and characters beyond Latin-1 are not allowed.' })
}
