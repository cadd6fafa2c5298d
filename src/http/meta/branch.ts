/** Branches of a workspace. */
import { z } from 'zod'
import { createGuid } from '../../definitions/guid.js'
import { AppError, inputError } from '../../errors.js'
import {
  type BranchRow,
  deleteBranch,
  getBranch,
  getWorkspace,
  insertBranch,
  insertDefinition,
  listBranches,
  listDefinitions,
  lockWorkspace,
  setLiveBranch,
  updateBranch,
} from '../../workspace/store.js'
import { addBranchTables, dropBranchTables } from '../../workspace/tables.js'
import { changeWorkspace } from './change-workspace.js'
import { withoutUndefined } from './defined.js'
import { dateText } from './format.js'
import type { MetaCall, MetaRoute } from './route.js'

const label = z.string().regex(/^[A-Za-z0-9_.-]{1,100}$/, 'use letters, digits, "_", "-" and "."')
const createBody = z.object({
  label,
  source_branch: z.string().optional(),
  description: z.string().optional(),
  color: z.string().optional(),
  tables: z.enum(['shared', 'own']).default('shared'),
})
const updateBody = z.object({ label: label.optional(), description: z.string().optional(), color: z.string().optional() })

const toJson = (branch: BranchRow) => ({
  id: branch.id,
  label: branch.label,
  description: branch.description,
  color: branch.color,
  live: branch.live,
  backup: branch.backup,
  tables: branch.ownTables ? 'own' : 'shared',
  created_at: dateText(branch.createdAt),
})

const path = '/workspace/:workspace_id/branch'
const one = `${path}/:label`
/** The branch every workspace begins with keeps its name. */
const first = 'v1'

const readBranch = async (call: MetaCall): Promise<BranchRow> => getBranch(call.deps.db, call.workspaceId, call.param('label'))

export const branchRoutes: readonly MetaRoute[] = [
  {
    method: 'GET',
    path,
    area: 'workspace',
    async handle({ deps, workspaceId }) {
      await getWorkspace(deps.db, workspaceId)
      return (await listBranches(deps.db, workspaceId)).map(toJson)
    },
  },
  { method: 'GET', path: one, area: 'workspace', handle: async (call) => toJson(await readBranch(call)) },
  {
    method: 'POST',
    path,
    area: 'workspace',
    async handle(call) {
      const body = call.json(createBody)
      return changeWorkspace(call, async (transaction) => {
        await lockWorkspace(transaction, call.workspaceId)
        const source = await getBranch(transaction, call.workspaceId, body.source_branch ?? null)
        if ((await listBranches(transaction, call.workspaceId)).some((branch) => branch.label === body.label))
          throw new AppError('conflict', `The branch "${body.label}" exists already.`)
        const { source_branch: _source, tables, ...values } = body
        const ownTables = tables === 'own'
        const id = await insertBranch(transaction, { workspace_id: call.workspaceId, live: false, own_tables: ownTables, ...withoutUndefined(values) })
        // The copies keep their guids: a push from one branch finds its like in the other.
        for (const row of await listDefinitions(transaction, call.workspaceId, source.id)) {
          // Tables are copied for a branch that has its own; one that shares gets none.
          if (row.kind === 'table' ? !ownTables : row.branchId === null) continue
          const { kind, name, parent, verb, guid, canonical, workspaceId } = row
          const isSettings = kind === 'branch'
          const definition = isSettings ? { ...row.definition, name: body.label } : row.definition
          await insertDefinition(
            transaction,
            { kind, name, parent, verb, guid: isSettings ? createGuid() : guid, canonical, definition, workspaceId, branchId: id },
            call.caller.name,
          )
        }
        if (ownTables) await addBranchTables(transaction, call.workspaceId, id)
        return toJson(await getBranch(transaction, call.workspaceId, body.label))
      })
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
        const branch = await getBranch(transaction, call.workspaceId, call.param('label'))
        if (body.label !== undefined && body.label !== branch.label) {
          if (branch.label === first) throw inputError('label', `The branch "${first}" keeps its name.`)
          if ((await listBranches(transaction, call.workspaceId)).some((other) => other.label === body.label))
            throw new AppError('conflict', `The branch "${body.label}" exists already.`)
        }
        await updateBranch(transaction, branch.id, withoutUndefined(body))
        return toJson(await getBranch(transaction, call.workspaceId, body.label ?? branch.label))
      })
    },
  },
  {
    method: 'POST',
    path: `${one}/live`,
    area: 'workspace',
    async handle(call) {
      return changeWorkspace(call, async (transaction) => {
        await lockWorkspace(transaction, call.workspaceId)
        const branch = await getBranch(transaction, call.workspaceId, call.param('label'))
        await setLiveBranch(transaction, call.workspaceId, branch.id)
        return toJson({ ...branch, live: true })
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
        const branch = await getBranch(transaction, call.workspaceId, call.param('label'))
        if (branch.live) throw new AppError('badRequest', 'The live branch cannot be deleted.', { hint: 'Make another branch live first.' })
        if (branch.label === first) throw new AppError('badRequest', `The branch "${first}" cannot be deleted.`)
        if (branch.ownTables) await dropBranchTables(transaction, call.workspaceId, branch.id)
        await deleteBranch(transaction, branch.id)
        return null
      })
    },
  },
]
