/** What a stack ran, as the request history keeps it: names, places and times. No values, no messages, no SQL: they may hold secrets. */
import type { Trace, TraceEntry } from '../runtime/trace.js'

/** Characters of one statement, about. */
export const statementSize = 120
/** Characters of all statements of a request; the rest is counted. */
export const mostStatementsText = 65_536

/** Times are decimal seconds, like that of the request; `start` counts from where the stack began. */
interface KeptStatement {
  name: string
  line: number | null
  document: string
  start: number
  duration: number
  /** What it sent to databases. */
  sql?: { count: number; duration: number; rows: number }
  failed?: true
}

const seconds = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1e6

function toKept({ statement, line, document, start, duration, sql, error }: TraceEntry): KeptStatement {
  const sum = (of: (fact: NonNullable<typeof sql>[number]) => number): number => (sql ?? []).reduce((total, fact) => total + of(fact), 0)
  return {
    name: statement,
    line,
    document,
    start: seconds(start),
    duration: seconds(duration),
    ...(sql === undefined ? {} : { sql: { count: sql.length, duration: seconds(sum((fact) => fact.milliseconds)), rows: sum((fact) => fact.rows) } }),
    ...(error === undefined ? {} : { failed: true }),
  }
}

/** `{"statements": […], "statements_left_out": n}`. */
export function statementsJson({ entries, dropped }: Trace): string {
  const texts: string[] = []
  let length = 0
  for (const entry of entries) {
    const text = JSON.stringify(toKept(entry))
    length += text.length + 1
    if (length > mostStatementsText) break
    texts.push(text)
  }
  return `{"statements":[${texts.join(',')}],"statements_left_out":${dropped + entries.length - texts.length}}`
}
