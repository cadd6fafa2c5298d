/** Since when the tokens of a record are good: a password change, a ban or "log out everywhere" raises the epoch. */

export interface Epochs {
  /** Tokens issued before this instant (epoch ms) are void; null when nothing was ever revoked. */
  current(workspaceId: number, tableId: number, recordId: number | string): number | null
}

export interface EpochStore extends Epochs {
  /** Voids the tokens of a record, or of the whole table when `recordId` is null, issued before `at` (epoch ms). Never lowers. */
  raise(workspaceId: number, tableId: number, recordId: number | string | null, at: number): void
  /** Forgets epochs older than the longest-lived token. */
  forgetBefore(at: number): void
}

const keyOf = (workspaceId: number, tableId: number, recordId: number | string | null): string =>
  recordId === null ? `${workspaceId}/${tableId}` : `${workspaceId}/${tableId}/${recordId}`

export function createEpochs(): EpochStore {
  const epochs = new Map<string, number>()
  return {
    current(workspaceId, tableId, recordId) {
      if (epochs.size === 0) return null
      const ofTable = epochs.get(keyOf(workspaceId, tableId, null))
      const ofRecord = epochs.get(keyOf(workspaceId, tableId, recordId))
      if (ofTable === undefined) return ofRecord ?? null
      return ofRecord === undefined ? ofTable : Math.max(ofTable, ofRecord)
    },
    raise(workspaceId, tableId, recordId, at) {
      const key = keyOf(workspaceId, tableId, recordId)
      epochs.set(key, Math.max(at, epochs.get(key) ?? 0))
    },
    forgetBefore(at) {
      for (const [key, epoch] of epochs) if (epoch < at) epochs.delete(key)
    },
  }
}
