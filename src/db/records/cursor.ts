/** Connections that hold cursors open outside a transaction of the program. */
import { AppError } from '../../errors.js'
import type { Database } from '../client.js'
import type { Queryable, Transaction } from '../queryable.js'

/** What can be streamed from: a database whose pool has room beside the streams. */
export type StreamBase = Queryable & Pick<Database, 'withTransaction'> & Partial<Pick<Database, 'poolSize'>>

/** A loop that takes longer than this for one batch loses its connection. */
const idleMs = 600_000
/** Longer than for other connections: a loop holds its own for a while. */
const patienceMs = 10_000

/** A transaction that stays open until `end`. */
export interface StreamConnection {
  transaction: Transaction
  end(): Promise<void>
}

/** Streams hold at most half of the pool: what runs inside their loops needs connections, too. */
export const streamsOf = ({ poolSize = 0 }: StreamBase): number => Math.floor(poolSize / 2)

/** Throws AppError `unavailable` when too many streams are open. */
export async function openStreamConnection(base: StreamBase): Promise<StreamConnection> {
  const slots = slotsOf(base)
  await slots.take(patienceMs)
  let end = (): void => {}
  const ended = new Promise<void>((resolve) => {
    end = resolve
  })
  return new Promise((resolve, reject) => {
    const finished: Promise<void> = base
      .withTransaction(async (transaction) => {
        await transaction.query(`set local idle_in_transaction_session_timeout = ${idleMs}`)
        resolve({
          transaction,
          end: () => {
            end()
            return finished
          },
        })
        await ended
      })
      .catch(reject)
      .finally(() => slots.give())
  })
}

class Slots {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(free: number) {
    this.#free = free
  }

  take(milliseconds: number): Promise<void> {
    if (this.#free > 0) {
      this.#free--
      return Promise.resolve()
    }
    return new Promise((resolve, reject) => {
      const go = (): void => {
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(go), 1)
        reject(new AppError('unavailable', 'Too many streams are open.', { headers: { 'retry-after': '1' } }))
      }, milliseconds)
      this.#waiting.push(go)
    })
  }

  give(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free++
    else next()
  }
}

const slotsByBase = new WeakMap<StreamBase, Slots>()

function slotsOf(base: StreamBase): Slots {
  const known = slotsByBase.get(base) ?? new Slots(streamsOf(base))
  slotsByBase.set(base, known)
  return known
}
