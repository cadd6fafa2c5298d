/** Locks between the processes of one database: who holds one loses it with its connection, so that none outlives its process. */
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { toDatabaseError } from './failure.js'

const pollMs = 250

/** See `Database.withLock`. A connection of its own, because the lock belongs to it. */
export async function holdLock<T>(config: pg.ClientConfig, name: string, waitMs: number, fn: () => Promise<T>): Promise<T | null> {
  const client = new pg.Client(config)
  client.on('error', () => {})
  try {
    await client.connect()
    const deadline = performance.now() + waitMs
    // Asked again and again: a statement that waits holds a snapshot, and concurrent index builds wait for every snapshot.
    while (!(await tryLock(client, name))) {
      if (performance.now() + pollMs > deadline) {
        await client.end()
        return null
      }
      await sleep(pollMs)
    }
  } catch (error) {
    await client.end().catch(() => {})
    throw toDatabaseError(error)
  }
  try {
    return await fn()
  } finally {
    await client.end().catch(() => {})
  }
}

async function tryLock(client: pg.Client, name: string): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(`select pg_try_advisory_lock(hashtext('stackhold'), hashtext($1)) as locked`, [name])
  return rows[0]?.locked === true
}
