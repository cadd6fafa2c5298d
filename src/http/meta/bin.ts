/** The bin: what changes dropped in the last 30 days, and bringing it back. */
import { z } from 'zod'
import { listBin } from '../../db/ddl/bin.js'
import { restore } from '../../workspace/restore.js'
import { getWorkspace } from '../../workspace/store.js'
import { dateText } from './format.js'
import type { MetaCall, MetaRoute } from './route.js'

const path = '/workspace/:workspace_id/bin'
const area = 'database' as const

async function list({ deps, workspaceId }: MetaCall): Promise<unknown> {
  await getWorkspace(deps.db, workspaceId)
  const items = await listBin(deps.db, workspaceId)
  return items.map(({ definition_id, dropped_at, restore_until, ...item }) => ({
    ...item,
    table_id: definition_id,
    dropped_at: dateText(dropped_at),
    restore_until: dateText(restore_until),
  }))
}

const bringBack = ({ deps, workspaceId, branch, caller }: MetaCall, id: number): Promise<unknown> =>
  restore(deps, { workspaceId, id, branch, author: caller.name })

export const binRoutes: readonly MetaRoute[] = [
  { method: 'GET', path, area, handle: list },
  { method: 'POST', path, area, handle: async (call) => bringBack(call, call.json(z.object({ id: z.number().int().positive() })).id) },
  { method: 'POST', path: `${path}/:id/restore`, area, handle: async (call) => bringBack(call, call.id('id')) },
]
