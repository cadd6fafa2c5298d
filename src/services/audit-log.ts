/**
 * What administrators did: append-only, each entry bound to the one before it by SHA-256, the end of the chain sealed with a
 * key that is not in the database. All nodes append to one chain, one after the other.
 */
import { createHash, createHmac } from 'node:crypto'
import type { Database, Queryable, Transaction } from '../db/client.js'
import { canonicalJson } from '../lib/canonical-json.js'
import { plainData, plainLine } from '../lib/plain-line.js'
import type { Clock } from '../runtime/capabilities.js'
import { type AuditSeals, createAuditSeals, type SealedCheckpoint, type SealedHead } from './audit-seal.js'

export interface AuditEntry {
  /** `multidoc.push`, `admin.login`: what was done. */
  action: string
  /** Name of the account or the token. */
  actor: string
  tokenId?: number | null
  accountId?: number | null
  ip: string
  workspaceId?: number | null
  /** What it was done to: a path, or kind and name. */
  object: string
  /** Digest (hex) of the object before and after; null when there was none. */
  before?: string | null
  after?: string | null
  /** Further facts; never a secret. */
  data?: Record<string, unknown>
}

export interface StoredEntry extends Required<AuditEntry> {
  id: number
  /** Epoch ms. */
  createdAt: number
  /** Hex. */
  previous: string
  hash: string
}

/** A page of entries, newest first. */
export interface AuditQuery {
  workspaceId?: number | undefined
  action?: string | undefined
  /** Part of actor, action or object. */
  search?: string | undefined
  /** Epoch ms, inclusive. */
  from?: number | undefined
  to?: number | undefined
  limit: number
  offset: number
}

export interface AuditLog {
  /** Adds an entry; in the given transaction it stands or falls with it. Throws when it cannot be written. */
  append(entry: AuditEntry, transaction?: Transaction): Promise<void>
  list(query: AuditQuery): Promise<{ items: StoredEntry[]; total: number }>
  /** Writes the first entry of a new log; seals what was sealed with a previous key with the one in force. */
  open(): Promise<void>
  /** The highest entry this process has seen, for `verifyAuditLog`. */
  readonly seen: { id: number; hash: string }
  /** Keyed digest (hex) of plain data, for `before` and `after`: nobody can try out what it was made of. */
  digest(value: unknown): string
  /** Of the end of the chain, and of where it was shortened. */
  readonly seals: AuditSeals
}

export const genesis = Buffer.alloc(32)

interface EntryRow {
  id: number
  created_at: number
  action: string
  actor: string
  token_id: number | null
  account_id: number | null
  ip: string
  workspace_id: number | null
  object: string
  before_digest: string | null
  after_digest: string | null
  data: Record<string, unknown>
  previous: Uint8Array
  hash: Uint8Array
}

export const entryColumns = 'id, created_at, action, actor, token_id, account_id, ip, workspace_id, object, before_digest, after_digest, data, previous, hash'

const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

export const toEntry = (row: EntryRow): StoredEntry => ({
  id: row.id,
  createdAt: row.created_at,
  action: row.action,
  actor: row.actor,
  tokenId: row.token_id,
  accountId: row.account_id,
  ip: row.ip,
  workspaceId: row.workspace_id,
  object: row.object,
  before: row.before_digest,
  after: row.after_digest,
  data: row.data,
  previous: toHex(row.previous),
  hash: toHex(row.hash),
})

export type { EntryRow }

/** SHA-256 over the hash before it and the canonical JSON of everything else in the entry. */
export function hashEntry({ hash: _hash, previous, ...entry }: Omit<StoredEntry, 'hash'> & { hash?: string }): Buffer {
  return createHash('sha256').update(Buffer.from(previous, 'hex')).update(canonicalJson(entry)).digest()
}

export interface AuditLogOptions {
  db: Pick<Database, 'query' | 'withTransaction'>
  clock: Clock
  /** 32 bytes each, derived for this purpose alone. The first one seals; the others made seals before. */
  keys: readonly Uint8Array[]
}

/** The previous key may be gone after this start. What none of our keys made stays as it is, and is found by a check. */
async function reseal(db: Queryable, head: SealedHead, seals: AuditSeals): Promise<void> {
  if (seals.judgeHead(head) === 'previous') await db.query('update stackhold.audit_head set seal = $1', [seals.sealHead(head.id, head.hash)])
  const checkpoint = await readCheckpoint(db)
  if (checkpoint !== null && seals.judgeCheckpoint(checkpoint) === 'previous')
    await writeCheckpoint(db, { ...checkpoint, seal: seals.sealCheckpoint(checkpoint.id, checkpoint.hash, checkpoint.cutAt) })
}

/** Where the log begins when it was shortened; null while it has everything. */
export async function readCheckpoint(db: Pick<Queryable, 'query'>): Promise<SealedCheckpoint | null> {
  const [row] = await db.query<{ id: number; hash: Uint8Array; cut_at: number; seal: Uint8Array }>(
    'select id, hash, cut_at, seal from stackhold.audit_checkpoint',
  )
  return row === undefined ? null : { id: row.id, hash: row.hash, cutAt: row.cut_at, seal: row.seal }
}

