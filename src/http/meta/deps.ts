/** What the Metadata API works with; given by the composition root. */
import type { AdminTokens } from '../../auth/admin-tokens.js'
import type { StoredEpochs } from '../../auth/epoch-store.js'
import type { Observe } from '../../services/observe.js'
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
  /** Told of rows that came and went as files. */
  observe?: Observe
  /** Voids tokens; absent where nothing is stored. */
  epochs?: Pick<StoredEpochs, 'revoke'>
  /** Name of the instance, for people. */
  instanceName: string
  /** Bytes a push may have. */
  pushLimit: number
}
