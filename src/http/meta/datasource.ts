/** Data sources: parallel sets of rows over the same tables. */
import { z } from 'zod'
import { AppError } from '../../errors.js'
import { deleteDatasource, getWorkspace, insertDatasource, listDatasources, lockWorkspace, updateDatasource } from '../../workspace/store.js'
import { addDatasource, dropDatasource } from '../../workspace/tables.js'
import { liveDatasource } from '../../workspace/workspaces.js'
import { changeWorkspace } from './change-workspace.js'
import type { MetaRoute } from './route.js'

const path = '/workspace/:workspace_id/datasource'
const label = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/i, 'use letters, digits, "_" and "-"')

export const datasourceRoutes: readonly MetaRoute[] = [
  {
    method: 'GET',
    path,
    area: 'workspace',
    async handle({ deps, workspaceId }) {
      await getWorkspace(deps.db, workspaceId)
      return listDatasources(deps.db, workspaceId)
    },
  },
  {
    method: 'POST',
    path,
    area: 'workspace',
    async handle(call) {
      const body = call.json(z.object({ label, color: z.string().default('#ebc346') }))
      return changeWorkspace(call, async (transaction) => {
        await lockWorkspace(transaction, call.workspaceId)
        await getWorkspace(transaction, call.workspaceId)
        if ((await listDatasources(transaction, call.workspaceId)).some((one) => one.label === body.label))
          throw new AppError('conflict', `The data source "${body.label}" exists already.`)
        await insertDatasource(transaction, call.workspaceId, body)
        await addDatasource(transaction, call.workspaceId, body.label)
        return body
      })
    },
  },
  {
    method: 'PUT',
    path: `${path}/:label`,
    area: 'workspace',
    async handle(call) {
      const { color } = call.json(z.object({ color: z.string() }))
      return changeWorkspace(call, async (transaction) => {
        const changed = await updateDatasource(transaction, call.workspaceId, call.param('label'), color)
        if (changed === undefined) throw new AppError('notFound', `The data source "${call.param('label')}" does not exist.`)
        return changed
      })
    },
  },
  {
    method: 'DELETE',
    path: `${path}/:label`,
    area: 'workspace',
    async handle(call) {
      const name = call.param('label')
      if (name === liveDatasource) throw new AppError('badRequest', `The data source "${liveDatasource}" cannot be deleted.`)
      return changeWorkspace(call, async (transaction) => {
        await lockWorkspace(transaction, call.workspaceId)
        if (!(await listDatasources(transaction, call.workspaceId)).some((one) => one.label === name))
          throw new AppError('notFound', `The data source "${name}" does not exist.`)
        await dropDatasource(transaction, call.workspaceId, name)
        await deleteDatasource(transaction, call.workspaceId, name)
        return null
      })
    },
  },
]
