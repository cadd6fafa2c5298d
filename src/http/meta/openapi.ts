/** OpenAPI of groups, endpoints and whole branches. */
import { AppError } from '../../errors.js'
import type { BranchSnapshot, GroupSnapshot } from '../../workspace/snapshot.js'
import { buildOpenApi, operationNames } from '../openapi.js'
import type { MetaCall } from './route.js'

type Paths = Record<string, Record<string, unknown>>

interface GroupDocument {
  paths: Paths
  components: { securitySchemes: object }
}

/** The document of one API group. */
export function openApiOfGroup(call: MetaCall, branch: string | null, name: string): { paths?: Paths } {
  const group = [...branchOf(call, branch).groups.values()].find((candidate) => candidate.name === name)
  if (group === undefined) throw new AppError('notFound')
  return buildOpenApi(group, addressOf(call, group)) as { paths?: Paths }
}

/** One document for every API group of a branch. */
export function openApiOfBranch(call: MetaCall): unknown {
  const branch = branchOf(call, call.branch)
  const taken = new Set<string>()
  const documents = [...branch.groups.values()].map((group) => ({
    prefix: `/api:${nameOf(group)}`,
    document: buildOpenApi(group, addressOf(call, group), operationNames(group.name, taken)) as unknown as GroupDocument,
  }))
  const [first] = documents
  return {
    openapi: '3.1.0',
    info: { title: branch.workspace.name, version: '1' },
    servers: [{ url: call.deps.settings.baseUrl }],
    paths: Object.fromEntries(
      documents.flatMap(({ prefix, document }) => Object.entries(document.paths).map(([path, item]) => [`${prefix}${path}`, item] as const)),
    ),
    components: {
      ...first?.document.components,
      securitySchemes: Object.assign({}, ...documents.map(({ document }) => document.components.securitySchemes)) as object,
    },
  }
}

function branchOf({ deps, workspaceId }: MetaCall, label: string | null): BranchSnapshot {
  const workspace = deps.live.current.workspaces.get(workspaceId)
  const branch = workspace?.branches.get(label ?? workspace.liveBranch)
  if (branch === undefined) throw new AppError('notFound')
  return branch
}

const nameOf = (group: GroupSnapshot): string => (group.branch.live ? group.canonical : `${group.canonical}:${group.branch.label}`)
const addressOf = ({ deps }: MetaCall, group: GroupSnapshot): string => `${deps.settings.baseUrl}/api:${nameOf(group)}`
