/** Goes through the whole audit log and says where it was tampered with. */

import type { Database } from '../db/client.js'
import { type AuditLog, type EntryRow, entryColumns, genesis, hashEntry, readCheckpoint, toEntry } from './audit-log.js'

export interface AuditVerdict {
  ok: boolean
  entries: number
  /** The end of the chain: keep it somewhere else and pass it to a later check. */
  head: { id: number; hash: string } | null
  /** Where the log was shortened last; epoch ms. */
  cut: { id: number; hash: string; at: number } | null
  problems: { id: number; message: string }[]
  /** What could not be checked, and is no sign of tampering. */
  notes: string[]
}

export interface VerifyOptions {
  /** An end of the chain that was written down earlier: the entry must still be there, unchanged. */
  expect?: { id: number; hash: string } | undefined
}

const batch = 1000
const maxProblems = 100

/** Reads every entry, in batches and in one consistent view. */
export async function verifyAuditLog(
  db: Pick<Database, 'withTransaction'>,
  log: Pick<AuditLog, 'seals' | 'seen'>,
  { expect }: VerifyOptions = {},
): Promise<AuditVerdict> {
  return db.withTransaction(
    async (transaction) => {
      const problems: AuditVerdict['problems'] = []
      const complain = (id: number, message: string): void => {
        if (problems.length < maxProblems) problems.push({ id, message })
      }
      const wanted = new Map([log.seen, ...(expect === undefined ? [] : [expect])].filter((one) => one.id > 0).map((one) => [one.id, one.hash]))
      const notes: string[] = []
      const checkpoint = await readCheckpoint(transaction)
      const cut = checkpoint === null ? null : { id: checkpoint.id, hash: Buffer.from(checkpoint.hash).toString('hex'), at: checkpoint.cutAt }
      if (checkpoint !== null && log.seals.judgeCheckpoint(checkpoint) === 'foreign')
        complain(checkpoint.id, 'The seal of where the log begins was not made by this server (or with another STACKHOLD_SECRET).')
      for (const [id, hash] of cut === null ? [] : wanted) {
        if (id > (cut?.id ?? 0)) continue
        wanted.delete(id)
        if (id === cut?.id && hash !== cut.hash) complain(id, 'The entry differs from what was known of it.')
        else if (id !== cut?.id && id === expect?.id) notes.push(`Entry ${id} was removed with the others of its age: pass a later end to --expect.`)
      }
      const [revived] = await transaction.query<{ n: number }>('select count(*) as n from stackhold.audit_entry where id <= $1', [cut?.id ?? 0])
      if ((revived?.n ?? 0) > 0) complain(cut?.id ?? 0, `${revived?.n} entries stand before where the log begins.`)
      let last = { id: cut?.id ?? 0, hash: cut?.hash ?? genesis.toString('hex') }
      let entries = 0
      for (;;) {
        const rows = await transaction.query<EntryRow>(`select ${entryColumns} from stackhold.audit_entry where id > $1 order by id limit ${batch}`, [last.id])
        for (const row of rows) {
          const entry = toEntry(row)
          entries++
          if (entry.id !== last.id + 1)
            complain(last.id + 1, `${entry.id - last.id - 1 === 1 ? 'An entry is' : `${entry.id - last.id - 1} entries are`} missing before entry ${entry.id}.`)
          if (entry.previous !== last.hash) complain(entry.id, 'The entry does not follow the one before it.')
          if (hashEntry(entry).toString('hex') !== entry.hash) complain(entry.id, 'The entry was changed after it was written.')
          if (wanted.has(entry.id) && wanted.get(entry.id) !== entry.hash) complain(entry.id, 'The entry differs from what was known of it.')
          wanted.delete(entry.id)
          last = { id: entry.id, hash: entry.hash }
        }
        if (rows.length < batch) break
      }
      for (const id of wanted.keys()) complain(id, 'The entry is known to have been there and is gone.')
      const [head] = await transaction.query<{ id: number; hash: Uint8Array; seal: Uint8Array }>('select id, hash, seal from stackhold.audit_head')
      if (head === undefined) complain(last.id, 'The end of the log is not recorded: it was emptied, or its end cut off.')
      else {
        if (log.seals.judgeHead(head) === 'foreign')
          complain(head.id, 'The seal of the end of the log was not made by this server (or with another STACKHOLD_SECRET).')
        if (head.id !== last.id || Buffer.from(head.hash).toString('hex') !== last.hash)
          complain(head.id, `The log ends at entry ${last.id}, but its sealed end is entry ${head.id}.`)
      }
      return { ok: problems.length === 0, entries, head: last.id === 0 ? null : last, cut, problems, notes }
    },
    { isolation: 'repeatable read' },
  )
}
