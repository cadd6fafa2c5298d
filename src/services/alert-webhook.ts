/** Sends alerts to an address of the operator's choice, signed, through the guarded client. */
import { createHmac } from 'node:crypto'
import type { Database } from '../db/client.js'
import type { Clock } from '../runtime/capabilities.js'
import type { Alert } from './alerts.js'
import type { Outbound } from './outbound/http.js'

export interface Webhook {
  url: string
  secret: string
}

export interface AlertWebhook {
  /** Null when there is none. */
  read(): Promise<Webhook | null>
  /** Null switches it off. */
  write(webhook: Webhook | null): Promise<void>
  /** Seals what is stored with the key in force. */
  reseal(): Promise<void>
  /** Goes back to that of the environment, if any. */
  reset(): Promise<void>
  /** False when it was not accepted; true when there is no webhook. */
  deliver(alert: Alert): Promise<boolean>
}

export interface AlertWebhookOptions {
  db: Pick<Database, 'query'>
  clock: Clock
  outbound: Pick<Outbound, 'send'>
  /** Where alerts go as long as nothing else was written. */
  standard?: Webhook | null
  /** Seals the secret at rest. */
  cipher: { seal(text: string, about: string): Buffer; open(sealed: Buffer, about: string): string }
}

const settingKey = 'alert_webhook'
const attempts = 3
const timeoutMs = 5_000

/** `t=<epoch seconds>,v1=<hex HMAC-SHA256 of "t.body">`: who knows the secret checks it, and refuses what is old. */
export const signAlert = (secret: string, seconds: number, body: string): string =>
  `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`

interface StoredWebhook {
  url?: string
  secret?: string
}

export function createAlertWebhook({ db, clock, outbound, cipher, standard = null }: AlertWebhookOptions): AlertWebhook {
  const readStored = async (): Promise<StoredWebhook | undefined> =>
    (await db.query<{ value: StoredWebhook }>('select value from stackhold.setting where key = $1', [settingKey]))[0]?.value
  const open = ({ url, secret }: StoredWebhook): Webhook | null =>
    url === undefined || secret === undefined ? null : { url, secret: cipher.open(Buffer.from(secret, 'base64'), settingKey) }
  const read = async (): Promise<Webhook | null> => {
    const stored = await readStored()
    return stored === undefined ? standard : open(stored)
  }
  const write = async (webhook: Webhook | null): Promise<void> => {
    const value = webhook === null ? {} : { url: webhook.url, secret: cipher.seal(webhook.secret, settingKey).toString('base64') }
    await db.query('insert into stackhold.setting (key, value) values ($1, $2) on conflict (key) do update set value = excluded.value, updated_at = now()', [
      settingKey,
      JSON.stringify(value),
    ])
  }
  const send = async ({ url, secret }: Webhook, body: string): Promise<boolean> => {
    const signature = signAlert(secret, Math.floor(clock.now() / 1000), body)
    const headers = { 'content-type': 'application/json', 'x-stackhold-signature': signature }
    const { status } = await outbound.send({ url, method: 'POST', headers, body, timeoutMs, redirects: 0 })
    return status >= 200 && status < 300
  }
  return {
    read,
    write,
    async reseal() {
      const stored = await readStored()
      if (stored !== undefined) await write(open(stored))
    },
    async reset() {
      await db.query('delete from stackhold.setting where key = $1', [settingKey])
    },
    async deliver(alert) {
      const webhook = await read()
      if (webhook === null) return true
      const { id, rule, key, message, count, createdAt } = alert
      const body = JSON.stringify({ type: 'security_alert', id, rule, key, message, count, created_at: new Date(createdAt).toISOString() })
      for (let attempt = 1; attempt <= attempts; attempt++) {
        if (await send(webhook, body).catch(() => false)) return true
        await new Promise((resolve) => setTimeout(resolve, 200 * attempt))
      }
      return false
    },
  }
}
