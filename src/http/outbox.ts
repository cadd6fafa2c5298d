/**
 * Answers of one turn of the event loop, written together at its end. A write wakes the client's side, and what wakes is paid by
 * the writer: writing one answer, computing the next and writing that costs up to twice the CPU of writing both one after the other.
 */
import type { ServerResponse } from 'node:http'

export interface Answer {
  status: number
  /** Flat list, content type and length included. */
  headers: string[]
  body: string | Uint8Array
}

/** Answers that wait at most: the first of a long turn shall not wait for its last. */
const mostWaiting = 32

let waiting: Outgoing[] = []

interface Outgoing {
  raw: ServerResponse
  /** Empty when only the head goes out. */
  body: string | Uint8Array
}

/** Writes the answer before the event loop looks for further input. Throws at once, in the turn of its own request, for a head that cannot be sent. */
export function post(raw: ServerResponse, { status, headers, body }: Answer, headOnly: boolean): void {
  raw.writeHead(status, headers)
  const count = waiting.push({ raw, body: headOnly ? '' : body })
  if (count === 1) setImmediate(flush)
  else if (count === mostWaiting) flush()
}

function flush(): void {
  const answers = waiting
  waiting = []
  for (const { raw, body } of answers) {
    if (raw.destroyed) continue
    if (body.length === 0) raw.end()
    else raw.end(body)
  }
}
