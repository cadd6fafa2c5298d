/** Hands answered requests to the request history, for endpoints that keep one. */
import type { FastifyRequest } from 'fastify'
import { findAttribute } from '../definitions/attributes.js'
import { constantOf } from '../definitions/constant.js'
import type { Definition } from '../lang/tree.js'
import { isObj, toBytes, type Value } from '../lib/value.js'
import { sensitiveNames } from '../runtime/compile.js'
import { createRedactor, masked } from '../services/redact.js'
import type { RequestHistory } from '../services/request-history.js'
import type { EndpointSnapshot } from '../workspace/snapshot.js'
import type { Call } from './call.js'
import type { Answer } from './respond.js'
import type { HistoryMode, HttpSettings } from './settings.js'

/** Bytes of an input or an output that are kept; larger ones are left out. */
const maxBytes = 16_384

/** What is kept of the requests of an endpoint. */
export interface HistoryScope {
  keeps: boolean
  /** So many statements of each; 0 when nobody asked for any. */
  statements: number
}

const nothing: HistoryScope = { keeps: false, statements: 0 }
/** What `history = "all"` comes to: more would not fit into the room of a request, but would be held while it runs. */
const mostStatements = 700

/** The history of an endpoint: its own word, its group's, its branch's, then the server's. Statements are kept only where somebody wrote how many. */
export function historyOf(endpoint: EndpointSnapshot, mode: HistoryMode): HistoryScope {
  if (mode === 'off') return nothing
  const { group } = endpoint
  const stored = (kind: string, name?: string): Definition | undefined =>
    group.branch.definitions.find((one) => one.kind === kind && (name === undefined || one.name === name))?.definition
  const ofBranch = historyAttribute(stored('branch'))
  return (
    wordOf(historyAttribute(endpoint.definition)) ??
    wordOf(historyAttribute(stored('api_group', group.name))) ??
    wordOf(isObj(ofBranch) ? ofBranch.get('query') : ofBranch) ?? { keeps: mode === 'on', statements: 0 }
  )
}

const historyAttribute = (definition: Definition | undefined): Value | undefined => {
  const attribute = definition === undefined ? undefined : findAttribute(definition, 'history')
  return attribute === undefined ? undefined : constantOf(attribute.value)
}

/** Undefined leaves it to what is around. */
function wordOf(value: Value | undefined): HistoryScope | undefined {
  if (value === false) return nothing
  if (value === true) return { keeps: true, statements: 0 }
  if (value === 'all') return { keeps: true, statements: mostStatements }
  const isNumber = typeof value === 'number' || (typeof value === 'string' && /^\d+$/.test(value))
  return isNumber ? { keeps: true, statements: Math.min(Math.max(Number(value), 0), mostStatements) } : undefined
}

/** Called after the answer is sent; the rest happens later, elsewhere. */
export type KeepRequest = (request: FastifyRequest, call: Call, answer: Answer) => void

export function createHistoryKeeper(history: RequestHistory, settings: HttpSettings, now: () => number): KeepRequest {
  const secrets = new WeakMap<EndpointSnapshot, ReadonlySet<string>>()
  const secretsOf = (endpoint: EndpointSnapshot): ReadonlySet<string> => {
    let found = secrets.get(endpoint)
    if (found === undefined) {
      found = secretNames(endpoint)
      secrets.set(endpoint, found)
    }
    return found
  }
  return (request, call, { status, headers, body }) => {
    const { endpoint } = call
    if (endpoint === null || !history.admits()) return
    const { group } = endpoint
    const { branch } = group
    const sent = Buffer.isBuffer(request.body) ? request.body.length : 0
    history.record({
      createdAt: now(),
      workspaceId: branch.workspace.id,
      branchId: branch.id,
      apiId: group.id,
      queryId: endpoint.id,
      verb: request.raw.method ?? '',
      uri: settings.baseUrl + (request.raw.url ?? ''),
      status,
      duration: performance.now() - call.startedAt,
      input: sent > maxBytes ? null : call.input,
      output: body.length > maxBytes ? null : typeof body === 'string' ? body : Buffer.from(toBytes(body)).toString('utf8'),
      requestHeaders: request.raw.rawHeaders,
      responseHeaders: headers,
      caller: call.caller.table === null ? '' : `${call.caller.table}:${String(call.caller.id)}`,
      ip: request.ip,
      trace: call.trace,
      secrets: secretsOf(endpoint),
    })
  }
}

/** Shorter ones are modes and numbers, which occur anywhere. */
const shortestVariable = 8

/** Takes the secrets of a request out of texts about it, as the history does, and the variables of its workspace: an error of JavaScript may quote them. */
export function hideSecrets(call: Call | null): (text: string) => string {
  const endpoint = call?.endpoint ?? null
  const redactor = createRedactor(endpoint === null ? new Set() : secretNames(endpoint))
  if (call !== null && call.input !== null) redactor.value(call.input)
  const variables = [...(endpoint?.group.branch.workspace.env.values() ?? [])]
    .filter((value): value is string => typeof value === 'string' && value.length >= shortestVariable)
    .sort((a, b) => b.length - a.length)
  return (text) => redactor.text(variables.reduce((out, value) => out.replaceAll(value, masked), text))
}

/** Inputs and columns that builders marked, and passwords. */
function secretNames(endpoint: EndpointSnapshot): ReadonlySet<string> {
  const columns = [...endpoint.group.branch.workspace.tables.values()].flatMap((table) =>
    table.columns
      .filter((column) => column.sensitive || column.encrypted === true || column.type === 'password' || column.secrets !== undefined)
      .map((column) => column.name),
  )
  return new Set([...inputsOf(endpoint), ...columns])
}

function inputsOf(endpoint: EndpointSnapshot): Iterable<string> {
  try {
    return endpoint.program().sensitiveInputs
  } catch {
    // A program that does not compile answers nothing but that; what it was sent is as secret as ever.
    return sensitiveNames(endpoint.definition)
  }
}
