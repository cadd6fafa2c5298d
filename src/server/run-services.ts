/** What stacks may use, one object for each capability. */
import type { Logger } from 'pino'
import { createAccountServices } from '../auth/accounts.js'
import type { StoredEpochs } from '../auth/epoch-store.js'
import { createInstanceKeys } from '../auth/keys.js'
import type { PasswordService } from '../auth/passwords.js'
import { createRehash } from '../auth/rehash.js'
import { createTokenService } from '../auth/tokens.js'
import type { Config } from '../config.js'
import type { Database } from '../db/client.js'
import { createExternalDatabases } from '../db/external/external-databases.js'
import { createRecordsSession } from '../db/records.js'
import type { RunServices } from '../http/request-run.js'
import type { Places } from '../runtime/capabilities.js'
import { systemClock } from '../services/clock.js'
import type { Egress } from '../services/egress.js'
import { createJavaScript } from '../services/javascript.js'
import { createMailer } from '../services/mailer.js'
import type { Observe } from '../services/observe.js'
import type { Outbound } from '../services/outbound/http.js'
import { openSocket } from '../services/outbound/socket.js'
import { systemRandom } from '../services/random.js'
import { createTemplates } from '../services/template.js'
import type { Vaults } from '../workspace/compilers.js'

export interface RunServicesOptions {
  db: Database
  /** The current one first. */
  secrets: readonly Buffer[]
  vaults: Vaults
  epochs: StoredEpochs
  passwords: PasswordService
  egress: Egress
  outbound: Outbound
  /** Of `util.ip_lookup`. */
  places: Places
  observe: Observe
  log: Logger
  /** Login providers over plain http, for tests. */
  insecureIssuers: boolean
}

export function createRunServices(config: Config, options: RunServicesOptions): { services: RunServices; close(): void } {
  const { db, secrets, vaults, epochs, passwords, egress, outbound, places, observe, log, insecureIssuers } = options
  const { maxSeconds } = config.tokens
  const templates = createTemplates()
  const javascript =
    config.javascript.processes === 0
      ? undefined
      : createJavaScript({ ...config.javascript, onError: (error) => log.error({ err: error }, 'javascript_failed') })
  const external = createExternalDatabases({
    openSocket: () => openSocket(egress),
    directQuery: config.database.directQuery,
    statementTimeoutMs: config.database.statementTimeoutMs,
  })
  const tokens = createTokenService({ secrets, clock: systemClock, random: systemRandom, epochs, ...config.tokens })
  const mailer = createMailer({
    ...config.mail,
    outbound,
    ...(config.env === 'development' ? { show: (mail) => log.info({ mail }, 'mail_shown: no mail server is configured') } : {}),
  })
  const services: RunServices = {
    clock: systemClock,
    random: systemRandom,
    passwords,
    tokens,
    mail: mailer,
    accounts: createAccountServices({
      clock: systemClock,
      random: systemRandom,
      tokens,
      vaults,
      outbound,
      maxSeconds,
      insecureIssuers,
      onReuse: (fact) => observe({ kind: 'authn_token_reuse', reason: 'refresh token', ...fact }),
      onFailure: (fact) => observe({ kind: 'authn_provider_failed', ...fact }),
    }),
    rehash: createRehash({ db, passwords }),
    instanceKeys: createInstanceKeys(secrets),
    templates,
    ...(javascript === undefined ? {} : { javascript }),
    external,
    places,
    openRecords: (workspace, datasource, open) =>
      createRecordsSession(db, {
        workspaceId: workspace.id,
        datasource,
        datasources: workspace.datasources,
        tablesOf: workspace.tablesOf ?? null,
        appName: workspace.name,
        ...open,
      }),
  }
  return {
    services,
    close() {
      templates.close()
      javascript?.close()
      external.close()
      mailer.close()
    },
  }
}
