/** The connection to Redis or Valkey. It never makes a request wait for long: while Redis is away every command fails at once. */
import { Redis } from 'ioredis'

export interface RedisLink {
  /** Runs a Lua script. Throws when Redis is away or slower than {@link patienceMs}. */
  run(script: string, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown>
  readonly ready: boolean
  close(): void
}

const patienceMs = 250
/** After a command that took too long nothing is tried for this long. */
const pauseMs = 1_000

/** Connects in the background; `onChange` is told when the link is lost or back. */
export function createRedis(url: string, onChange: (state: 'lost' | 'ready', error?: Error) => void = () => {}): RedisLink {
  const client = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: patienceMs,
    connectTimeout: 2_000,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2_000),
    connectionName: 'stackhold',
  })
  let known = false
  let pausedUntil = 0
  client.on('ready', () => {
    known = true
    onChange('ready')
  })
  // Told once per loss: while it stays away every attempt fails anew.
  let told = false
  client.on('error', (error: Error) => {
    if (known || !told) onChange('lost', error)
    known = false
    told = true
  })
  client.on('close', () => {
    if (known) onChange('lost')
    known = false
  })
  return {
    get ready() {
      return client.status === 'ready' && performance.now() >= pausedUntil
    },
    async run(script, keys, args) {
      try {
        return await client.eval(script, keys.length, ...keys, ...args)
      } catch (error) {
        if (client.status === 'ready') pausedUntil = performance.now() + pauseMs
        throw error
      }
    },
    close: () => client.disconnect(),
  }
}
