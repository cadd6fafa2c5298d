/** Knowledge for AI tools: none is kept yet, and clients are told so. */
import { z } from 'zod'
import { AppError } from '../../errors.js'
import { getWorkspace } from '../../workspace/store.js'
import { envelope, windowOf } from './format.js'
import type { MetaRoute } from './route.js'

const path = '/workspace/:workspace_id/knowledge'
const syncBody = z.object({ items: z.array(z.unknown()).default([]), dry_run: z.boolean().optional() }).loose()

export const knowledgeRoutes: readonly MetaRoute[] = [
  {
    method: 'GET',
    path,
    area: 'workspace',
    async handle(call) {
      await getWorkspace(call.deps.db, call.workspaceId)
      return envelope([], 0, windowOf(call))
    },
  },
  {
    method: 'GET',
    path: `${path}/sync`,
    area: 'workspace',
    async handle(call) {
      await getWorkspace(call.deps.db, call.workspaceId)
      return { items: [] }
    },
  },
  {
    method: 'POST',
    path: `${path}/sync`,
    area: 'workspace',
    async handle(call) {
      await getWorkspace(call.deps.db, call.workspaceId)
      const { items } = call.json(syncBody)
      if (items.length > 0) throw new AppError('unsupported', 'not supported yet: knowledge')
      return { imported: 0, deleted: 0, guid_map: [], operations: [], summary: {} }
    },
  },
]
