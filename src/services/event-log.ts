/** Keeps security events in Postgres: in batches, beside the requests that caused them; what does not fit is dropped and counted. */
import type { Database } from '../db/client.js'
import { plainLine } from '../lib/plain-line.js'
import type { Clock } from '../runtime/capabilities.js'
import type { Fact } from './observe.js'

/** What is not about security stays in the log. */
const unstored: ReadonlySet<Fact['kind']> = new Set(['request_failed', 'after_response_failed', 'connection_lost', 'security_alert'])

export interface SecurityEvent {
  createdAt: number
  kind: string
  ip: string
  workspaceId: number | null
  table: string
  endpoint: string
  account: string
  actor: string
  reason: string
  rows: number
}

/** An event on its way into the table. */
export interface NewEvent extends SecurityEvent {
  /** Keyed hash of the account that logged in; empty elsewhere. Not stored. */
  readonly subject: string
}

export interface StoredEvent extends SecurityEvent {
  id: number
}

export interface EventQuery {
  kind?: string | undefined
  ip?: string | undefined
  /** Epoch ms, inclusive. */
  from?: number | undefined
  limit: number
  offset: number
}

export interface EventLog {
  record(fact: Fact): void
  list(query: EventQuery): Promise<{ items: StoredEvent[]; total: number }>
  /** Writes what is waiting. */
  flush(): Promise<void>
  /** Events that were lost because too many came, or because Postgres was away for too long. */
  readonly dropped: number
  close(): Promise<void>
}

export interface EventLogOptions {
  db: Pick<Database, 'query'>
  clock: Clock
  /** Completes events before they are written: sets their `reason`. */
  complete?(events: readonly NewEvent[]): Promise<void>
  /** Told after events were written, with their kinds, and `kind:reason` of those with a reason. */
  onWritten?(kinds: ReadonlySet<string>): void
  onError?(error: unknown): void
  /** Events held while they wait. */
  room?: number
  /** Rows kept at most, and for how long. */
  keep?: { rows: number; days: number }
  flushMs?: number
}

const batchSize = 500
const housekeepingMs = 300_000

interface EventRow {
  id: number
  created_at: number
  kind: string
  ip: string
  workspace_id: number | null
  table_name: string
  endpoint: string
  account: string
  actor: string
  reason: string
  rows: number
}

const insert = `insert into stackhold.security_event (created_at, kind, ip, workspace_id, table_name, endpoint, account, actor, reason, rows)
  select to_timestamp(e.at / 1000), e.kind, e.ip, e.workspace_id, e.table_name, e.endpoint, e.account, e.actor, e.reason, e.rows
  from unnest($1::float8[], $2::text[], $3::text[], $4::int[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::int8[])
    as e (at, kind, ip, workspace_id, table_name, endpoint, account, actor, reason, rows)`

export function createEventLog(options: EventLogOptions): EventLog {
  const { db, clock, complete, onWritten = () => {}, onError = () => {}, room = 10_000, keep = { rows: 200_000, days: 30 }, flushMs = 1_000 } = options
  let waiting: NewEvent[] = []
  let dropped = 0
  let writtenSinceSweep = 0
  let writing: Promise<void> | null = null

  const toEvent = (fact: Fact): NewEvent => {
    const given = fact as Partial<Record<keyof NewEvent | 'scope', string | number>>
    const text = (name: keyof typeof given): string => plainLine(String(given[name] ?? ''), 200)
    return {
      createdAt: clock.now(),
      kind: fact.kind,
      ip: text('ip'),
      workspaceId: typeof given.workspaceId === 'number' && given.workspaceId > 0 ? given.workspaceId : null,
      table: text('table'),
      endpoint: text('endpoint'),
      account: text('account'),
      actor: text('actor'),
      reason: text(given.reason === undefined ? 'scope' : 'reason'),
      rows: typeof given.rows === 'number' ? given.rows : 0,
      subject: text('subject'),
    }
  }

  const forget = async (): Promise<void> => {
    writtenSinceSweep = 0
    await db.query('delete from stackhold.security_event where created_at < now() - make_interval(days => $1)', [keep.days])
    await db.query('delete from stackhold.security_event where id <= (select id from stackhold.security_event order by id desc offset $1 limit 1)', [keep.rows])
  }
  const write = async (batch: readonly NewEvent[]): Promise<void> => {
    const column = <K extends keyof SecurityEvent>(name: K): SecurityEvent[K][] => batch.map((event) => event[name])
    await complete?.(batch)
    await db.query(insert, [
      column('createdAt'),
      column('kind'),
      column('ip'),
      column('workspaceId'),
      column('table'),
      column('endpoint'),
      column('account'),
      column('actor'),
      column('reason'),
      column('rows'),
    ])
    onWritten(new Set(batch.flatMap(({ kind, reason }) => (reason === '' ? [kind] : [kind, `${kind}:${reason}`]))))
    writtenSinceSweep += batch.length
    if (writtenSinceSweep > keep.rows / 10) await forget()
  }
  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchSize)
      waiting = waiting.slice(batchSize)
      try {
        await write(batch)
      } catch (error) {
        // Postgres may be back in a moment; until then the newest events wait, as far as there is room.
        const kept = [...batch, ...waiting].slice(-room)
        dropped += batch.length + waiting.length - kept.length
        waiting = kept
        throw error
      }
    }
  }
  const flush = (): Promise<void> => {
    writing ??= drain().finally(() => {
      writing = null
    })
    return writing
  }

  const ticking = setInterval(() => {
    if (waiting.length > 0) flush().catch(onError)
  }, flushMs)
  ticking.unref()
  const housekeeping = setInterval(() => void forget().catch(onError), housekeepingMs)
  housekeeping.unref()

  return {
    record(fact) {
      if (unstored.has(fact.kind)) return
      if (waiting.length >= room) dropped++
      else waiting.push(toEvent(fact))
    },
    async list({ kind, ip, from, limit, offset }) {
      const where = 'where ($1::text is null or kind = $1) and ($2::text is null or ip = $2) and ($3::float8 is null or created_at >= to_timestamp($3 / 1000))'
      const values = [kind ?? null, ip ?? null, from ?? null]
      const [count] = await db.query<{ total: number }>(`select count(*) as total from stackhold.security_event ${where}`, values)
      const rows = await db.query<EventRow>(`select * from stackhold.security_event ${where} order by id desc limit $4 offset $5`, [...values, limit, offset])
      return { items: rows.map(toStored), total: count?.total ?? 0 }
    },
    flush,
    get dropped() {
      return dropped
    },
    async close() {
      clearInterval(ticking)
      clearInterval(housekeeping)
      await flush().catch(onError)
    },
  }
}

const toStored = (row: EventRow): StoredEvent => ({
  id: row.id,
  createdAt: row.created_at,
  kind: row.kind,
  ip: row.ip,
  workspaceId: row.workspace_id,
  table: row.table_name,
  endpoint: row.endpoint,
  account: row.account,
  actor: row.actor,
  reason: row.reason,
  rows: row.rows,
})
