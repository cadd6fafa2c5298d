/** Seals the secrets of second factors with the key in force, after the master secret was changed. */
import type { Database } from '../db/client.js'
import type { Vault } from '../runtime/capabilities.js'
import { factorPlace } from './totp.js'

export interface ResealOptions {
  workspaceId: number
  /** Ids of the tables of the workspace. */
  tableIds: readonly number[]
  vault: Vault
}

interface Row {
  table_id: number
  datasource: string
  record_id: string
  secret: string
}

const batchRows = 500
const readBatch = `select table_id, datasource, record_id, secret from stackhold.auth_factor
  where table_id = any($1) and (table_id, datasource, record_id) > ($2::int, $3, $4) order by table_id, datasource, record_id limit ${batchRows} for update`
const writeBatch = `update stackhold.auth_factor as known set secret = fresh.secret
  from unnest($1::int[], $2::text[], $3::text[], $4::text[]) as fresh(table_id, datasource, record_id, secret)
  where (known.table_id, known.datasource, known.record_id) = (fresh.table_id, fresh.datasource, fresh.record_id)`

/** In batches, each a transaction: it can be stopped and begun again. Secrets that no key opens stay as they are. */
export async function resealFactors(
  db: Pick<Database, 'withTransaction'>,
  { workspaceId, tableIds, vault }: ResealOptions,
): Promise<{ values: number; unreadable: number }> {
  const report = { values: 0, unreadable: 0 }
  let after: unknown[] = [0, '', '']
  for (;;) {
    const rows = await db.withTransaction(async (transaction) => {
      const batch = await transaction.query<Row>(readBatch, [tableIds, ...after])
      const fresh = batch
        .filter(({ secret }) => !vault.isCurrent(secret))
        .flatMap((row) => {
          const place = factorPlace(workspaceId, row.table_id, row.datasource, row.record_id)
          const secret = vault.open(row.secret, place)
          if (secret !== undefined) return [{ ...row, secret: vault.seal(secret, place) }]
          report.unreadable++
          return []
        })
      const columns = (['table_id', 'datasource', 'record_id', 'secret'] as const).map((name) => fresh.map((row) => row[name]))
      if (fresh.length > 0) await transaction.query(writeBatch, columns)
      report.values += fresh.length
      return batch
    })
    const last = rows.at(-1)
    if (last === undefined || rows.length < batchRows) return report
    after = [last.table_id, last.datasource, last.record_id]
  }
}
