/** Workspaces: list, read, make, change, delete. */
import { z } from 'zod'
import { forgetPlaces, forgetWorkspaceData } from '../../db/ddl/forget.js'
import { AppError } from '../../errors.js'
import {
  deleteWorkspace,
  getBranch,
  getWorkspace,
  listDefinitions,
  listWorkspaces,
  lockWorkspace,
  updateDefinition,
  updateWorkspace,
  type WorkspaceRow,
} from '../../workspace/store.js'
import { dropWorkspaceTables } from '../../workspace/tables.js'
import { createWorkspace } from '../../workspace/workspaces.js'
import { changeWorkspace } from './change-workspace.js'
import { dateText } from './format.js'
import type { MetaCall, MetaRoute } from './route.js'

const name = z.string().trim().min(1).max(200)
const createBody = z.object({ name, description: z.string().optional() })
const updateBody = z.object({
  name: name.optional(),
  description: z.string().optional(),
  swagger: z.boolean().optional(),
  documentation: z.object({ require_token: z.boolean().optional() }).optional(),
  preferences: z.object({ allow_push: z.boolean().optional() }).loose().optional(),
})

async function toJson({ deps }: MetaCall, row: WorkspaceRow, db = deps.db as Parameters<typeof getBranch>[0]) {
  const branch = await getBranch(db, row.id, null)
  const { settings } = row
  return {
    id: row.id,
    name: row.name,
    description: row.description,
    guid: row.guid,
    created_at: dateText(row.createdAt),
    updated_at: dateText(row.updatedAt),
    preferences: { allow_push: settings.allow_push },
    swagger: settings.swagger,
    documentation: {
      link: settings.swagger ? `${deps.settings.baseUrl}/api:meta/workspace/${row.id}/openapi` : '',
      require_token: settings.documentation.require_token,
    },
    branch: branch.label,
  }
}

const path = '/workspace'
const one = '/workspace/:workspace_id'

export const workspaceRoutes: readonly MetaRoute[] = [
  {
    method: 'GET',
    path,
    area: 'workspace',
    async handle(call) {
      const rows = await listWorkspaces(call.deps.db)
      return Promise.all(rows.map((row) => toJson(call, row)))
    },
  },
  { method: 'GET', path: one, area: 'workspace', handle: async (call) => toJson(call, await getWorkspace(call.deps.db, call.workspaceId)) },
  {
    method: 'POST',
    path,
    area: 'workspace',
    async handle(call) {
      const body = call.json(createBody)
      const { db, live } = call.deps
      const id = await db.withTransaction(async (transaction) => {
        const created = await createWorkspace(transaction, { name: body.name, description: body.description ?? '' })
        await live.announce(transaction, created)
        return created
      })
      await live.refresh(id)
      return toJson(call, await getWorkspace(db, id))
    },
  },
  {
    method: 'PUT',
    path: one,
    area: 'workspace',
    async handle(call) {
      const body = call.json(updateBody)
      return changeWorkspace(call, async (transaction) => {
        await lockWorkspace(transaction, call.workspaceId)
        const { settings } = await getWorkspace(transaction, call.workspaceId)
        await updateWorkspace(transaction, call.workspaceId, {
          ...(body.name === undefined ? {} : { name: body.name }),
          ...(body.description === undefined ? {} : { description: body.description }),
          settings: {
            ...settings,
            allow_push: body.preferences?.allow_push ?? settings.allow_push,
            swagger: body.swagger ?? settings.swagger,
            documentation: { ...settings.documentation, require_token: body.documentation?.require_token ?? settings.documentation.require_token },
          },
        })
        if (body.name !== undefined) {
          const [document] = (await listDefinitions(transaction, call.workspaceId)).filter((row) => row.kind === 'workspace')
          if (document !== undefined && document.definition.name !== body.name)
            await updateDefinition(transaction, document, { definition: { ...document.definition, name: body.name } }, call.caller.name)
        }
        return toJson(call, await getWorkspace(transaction, call.workspaceId), transaction)
      })
    },
  },
  {
    method: 'DELETE',
    path: one,
    area: 'workspace',
    async handle(call) {
      return changeWorkspace(call, async (transaction) => {
        await lockWorkspace(transaction, call.workspaceId)
        await getWorkspace(transaction, call.workspaceId)
        if ((await listWorkspaces(transaction)).length === 1) throw new AppError('badRequest', 'The only workspace cannot be deleted.')
        await dropWorkspaceTables(transaction, call.workspaceId)
        // Without it the tables stay in the bin, for as long as everything there.
        if (call.flag('for_good')) await forgetWorkspaceData(transaction, call.workspaceId)
        await forgetPlaces(transaction, call.workspaceId)
        await deleteWorkspace(transaction, call.workspaceId)
        return null
      })
    },
  },
]
