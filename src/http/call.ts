/** One request on its way through the stages; each stage fills in what the next ones read. */
import type { Obj } from '../lib/value.js'
import type { Caller } from '../runtime/capabilities.js'
import { anonymous } from '../runtime/capabilities.js'
import type { Trace } from '../runtime/trace.js'
import type { EndpointSnapshot, GroupSnapshot } from '../workspace/snapshot.js'
import type { ApiUrl } from './api-url.js'
import type { EndpointPlan } from './endpoint-plan.js'
import type { Claim } from './idempotency.js'

const none: readonly string[] = []

export class Call {
  readonly url: ApiUrl
  readonly startedAt = performance.now()
  /** Flat list of headers every answer to this request carries, errors too: CORS, warnings. */
  headers: readonly string[] = none
  group: GroupSnapshot | null = null
  endpoint: EndpointSnapshot | null = null
  plan: EndpointPlan | null = null
  params: Readonly<Record<string, string>> = {}
  datasource = ''
  /** Text after `Bearer `; empty when there is none. */
  authToken = ''
  caller: Caller = anonymous
  /** What was received, for the request history and for errors; null before it is read. */
  input: Obj | null = null
  /** Statements that ran, where the request history keeps them; null elsewhere. */
  trace: Trace | null = null
  /** Who a login is about, as the caller names him; null elsewhere. */
  account: string | null = null
  /** Set when this is the first request with its `Idempotency-Key`. */
  claim: Claim | null = null

  constructor(url: ApiUrl) {
    this.url = url
  }
}
