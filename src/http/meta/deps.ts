/** What the Metadata API works with; given by the composition root. */
import type { AdminAccounts } from '../../auth/admin-accounts.js'
import type { AdminTokens } from '../../auth/admin-tokens.js'
import type { StoredEpochs } from '../../auth/epoch-store.js'
import type { AuditLog } from '../../services/audit-log.js'
import type { IdempotencyStore } from '../../services/idempotency.js'
import type { LoginLimits } from '../../services/login-limits.js'
import type { Metrics } from '../../services/metrics.js'
import type { Observe } from '../../services/observe.js'
import type { RequestHistory } from '../../services/request-history.js'
import type { Watch } from '../../services/watch.js'
import type { Posture } from '../../workspace/audit/check.js'
import type { ChangeContext } from '../../workspace/change.js'
import type { RunServices } from '../request-run.js'
import type { HttpSettings } from '../settings.js'

export interface MetaDeps extends ChangeContext {
  /** How the server runs, for the security report. */
  config: Posture
  settings: HttpSettings
  services: RunServices
  adminTokens: AdminTokens
  accounts: AdminAccounts
  audit: AuditLog
  /** Counts the logins of administrators. */
  loginLimits: LoginLimits
  metrics?: Metrics
  /** Absent where none is kept. */
  history?: RequestHistory
  /** Security events and alerts; absent where nothing is stored. */
  watch?: Pick<Watch, 'events' | 'alerts' | 'webhook'>
  /** Told of rows that came and went as files. */
  observe?: Observe
  /** Voids tokens; absent where nothing is stored. */
  epochs?: Pick<StoredEpochs, 'revoke'>
  /** First answers to requests with an `Idempotency-Key`; the header is ignored when absent. */
  idempotency?: IdempotencyStore
  /** Name of the instance, for people. */
  instanceName: string
  /** Bytes a push may have. */
  pushLimit: number
}