export async function writeCheckpoint(db: Pick<Queryable, 'query'>, { id, hash, cutAt, seal }: SealedCheckpoint): Promise<void> {
  await db.query(
    `insert into stackhold.audit_checkpoint (id, hash, cut_at, seal) values ($1, $2, to_timestamp($3::float8 / 1000), $4)
     on conflict ("only") do update set id = excluded.id, hash = excluded.hash, cut_at = excluded.cut_at, seal = excluded.seal`,
    [id, hash, cutAt, seal],
  )
}

/** Only what JSON knows: streams and the like have no digest of their own. */
const toPlainValue = (value: unknown): unknown => (typeof value === 'object' && value !== null && 'stream' in value ? 'stream' : value)

export function createAuditLog({ db, clock, keys }: AuditLogOptions): AuditLog {
  let seen = { id: 0, hash: '' }
  const [key = genesis] = keys
  const seals = createAuditSeals(keys)

  /** The lock is held until the transaction ends, so that entries follow each other in the order they are committed. */
  const appendIn = async (transaction: Queryable, entry: AuditEntry): Promise<void> => {
    await transaction.query(`select pg_advisory_xact_lock(hashtext('stackhold.audit_entry'))`)
    const [head] = await transaction.query<{ id: number; hash: Uint8Array }>('select id, hash from stackhold.audit_head')
    const unsigned: Omit<StoredEntry, 'hash'> = {
      id: (head?.id ?? 0) + 1,
      createdAt: clock.now(),
      action: plainLine(entry.action, 100),
      actor: plainLine(entry.actor, 200),
      tokenId: entry.tokenId ?? null,
      accountId: entry.accountId ?? null,
      ip: plainLine(entry.ip, 100),
      workspaceId: entry.workspaceId ?? null,
      object: plainLine(entry.object, 500),
      before: entry.before ?? null,
      after: entry.after ?? null,
      data: plainData(entry.data ?? {}) as Record<string, unknown>,
      previous: toHex(head?.hash ?? genesis),
    }
    const hash = hashEntry(unsigned)
    await transaction.query(
      `insert into stackhold.audit_entry (${entryColumns}) values ($1, to_timestamp($2::float8 / 1000), $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
      [
        unsigned.id,
        unsigned.createdAt,
        unsigned.action,
        unsigned.actor,
        unsigned.tokenId,
        unsigned.accountId,
        unsigned.ip,
        unsigned.workspaceId,
        unsigned.object,
        unsigned.before,
        unsigned.after,
        JSON.stringify(unsigned.data),
        Buffer.from(unsigned.previous, 'hex'),
        hash,
      ],
    )
    await transaction.query(
      'insert into stackhold.audit_head (id, hash, seal) values ($1, $2, $3) on conflict ("only") do update set id = excluded.id, hash = excluded.hash, seal = excluded.seal',
      [unsigned.id, hash, seals.sealHead(unsigned.id, hash)],
    )
  }
  /** What others may cut off later; read after the commit. */
  const remember = async (): Promise<void> => {
    const [head] = await db.query<{ id: number; hash: Uint8Array }>('select id, hash from stackhold.audit_head')
    if (head !== undefined && head.id > seen.id) seen = { id: head.id, hash: toHex(head.hash) }
  }

  return {
    async append(entry, transaction) {
      if (transaction !== undefined) return appendIn(transaction, entry)
      await db.withTransaction((own) => appendIn(own, entry))
      await remember()
    },
    async list({ workspaceId, action, search, from, to, limit, offset }) {
      const values = [
        workspaceId ?? null,
        action ?? null,
        search === undefined || search === '' ? null : `%${search.replace(/[\\%_]/g, '\\$&')}%`,
        from ?? null,
        to ?? null,
      ]
      const where = `where ($1::int is null or workspace_id = $1) and ($2::text is null or action = $2)
        and ($3::text is null or actor ilike $3 or action ilike $3 or object ilike $3)
        and ($4::float8 is null or created_at >= to_timestamp($4 / 1000)) and ($5::float8 is null or created_at <= to_timestamp($5 / 1000))`
      const [count] = await db.query<{ total: number }>(`select count(*) as total from stackhold.audit_entry ${where}`, values)
      const rows = await db.query<EntryRow>(`select ${entryColumns} from stackhold.audit_entry ${where} order by id desc limit $6 offset $7`, [
        ...values,
        limit,
        offset,
      ])
      return { items: rows.map(toEntry), total: count?.total ?? 0 }
    },
    async open() {
      await db.withTransaction(async (transaction) => {
        await transaction.query(`select pg_advisory_xact_lock(hashtext('stackhold.audit_entry'))`)
        const [head] = await transaction.query<SealedHead>('select id, hash, seal from stackhold.audit_head')
        if (head !== undefined) await reseal(transaction, head, seals)
        else await appendIn(transaction, { action: 'audit_log.open', actor: 'server', ip: '', object: 'audit_log' })
      })
      await remember()
    },
    get seen() {
      return seen
    },
    digest: (value) =>
      createHmac('sha256', key)
        .update('value|')
        .update(canonicalJson(toPlainValue(value)))
        .digest('hex'),
    seals,
  }
}
