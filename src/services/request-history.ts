/** The request history: entries wait in a bounded buffer, lose their secrets, and are written in batches beside the requests. */
import type { Database } from '../db/client.js'
import type { Obj } from '../lib/value.js'
import type { Clock } from '../runtime/capabilities.js'
import { parseJson, stringify } from '../runtime/serialize.js'
import type { Trace } from '../runtime/trace.js'
import { createRedactor } from './redact.js'
import { columns, type HistoryQuery, insert, listText, listValues, type RequestRow, type StoredRequest, toStored } from './request-history-rows.js'
import { mostStatementsText, statementSize, statementsJson } from './request-statements.js'

/** A request as it was; nothing of it is copied or masked yet. */
export interface HistoryEntry {
  createdAt: number
  workspaceId: number
  branchId: number
  apiId: number
  queryId: number
  verb: string
  uri: string
  status: number
  /** Milliseconds. */
  duration: number
  /** Null when it was too large to keep. */
  input: Obj | null
  /** JSON text; null when it was something else or too large to keep. */
  output: string | null
  /** Flat lists. */
  requestHeaders: readonly string[]
  responseHeaders: readonly string[]
  /** `user:5`. */
  caller: string
  ip: string
  /** Statements that ran; null when nobody asked for them. */
  trace: Trace | null
  /** Names of inputs and columns that hold secrets. */
  secrets: ReadonlySet<string>
}

export interface RequestHistory {
  /** Whether there is room for one more just now: ask before making an entry. */
  admits(): boolean
  /** The same, without counting. */
  readonly hasRoom: boolean
  record(entry: HistoryEntry): void
  list(query: HistoryQuery): Promise<StoredRequest[]>
  get(workspaceId: number, id: number): Promise<StoredRequest | undefined>
  /** When endpoints were called last, as epoch ms by their ids, as far back as the history goes. */
  lastUses(queryIds: readonly number[]): Promise<Map<number, number>>
  flush(): Promise<void>
  /** Requests that were not kept because too many came at once. */
  readonly dropped: number
  close(): Promise<void>
}

export interface HistoryOptions {
  db: Pick<Database, 'query'>
  clock: Clock
  /** Entries kept per flush: what a busy server would otherwise spend its time on. */
  room?: number
  /** Characters of outputs kept per flush: reading and masking them is the work. The entry that passes it is the last. */
  roomForOutput?: number
  flushMs?: number
  /** Rows of all, rows of one endpoint, hours. */
  keep?: { rows: number; perEndpoint: number; hours: number }
  onError?(error: unknown): void
}

const sweepMs = 60_000
const maxUri = 2000

type Prepared = readonly (string | number | null)[]

/** Masks an entry. The input comes first: its secrets are looked for in the rest. */
function prepare(entry: HistoryEntry): Prepared {
  const redactor = createRedactor(entry.secrets)
  const input = entry.input === null ? '{}' : stringify(redactor.value(entry.input))
  const output = entry.output === null ? null : redactJson(redactor, entry.output)
  return [
    entry.createdAt,
    entry.workspaceId,
    entry.branchId,
    entry.apiId,
    entry.queryId,
    entry.verb,
    redactor.text(entry.uri).slice(0, maxUri),
    entry.status,
    entry.duration / 1000,
    input,
    output,
    JSON.stringify(redactor.headers(entry.requestHeaders)),
    JSON.stringify(redactor.headers(entry.responseHeaders)),
    entry.caller,
    entry.ip,
    entry.trace === null ? null : statementsJson(entry.trace),
  ]
}

function redactJson(redactor: ReturnType<typeof createRedactor>, text: string): string | null {
  try {
    return stringify(redactor.value(parseJson(text)))
  } catch {
    return null
  }
}

export function createRequestHistory(options: HistoryOptions): RequestHistory {
  const {
    db,
    clock,
    room = 100,
    roomForOutput = 131_072,
    flushMs = 1_000,
    keep = { rows: 100_000, perEndpoint: 1_000, hours: 24 },
    onError = () => {},
  } = options
  let waiting: HistoryEntry[] = []
  let dropped = 0
  let outputWaiting = 0
  let writtenSinceSweep = 0
  let writing: Promise<void> | null = null

  const sweep = async (): Promise<void> => {
    writtenSinceSweep = 0
    await db.query('delete from stackhold.request_history where created_at < to_timestamp($1::float8 / 1000)', [clock.now() - keep.hours * 3_600_000])
    await db.query('delete from stackhold.request_history where id <= (select id from stackhold.request_history order by id desc offset $1 limit 1)', [
      keep.rows,
    ])
    await db.query(
      `delete from stackhold.request_history h using (select id, row_number() over (partition by query_id order by id desc) as place from stackhold.request_history) as ranked
       where ranked.id = h.id and ranked.place > $1`,
      [keep.perEndpoint],
    )
  }
  const drain = async (): Promise<void> => {
    const batch = waiting
    waiting = []
    outputWaiting = 0
    if (batch.length === 0) return
    const rows: Prepared[] = []
    for (const [i, entry] of batch.entries()) {
      rows.push(prepare(entry))
      // Masking is work: requests come in between.
      if (i % 20 === 19) await new Promise<void>((resolve) => setImmediate(resolve))
    }
    await db.query(
      insert,
      Array.from({ length: 16 }, (_, column) => rows.map((row) => row[column] ?? null)),
    )
    writtenSinceSweep += rows.length
    if (writtenSinceSweep > keep.rows / 10) await sweep()
  }
  const flush = async (): Promise<void> => {
    await writing
    writing = drain().finally(() => {
      writing = null
    })
    await writing
  }
  const ticking = setInterval(() => {
    if (waiting.length > 0 && writing === null) flush().catch(onError)
  }, flushMs)
  ticking.unref()
  const sweeping = setInterval(() => void sweep().catch(onError), sweepMs)
  sweeping.unref()

  return {
    get hasRoom() {
      return waiting.length < room && outputWaiting < roomForOutput
    },
    admits() {
      if (waiting.length < room && outputWaiting < roomForOutput) return true
      dropped++
      return false
    },
    record(entry) {
      waiting.push(entry)
      outputWaiting += (entry.output?.length ?? 0) + Math.min((entry.trace?.entries.length ?? 0) * statementSize, mostStatementsText)
    },
    async list(query) {
      return (await db.query<RequestRow>(listText(query), listValues(query))).map(toStored)
    },
    async get(workspaceId, id) {
      const [row] = await db.query<RequestRow>(`select id, ${columns} from stackhold.request_history where workspace_id = $1 and id = $2`, [workspaceId, id])
      return row === undefined ? undefined : toStored(row)
    },
    async lastUses(queryIds) {
      await flush()
      const rows = await db.query<{ query_id: number; at: number }>(
        `select query_id, (extract(epoch from max(created_at)) * 1000)::float8 as at from stackhold.request_history where query_id = any($1) group by query_id`,
        [queryIds],
      )
      return new Map(rows.map(({ query_id, at }) => [query_id, at]))
    },
    flush,
    get dropped() {
      return dropped
    },
    async close() {
      clearInterval(ticking)
      clearInterval(sweeping)
      await flush().catch(onError)
    },
  }
}
