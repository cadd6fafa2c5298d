/** The Metadata API: every resource, in one visible list. */
import type { FastifyPluginAsync } from 'fastify'
import { accountRoutes } from './account.js'
import { adminAccountRoutes } from './admin-accounts.js'
import { adminLoginRoutes } from './admin-login.js'
import { adminTokenRoutes } from './admin-tokens.js'
import { adoptRoutes } from './adopt.js'
import { apiGroupRoutes } from './api-group.js'
import { auditLogRoutes } from './audit-log.js'
import { binRoutes } from './bin.js'
import { branchRoutes } from './branch.js'
import { contentRoutes } from './content.js'
import { contextRoutes } from './context.js'
import { convertRoutes } from './convert.js'
import { datasourceRoutes } from './datasource.js'
import type { MetaDeps } from './deps.js'
import { dumpRoutes } from './dump.js'
import { endpointRoutes } from './endpoint.js'
import { functionRoutes } from './function.js'
import { functionRunRoutes } from './function-run.js'
import { knowledgeRoutes } from './knowledge.js'
import { multidocRoutes } from './multidoc.js'
import { serveMeta } from './plugin.js'
import { publicEndpointRoutes } from './public-endpoints.js'
import { reencryptRoutes } from './reencrypt.js'
import { registryRoutes } from './registry.js'
import { requestHistoryRoutes } from './request-history.js'
import { revokeRoutes } from './revoke.js'
import type { MetaRoute } from './route.js'
import { scaffoldRoutes } from './scaffold.js'
import { securityReportRoutes } from './security-report.js'
import { securityWatchRoutes } from './security-watch.js'
import { storedObjectRoutes } from './stored-objects.js'
import { tableRoutes } from './table.js'
import { testRoutes } from './tests.js'
import { transferRoutes } from './transfer.js'
import { workspaceRoutes } from './workspace.js'

export type { MetaDeps } from './deps.js'

export const metaRoutes: readonly MetaRoute[] = [
  ...accountRoutes,
  ...adminLoginRoutes,
  ...adminTokenRoutes,
  ...adminAccountRoutes,
  ...auditLogRoutes,
  ...registryRoutes,
  ...workspaceRoutes,
  ...branchRoutes,
  ...datasourceRoutes,
  ...multidocRoutes,
  ...adoptRoutes,
  ...tableRoutes,
  ...binRoutes,
  ...dumpRoutes,
  ...transferRoutes,
  ...contentRoutes,
  ...apiGroupRoutes,
  ...endpointRoutes,
  ...functionRunRoutes,
  ...functionRoutes,
  ...testRoutes,
  ...storedObjectRoutes,
  ...knowledgeRoutes,
  ...convertRoutes,
  ...contextRoutes,
  ...scaffoldRoutes,
  ...publicEndpointRoutes,
  ...securityReportRoutes,
  ...securityWatchRoutes,
  ...requestHistoryRoutes,
  ...reencryptRoutes,
  ...revokeRoutes,
]

/** Everything below `/api:meta`, behind the admin bearer token. */
export const metaApi =
  (deps: MetaDeps): FastifyPluginAsync =>
  async (app) => {
    await app.register(async (scope) => serveMeta(scope, deps, metaRoutes), { prefix: '/api::meta' })
  }
