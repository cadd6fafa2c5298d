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
  answer: Answer
  headOnly: boolean
}

/** Writes the answer before the event loop looks for further input. */
export function post(raw: ServerResponse, answer: Answer, headOnly: boolean): void {
  const count = waiting.push({ raw, answer, headOnly })
  if (count === 1) setImmediate(flush)
  else if (count === mostWaiting) flush()
}

function flush(): void {
  const answers = waiting
  waiting = []
  for (const { raw, answer, headOnly } of answers) if (!raw.destroyed) write(raw, answer, headOnly)
}

function write(raw: ServerResponse, { status, headers, body }: Answer, headOnly: boolean): void {
  raw.writeHead(status, headers)
  if (headOnly || body.length === 0) raw.end()
  else raw.end(body)
}
