/** Stage 4: path, query and body become one map of received values. Whoever declares inputs picks and checks them later. */
import { isUtf8 } from 'node:buffer'
import { AppError } from '../errors.js'
import { parseQueryString, QueryStringLimitError } from '../lib/query-string.js'
import { isObj, type Obj, type Value } from '../lib/value.js'
import { parseJson } from '../runtime/serialize.js'
import type { EndpointPlan } from './endpoint-plan.js'
import { assertClean, assertJsonBounds, assertNotPoisoned } from './json-guard.js'
import { readMultipart } from './multipart.js'

export interface ReceivedRequest {
  readonly params: Readonly<Record<string, string>>
  /** Without the `?`. */
  readonly query: string
  readonly contentType: string | undefined
  /** Null when nothing was sent. */
  readonly body: Uint8Array | null
}

/** Received values by name; path before body before query. Throws AppError 400 or 415. */
export function readRequest(request: ReceivedRequest, plan: EndpointPlan): Obj | Promise<Obj> {
  const { body, query, params } = request
  const fromQuery = query === '' ? empty() : readForm(query)
  if (body === null) return withParams(fromQuery, params)
  const fromBody = readBody(request.contentType, body, plan)
  if (fromBody instanceof Promise) return fromBody.then((found) => withParams(merge(fromQuery, found), params))
  return withParams(merge(fromQuery, fromBody), params)
}

const empty = (): Obj => new Map()

/** Names and values of a query or a form. */
function readForm(text: string): Obj {
  try {
    const values = parseQueryString(text)
    if (/__proto__|constructor|%/.test(text)) assertClean(values)
    return values
  } catch (error) {
    throw error instanceof QueryStringLimitError ? new AppError('badRequest', error.message) : error
  }
}

function readBody(contentType: string | undefined, body: Uint8Array, plan: EndpointPlan): Obj | Promise<Obj> {
  const type = mediaType(contentType)
  if (type === 'application/json' || type.endsWith('+json')) return readJson(toText(body, contentType), plan)
  if (type === 'application/x-www-form-urlencoded') return readForm(toText(body, contentType))
  if (type === 'multipart/form-data') return readMultipartBody(contentType ?? '', body)
  if (plan.readsRawInput) return empty()
  throw new AppError('unsupportedMediaType')
}

async function readMultipartBody(contentType: string, body: Uint8Array): Promise<Obj> {
  const { fields, files } = await readMultipart(contentType, body)
  return merge(fields === '' ? empty() : readForm(fields), files)
}

/** A body that is no object has no inputs; it can be read raw. */
function readJson(text: string, plan: EndpointPlan): Obj {
  assertJsonBounds(text)
  let value: Value
  try {
    value = parseJson(text)
  } catch (cause) {
    // A webhook with a signature wants the bytes even when they are odd.
    if (plan.readsRawInput) return empty()
    throw new AppError('badRequest', 'The body is not valid JSON.', { cause })
  }
  assertNotPoisoned(text, value)
  return isObj(value) ? value : empty()
}

/** Text of a body in UTF-8, the only charset read. */
function toText(body: Uint8Array, contentType: string | undefined): string {
  const charset = /;\s*charset="?([^";\s]+)/i.exec(contentType ?? '')?.[1]?.toLowerCase()
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8' && charset !== 'us-ascii')
    throw new AppError('unsupportedMediaType', 'The body must be UTF-8.')
  if (!isUtf8(body)) throw new AppError('badRequest', 'The body is not valid UTF-8.')
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text
}

function mediaType(contentType: string | undefined): string {
  if (contentType === undefined) return ''
  const end = contentType.indexOf(';')
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase()
}

function merge(base: Obj, over: Obj): Obj {
  if (base.size === 0) return over
  for (const [name, value] of over) base.set(name, value)
  return base
}

function withParams(values: Obj, params: Readonly<Record<string, string>>): Obj {
  for (const name in params) {
    const value = params[name]
    if (value !== undefined) values.set(name, value)
  }
  return values
}
