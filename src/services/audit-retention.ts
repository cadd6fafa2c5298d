/**
 * Shortens the audit log: entries that are old enough go, after they were found whole, and a sealed checkpoint says where the rest begins.
 * What is left can be verified as before; what was altered before it was old enough is not removed, but reported.
 */
import type { Database, Transaction } from '../db/client.js'
import { AppError } from '../errors.js'
import type { Clock } from '../runtime/capabilities.js'
import { type AuditLog, type EntryRow, entryColumns, genesis, hashEntry, readCheckpoint, toEntry, writeCheckpoint } from './audit-log.js'

export interface AuditRetention {
  /** Removes what is old enough, and writes down that it did. Resolves with the number of entries; throws AppError when one was tampered with. */
  cut(): Promise<number>
}

export interface AuditRetentionOptions {
  db: Pick<Database, 'withTransaction'>
  clock: Clock
  log: Pick<AuditLog, 'append' | 'seals'>
  /** 0 keeps everything. */
  days: number
}

const day = 86_400_000
/** Entries at once: others wait meanwhile with what they did. */
const batch = 5_000

export function createAuditRetention({ db, clock, log, days }: AuditRetentionOptions): AuditRetention {
  const cutSome = async (transaction: Transaction, before: number): Promise<number> => {
    await transaction.query(`select pg_advisory_xact_lock(hashtext('stackhold.audit_entry'))`)
    const checkpoint = await readCheckpoint(transaction)
    if (checkpoint !== null && log.seals.judgeCheckpoint(checkpoint) === 'foreign') throw tampered(checkpoint.id, 'The checkpoint was not made by this server')
    const start = { id: checkpoint?.id ?? 0, hash: Buffer.from(checkpoint?.hash ?? genesis).toString('hex') }
    // The last entry stays whatever its age: the sealed end of the chain is about it.
    const rows = await transaction.query<EntryRow>(
      `select ${entryColumns} from stackhold.audit_entry where id < (select id from stackhold.audit_head) order by id limit ${batch}`,
    )
    let last = start
    for (const row of rows) {
      if (row.created_at >= before) break
      const entry = toEntry(row)
      if (entry.id !== last.id + 1 || entry.previous !== last.hash || hashEntry(entry).toString('hex') !== entry.hash)
        throw tampered(last.id + 1, 'An entry is missing or was changed')
      last = { id: entry.id, hash: entry.hash }
    }
    if (last === start) return 0
    const cutAt = clock.now()
    const hash = Buffer.from(last.hash, 'hex')
    await writeCheckpoint(transaction, { id: last.id, hash, cutAt, seal: log.seals.sealCheckpoint(last.id, hash, cutAt) })
    await transaction.query('delete from stackhold.audit_entry where id <= $1', [last.id])
    const entries = last.id - start.id
    await log.append(
      { action: 'audit_log.cut', actor: 'server', ip: '', object: 'audit_log', data: { through: last.id, hash: last.hash, entries } },
      transaction,
    )
    return entries
  }

  return {
    async cut() {
      if (days === 0) return 0
      const now = clock.now()
      // Once a day is enough: a cut is an entry itself.
      const isDue = await db.withTransaction(async (transaction) => {
        const [oldest] = await transaction.query<{ created_at: number }>('select created_at from stackhold.audit_entry order by id limit 1')
        return oldest !== undefined && oldest.created_at < now - (days + 1) * day
      })
      if (!isDue) return 0
      let total = 0
      for (;;) {
        const removed = await db.withTransaction((transaction) => cutSome(transaction, now - days * day))
        total += removed
        if (removed < batch) return total
      }
    },
  }
}

const tampered = (id: number, what: string): AppError =>
  new AppError('fatal', `${what} (entry ${id} of the audit log): nothing was removed.`, { hint: 'stackhold audit-log verify lists what is wrong.' })
