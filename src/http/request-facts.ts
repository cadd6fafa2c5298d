/** What a stack may ask about its HTTP request; worked out only when it asks. */
import type { IncomingMessage } from 'node:http'
import type { Obj, Value } from '../lib/value.js'
import type { RequestFacts } from '../runtime/capabilities.js'
import type { Call } from './call.js'

export class HttpFacts implements RequestFacts {
  readonly remoteIp: string
  readonly rawBody: Uint8Array | null
  readonly rawInput: Obj
  readonly debugger = false
  private readonly call: Call
  private readonly incoming: IncomingMessage
  private readonly baseUrl: string
  private titled: Obj | undefined

  constructor(call: Call, incoming: IncomingMessage, remoteIp: string, baseUrl: string, rawBody: Uint8Array | null, rawInput: Obj) {
    this.call = call
    this.incoming = incoming
    this.remoteIp = remoteIp
    this.baseUrl = baseUrl
    this.rawBody = rawBody
    this.rawInput = rawInput
  }

  get method(): string {
    return this.incoming.method ?? ''
  }
  get uri(): string {
    return this.baseUrl + (this.incoming.url ?? '')
  }
  get querystring(): string {
    return this.call.url.query
  }
  get authToken(): string {
    return this.call.authToken
  }
  get apiBaseUrl(): string {
    return `${this.baseUrl}/api:${this.call.url.canonical}`
  }
  get branch(): string {
    return this.call.group?.branch.label ?? ''
  }
  get headers(): Obj {
    this.titled ??= toTitledHeaders(this.incoming.rawHeaders)
    return this.titled
  }
}

/** Names in Title-Case; a repeated header is joined by commas (RFC 9110 §5.3). */
function toTitledHeaders(rawHeaders: readonly string[]): Obj {
  const out = new Map<string, Value>()
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = titleCase(rawHeaders[i] ?? '')
    const value = rawHeaders[i + 1] ?? ''
    const held = out.get(name)
    out.set(name, held === undefined ? value : `${held}, ${value}`)
  }
  return out
}

export const titleCase = (name: string): string => name.toLowerCase().replace(/(^|-)([a-z])/g, (_, dash: string, letter: string) => dash + letter.toUpperCase())
