/** The security report of a workspace: the checklist, line by line. */

import { AppError } from '../../errors.js'
import { createReport, findingsOf } from '../../workspace/audit/report.js'
import type { MetaCall, MetaRoute } from './route.js'

export const securityReportRoutes: readonly MetaRoute[] = [
  {
    method: 'GET',
    path: '/workspace/:workspace_id/security/report',
    area: 'workspace',
    async handle(call) {
      const workspace = call.deps.live.current.workspaces.get(call.workspaceId)
      const branch = workspace?.branches.get(call.branch ?? workspace.liveBranch)
      if (branch === undefined) throw new AppError('notFound')
      return createReport({ posture: postureOf(call), branch, findings: findingsOf(branch), adminTokens: await call.deps.adminTokens.list() })
    },
  },
]

/** The limits in force may differ from those of the environment. */
function postureOf({ deps: { config, settings } }: MetaCall) {
  const limits = {
    ...config.limits,
    requestsPerMinute: settings.requestLimit.max,
    loginsPerMinute: settings.authLimit.max,
    loginsPerAccount: settings.accountLimit.max,
  }
  return { ...config, limits, publicEndpoints: settings.publicEndpoints }
}
