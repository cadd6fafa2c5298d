/** A change of a workspace's settings: one transaction, announced to every node, live before the answer. */
import type { Transaction } from '../../db/client.js'
import type { MetaCall } from './route.js'

export async function changeWorkspace<T>(call: MetaCall, change: (transaction: Transaction) => Promise<T>, workspaceId = call.workspaceId): Promise<T> {
  const { db, live } = call.deps
  const result = await db.withTransaction(async (transaction) => {
    const value = await change(transaction)
    call.note({ after: value })
    await live.announce(transaction, workspaceId)
    return value
  })
  await live.refresh(workspaceId)
  return result
}
