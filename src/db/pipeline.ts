/** One pipelined connection for short statements: many share one write, so none of them may be slow. Reconnects by itself. */
import pg from 'pg'
import { isConnectionFailure, isStalePlan, toDatabaseError } from './failure.js'
import { type DriverResult, PreparedNames, runOn } from './pool.js'

const reconnectAfterMs = { first: 50, most: 1_000 }

export interface Pipeline {
  /** True when a connection stands; when not, one is being made and the caller uses the pool. */
  readonly ready: boolean
  /** Waits for a connection being made, or makes one; never throws. */
  connect(): Promise<void>
  /** `undefined` when the statement must be run elsewhere: nothing of it took effect here. */
  run(text: string, values: readonly unknown[] | undefined, name: string, texts?: boolean): Promise<DriverResult | undefined>
  close(): Promise<void>
}

export function createPipeline(config: pg.ClientConfig, onError: (error: Error) => void): Pipeline {
  const prepared = new PreparedNames()
  let current: pg.Client | undefined
  let connecting: Promise<void> | undefined
  let failures = 0
  let retryAt = 0
  let closed = false

  const retire = (client: pg.Client): void => {
    if (current !== client) return
    current = undefined
    client.end().catch(() => {})
  }

  const connect = async (): Promise<void> => {
    const client = new pg.Client({ ...config, pipeline: true })
    client.on('error', (error) => {
      if (current === client) {
        current = undefined
        onError(error)
      }
    })
    client.on('end', () => {
      if (current === client) current = undefined
    })
    try {
      await client.connect()
      failures = 0
      if (closed) await client.end()
      else current = client
    } catch {
      retryAt = Date.now() + Math.min(reconnectAfterMs.first * 2 ** failures++, reconnectAfterMs.most)
      client.end().catch(() => {})
    }
  }

  const ensureConnecting = (): void => {
    if (closed || current !== undefined || connecting !== undefined || Date.now() < retryAt) return
    connecting = connect().finally(() => {
      connecting = undefined
    })
  }

  return {
    get ready() {
      ensureConnecting()
      return current !== undefined
    },
    async connect() {
      ensureConnecting()
      await connecting
    },
    async run(text, values, name, texts) {
      const client = current
      if (client === undefined) return undefined
      try {
        const result = await runOn(client, text, values, name, texts)
        prepared.add(client, name)
        if (prepared.isFull(client)) retire(client)
        return result
      } catch (error) {
        if (isStalePlan(error)) {
          retire(client)
          return undefined
        }
        if (isConnectionFailure(error)) retire(client)
        throw toDatabaseError(error)
      }
    },
    async close() {
      closed = true
      await connecting
      const client = current
      current = undefined
      await client?.end().catch(() => {})
    },
  }
}
