/** Stage 1: canonical and branch to group, path and verb to endpoint. Plain look-ups in one snapshot. */
import type { FastifyRequest } from 'fastify'
import { AppError } from '../errors.js'
import type { EndpointSnapshot, GroupSnapshot, Snapshot } from '../workspace/snapshot.js'
import type { ApiUrl } from './api-url.js'

/** The one answer for whatever is not there, not active or not for you. */
export const unlocated = (): AppError => new AppError('notFound', 'Unable to locate request.')

/** The active group of a URL that lets this address in; the branch of the path counts before the one of `X-Branch`. */
export function findGroup(snapshot: Snapshot, url: ApiUrl, request: FastifyRequest): GroupSnapshot | null {
  const named = request.raw.headers['x-branch']
  const branch = url.branch ?? (typeof named === 'string' && named !== '' ? named : null)
  const group = snapshot.findGroup(url.canonical, branch)
  if (group?.active !== true) return null
  return group.admits === null || group.admits(request.ip) ? group : null
}

/** HEAD is answered as GET unless the builder wrote a HEAD endpoint. */
export function findEndpoint(group: GroupSnapshot, method: string, path: string): { endpoint: EndpointSnapshot; params: Record<string, string> } | null {
  const wanted = path === '' ? '/' : path
  const found = group.match(method, wanted) ?? (method === 'HEAD' ? group.match('GET', wanted) : null)
  return found?.endpoint.active === true ? found : null
}

/** The data source of a request: header, else query, else the group's own. Null when the workspace has none of that name. */
export function findDatasource(group: GroupSnapshot, header: string | string[] | undefined, query: string, fallback: string): string | null {
  const named = typeof header === 'string' && header !== '' ? header : query.includes('x-data-source=') ? fromQuery(query) : null
  if (named === null) return fallback
  return group.branch.workspace.datasources.includes(named) ? named : null
}

function fromQuery(query: string): string | null {
  const [name, ...more] = new URLSearchParams(query).getAll('x-data-source')
  if (more.length > 0) throw new AppError('badRequest', 'The parameter x-data-source was sent twice.')
  return name || null
}
