/** Who hears of what happens: the log, the counters of `/metrics`, the security events and their alerts. */
import type { Logger } from 'pino'
import { deriveKey } from '../auth/keys.js'
import type { Config } from '../config.js'
import type { Database } from '../db/client.js'
import { AppError } from '../errors.js'
import type { Places } from '../runtime/capabilities.js'
import { defaultAlertRules } from '../services/alert-rules.js'
import { systemClock } from '../services/clock.js'
import { logFacts, sealAccounts } from '../services/fact-log.js'
import { createLoginPlaces } from '../services/login-places.js'
import type { Metrics } from '../services/metrics.js'
import type { Observe } from '../services/observe.js'
import type { Outbound } from '../services/outbound/http.js'
import { createWatch, type Watch } from '../services/watch.js'
import type { EnvCipher } from '../workspace/env.js'

export interface Watching {
  watch: Watch
  /** Into the log and the events, for what is counted already. */
  record: Observe
  /** Counted, too. */
  observe: Observe
}

interface WatchingHouse {
  db: Database
  secret: Buffer
  cipher: EnvCipher
  outbound: Outbound
  places: Places
  metrics: Metrics
  log: Logger
}

/** Throws AppError `fatal` when the settings name an alert rule that does not exist. */
export function createWatching(config: Pick<Config, 'alerts'>, house: WatchingHouse): Watching {
  const { db, secret, cipher, outbound, places, metrics, log } = house
  assertKnownRules(Object.keys(config.alerts.rules))
  const onError = (error: unknown): void => log.error({ err: error }, 'watch_failed')
  const tellLog = logFacts(log)
  const watch = createWatch({
    db,
    clock: systemClock,
    outbound,
    cipher,
    standardWebhook: config.alerts.webhook,
    tunings: config.alerts.rules,
    loginPlaces: createLoginPlaces({ db, clock: systemClock, key: deriveKey(secret, 'stackhold/login-places'), places, onError }),
    onAlert: (fact) => {
      metrics.countEvent(fact.kind)
      tellLog(fact)
    },
    onError,
  })
  metrics.gauge('stackhold_security_events_dropped', 'Security events that were lost.', () => watch.events.dropped)
  const record = sealAccounts(deriveKey(secret, 'stackhold/events'), (fact) => {
    tellLog(fact)
    watch.events.record(fact)
  })
  return {
    watch,
    record,
    observe: (fact) => {
      metrics.countEvent(fact.kind)
      record(fact)
    },
  }
}

function assertKnownRules(ids: readonly string[]): void {
  const known = defaultAlertRules.map(({ id }) => id)
  const wrong = ids.find((id) => !known.includes(id))
  if (wrong !== undefined) throw new AppError('fatal', `STACKHOLD_ALERT_RULES names no rule: ${wrong}`, { hint: `The rules are ${known.join(', ')}.` })
}
