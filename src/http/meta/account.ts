/** Who calls, and which instance this is. */
import { AppError } from '../../errors.js'
import { listWorkspaces } from '../../workspace/store.js'
import type { MetaCall, MetaRoute } from './route.js'

const instanceJson = ({ deps }: MetaCall) => ({
  id: 1,
  name: deps.instanceName,
  display: deps.instanceName,
  xano_domain: new URL(deps.settings.baseUrl).host,
  custom_domain: '',
  meta_api: `${deps.settings.baseUrl}/api:meta`,
  meta_swagger: '',
})

export const accountRoutes: readonly MetaRoute[] = [
  {
    method: 'GET',
    path: '/auth/me',
    area: 'self',
    async handle(call) {
      const { deps, caller } = call
      const workspaces = await listWorkspaces(deps.db)
      const isAdmin = caller.scopes.includes('*') && (caller.role === 'owner' || caller.role === 'admin')
      return {
        id: caller.account?.id ?? caller.id,
        name: caller.name,
        email: caller.account?.email ?? '',
        created_at: Math.floor((caller.account?.createdAt ?? 0) / 1000),
        role: caller.role,
        scopes: caller.scopes,
        extras: {
          instance: {
            id: 1,
            name: deps.instanceName,
            display: deps.instanceName,
            membership: { role: isAdmin ? 'admin' : 'explore', workspace: { id: workspaces.map((workspace) => workspace.id) } },
          },
        },
      }
    },
  },
  { method: 'GET', path: '/instance', area: 'instance', handle: async (call) => [instanceJson(call)] },
  {
    method: 'GET',
    path: '/instance/:name',
    area: 'instance',
    async handle(call) {
      if (call.param('name') !== call.deps.instanceName) throw new AppError('notFound')
      return instanceJson(call)
    },
  },
]
