/** A few connections to one external database: made when needed, closed when idle, never waited for longer than a run may take. */
import { fatal } from '../../errors.js'
import type { Value } from '../../lib/value.js'
import type { ExternalStatement } from './statement.js'

export interface ExternalConnection {
  run(statement: ExternalStatement, milliseconds: number): Promise<Value[]>
  /** False once it cannot be used again. */
  readonly usable: boolean
  close(): void
}

export interface PoolLimits {
  connections: number
  /** Runs that may wait for one. */
  waiting: number
  /** Closed after this long without use, ms. */
  idleMs: number
}

export const poolLimits: PoolLimits = { connections: 3, waiting: 50, idleMs: 10_000 }

interface Waiting {
  take(connection: ExternalConnection | null): void
}

export class ExternalPool {
  readonly #open: () => Promise<ExternalConnection>
  readonly #limits: PoolLimits
  readonly #idle = new Map<ExternalConnection, NodeJS.Timeout>()
  readonly #waiting = new Set<Waiting>()
  readonly #used = new Set<ExternalConnection>()
  #count = 0
  #closed = false

  constructor(open: () => Promise<ExternalConnection>, limits: PoolLimits) {
    this.#open = open
    this.#limits = limits
  }

  /** Connections that stand or are being made. */
  get size(): number {
    return this.#count
  }

  async run(statement: ExternalStatement, milliseconds: number): Promise<Value[]> {
    const until = performance.now() + milliseconds
    const connection = await this.#acquire(milliseconds)
    try {
      return await connection.run(statement, Math.max(1, until - performance.now()))
    } finally {
      this.#release(connection)
    }
  }

  close(): void {
    this.#closed = true
    for (const connection of [...this.#idle.keys(), ...this.#used]) this.#discard(connection)
    for (const waiting of this.#waiting) waiting.take(null)
  }

  async #acquire(milliseconds: number): Promise<ExternalConnection> {
    for (const [connection, timer] of this.#idle) {
      clearTimeout(timer)
      this.#idle.delete(connection)
      if (connection.usable) return this.#lend(connection)
      this.#discard(connection)
    }
    if (this.#count < this.#limits.connections) return this.#make()
    if (this.#waiting.size >= this.#limits.waiting) throw busy()
    const connection = await this.#wait(milliseconds)
    if (connection === null) throw busy()
    if (connection.usable) return this.#lend(connection)
    this.#discard(connection)
    return this.#acquire(milliseconds)
  }

  async #make(): Promise<ExternalConnection> {
    this.#count++
    try {
      const connection = await this.#open()
      if (this.#closed) {
        connection.close()
        throw busy()
      }
      return this.#lend(connection)
    } catch (error) {
      this.#count--
      this.#next()
      throw error
    }
  }

  #lend(connection: ExternalConnection): ExternalConnection {
    this.#used.add(connection)
    return connection
  }

  #wait(milliseconds: number): Promise<ExternalConnection | null> {
    return new Promise((resolve) => {
      const waiting: Waiting = {
        take: (connection) => {
          clearTimeout(timer)
          this.#waiting.delete(waiting)
          resolve(connection)
        },
      }
      const timer = setTimeout(() => waiting.take(null), milliseconds)
      this.#waiting.add(waiting)
    })
  }

  #release(connection: ExternalConnection): void {
    this.#used.delete(connection)
    if (!connection.usable || this.#closed) {
      this.#discard(connection)
      this.#next()
      return
    }
    const [waiting] = this.#waiting
    if (waiting !== undefined) {
      waiting.take(connection)
      return
    }
    const timer = setTimeout(() => this.#discard(connection), this.#limits.idleMs)
    timer.unref()
    this.#idle.set(connection, timer)
  }

  /** A place became free: who waits first makes a connection of its own. */
  #next(): void {
    const [waiting] = this.#waiting
    if (waiting === undefined || this.#closed) return
    this.#waiting.delete(waiting)
    this.#make().then(
      (connection) => waiting.take(connection),
      () => waiting.take(null),
    )
  }

  #discard(connection: ExternalConnection): void {
    clearTimeout(this.#idle.get(connection))
    this.#idle.delete(connection)
    this.#used.delete(connection)
    this.#count--
    connection.close()
  }
}

const busy = () => fatal('All connections to the external database are busy.', { hint: 'Try again, or shorten the statements.' })
