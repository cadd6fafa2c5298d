/** LISTEN on one dedicated connection that comes back by itself. */
import pg from 'pg'
import { unavailable } from './failure.js'

export interface ListenHandlers {
  onMessage: (payload: string) => void
  /** The connection was lost and stands again: messages in between may be missing, so read anew what they tell about. */
  onReconnect?: () => void
}

export interface Listener {
  /** Resolves when the server listens. The result stops it. */
  listen(channel: string, handlers: ListenHandlers): Promise<() => Promise<void>>
  close(): Promise<void>
}

const reconnectAfterMs = { first: 50, most: 5_000 }
/** A silent half-open connection is found out by asking. */
const heartbeatMs = 15_000

export function createListener(config: pg.ClientConfig, onError: (error: Error) => void): Listener {
  const channels = new Map<string, Set<ListenHandlers>>()
  let current: pg.Client | undefined
  let connecting: Promise<pg.Client> | undefined
  let retry: NodeJS.Timeout | undefined
  let heartbeat: NodeJS.Timeout | undefined
  let failures = 0
  let closed = false

  const deliver = (message: pg.Notification): void => {
    for (const handlers of channels.get(message.channel) ?? []) attempt(() => handlers.onMessage(message.payload ?? ''))
  }

  /** A handler that throws must not take the connection, or the process, with it. */
  const attempt = (handler: () => void): void => {
    try {
      handler()
    } catch (error) {
      onError(error instanceof Error ? error : new Error(String(error)))
    }
  }

  const lose = (client: pg.Client, error: Error): void => {
    if (current !== client) return
    current = undefined
    clearInterval(heartbeat)
    client.end().catch(() => {})
    onError(error)
    scheduleReconnect()
  }

  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ ...config, query_timeout: 5_000 })
    client.on('error', (error) => lose(client, error))
    client.on('end', () => lose(client, new Error('Connection terminated')))
    client.on('notification', deliver)
    try {
      await client.connect()
      for (const channel of channels.keys()) await client.query(`listen ${pg.escapeIdentifier(channel)}`)
    } catch (error) {
      client.end().catch(() => {})
      throw error
    }
    current = client
    failures = 0
    heartbeat = setInterval(() => {
      client.query('select 1').catch((error: Error) => lose(client, error))
    }, heartbeatMs)
    heartbeat.unref()
    return client
  }

  const connection = (): Promise<pg.Client> => {
    if (current !== undefined) return Promise.resolve(current)
    connecting ??= connect().finally(() => {
      connecting = undefined
    })
    return connecting
  }

  const scheduleReconnect = (): void => {
    if (closed || channels.size === 0) return
    const wait = Math.min(reconnectAfterMs.first * 2 ** failures++, reconnectAfterMs.most)
    retry = setTimeout(() => {
      connection().then(announceReconnect, scheduleReconnect)
    }, wait)
    retry.unref()
  }

  const announceReconnect = (): void => {
    for (const set of channels.values()) for (const handlers of set) attempt(() => handlers.onReconnect?.())
  }

  return {
    async listen(channel, handlers) {
      const set = channels.get(channel) ?? new Set()
      channels.set(channel, set.add(handlers))
      const stop = async (): Promise<void> => {
        set.delete(handlers)
        if (set.size > 0 || channels.get(channel) !== set) return
        channels.delete(channel)
        await current?.query(`unlisten ${pg.escapeIdentifier(channel)}`).catch(() => {})
      }
      try {
        await (await connection()).query(`listen ${pg.escapeIdentifier(channel)}`)
      } catch (error) {
        await stop()
        throw unavailable(error)
      }
      return stop
    },
    async close() {
      closed = true
      clearTimeout(retry)
      clearInterval(heartbeat)
      await connecting?.catch(() => {})
      const client = current
      current = undefined
      await client?.end().catch(() => {})
    },
  }
}
