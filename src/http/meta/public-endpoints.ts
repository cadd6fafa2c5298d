/** Every endpoint that answers without a token: where, why, who said so, since when, and when somebody called it. */
import { publicReasonOf } from '../../definitions/query.js'
import { AppError } from '../../errors.js'
import { latestAuthors } from '../../workspace/authors.js'
import type { EndpointSnapshot, WorkspaceSnapshot } from '../../workspace/snapshot.js'
import { dateText } from './format.js'
import type { MetaCall, MetaRoute } from './route.js'

/** What the snapshot does not know. */
interface Known {
  authors: ReadonlyMap<number, string>
  lastUses: ReadonlyMap<number, number>
}

async function reportOf({ deps }: MetaCall, workspaces: readonly WorkspaceSnapshot[]): Promise<unknown[]> {
  const branches = workspaces.flatMap((workspace) => [...workspace.branches.values()])
  const groups = branches.flatMap((branch) => [...branch.groups.values()])
  const open = groups.flatMap((group) => group.endpoints.filter((endpoint) => endpoint.auth === null))
  const ids = open.map((endpoint) => endpoint.id)
  const known: Known = { authors: await latestAuthors(deps.db, ids), lastUses: (await deps.history?.lastUses(ids)) ?? new Map() }
  return open.map((endpoint) => endpointJson(endpoint, deps.settings.baseUrl, known))
}

function endpointJson(endpoint: EndpointSnapshot, baseUrl: string, { authors, lastUses }: Known) {
  const { group } = endpoint
  const { branch } = group
  const reason = publicReasonOf(endpoint.definition)
  const stored = branch.definitions.find((definition) => definition.id === endpoint.id)
  const lastUse = lastUses.get(endpoint.id)
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
    /** Who saved it last. */
    owner: authors.get(endpoint.id) ?? '',
    updated_at: stored === undefined ? '' : dateText(stored.updatedAt),
    /** As far back as the request history goes; empty when it knows of none. */
    last_used_at: lastUse === undefined ? '' : dateText(lastUse),
  }
}

export const publicEndpointRoutes: readonly MetaRoute[] = [
  {
    method: 'GET',
    path: '/security/public-endpoints',
    area: 'instance',
    handle: (call) => reportOf(call, [...call.deps.live.current.workspaces.values()]),
  },
  {
    method: 'GET',
    path: '/workspace/:workspace_id/security/public-endpoints',
    area: 'workspace',
    async handle(call) {
      const workspace = call.deps.live.current.workspaces.get(call.workspaceId)
      if (workspace === undefined) throw new AppError('notFound')
      return reportOf(call, [workspace])
    },
  },
]
