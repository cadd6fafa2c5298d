/** OpenAPI of groups, endpoints and whole branches. */
import { AppError } from '../../errors.js'
import type { GroupSnapshot } from '../../workspace/snapshot.js'
import { buildOpenApi } from '../openapi.js'
import type { MetaCall } from './route.js'

type Paths = Record<string, Record<string, unknown>>

/** The document of one API group. */
export function openApiOfGroup(call: MetaCall, branch: string | null, name: string): { paths?: Paths } {
  const group = groupsOf(call, branch).find((candidate) => candidate.name === name)
  if (group === undefined) throw new AppError('notFound')
  return buildOpenApi(group, addressOf(call, group)) as { paths?: Paths }
}

/** One document for every API group of a branch. */
export function openApiOfBranch(call: MetaCall): unknown {
  const groups = groupsOf(call, call.branch)
  const documents = groups.map((group) => ({ group, document: buildOpenApi(group, addressOf(call, group)) as { paths?: Paths } }))
  const paths = documents.flatMap(({ group, document }) =>
    Object.entries(document.paths ?? {}).map(([path, item]) => [`/api:${nameOf(group)}${path}`, item] as const),
  )
  const { servers: _servers, ...base } = (documents[0]?.document ?? { openapi: '3.1.0' }) as Record<string, unknown>
  return {
    ...base,
    info: { title: groups[0]?.branch.workspace.name ?? '', version: '1' },
    servers: [{ url: call.deps.settings.baseUrl }],
    paths: Object.fromEntries(paths),
  }
}

function groupsOf({ deps, workspaceId }: MetaCall, label: string | null): GroupSnapshot[] {
  const workspace = deps.live.current.workspaces.get(workspaceId)
  const branch = workspace?.branches.get(label ?? workspace.liveBranch)
  if (branch === undefined) throw new AppError('notFound')
  return [...branch.groups.values()]
}

const nameOf = (group: GroupSnapshot): string => (group.branch.live ? group.canonical : `${group.canonical}:${group.branch.label}`)
const addressOf = ({ deps }: MetaCall, group: GroupSnapshot): string => `${deps.settings.baseUrl}/api:${nameOf(group)}`
