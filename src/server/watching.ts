/** Who hears of what happens: the log, the counters of `/metrics`, the security events and their alerts. */
import type { Logger } from 'pino'
import { deriveKey } from '../auth/keys.js'
import type { Database } from '../db/client.js'
import { systemClock } from '../services/clock.js'
import { logFacts, sealAccounts } from '../services/fact-log.js'
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

export function createWatching(house: { db: Database; secret: Buffer; cipher: EnvCipher; outbound: Outbound; metrics: Metrics; log: Logger }): Watching {
  const { db, secret, cipher, outbound, metrics, log } = house
  const tellLog = logFacts(log)
  const watch = createWatch({
    db,
    clock: systemClock,
    outbound,
    cipher,
    onAlert: (fact) => {
      metrics.countEvent(fact.kind)
      tellLog(fact)
    },
    onError: (error) => log.error({ err: error }, 'watch_failed'),
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
