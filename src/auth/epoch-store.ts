/** Epochs as every node knows them: stored in Postgres, held in memory, raised everywhere by NOTIFY. */
import type { Database } from '../db/client.js'
import { createEpochs, type Epochs } from './epochs.js'

export interface StoredEpochs extends Epochs {
  /** Voids the tokens of a record, or of a whole table, issued until now; in force here when it resolves, elsewhere within moments. */
  revoke(workspaceId: number, tableId: number, recordId: number | string | null): Promise<void>
  /** Takes over what was raised a moment ago, by whatever SQL: after it, a committed change is in force here. */
  catchUp(): Promise<void>
  close(): Promise<void>
}

interface EpochRow {
  workspace_id: number
  table_id: number
  record_id: string
  epoch: number
}

export interface EpochStoreOptions {
  /** Seconds a token lives at most: older epochs are forgotten. */
  maxSeconds: number
  onError?: (error: unknown) => void
}

const channel = 'stackhold_epoch'
const housekeepingMs = 3_600_000
const retryMs = 1_000
/** Longer than a transaction takes between the change and its commit. */
const lookBackSeconds = 120

export async function createEpochStore(db: Database, { maxSeconds, onError = () => {} }: EpochStoreOptions): Promise<StoredEpochs> {
  const epochs = createEpochs()
  let retry: NodeJS.Timeout | undefined

  const raise = (workspaceId: number, tableId: number, recordId: string, at: number): void =>
    epochs.raise(workspaceId, tableId, recordId === '' ? null : recordId, at)
  const load = async (seconds: number): Promise<void> => {
    const rows = await db.query<EpochRow>(
      'select workspace_id, table_id, record_id, epoch from stackhold.auth_epoch where epoch > clock_timestamp() - make_interval(secs => $1)',
      [seconds],
      { name: 'stackhold_epoch_load' },
    )
    for (const row of rows) raise(row.workspace_id, row.table_id, row.record_id, Math.floor(row.epoch))
  }
  const reload = (): void => {
    load(maxSeconds).catch((error: unknown) => {
      onError(error)
      clearTimeout(retry)
      retry = setTimeout(reload, retryMs)
      retry.unref()
    })
  }
  const forget = async (): Promise<void> => {
    epochs.forgetBefore(Date.now() - (maxSeconds + 60) * 1000)
    await db.query('delete from stackhold.auth_epoch where epoch < now() - make_interval(secs => $1)', [maxSeconds + 60])
  }

  // Listening comes first: whatever is committed while loading is announced.
  const stop = await db.listen(channel, {
    onMessage(payload) {
      const [workspaceId, tableId, recordId, at] = JSON.parse(payload) as [number, number, string, number]
      raise(workspaceId, tableId, recordId, at)
    },
    onReconnect: reload,
  })
  await load(maxSeconds)
  const housekeeping = setInterval(() => void forget().catch(onError), housekeepingMs)
  housekeeping.unref()

  return {
    current: (workspaceId, tableId, recordId) => epochs.current(workspaceId, tableId, recordId),
    async revoke(workspaceId, tableId, recordId) {
      await db.query('select stackhold.raise_epoch($1, $2, $3, clock_timestamp())', [workspaceId, tableId, recordId === null ? '' : String(recordId)])
      await load(lookBackSeconds)
    },
    catchUp: () => load(lookBackSeconds),
    async close() {
      clearTimeout(retry)
      clearInterval(housekeeping)
      await stop()
    },
  }
}
