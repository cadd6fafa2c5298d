/** What a run recorded of itself. */
import type { Value } from '../lib/value.js'

/** A statement that a database ran. Values are never part of it: they may be secrets. */
export interface SqlFact {
  sql: string
  /** How many values were bound. */
  parameters: number
  milliseconds: number
  /** Returned or touched. */
  rows: number
  failed?: true
}

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
  /** What a database statement sent, in order. */
  sql?: SqlFact[]
}

/** Collects up to `limit` entries; counts the rest. */
export interface Trace {
  readonly entries: TraceEntry[]
  readonly limit: number
  dropped: number
  /** Leaves results out. */
  readonly withoutValues?: true
  /** The innermost statement that runs now; null while one runs that was not recorded. */
  current?: TraceEntry | null
}

export const createTrace = (limit: number, options: Pick<Trace, 'withoutValues'> = {}): Trace => ({ entries: [], limit, dropped: 0, current: null, ...options })

/** Says what the statement that runs now sent to a database. */
export function noteSql({ current }: Trace, fact: SqlFact): void {
  if (current === undefined || current === null) return
  current.sql ??= []
  current.sql.push(fact)
}
