/** What a run recorded of itself. */
import type { Value } from '../lib/value.js'

export interface TraceEntry {
  statement: string
  line: number | null
  document: string
  /** Milliseconds since the run began. */
  start: number
  /** Milliseconds. */
  duration: number
  result?: Value
  error?: string
  /** SQL text of a database statement. */
  sql?: string
}

/** Collects up to `limit` entries; counts the rest. */
export interface Trace {
  readonly entries: TraceEntry[]
  readonly limit: number
  dropped: number
}
