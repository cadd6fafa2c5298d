/** Logs a row of a table with auth out everywhere: every token issued for it so far is void. */
import { AppError } from '../../errors.js'
import { modelOfTable } from '../../workspace/models.js'
import { listTables } from '../../workspace/store.js'
import type { MetaRoute } from './route.js'

export const revokeRoutes: readonly MetaRoute[] = [
  {
    method: 'POST',
    path: '/workspace/:workspace_id/auth/:table/:row/revoke',
    area: 'content',
    async handle({ deps, workspaceId, param }) {
      const wanted = param('table')
      const table = (await listTables(deps.db, workspaceId)).map(modelOfTable).find((model) => model.name === wanted || String(model.id) === wanted)
      if (table === undefined) throw new AppError('notFound', `Table "${wanted}" does not exist.`)
      if (!table.auth) throw new AppError('badRequest', `The table "${table.name}" does not issue auth tokens.`)
      if (deps.epochs === undefined) throw new AppError('unsupported')
      await deps.epochs.revoke(workspaceId, table.id, param('row'))
      return null
    },
  },
]
