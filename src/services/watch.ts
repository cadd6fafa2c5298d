/** Watches over the server: keeps security events, and makes alerts of them. */
import type { Database } from '../db/client.js'
import type { Clock } from '../runtime/capabilities.js'
import type { Tunings } from './alert-rules.js'
import { type AlertWebhook, type AlertWebhookOptions, createAlertWebhook } from './alert-webhook.js'
import { type Alerts, createAlerts } from './alerts.js'
import { createEventLog, type EventLog } from './event-log.js'
import type { LoginPlaces } from './login-places.js'
import type { Fact } from './observe.js'

export interface Watch {
  events: EventLog
  alerts: Alerts
  webhook: AlertWebhook
  /** Waits for alerts under way, then writes what is left. */
  close(): Promise<void>
}

export interface WatchOptions {
  db: Pick<Database, 'query' | 'withTransaction'>
  clock: Clock
  outbound: AlertWebhookOptions['outbound']
  cipher: AlertWebhookOptions['cipher']
  /** Where alerts go, and numbers of rules, as long as operators say nothing else. */
  standardWebhook?: AlertWebhookOptions['standard']
  tunings?: Tunings | undefined
  /** Tells logins from new places; absent: nobody does. */
  loginPlaces?: LoginPlaces
  /** Told of alerts, for the log and the metrics. */
  onAlert?(fact: Fact): void
  onError?(error: unknown): void
}

export function createWatch(options: WatchOptions): Watch {
  const { db, clock, outbound, cipher, standardWebhook = null, tunings = {}, loginPlaces, onAlert = () => {}, onError = () => {} } = options
  const webhook = createAlertWebhook({ db, clock, outbound, cipher, standard: standardWebhook })
  const alerts = createAlerts({
    db,
    clock,
    tunings,
    deliver: (alert) => webhook.deliver(alert),
    onAlert: ({ rule, key: about, count }) => onAlert({ kind: 'security_alert', rule, key: about, count }),
  })
  let evaluating: Promise<unknown> = Promise.resolve()
  const events = createEventLog({
    db,
    clock,
    onError,
    ...(loginPlaces === undefined ? {} : { complete: (batch) => loginPlaces.judge(batch) }),
    onWritten(kinds) {
      evaluating = evaluating.then(() => alerts.evaluate(kinds)).catch(onError)
    },
  })
  return {
    events,
    alerts,
    webhook,
    async close() {
      await events.close()
      await evaluating
      loginPlaces?.close()
    },
  }
}
