/** Stage 6: a value becomes the bytes of an answer. */
import type { FastifyReply } from 'fastify'
import { isBinary, toBytes, type Value } from '../lib/value.js'
import type { ResponseHead } from '../runtime/capabilities.js'
import { stringify } from '../runtime/serialize.js'
import { type Answer, post } from './outbox.js'
import { checkHead } from './response-head.js'

export type { Answer } from './outbox.js'

export const jsonType = 'application/json; charset=utf-8'

/** `shared` are the headers of every answer, `extra` those of this request. */
export function toAnswer(value: Value, head: ResponseHead, shared: readonly string[], extra: readonly string[]): Answer {
  if (head.status === null && head.headers.length === 0) return jsonAnswer(200, stringify(value), shared, extra)
  const checked = checkHead(head, shared)
  const raw = checked.contentType !== null && !isJson(checked.contentType) && (typeof value === 'string' || isBinary(value))
  const body = raw ? toBytes(value) : stringify(value)
  const headers = ['content-type', checked.contentType ?? jsonType, ...checked.headers, ...extra]
  if (hasNoBody(checked.status)) return { status: checked.status, headers: headers.slice(2), body: '' }
  headers.push('content-length', String(typeof body === 'string' ? Buffer.byteLength(body) : body.length))
  return { status: checked.status, headers, body }
}

export const jsonAnswer = (status: number, body: string, shared: readonly string[], extra: readonly string[]): Answer => ({
  status,
  headers: ['content-type', jsonType, ...shared, ...extra, 'content-length', String(Buffer.byteLength(body))],
  body,
})

const isJson = (contentType: string): boolean => /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(contentType)
const hasNoBody = (status: number): boolean => status === 204 || status === 205 || status === 304

/** Writes past Fastify's serialisation: the headers are known and the body is text already. What throws leaves the reply to the error handler. */
export function send(reply: FastifyReply, answer: Answer): void {
  if (reply.sent) return
  const { raw } = reply
  if (!raw.headersSent && !raw.destroyed) post(raw, answer, reply.request.method === 'HEAD')
  reply.hijack()
}
