/** What the Metadata API works with; given by the composition root. */
import type { AdminTokens } from '../../auth/admin-tokens.js'
import type { ChangeContext } from '../../workspace/change.js'
import type { RunServices } from '../request-run.js'
import type { HttpSettings } from '../settings.js'

export interface MetaDeps extends ChangeContext {
  settings: HttpSettings
  services: RunServices
  adminTokens: AdminTokens
  /** Name of the instance, for people. */
  instanceName: string
  /** Bytes a push may have. */
  pushLimit: number
}
