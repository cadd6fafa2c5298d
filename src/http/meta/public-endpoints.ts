/** Every endpoint that answers without a token: where, why, since when. */
import { publicReasonOf } from '../../definitions/query.js'
import { AppError } from '../../errors.js'
import type { EndpointSnapshot, WorkspaceSnapshot } from '../../workspace/snapshot.js'
import { dateText } from './format.js'
import type { MetaCall, MetaRoute } from './route.js'

function reportOf({ deps }: MetaCall, workspace: WorkspaceSnapshot) {
  return [...workspace.branches.values()].flatMap((branch) =>
    [...branch.groups.values()].flatMap((group) =>
      group.endpoints.filter((endpoint) => endpoint.auth === null).map((endpoint) => endpointJson(endpoint, deps.settings.baseUrl)),
    ),
  )
}

function endpointJson(endpoint: EndpointSnapshot, baseUrl: string) {
  const { group } = endpoint
  const { branch } = group
  const reason = publicReasonOf(endpoint.definition)
  const stored = branch.definitions.find((definition) => definition.id === endpoint.id)
  return {
    workspace_id: branch.workspace.id,
    branch: branch.label,
    api_group: group.name,
    id: endpoint.id,
    verb: endpoint.verb,
    name: endpoint.path,
    url: `${baseUrl}/api:${group.canonical}${branch.live ? '' : `:${branch.label}`}/${endpoint.path}`,
    active: endpoint.active && group.active,
    /** `unreviewed` ones answer 401 in production. */
    status: reason === null ? 'unreviewed' : 'public',
    reason: reason ?? '',
    updated_at: stored === undefined ? '' : dateText(stored.updatedAt),
  }
}

export const publicEndpointRoutes: readonly MetaRoute[] = [
  {
    method: 'GET',
    path: '/security/public-endpoints',
    area: 'instance',
    handle: async (call) => [...call.deps.live.current.workspaces.values()].flatMap((workspace) => reportOf(call, workspace)),
  },
  {
    method: 'GET',
    path: '/workspace/:workspace_id/security/public-endpoints',
    area: 'workspace',
    async handle(call) {
      const workspace = call.deps.live.current.workspaces.get(call.workspaceId)
      if (workspace === undefined) throw new AppError('notFound')
      return reportOf(call, workspace)
    },
  },
]
